"""Files made to exhaust the exporter or to make it lie: each is refused in one line, in little time and memory."""

import json
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from shared_data import shared_folder
from test_export_fold import arrays, trained_like

from silif_tools.atomic import write_atomically
from silif_tools.commands.export import main
from silif_tools.errors import ConversionError, visible
from silif_tools.export.fold import fold
from silif_tools.export.nir_graph import GraphChoices, read_graph
from silif_tools.export.state_dict import load_state_dict
from silif_tools.kinds import read_model

torch = pytest.importorskip("torch")
# What torch and its threads reserve, and as much again. What was to be refused took 11.8 and 160 GB.
MEMORY_BYTES = 8 << 30


def export(checkpoint: Path, *options: str) -> subprocess.CompletedProcess:
    """The command itself, in a process of bounded memory."""
    command = [sys.executable, "-m", "silif_tools.commands.export", str(checkpoint), *options]
    return subprocess.run(
        [*command, "--output", str(checkpoint.parent / "out.silif")],
        capture_output=True,
        text=True,
        timeout=600,
        # Each thread reserves addresses for its stack and its heap: with 64 cores, more than the limit.
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)),
    )


def expect_one_line(result: subprocess.CompletedProcess, *parts: str) -> None:
    assert result.returncode == 1, result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("silif-export: ")
    for part in parts:
        assert part in result.stderr


def test_a_layer_of_a_hundred_millions(tmp_path):
    state = {f"snn.{index}.{key}": torch.zeros(1) for index in (0, 99999999) for key in ("W.weight", "alpha")}
    torch.save(state, tmp_path / "x.pth")
    expect_one_line(export(tmp_path / "x.pth"), "no tensors of snn.1, but of snn.99999999")


@pytest.mark.parametrize("name", ["snn.99999999999999999999.alpha", f"snn.{'9' * 5000}.alpha"])
def test_layers_with_absurd_numbers(name):
    with pytest.raises(ConversionError):
        fold(arrays(trained_like("silif")) | {name: np.ones(1)})
    with pytest.raises(ConversionError):
        fold({"model.0.P": np.ones(1), name.replace("snn", "model"): np.ones(1)})


def test_a_stride_of_zero(tmp_path):
    torch.save({"snn.0.W.weight": torch.zeros(1).expand(200_000, 100_000)}, tmp_path / "x.pth")
    assert (tmp_path / "x.pth").stat().st_size < 20_000
    expect_one_line(export(tmp_path / "x.pth"), "snn.0.W.weight stands for 20000000000 numbers")


def test_many_tensors_of_one_storage(tmp_path):
    one = torch.zeros(1)
    torch.save({f"snn.0.{index}": one.expand(1000, 1000) for index in range(40)}, tmp_path / "x.pth")
    with pytest.raises(ConversionError, match=r"snn\.0.1 stands for 1000000 numbers, more than the file can hold"):
        load_state_dict(tmp_path / "x.pth")


def test_a_value_for_a_whole_row_is_taken(tmp_path):
    torch.save({"snn.0.alpha": torch.full((1,), 2.0).expand(512)}, tmp_path / "x.pth")
    assert (load_state_dict(tmp_path / "x.pth")["snn.0.alpha"] == 2).all()


@pytest.mark.parametrize("index", [1, 10**9])
def test_sparse_tensors(index, tmp_path):
    indices = torch.tensor([[0], [index]])
    tensor = torch.sparse_coo_tensor(indices, torch.ones(1), (4, 4), check_invariants=False)
    torch.save({"snn.0.W.weight": tensor}, tmp_path / "x.pth")
    with pytest.raises(ConversionError, match=r"sparse tensor; save it with|not a plain PyTorch state dict"):
        load_state_dict(tmp_path / "x.pth")


