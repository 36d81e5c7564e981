"""Python's readers on mutated input: they take it or refuse it by an error of their own, never by another."""

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from silif_tools.errors import ConversionError, visible
from silif_tools.export.clips import load_input
from silif_tools.export.description import carried_over, front_end, read_description
from silif_tools.export.state_dict import load_state_dict
from silif_tools.kinds import read_model
from silif_tools.model_file.read import ModelFileError
from silif_tools.model_file.write import model_bytes

MODELS = [
    (Path(__file__).parents[2] / "Tests" / name).read_bytes()
    for name in ("Fixtures/audio.silif", "Fixtures/counts.silif", "SiLIFTests/Golden/mixed-widths.silif")
]
# `make fuzz` gives it more: HYPOTHESIS_PROFILE=fuzz.
# The same examples in every run, so that a failure is the change's; `make fuzz` takes others, and many more.
settings.register_profile(
    "default", deadline=None, max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.register_profile("fuzz", deadline=None, max_examples=2_000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from(["set", "cut", "insert"]), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, changes) -> bytes:
    for share, what, new in changes:
        at = int(share * len(data))
        data = data[:at] + (b"" if what == "cut" else new) + data[at + (0 if what == "insert" else len(new)) :]
    return data


def mended(data: bytes) -> bytes:
    """With the length and the checksum that belong to it, so that the reader looks further."""
    if len(data) < 32:
        return data
    data = data[:12] + struct.pack("<I", len(data)) + data[16:]
    return data[:16] + struct.pack("<I", zlib.crc32(data[20:], zlib.crc32(data[:16]))) + data[20:]


@given(st.sampled_from(MODELS), edits)
def test_models(data, changes):
    try:
        model = read_model(mended(mutated(data, changes)))
    except ModelFileError:
        return
    # What was taken is a model: it can be written, unless a name in it forges lines.
    try:
        assert read_model(model_bytes(model)).words == model.words
    except ValueError as error:
        assert "control character" in str(error) or "provenance" in str(error), error


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda it: st.lists(it, max_size=4) | st.dictionaries(st.text(max_size=8), it, max_size=4),
)
KEYS = ("words", "credits", "step_ms", "delay", "front_end", "name", "recipe", "seed", "licence", "trained")


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_descriptions(tmp_path_factory, description):
    folder = tmp_path_factory.mktemp("description")
    (folder / "x.json").write_text(json.dumps(description))
    try:
        found = read_description(folder / "x.pth")
        front_end(found)
    except ConversionError as error:
        assert visible(error) != ""
        return
    assert all(isinstance(value, str) for value in carried_over(found).values())


def npy(array: np.ndarray, path: Path) -> bytes:
    np.save(path, array)
    return path.read_bytes()


@given(st.sampled_from(["u1", "i2", "f4", "i8"]), edits)
def test_arrays(tmp_path_factory, kind, changes):
    path = tmp_path_factory.mktemp("array") / "x.npy"
    data = npy(np.ones((3, 4, 5), kind), path)
    path.write_bytes(mutated(data, changes))
    try:
        found = load_input(path, 5, 2)
    except ConversionError:
        return
    assert found.ndim == 3 and found.shape[2] == 5


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_state_dicts(suffix, tmp_path_factory):
    torch = pytest.importorskip("torch")
    stored = pytest.importorskip("safetensors.torch")
    path = tmp_path_factory.mktemp("state") / f"x{suffix}"
    state = {"snn.0.W.weight": torch.ones(3, 4), "snn.0.alpha": torch.ones(3)}
    (torch.save if suffix == ".pth" else stored.save_file)(state, path)
    data = path.read_bytes()

    @given(edits)
    def reads(changes):
        path.write_bytes(mutated(data, changes))
        try:
            found = load_state_dict(path)
        except ConversionError:
            return
        assert all(values.dtype == np.float64 for values in found.values())

    reads()
