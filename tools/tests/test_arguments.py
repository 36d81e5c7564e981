"""What commands say of arguments that do not do: the option or file, what is wrong, and what to do."""

import os

import numpy as np
import pytest
import soundfile
from built_commands import REPOSITORY, built_commands

from silif_tools import sound
from silif_tools.commands import (
    calibrate,
    cross_check,
    enroll,
    export,
    frames,
    make_stream,
    raster,
    release,
    train,
    words,
)  # fmt: skip
from silif_tools.errors import ConversionError, told
from silif_tools.own_words import recordings

MODEL = REPOSITORY / "models" / "kws12-stream.silif"
DEMO = REPOSITORY / "models" / "demo.flac"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder: its exit status and what it said."""
    monkeypatch.chdir(tmp_path)

    def start(command, *arguments) -> tuple[int, str]:
        try:
            status = command.main([str(each) for each in arguments])
        except SystemExit as end:
            status = end.code
        return status, "".join(capsys.readouterr())

    return start


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (train, ["kws12", "--data", "x", "--output", "o", "--threads", "0"], "--threads: 0: give 1 to 1024"),
        (train, ["kws12", "--data", "x", "--output", "o", "--threads", "-3"], "--threads: -3: give 1 to 1024"),
        (train, ["kws12", "--data", "x", "--output", "o", "--threads", "two"], "invalid int value: 'two'"),
        (train, ["kws12", "--data", "x", "--output", "o", "--seed", str(2**70)], f"give 0 to {2**63 - 1}"),
        (cross_check, ["m", "n", "f", "--least", "101"], "--least: 101: give 0 to 100"),
        (export, ["a.pth", "-o", "b", "--norm-epsilon", "-1"], "--norm-epsilon: -1: give 1e-12 to 1"),
        (export, ["a.pth", "-o", "b", "--norm-epsilon", "nan"], "--norm-epsilon: nan: give"),
        (export, ["a.pth", "-o", "b", "--spike-threshold", "inf"], "--spike-threshold: inf: give"),
        (export, ["a.pth", "-o", "b", "--lif-tau", "inf"], "--lif-tau: inf: give 1 or more"),
        (make_stream, ["--words", "l", "-o", "x.wav", "--seed", "-1"], f"--seed: -1: give 0 to {2**63 - 1}"),
        (make_stream, ["--words", "l", "-o", "x.wav", "--snr", "nan"], "--snr: nan: give -60 to 100"),
        (make_stream, ["--words", "l", "-o", "x.mp3"], "give a name that ends in .flac or .wav"),
        (raster, ["m", "--input", "x", "-o", "x.png", "--start", "-1"], "--start: -1: give 0 or more"),
        (raster, ["m", "--input", "x", "-o", "x.png", "--start", "5", "--end", "5"], "it has to end after it starts"),
        (release, ["nope"], "no recipe nope; one of: kws12,"),
        (release, ["kws12", "--alarms-per-hour", "-1"], "--alarms-per-hour: -1: give 0 or more"),
    ],
)  # fmt: skip
def test_wrong_usage_names_the_option_and_its_range(command, arguments, message, run):
    status, said = run(command, *arguments)
    assert (status, message in said) == (2, True), said


@pytest.mark.parametrize("command", [train, cross_check])
def test_every_command_says_its_version(command, run):
    assert run(command, "--version") == (0, f"silif-{command.__name__.rpartition('.')[2].replace('_', '-')} 0.1.0\n")


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (train, ["kws12-silif", "--data", "x", "--output", "file"], "--output file: that is a file; name a folder"),
        (train, ["kws12-silif", "--data", "x", "--output", "o", "--start", "n.pth"], "--start n.pth: no such file"),
        (train, ["kws12", "--data", "x", "--output", "o", "--embedding", "n.whl"], "--embedding n.whl: no such file"),
        (make_stream, ["--words", "nope", "-o", "x.wav"], "--words nope: no such file"),
        (make_stream, ["--concatenate", "nope", "-o", "x.wav"], "--concatenate nope: no such file"),
        (make_stream, ["--concatenate", "file", "-o", "x.wav"], "file: names no recordings"),
        (make_stream, ["--concatenate", "list", "-o", "x.wav"], "gone.wav: no such file or folder; check the path"),
        (make_stream, ["--concatenate", "list", "-o", "no/x.wav"], "--output no/x.wav: there is no folder no; make it"),
        (calibrate, [MODEL, "--clips", "nope"], "--clips nope: no such file"),
        (frames, ["nope.h5", "-o", "x"], "nope.h5: no such file or folder; check the path"),
        (frames, ["file", "-o", "no/x"], "file: say which set it is"),
        (raster, [MODEL, "--input", "nope", "-o", "x.png"], "--input nope: no such file"),
        (raster, [MODEL, "--input", "file", "-o", "x.png"], "file: is not a sound file that can be read"),
        (raster, [MODEL, "--input", DEMO, "-o", "no/x.png"], "there is no folder no"),
        (raster, [MODEL, "--input", DEMO, "-o", "x.png", "--start", "15"], "must lie within its 14.90 s"),
        (raster, [MODEL, "--input", DEMO, "-o", "x.png", "--end", "16"], "must lie within its 14.90 s"),
        (raster, [MODEL, "--input", DEMO, "-o", "x.png", "--start", "1", "--end", "1.001"], "there is no step"),
        (raster, [MODEL, "--input", "click.wav", "-o", "x.png"], "click.wav: is shorter than a step"),
        (export, ["a.pth", "-o", "no/x.silif"], "--output no/x.silif: there is no folder no; make it"),
        (export, ["a.pth", "-o", "x.silif", "--evaluate", "nope"], "--evaluate nope: no such file"),
        (enroll, [MODEL, "rise", DEMO, "-o", "no/x.silif"], "--output no/x.silif: there is no folder no; make it"),
        (enroll, [MODEL, "rise", DEMO, "-o", "/proc/j.silif"], "--output /proc/j.silif: no file can be written there"),
        (words, ["lumos", "-o", "/proc/x.silif"], "--output /proc/x.silif: no file can be written there"),
    ],
)  # fmt: skip
def test_what_failed_is_named_with_what_to_do_and_nothing_is_left(command, arguments, message, run, tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").touch()
    (tmp_path / "list").write_text("gone.wav\n")
    soundfile.write(tmp_path / "click.wav", np.ones(100) / 2, 16_000)
    before = sorted(os.listdir(tmp_path))
    status, said = run(command, *arguments)
    assert (status, message in said) == (1, True), said
    assert "Errno" not in said and ".tmp" not in said and "System error" not in said
    assert sorted(os.listdir(tmp_path)) == before


def test_what_a_built_command_says_is_said_without_its_command_line(run, tmp_path):
    (tmp_path / "list").write_text("yes/gone.wav\n")
    status, said = run(calibrate, MODEL, "--clips", "list", "--build", built_commands().folder)
    assert status == 1 and said.startswith("silif-calibrate: kws-score: ") and "gone.wav: no such file" in said
    assert "--format" not in said and len(said.splitlines()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_named_with_the_file(run, tmp_path):
    loudness = np.pad(np.hanning(8000), 4000)
    for index in range(3):
        sound = loudness * np.random.default_rng(index).normal(0, 0.1, 16_000)
        soundfile.write(tmp_path / f"{index}.wav", sound, 16_000)
    status, said = run(enroll, MODEL, "rise", *(f"{index}.wav" for index in range(3)), "-o", "/dev/full")
    assert status == 1
    assert said == "silif-enroll: /dev/full: no space left on the device; make room, or write elsewhere\n"


def test_the_systems_errors_are_told_without_their_number():
    assert told(FileNotFoundError(2, "No such file or directory", "x")) == "x: no such file or folder; check the path"
    assert told(OSError(5, "Input/output error", b"x\xfc")) == "x\udcfc: Input/output error"
    assert told(OSError(28, "No space left on device")) == "no space left on the device; make room, or write elsewhere"
    assert told(OSError("in our words")) == "in our words"


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("W64", "PCM_16"), ("RF64", "PCM_16"), ("OGG", "VORBIS"),
     ("FLAC", "PCM_16")],
)  # fmt: skip
def test_a_recording_that_was_cut_is_refused_by_name(kind, subtype, tmp_path):
    """libsndfile reads most of these as shorter ones."""
    path = tmp_path / f"a.{kind.lower()}"
    samples = np.random.default_rng(1).normal(0, 0.1, 160_000)
    soundfile.write(path, samples, 16_000, format=kind, subtype=subtype)
    assert len(sound.load_pcm(path, 16_000)) == 160_000
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    wanted = "is not a sound file" if kind == "FLAC" else "is truncated"
    with pytest.raises(ConversionError, match=rf"a.{kind.lower()}: {wanted}"):
        sound.load_pcm(path, 16_000)
    with pytest.raises(ConversionError, match=rf"a.{kind.lower()}: {wanted}.* or take it out of the folder"):
        recordings.load(path)


@pytest.mark.parametrize("length", [0x7FFF_FFFE, 0x8000_0000, 0xFFFF_FFFF, 0x9000_0000])
def test_a_length_that_the_header_does_not_know_is_no_cut(length, tmp_path):
    """As arecord, sox and ffmpeg write it into a pipe; the last is one of 2.4 GB."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.ones(1600) / 2, 16_000)
    header = bytearray(path.read_bytes())
    at = header.index(b"data") + 4
    header[at : at + 4] = length.to_bytes(4, "little")
    path.write_bytes(header)
    if length == 0x9000_0000:
        with pytest.raises(ConversionError, match=r"a.wav: is truncated"):
            sound.load_pcm(path, 16_000)
    else:
        assert len(sound.load_pcm(path, 16_000)) == 1600


def test_names_that_are_no_utf_8_are_read_and_listed(tmp_path):
    name = os.fsdecode(b"g\xfc.wav")
    soundfile.write(tmp_path / "a.wav", np.ones(1600) / 2, 16_000)
    (tmp_path / "a.wav").rename(tmp_path / name)
    (tmp_path / "list").write_bytes(b"g\xfc.wav\n")
    assert sound.read_list(tmp_path / "list") == [name]
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "marked").write_text("ü.wav\n\nb.wav\n", encoding=encoding)
        assert sound.read_list(tmp_path / "marked") == ["ü.wav", "b.wav"]
    assert len(sound.load_pcm(tmp_path / name, 16_000)) == 1600
