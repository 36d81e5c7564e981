"""Pictures: curves of hits against false alarms, and rasters. What is drawn is what was counted."""

import numpy as np
import pytest
import soundfile
from built_commands import REPOSITORY

from silif_tools.commands import calibrate, curves, operations
from silif_tools.commands import raster as raster_command
from silif_tools.errors import ConversionError
from silif_tools.export.convert import default_detector
from silif_tools.integer.frontend import FrontEndSettings, log_mel
from silif_tools.kinds import read_model
from silif_tools.model_file.write import model_bytes
from silif_tools.plot import curve, raster
from silif_tools.plot.curve import Curve, Point
from silif_tools.sound import load_pcm
from silif_tools.streams.tune import Stream, score_stream

pytest.importorskip("matplotlib")
WORDS = ["yes", "no", "_unknown_", "_silence_"]
MODEL, LISTENER = (REPOSITORY / "models" / f"kws12-{name}.silif" for name in ("small", "stream"))


def stream(name, peaks, said):
    """Every 3 s a word reaches such a mean over its window; `said`: whether it was said."""
    probabilities = np.zeros((300 * (len(peaks) + 1), 4), np.int64)
    truth = []
    for number, peak in enumerate(peaks):
        at = 300 * (number + 1)
        probabilities[at : at + 60, number % 2] = round(32768 * peak)
        truth += [((at - 40) / 100, at / 100, WORDS[number % 2])] if said else []
    return Stream(name, probabilities, truth)


@pytest.mark.parametrize("command", [curves, operations, raster_command, calibrate])
def test_no_picture_is_measured_for_that_cannot_be_written(command, tmp_path, capsys):
    given = {
        curves: ["m.silif", "--stream", "a.wav", "--without", "b.wav"],
        operations: [],
        raster_command: ["m.silif", "--input", "a.wav"],
        calibrate: ["m.silif", "--clips", "list.txt"],
    }
    option = "--plot" if command is calibrate else "--output"
    for name in ("x.gif", "x"):
        with pytest.raises(SystemExit) as end:
            command.main([*given[command], option, str(tmp_path / name)])
        assert end.value.code == 2
        assert f"{name}: give a name that ends in .png, .svg or .pdf" in capsys.readouterr().err


def test_intervals_are_those_of_the_tables():
    low, high = Point(9, 10, 0, 0.5).hit_interval()
    assert low == pytest.approx(59.6, abs=0.1) and high == pytest.approx(98.2, abs=0.1)
    assert Point(9, 10, 0, 0.5).alarm_interval() == (0, 6)
    assert Point(9, 10, 3, 2.0).alarm_interval() == pytest.approx((0.619 / 2, 8.767 / 2), abs=0.001)


def test_the_curve_counts_and_marks_the_models_own_point():
    detector = default_detector(WORDS)
    said, none = stream("said", [0.95, 0.9, 0.6, 0.3], True), stream("none", [0.7, 0.5, 0.4], False)
    found = curve.curve(said, none, detector, WORDS)
    own = score_stream(said, detector, WORDS)
    assert found.own == Point(own.hits, 4, score_stream(none, detector, WORDS).false_alarms, none.audio_h)
    assert [found.points[k].hits for k in (0, -1)] == [0, 4]
    assert found.points[-1].alarms == 3
    best = [(point.alarms, point.hits) for point in curve._best(found.points)]
    assert best == [(0, 2), (1, 3), (3, 4)]


def test_all_pictures_have_one_range_and_beyond_it_nothing_is_drawn(tmp_path):
    few = Curve([Point(5, 10, 0, 1.0), Point(8, 10, 2, 1.0)], Point(8, 10, 2, 1.0))
    many = Curve([Point(5, 10, 4, 1.0), Point(9, 10, 4000, 1.0)], Point(5, 10, 4, 1.0))
    texts = []
    for number, found in enumerate((few, many)):
        path = tmp_path / f"{number}.svg"
        curve.draw({"kws12-small": found}, path, "a stream", "model")
        texts.append(path.read_text())
    for text in texts:
        assert all(f"<!-- {tick} -->" in text for tick in ("none", "0.3", "1", "3", "10", "30", "kws12-small"))
        assert "<!-- 100 -->" in text
    assert curve._line(few) == [(0.1, 50), (2, 80)] and curve._line(many) == [(4, 50)]
    table = curve.table({"kws12-small": few})
    assert "| kws12-small | 80.0 % of 10 | 49 to 94 % | 2.0 (2 in 1.00 h) | 0.2 to 7.2 |" in table


