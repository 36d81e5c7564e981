"""A new word from recordings: a rising tone, which is none of the words that the network was trained on."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from built_commands import built_commands

from silif_tools.commands import enroll
from silif_tools.errors import ConversionError
from silif_tools.export.new_word import SpeechStatistics, add_word, hidden_digest
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.kinds import read_model

MODELS = Path(__file__).resolve().parents[2] / "models"
STREAM = MODELS / "kws12-stream.silif"


def rising_tone(index: int) -> np.ndarray:
    """int16, 1 s: half a second from some 300 to some 3000 Hz, each a little different."""
    rng = np.random.default_rng(index)
    time = np.arange(8000) / 16_000
    low, high = rng.uniform(280, 340), rng.uniform(2600, 3200)
    phase = 2 * np.pi * (low * time + (high - low) * time**2)
    tone = rng.uniform(3000, 9000) * np.sin(phase) * np.hanning(8000)
    return np.concatenate([np.zeros(4000), tone, np.zeros(4000)]).astype(np.int16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("enroll")
    for index in range(4):
        soundfile.write(folder / f"{index}.wav", rising_tone(index), 16_000)
    return folder


def words(model: Path, sound: Path) -> list[str]:
    done = subprocess.run(
        [built_commands().folder / "kws-listen", "--model", model, "--input", sound, "--output", "word", "--quiet"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_the_word_is_heard_and_the_others_still_are(folder, capsys):
    output = folder / "new.silif"
    recordings = [str(folder / f"{index}.wav") for index in range(3)]
    assert enroll.main([str(STREAM), "rise", *recordings, "--output", str(output)]) == 0
    assert "3 of 3 recordings are heard" in capsys.readouterr().out

    # Four of them, the last of which it does not know, two seconds apart.
    silence = np.zeros(32_000, np.int16)
    parts = [part for index in range(4) for part in (silence, rising_tone(index))]
    soundfile.write(folder / "all.wav", np.concatenate([*parts, silence]), 16_000)
    assert words(output, folder / "all.wav") == ["rise"] * 4
    assert words(STREAM, folder / "all.wav") == []
    assert words(output, MODELS / "demo.flac") == words(STREAM, MODELS / "demo.flac")
    # How sure to be was fitted without the word.
    assert read_model(STREAM).calibrations and not read_model(output).calibrations
    subprocess.run([built_commands().folder / "kws-model", "verify", output], check=True, capture_output=True)

    # All that there was is as it was, bit for bit.
    old, new = read_model(STREAM), read_model(output)
    assert hidden_digest(new) == hidden_digest(old)
    assert new.words == [*old.words, "rise"]
    before, after = old.layers[-1], new.layers[-1]
    assert np.array_equal(after.weights[:, :-1], before.weights)
    assert np.array_equal(after.bias[:-1], before.bias)
    assert np.array_equal(after.scale_mantissa[:-1], before.scale_mantissa)


def test_the_next_word_goes_into_the_model_that_came_out(folder, tmp_path, capsys):
    """No statistics lie beside that one; those of the model that it was made of serve."""
    first, second = tmp_path / "first.silif", tmp_path / "second.silif"
    for index in range(3):
        soundfile.write(tmp_path / f"{index}.wav", rising_tone(index)[::-1], 16_000)
    for model, word, place, output in ((STREAM, "rise", folder, first), (first, "fall", tmp_path, second)):
        recordings = [str(place / f"{index}.wav") for index in range(3)]
        assert enroll.main([str(model), word, *recordings, "--output", str(output)]) == 0
    assert "hears yes no up down left right on off stop go rise fall" in capsys.readouterr().out


def test_what_does_not_do_is_refused(folder, capsys):
    model, speech = read_model(STREAM), SpeechStatistics.load(STREAM.with_suffix(".speech.npz"))
    tones = [rising_tone(index) for index in range(3)]
    with pytest.raises(ConversionError, match="has the word 'yes' already"):
        add_word(model, "yes", tones, speech, 0.5)
    with pytest.raises(ConversionError, match="2 recordings: give 3"):
        add_word(model, "rise", tones[:2], speech, 0.5)
    with pytest.raises(ConversionError, match="of another network"):
        add_word(read_model(MODELS / "kws12.silif"), "rise", tones, speech, 0.5)

    def fails(*arguments, status=1) -> str:
        try:
            code = enroll.main([str(each) for each in arguments])
        except SystemExit as exit_:
            code = exit_.code
        assert code == status
        return capsys.readouterr().err

    output = ("--output", folder / "x.silif")
    (folder / "silent").mkdir()
    soundfile.write(folder / "silent/0.wav", np.zeros(16_000), 16_000)
    silence = f"{folder / 'silent/0.wav'}: holds nothing but silence; record it anew, or leave it out"
    assert silence in fails(STREAM, "rise", folder / "silent", *output)
    soundfile.write(folder / "silent/0.wav", np.zeros(80_000), 16_000)
    assert silence in fails(STREAM, "rise", folder / "silent", *output)
    soundfile.write(folder / "silent/0.wav", np.zeros(0), 16_000)
    assert silence in fails(STREAM, "rise", folder / "silent", *output)
    for wrong in (np.nan, -np.inf):
        broken = np.where(np.arange(16_000) == 7000, wrong, rising_tone(0) / 32768)
        soundfile.write(folder / "silent/0.wav", broken, 16_000, subtype="FLOAT")
        said = fails(STREAM, "rise", folder / "silent", *output)
        assert f"{folder / 'silent/0.wav'}: has samples that are no numbers" in said and "or leave it out" in said
    soundfile.write(folder / "silent/0.wav", np.tile(rising_tone(0), 4), 16_000)
    assert "at most 3 s" in fails(STREAM, "rise", folder / "silent", *output)
    assert f"{folder / 'gone.wav'}: no such recording" in fails(STREAM, "rise", folder / "gone.wav", *output)
    (folder / "hollow").mkdir()
    assert f"{folder / 'hollow'}: no sound files in it" in fails(STREAM, "rise", folder / "hollow", *output)
    (folder / "hollow/0.wav").write_text("no sound")
    said = fails(STREAM, "rise", folder / "hollow", *output)
    assert "hollow/0.wav: is not a sound file" in said and "or leave it out" in said
    (folder / "cut.wav").write_bytes((folder / "0.wav").read_bytes()[:9000])
    said = fails(STREAM, "rise", folder / "cut.wav", *output)
    assert f"{folder / 'cut.wav'}: is truncated: its 9000 bytes end too early;" in said
    assert "48000 Hz" in fails(STREAM, "rise", _at(folder / "48k.wav", 48_000), *output)
    assert "no statistics of speech for this model" in fails(
        MODELS / "kws12-small.silif", "rise", folder / "0.wav", *output
    )
    assert "are too few" in fails(STREAM, "rise", folder / "0.wav", *output, "--others", folder / "0.wav")
    (folder / "bad.npz").write_bytes(b"PK")
    assert "bad.npz" in fails(STREAM, "rise", folder / "0.wav", *output, "--statistics", folder / "bad.npz")
    assert fails(STREAM, "rise", status=2) and fails(STREAM, status=2)
    assert not (folder / "x.silif").exists()


@pytest.mark.parametrize("option", ["--output", "--keep"])
@pytest.mark.parametrize("taken", ["model.silif", "0.wav", "list.txt", "speech.npz"])
def test_nothing_that_is_read_is_overwritten(option, taken, folder, tmp_path, capsys):
    for source, name in ((STREAM, "model.silif"), (STREAM.with_suffix(".speech.npz"), "speech.npz")):
        shutil.copy(source, tmp_path / name)
    for index in range(3):
        shutil.copy(folder / f"{index}.wav", tmp_path)
    (tmp_path / "list.txt").write_text("1.wav\n2.wav\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "link").symlink_to(tmp_path / taken)
    paths = [str(tmp_path / name) for name in ("model.silif", "0.wav", "list.txt", "speech.npz", "x.silif", "link")]
    model, first, others, statistics, output, target = paths
    asked = [model, "rise", first, others, "--statistics", statistics, "--output", output, option, target]
    assert enroll.main(asked) == 1
    assert f"{option} {target}: that is {tmp_path / taken}; give " in capsys.readouterr().err
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert not (tmp_path / "x.silif").exists()


def test_the_statistics_are_not_kept_where_the_model_goes(folder, capsys):
    same = str(folder / "same.silif")
    others = ["--others", str(folder / "0.wav")]
    assert enroll.main([str(STREAM), "rise", str(folder / "1.wav"), "--output", same, "--keep", same, *others]) == 1
    assert "give the statistics a name of its own" in capsys.readouterr().err


def test_a_recording_that_is_given_twice_counts_once(folder, tmp_path, capsys):
    (tmp_path / "link.wav").symlink_to(folder / "1.wav")
    shutil.copy(folder / "2.wav", tmp_path / "copy.wav")
    paths = [*(folder / f"{index}.wav" for index in range(3)), folder / "0.wav", *sorted(tmp_path.iterdir())]
    # Recordings may come after options, as in docs/NEW-WORDS.md.
    assert enroll.main([str(STREAM), "rise", "--output", str(folder / "once.silif"), *map(str, paths)]) == 0
    said = capsys.readouterr()
    assert "3 of 3 recordings are heard" in said.out
    assert f"note: {folder / '0.wav'}: given twice, counted once" in said.err
    assert f"note: {tmp_path / 'link.wav'}: given twice, counted once" in said.err
    assert f"note: {tmp_path / 'copy.wav'}: the same sound as {folder / '2.wav'}, counted once" in said.err


def test_what_is_wrong_with_a_recording_is_said(folder, tmp_path, capsys):
    quiet = np.zeros(6000)
    takes = {
        "loud": np.clip(rising_tone(0).astype(float) * 20, -32768, 32767),
        "twice": np.concatenate([rising_tone(0), quiet, rising_tone(1)]),
        "quiet": rising_tone(2) / 40.0,
        "click": np.full(100, 5000.0),
        "noise": np.random.default_rng(1).normal(0, 5000, 28_000).clip(-32000, 32000),
    }
    for name, pcm in takes.items():
        soundfile.write(tmp_path / f"{name}.wav", pcm.astype(np.int16), 16_000)
    asked = [str(STREAM), "rise", str(tmp_path), str(folder / "0.wav"), "--output", str(tmp_path / "x.silif")]
    assert enroll.main(asked) == 0
    said = capsys.readouterr().err
    assert f"note: {tmp_path / 'loud.wav'}: too loud, cut off at full scale" in said
    assert f"note: {tmp_path / 'twice.wav'}: 1.8 s of sound: say the word once" in said
    assert f"note: {tmp_path / 'quiet.wav'}: hardly anything is heard" in said and "Warning" not in said
    assert f"note: {tmp_path / 'noise.wav'}: only " in said and str(folder) not in said


def test_of_other_speech_what_is_silent_is_left_out(folder, tmp_path, capsys):
    for index in range(50):
        soundfile.write(tmp_path / f"{index:02}.wav", rising_tone(index), 16_000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    kept = folder / "kept.npz"
    assert enroll.main([str(STREAM), "--others", str(tmp_path), "--keep", str(kept)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [f"note: {tmp_path / name}.wav: holds nothing but silence, left out" for name in ("empty", "silent")]
    assert SpeechStatistics.load(kept).hidden_digest == hidden_digest(read_model(STREAM))


def test_who_stops_it_sees_no_traceback(folder, monkeypatch, capsys):
    monkeypatch.setattr(enroll, "of_word", lambda paths: (_ for _ in ()).throw(KeyboardInterrupt))
    assert enroll.main([str(STREAM), "rise", str(folder / "0.wav"), "--output", str(folder / "y.silif")]) == 130
    assert capsys.readouterr().err == "\nsilif-enroll: stopped\n"


def _at(path: Path, rate_hz: int) -> Path:
    soundfile.write(path, rising_tone(0), rate_hz)
    return path


def test_statistics_come_back_from_their_file(folder):
    covariance = np.array([[2.0, 0.5, 0], [0.5, 1, -0.25], [0, -0.25, 4]])
    SpeechStatistics(np.array([1.0, 2, 3]), covariance, "abc").save(folder / "s.npz")
    back = SpeechStatistics.load(folder / "s.npz")
    assert np.array_equal(back.covariance, covariance) and back.hidden_digest == "abc"
    assert np.array_equal(back.mean, [1, 2, 3])


def test_a_model_with_another_front_end_is_refused():
    model = read_model(STREAM)
    statistics = SpeechStatistics.load(STREAM.with_suffix(".speech.npz"))
    model.front_end = FrontEndSettings(hop_samples=80).to_section()
    with pytest.raises(ConversionError, match="with the front end of kws12-stream"):
        add_word(model, "tone", [rising_tone(index) for index in range(4)], statistics, 0.9)
