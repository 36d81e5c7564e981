"""silif-frames on a file of the sets' own layout, against loops that follow the authors' words."""

import numpy as np
import pytest

from silif_tools.commands.frames import main

h5py = pytest.importorskip("h5py")


def recording(path, clips=3, seed=1, precision=np.float16, changes=None):
    """As shd_*.h5 and ssc_*.h5: arrays of different lengths, times in half precision."""
    random = np.random.default_rng(seed)
    lengths = random.integers(200, 900, clips)
    times = [np.sort(random.uniform(0, 0.99, n)).astype(precision) for n in lengths]
    units = [random.integers(0, 700, n).astype(np.uint16) for n in lengths]
    stored = {"times": times, "units": units, "labels": random.integers(0, 20, clips)} | (changes or {})
    with h5py.File(path, "w") as file:
        for name, kind in (("times", precision), ("units", np.uint16)):
            group = file.create_dataset(f"spikes/{name}", (len(stored[name]),), dtype=h5py.vlen_dtype(kind))
            for index, values in enumerate(stored[name]):
                group[index] = values
        file["labels"] = stored["labels"]
        file["extra/keys"] = np.array([b"null", b"eins", b"zwei"])
    return stored


def expected(times, units, duration_s, steps):
    """np.digitize in words: the step of a spike is how many of the edges it has reached."""
    frame, edges = np.zeros((steps, 140), int), [duration_s * k / (steps - 1) for k in range(steps)]
    for time, unit in zip(times, units, strict=True):
        step = sum(edge <= float(time) for edge in edges)
        if step < steps:
            frame[step, int(unit) // 5] += 1
    return frame


@pytest.mark.parametrize(
    ("name", "options", "duration_s", "steps"),
    [
        ("ssc_test.h5", [], 1.2, 300),
        ("shd_test.h5", [], 1.0, 250),
        ("shd_test.h5", ["--step-ms", "10"], 1.0, 100),
        ("mine.h5", ["--set", "ssc", "--step-ms", "10"], 1.0, 100),
    ],
)
@pytest.mark.parametrize("precision", [np.float16, np.float32])
def test_frames_are_binned_as_the_authors_do(name, options, duration_s, steps, precision, tmp_path, capsys):
    stored = recording(tmp_path / name, precision=precision)
    assert main([str(tmp_path / name), "--output", str(tmp_path / "out"), *options]) == 0
    frames = np.load(tmp_path / "out.npy")
    assert frames.shape == (3, steps, 140)
    assert frames.dtype == np.uint8
    for index in range(3):
        wanted = expected(stored["times"][index], stored["units"][index], duration_s, steps)
        assert np.array_equal(frames[index], wanted)
    assert np.load(tmp_path / "out-labels.npy").tolist() == stored["labels"].tolist()
    assert "--words null,eins,zwei" in capsys.readouterr().out


def test_spikes_after_the_end_are_left_out_and_counted(tmp_path, capsys):
    late = {"times": [np.array([0.1, 0.99, 1.1, 1.3])], "units": [np.array([0, 1, 2, 3])], "labels": np.array([4])}
    recording(tmp_path / "shd_x.h5", precision=np.float32, changes=late)
    assert main([str(tmp_path / "shd_x.h5"), "--output", str(tmp_path / "x")]) == 0
    assert np.load(tmp_path / "x.npy").sum() == 2
    assert "2 spikes after 1 s left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("x.h5", {}, "--set shd or --set ssc"),
        ("shd.h5", {"labels": np.zeros(2, int)}, "3 clips of times, 3 of units, 2 labels"),
        ("shd.h5", {"units": [np.array([700])] * 3, "times": [np.array([0.5])] * 3}, "channel 700; 0 to 699"),
        ("shd.h5", {"units": [np.array([1, 2])] * 3, "times": [np.array([0.5])] * 3}, "1 times and 2 channels"),
        ("shd.h5", {"units": [np.array([1])] * 3, "times": [np.array([-0.5])] * 3}, "negative or no numbers"),
        ("shd.h5", {"labels": np.array([0, -1, 2])}, "labels are whole numbers from 0 on"),
        ("shd.h5", {"labels": np.array([0, 1, np.nan])}, "labels are whole numbers from 0 on"),
        ("shd.h5", {"labels": np.array([b"a", b"b", b"c"])}, "labels are whole numbers from 0 on"),
        ("shd.h5", {"labels": 3}, "labels is no list with an entry for each clip"),
        ("shd.h5", {"units": [np.full(300, 1)] * 3, "times": [np.full(300, 0.5)] * 3}, "a count of 300"),
    ],
)
def test_files_that_are_wrong_are_named_and_nothing_is_written(name, changes, message, tmp_path, capsys):
    recording(tmp_path / name, changes=changes)
    assert main([str(tmp_path / name), "--output", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("item", "value", "message"),
    [
        ("spikes/times", 3.0, "spikes/times is no list"),
        ("spikes/times", np.array([b"ab"] * 3), "clip 0 has times or channels that are no numbers"),
        ("spikes/units", np.full((3, 1), np.nan), "clip 0 has"),
        ("labels", np.zeros((3, 1), int), "labels are whole numbers from 0 on"),
        ("extra/keys", np.int64(3), "extra/keys is no list of words"),
    ],
)
def test_other_contents_are_refused_by_name(item, value, message, tmp_path, capsys):
    recording(tmp_path / "shd.h5")
    with h5py.File(tmp_path / "shd.h5", "r+") as file:
        del file[item]
        file[item] = value
    assert main([str(tmp_path / "shd.h5"), "--output", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err


def test_times_in_milliseconds_are_remarked_on(tmp_path, capsys):
    times = {"times": [np.array([100.0, 900.0])] * 3, "units": [np.array([1, 2])] * 3}
    recording(tmp_path / "shd.h5", precision=np.float32, changes=times)
    assert main([str(tmp_path / "shd.h5"), "--output", str(tmp_path / "out")]) == 0
    assert "note: that is most of them; times are in seconds" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--duration", "inf"], ["--steps", "1"], ["--steps", "10000000000"]])
def test_clips_without_end_are_refused(wrong, tmp_path, capsys):
    recording(tmp_path / "shd.h5")
    assert main([str(tmp_path / "shd.h5"), "--output", str(tmp_path / "out"), *wrong]) == 1
    assert "give 2 to 100000 steps, and some seconds" in capsys.readouterr().err


def test_other_files_are_refused_by_name(tmp_path, capsys):
    (tmp_path / "shd.h5").write_bytes(b"no")
    assert main([str(tmp_path / "shd.h5"), "--output", str(tmp_path / "out")]) == 1
    assert "not an HDF5 file" in capsys.readouterr().err
    with h5py.File(tmp_path / "shd.h5", "w") as file:
        file["labels"] = np.zeros(3)
    assert main([str(tmp_path / "shd.h5"), "--output", str(tmp_path / "out")]) == 1
    assert "no spikes/times" in capsys.readouterr().err
    assert main([str(tmp_path / "none.h5"), "--output", str(tmp_path / "out"), "--set", "shd"]) == 1
    assert "no such file" in capsys.readouterr().err