class Commands:
    """Stands in for a build: the same probabilities for every sound."""

    def __init__(self, folder):
        pass

    def probabilities_q15(self, model, sound, folder):
        probabilities = np.zeros((2000, 12), np.int64)
        if sound.stem == "said":
            probabilities[1000:1060, 0] = 32000
        return probabilities


def touch_sounds(folder):
    for name in ("said", "none"):
        (folder / f"{name}.flac").touch()


def test_the_command_draws_models_on_one_stream(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(curves, "Commands", Commands)
    (tmp_path / "said.csv").write_text("start_s,end_s,word\n9.5,10.0,yes\n")
    touch_sounds(tmp_path)
    asked = [
        "kws12-small",
        str(MODEL),
        "--stream",
        str(tmp_path / "said.flac"),
        "--without",
        str(tmp_path / "none.flac"),
    ]
    assert curves.main([*asked, "--output", str(tmp_path / "x.svg")]) == 0
    assert "| kws12-small | 100.0 % of 1 |" in capsys.readouterr().out
    assert "<!-- kws12-small -->" in (tmp_path / "x.svg").read_text()


def test_two_files_of_one_name_are_two_curves(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(curves, "Commands", Commands)
    (tmp_path / "said.csv").write_text("start_s,end_s,word\n9.5,10.0,yes\n")
    touch_sounds(tmp_path)
    mine = tmp_path / MODEL.name
    mine.write_bytes(MODEL.read_bytes())
    streams = ["--stream", str(tmp_path / "said.flac"), "--without", str(tmp_path / "none.flac")]
    assert curves.main([str(MODEL), str(mine), *streams, "--output", str(tmp_path / "x.svg")]) == 0
    table = capsys.readouterr().out
    assert f"| {MODEL} |" in table and f"| {mine} |" in table


@pytest.mark.parametrize(
    "truth, said",
    [
        ("start_s,end_s,word\n", "said.csv: no word; --stream takes a recording in which words are said"),
        ("start_s,end_s,word\n1,2,lumos\n", "kws12-small.silif: knows none of the words that"),
        (None, "said.csv: the truth of"),
        ("start_s,end_s,word\nnothing\n", "said.csv: the truth of"),
    ],
)
def test_a_truth_that_serves_nobody_is_refused_by_name(tmp_path, monkeypatch, capsys, truth, said):
    monkeypatch.setattr(curves, "Commands", Commands)
    touch_sounds(tmp_path)
    if truth is not None:
        (tmp_path / "said.csv").write_text(truth)
    arguments = ["kws12-small", "--stream", str(tmp_path / "said.flac"), "--without", str(tmp_path / "none.flac")]
    assert curves.main([*arguments, "--output", str(tmp_path / "x.png")]) == 1
    assert said in capsys.readouterr().err and not (tmp_path / "x.png").exists()


def test_a_raster_hears_by_the_models_own_front_end(tmp_path, monkeypatch):
    """As the engine does: another hop is another number of steps, and other times."""
    settings = FrontEndSettings(frame_length_samples=320, hop_samples=80)
    model = read_model(REPOSITORY / "Tests" / "Fixtures" / "audio.silif")
    model.front_end = settings.to_section()
    (tmp_path / "m.silif").write_bytes(model_bytes(model))
    pcm = np.random.default_rng(3).integers(-9000, 9000, 16_000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 16_000)
    heard, run_model = [], raster.run_model
    monkeypatch.setattr(raster, "run_model", lambda model, frames: heard.append(frames) or run_model(model, frames))
    raster.draw(tmp_path / "m.silif", tmp_path / "a.wav", tmp_path / "x.svg", 0.5, None)
    assert np.array_equal(heard[0][0], log_mel(pcm, settings)) and heard[0].shape == (1, 197, 40)
    with pytest.raises(ConversionError, match=r"there is no step of 0\.005 s"):
        raster.draw(tmp_path / "m.silif", tmp_path / "a.wav", tmp_path / "x.svg", 0.5, 0.501)


def test_a_raster_shows_what_the_detector_sees(tmp_path):
    pcm = load_pcm(REPOSITORY / "models" / "demo.flac", 16000)[: int(2.2 * 16000)]
    soundfile.write(tmp_path / "yes.wav", pcm, 16000)
    lines = raster.draw(LISTENER, tmp_path / "yes.wav", tmp_path / "x.svg", 0.9, None)
    text = (tmp_path / "x.svg").read_text()
    assert len(lines) == 1 and "yes" in lines[0]
    # In the legend, beside the event's own label.
    assert "<!-- yes -->" in text and "<!-- threshold -->" in text
    assert "mean of" in text