def test_an_archive_that_unpacks_to_more_than_it_is(tmp_path):
    torch.save({"snn.0.W.weight": torch.zeros(1000, 1000)}, tmp_path / "x.pth")
    with (
        zipfile.ZipFile(tmp_path / "x.pth") as plain,
        zipfile.ZipFile(tmp_path / "packed.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(ConversionError, match="parts are larger than the file"):
        load_state_dict(tmp_path / "packed.pth")


@pytest.mark.parametrize("make", ["fifo", "device"])
def test_what_is_no_file(make, tmp_path):
    import os

    path = tmp_path / "x.pth"
    os.mkfifo(path) if make == "fifo" else path.symlink_to("/dev/zero")
    expect_one_line(export(path), "is no file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 200_000, "nested too deep"),
        ('{"a":' * 200_000, "nested too deep"),
        ('{"step_ms": Infinity}', "Infinity is no number of JSON"),
        ('{"step_ms": -Infinity}', "no number of JSON"),
        ('{"step_ms": NaN}', "NaN is no number of JSON"),
        ('{"step_ms": 1e400}', "1e400 is no number of JSON"),
        ('{"step_ms": 1' + "0" * 400 + "}", "no number of JSON"),
        ('{"seed": 1' + "0" * 5000 + "}", "no number of JSON"),
        ('{"delay": {"kind": "axonal", "max_delay": 1e999}}', "no number of JSON"),
        ('{"words": ["a\\u0000", "b", "c", "d", "e"]}', "control character"),
        ("\ufeff\ufeff{}", "not valid JSON"),
    ],
)
def test_descriptions(text, message, tmp_path, capsys):
    torch.save(trained_like("silif").state_dict(), tmp_path / "x.pth")
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    words = [] if "words" in text else ["--words", "a,b,c,d,e"]
    assert main([str(tmp_path / "x.pth"), *words, "--output", str(tmp_path / "x.silif")]) == 1
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert message in errors
    assert not (tmp_path / "x.silif").exists()


@pytest.mark.parametrize(
    "description",
    [
        {"name": "x\nlicence: CC0"},
        {"licence": "MIT\ncheckpoint: another.pth"},
        {"credits": ["one", "two\x85name: x"]},
        {"recipe": "\x1b[2J"},
        {"trained": "2020\u2028name: y"},
    ],
)
def test_a_name_that_would_forge_a_line_of_provenance(description, tmp_path, capsys):
    torch.save(trained_like("silif").state_dict(), tmp_path / "x.pth")
    (tmp_path / "x.json").write_text(json.dumps(description))
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.silif")]) == 1
    errors = capsys.readouterr().err
    assert f"x.json: {next(iter(description))} must be " in errors
    assert len(errors.splitlines()) == 1
    assert visible(errors.strip()) == errors.strip()
    assert not (tmp_path / "x.silif").exists()


def test_marks_of_direction_in_the_files_name_forge_nothing(tmp_path, capsys):
    path = tmp_path / "\u200ex\u200e.pth"
    torch.save(trained_like("silif").state_dict(), path)
    assert main([str(path), "--output", str(tmp_path / "x.silif")]) == 0, capsys.readouterr().err
    assert read_model(tmp_path / "x.silif").provenance["checkpoint"] == path.name


def test_the_files_name_may_not_forge_a_line_either(tmp_path, capsys):
    path = tmp_path / "x\nlicence: CC0.pth"
    torch.save(trained_like("silif").state_dict(), path)
    assert main([str(path), "--output", str(tmp_path / "x.silif")]) == 1
    assert "would forge a line" in capsys.readouterr().err


def test_names_of_tensors_are_not_obeyed(tmp_path, capsys):
    torch.save({"\x1b[2J\nforged": torch.zeros(1)}, tmp_path / "x.pth")
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.silif")]) == 1
    errors = capsys.readouterr().err
    assert "\x1b" not in errors
    assert len(errors.splitlines()) == 1


def test_a_graph_of_chunks_that_are_not_there(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.nir", "w") as file:
        node = file.create_group("node")
        node["type"] = "NIRGraph"
        weights = node.create_group("nodes").create_group("w")
        weights["type"] = "Affine"
        weights.create_dataset("weight", (200_000, 100_000), "f4", chunks=(1000, 1000), compression="gzip")
        node["edges"] = np.array([("input", "w")], dtype="S16")
    with pytest.raises(ConversionError, match=r"w\.weight stands for 20000000000 numbers"):
        read_graph(tmp_path / "x.nir", GraphChoices(1.0))


def test_the_cases_from_the_field(tmp_path):
    pytest.importorskip("safetensors")
    faults = shared_folder() / "cases" / "faults"
    checkpoint = faults / "layer99999999.safetensors"
    copied = tmp_path / checkpoint.name
    copied.write_bytes(checkpoint.read_bytes())
    expect_one_line(export(copied), "99999999")
    torch.save(trained_like("silif").state_dict(), tmp_path / "deep.pth")
    write_atomically(tmp_path / "deep.json", (faults / "deep.json").read_bytes())
    expect_one_line(export(tmp_path / "deep.pth"), "nested too deep")
