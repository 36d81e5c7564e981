"""Streams: made the same from the same seed, words where the truth says, scored by the rules."""

import numpy as np
import pytest
import soundfile

from silif_tools.commands.make_stream import main
from silif_tools.streams.active import active_range
from silif_tools.streams.compose import RATE_HZ, compose
from silif_tools.streams.score import score


def tone(seconds: float, frequency: float = 440.0, level: float = 8000.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.int16)


def clip() -> np.ndarray:
    return np.concatenate([np.zeros(4000, np.int16), tone(0.4), np.zeros(5600, np.int16)])


def test_active_range_finds_the_word():
    first, last = active_range(clip())
    assert first == pytest.approx(4000, abs=320)
    assert last == pytest.approx(4000 + 6400, abs=320)


def test_words_are_where_the_truth_says():
    samples, truth = compose([("yes", clip()), ("no", clip())], [], [], snr_db=10, seed=3)
    assert sorted(row.word for row in truth) == ["no", "yes"]
    quiet = np.ones(len(samples), bool)
    for row in truth:
        inside = slice(int(row.start_s * RATE_HZ), int(row.end_s * RATE_HZ))
        assert np.abs(samples[inside].astype(float)).mean() > 500
        quiet[inside] = False
    assert np.abs(samples[quiet].astype(float)).mean() < 50


def test_same_seed_same_stream_and_the_noise_is_as_loud_as_asked():
    noise = [np.random.default_rng(1).normal(0, 500, RATE_HZ * 3).astype(np.int16)]
    words = [("yes", clip())] * 4
    first, truth = compose(words, noise, [], snr_db=10, seed=5)
    again, _ = compose(words, noise, [], snr_db=10, seed=5)
    other, _ = compose(words, noise, [], snr_db=10, seed=6)
    assert np.array_equal(first, again)
    assert not np.array_equal(first[: len(other)], other[: len(first)])
    noise_rms = np.sqrt(np.mean(first[: RATE_HZ * 2].astype(float) ** 2))
    levels = [first[int(r.start_s * RATE_HZ) : int(r.end_s * RATE_HZ)].astype(float) for r in truth]
    snr = 10 * np.log10(np.mean([np.mean(x**2) for x in levels]) / noise_rms**2 - 1)
    assert snr == pytest.approx(10, abs=2.5)


def test_a_long_word_is_not_forgotten_for_short_ones_in_it():
    truth = [(0.0, 10.0, "yes"), *[(float(i), i + 0.2, "no") for i in range(1, 10)]]
    assert score([(10.2, "yes")], truth, audio_h=1).hits == 1


def test_scoring_rules():
    truth = [(1.0, 1.5, "yes"), (3.0, 3.4, "no"), (6.0, 6.5, "go")]
    events = [
        (0.9, "yes"),  # before the word: a false alarm
        (1.6, "yes"),  # a hit
        (2.0, "yes"),  # counted once: a false alarm
        (3.5, "stop"),  # a wrong word
        (4.0, "no"),  # still within 750 ms: a hit
        (7.3, "go"),  # too late: a false alarm
    ]
    result = score(events, truth, audio_h=0.5)
    assert (result.hits, result.misses, result.wrong_words, result.false_alarms) == (2, 1, 1, 3)
    assert result.latency_ms == pytest.approx([100, 600])
    assert result.false_alarms_per_hour == 6


def test_command_errors(tmp_path, capsys):
    assert main(["--words", str(tmp_path / "none.txt"), "--output", str(tmp_path / "x.flac")]) == 1
    assert "none.txt" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["--output", str(tmp_path / "x.flac")])
    assert stop.value.code == 2
    assert not list(tmp_path.iterdir())


def test_own_words_are_kept_where_they_are_named(tmp_path, capsys):
    sound = (3000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    for name in ("hey_computer/a.wav", "lumos/b.wav", "yes/c.wav"):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / name, sound, 16000)
    (tmp_path / "list.txt").write_text("hey_computer/a.wav\nlumos/b.wav\nyes/c.wav\n")
    asked = ["--words", str(tmp_path / "list.txt"), "--output", str(tmp_path / "x.wav")]
    assert main([*asked, "--keep", "lumos", "hey computer"]) == 0
    truth = (tmp_path / "x.csv").read_text().splitlines()[1:]
    assert sorted(row.split(",")[2] for row in truth) == ["hey computer", "lumos"]
    assert main(asked) == 0 and (tmp_path / "x.csv").read_text().count("yes") == 1
    capsys.readouterr()
    assert main([*asked, "--keep", "jarvis"]) == 1
    assert "no clip of jarvis; its folders are hey_computer, lumos, yes: see --keep" in capsys.readouterr().err
