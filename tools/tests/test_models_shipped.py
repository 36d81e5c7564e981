"""The networks that ship: accuracy with a floor, and every bit the same in Swift and in the integer reference."""

import numpy as np
import pytest
from built_commands import REPOSITORY, built_commands
from shared_data import shared_folder

from silif_tools.export.clips import clip_frames
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model
from silif_tools.sound import load_pcm, read_list

# Per cent of clips through kws-score. Raise a floor when a better model lands; never lower one in silence.
FLOORS = {
    "kws12-csilif": {"test": 95.5, "validation": 93.0},
    "kws12": {"test": 96.0, "validation": 94.5},
    "kws12-stream": {"test": 94.5, "validation": 94.0},
    "kws12-small": {"test": 95.0, "validation": 92.5},
    "kws12-s4d": {"test": 94.5, "validation": 92.5},
    "kws12-pspike": {"test": 91.0, "validation": 89.0},
}
CLIPS = 200


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("which", ["test", "validation"])
def test_accuracy_floor(name, which):
    gsc = shared_folder() / "data" / "gsc"
    scored = built_commands().score_list(REPOSITORY / "models" / f"{name}.silif", gsc / f"{which}_list.txt")
    assert scored["failed"] == 0
    assert 100 * scored["accuracy"] >= FLOORS[name][which]


@pytest.mark.parametrize("name", FLOORS)
def test_size(name):
    most = 48_000 if name == "kws12-small" else 300_000
    assert (REPOSITORY / "models" / f"{name}.silif").stat().st_size <= most


@pytest.mark.parametrize("name", FLOORS)
def test_every_spike_and_readout_is_the_same(name, tmp_path):
    """200 clips of the test list, every step of every layer."""
    gsc = shared_folder() / "data" / "gsc"
    names = read_list(gsc / "test_list.txt")[:CLIPS]
    path = REPOSITORY / "models" / f"{name}.silif"
    model, settings, commands = read_model(path), FrontEndSettings(), built_commands()
    frames = np.stack([clip_frames(load_pcm(gsc / n, 16000), model.clip_frames, settings) for n in names])
    expected = run_model(model, frames)
    for index, clip in enumerate(names):
        folder = tmp_path / str(index)
        commands.trace(path, gsc / clip, folder)
        # A trace is of the samples that are there; the reference saw the clip padded to its full length.
        got = np.load(folder / "frames.npy")
        steps = len(got)
        assert np.array_equal(got, expected.frames[index, :steps]), clip
        for layer, made in enumerate(expected.made):
            # Of an encoder a stream, of neurons spikes, of blocks both; P-SpikeSSM fires twice.
            streams, spikes = ([v for v in made if v.dtype == kind] for kind in (np.int32, np.uint8))
            made_by = ["stream"] * len(streams) + ["taken", "spikes"][2 - len(spikes) :]
            for of, values in zip(made_by, streams + spikes, strict=True):
                assert np.array_equal(np.load(folder / f"{of}_{layer}.npy"), values[index, :steps]), (clip, of, layer)
        assert np.array_equal(np.load(folder / "readout.npy"), expected.membrane[index, :steps]), clip
        assert np.array_equal(np.load(folder / "probabilities.npy"), expected.probabilities_q15[index, :steps]), clip
    assert len(names) == CLIPS
