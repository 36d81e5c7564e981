"""silif.read_sound reads what kws-score reads, and refuses what it refuses."""

import io
import struct

import numpy as np
import pytest
import soundfile
from conftest import json_lines

import silif

#: ending, subtype, rate, channels
KINDS = [
    ("wav", "PCM_16", 16_000, 1),
    ("wav", "PCM_24", 44_100, 2),
    ("wav", "PCM_U8", 8_000, 1),
    ("wav", "FLOAT", 48_000, 1),
    ("wav", "DOUBLE", 16_000, 3),
    ("wav", "ULAW", 8_000, 1),
    ("wav", "IMA_ADPCM", 16_000, 1),
    ("w64", "PCM_16", 16_000, 1),
    ("aiff", "PCM_16", 22_050, 1),
    ("aiff", "IMA_ADPCM", 16_000, 1),
    ("au", "PCM_16", 16_000, 2),
    ("caf", "PCM_16", 16_000, 1),
    ("flac", "PCM_16", 16_000, 1),
    ("flac", "PCM_24", 96_000, 2),
    ("ogg", "VORBIS", 16_000, 1),
    ("mp3", "MPEG_LAYER_III", 44_100, 1),
]
#: What another build of the decoder may compute a little differently.
LOSSY = ("ogg", "mp3")


def sound(demo, rate_hz, channels):
    """A word, at a rate, loud enough to be clamped where a format cannot hold more."""
    samples = demo[16_000:40_000] / 32768 * 1.5
    times = np.arange(len(samples) * rate_hz // 16_000) / rate_hz
    mono = np.interp(times, np.arange(len(samples)) / 16_000, samples)
    return np.stack([mono * (1 - 0.3 * channel) for channel in range(channels)], axis=1)


def compare(paths, tolerance):
    """Each of these gives the row that kws-score writes, or an error where that has one. Returns how many failed."""
    rows = rows_of(paths)
    for path, row in zip(paths, rows, strict=True):
        if "error" in row:
            with pytest.raises(silif.InputError) as caught:
                silif.read_sound(path)
            assert str(path) in str(caught.value) and caught.value.remedy
            continue
        found = silif.score([silif.read_sound(path)])
        assert int(found.steps[0]) == row["steps"], path
        expected = np.array([row["probabilities"][word] for word in found.words])
        assert np.abs(found.probabilities[0] - expected).max() < tolerance, path
    return sum("error" in row for row in rows)


def rows_of(paths):
    return json_lines("kws-score", *paths, "--each", "--format", "jsonl", statuses=(0, 1))


@pytest.mark.parametrize(("ending", "subtype", "rate_hz", "channels"), KINDS)
def test_the_rows_of_kws_score_whole_and_cut(demo, tmp_path, ending, subtype, rate_hz, channels):
    path = tmp_path / f"whole.{ending}"
    soundfile.write(path, sound(demo, rate_hz, channels), rate_hz, subtype)
    content = path.read_bytes()
    assert (silif.read_sound(content) == silif.read_sound(path)).all()
    assert (silif.read_sound(io.BytesIO(content)) == silif.read_sound(path)).all()
    assert compare([path], 1e-3 if ending in LOSSY else 1e-9) == 0
    cut = []
    for share in (0.02, 0.3, 0.5, 0.97):
        cut.append(tmp_path / f"cut-{share}.{ending}")
        cut[-1].write_bytes(content[: int(len(content) * share)])
    failed = compare(cut, 1e-3 if ending in LOSSY else 1e-9)
    # The middle of an MP3 is an MP3.
    assert failed == 4 or ending == "mp3"


def test_headers_that_do_not_know_the_length(demo, tmp_path):
    """A recorder that lost power, and writers to pipes."""
    file = io.BytesIO()
    soundfile.write(file, demo[16_000:40_000], 16_000, format="WAV")
    content, paths = file.getvalue(), []
    place = content.index(b"data") + 4
    for size in (0, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFFF):
        paths.append(tmp_path / f"{size}.wav")
        paths[-1].write_bytes(content[:place] + struct.pack("<I", size) + content[place + 4 :])
    assert compare(paths, 1e-9) == 0


@pytest.mark.parametrize(
    ("ending", "chunk", "at", "sizes"),
    [
        ("aiff", b"SSND", 4, ("7f000008", "00000000", "00000008", "ffffffff")),
        ("au", b".snd", 8, ("ffffffff", "00000000")),
        ("caf", b"data", 4, ("ffffffffffffffff", "0000000000000003", "0000000000000004")),
        ("w64", b"data", 16, ("ffffffffffffff7f", "1700000000000000", "1800000000000000", "0000000000000000")),
    ],
)
def test_other_headers_that_do_not_know_the_length(demo, tmp_path, ending, chunk, at, sizes):
    """What ffmpeg, sox and libsndfile leave there."""
    whole = tmp_path / f"whole.{ending}"
    soundfile.write(whole, demo[16_000:40_000], 16_000, "PCM_16")
    content, paths = bytearray(whole.read_bytes()), [whole]
    place = content.index(chunk) + at
    if b"COMM" in content:
        frames = content.index(b"COMM") + 10
        content[frames : frames + 4] = bytes(4)
    for size in map(bytes.fromhex, sizes):
        content[place : place + len(size)] = size
        paths.append(tmp_path / f"{size.hex()}.{ending}")
        paths[-1].write_bytes(content)
    assert compare(paths, 1e-9) == 0
    assert all((silif.read_sound(path) == demo[16_000:40_000]).all() for path in paths)


@pytest.mark.parametrize(("ending", "subtype"), [("au", "G721_32"), ("w64", "IMA_ADPCM"), ("caf", "ALAC_16")])
def test_codecs_that_end_with_the_file(demo, tmp_path, ending, subtype):
    path = tmp_path / f"x.{ending}"
    soundfile.write(path, demo[16_000:32_000], 16_000, subtype)
    assert compare([path], 1e-9) == 0
    assert 16_000 <= len(silif.read_sound(path)) < 16_800


def test_what_is_no_sound(tmp_path):
    contents = {
        "empty.wav": b"",
        "text.wav": b"this is no sound\n" * 100,
        "film.mp4": b"\0\0\0\x18ftypisom" + bytes(500),
        "phone.amr": b"#!AMR\n" + bytes(500),
        "film.webm": b"\x1a\x45\xdf\xa3" + bytes(500),
        "header.wav": b"RIFF" + struct.pack("<I", 36) + b"WAVE",
        "ogg.ogg": b"OggS" + bytes(300),
        "nan.wav": nan_wave(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in contents]
    assert compare(paths, 0) == len(paths)
    with pytest.raises(silif.InputError, match=r"film.mp4: is MP4 \(M4A, AAC\), which cannot be read here; convert it"):
        silif.read_sound(tmp_path / "film.mp4")
    with pytest.raises(silif.InputError, match=r"missing.wav: cannot be read \(No such file or directory\); check"):
        silif.read_sound(tmp_path / "missing.wav")
    with pytest.raises(silif.InputError, match="is no regular file; give a sound file"):
        silif.read_sound(tmp_path)
    with pytest.raises(TypeError, match="source: a int is no sound file; give a path, bytes or an open file"):
        silif.read_sound(7)


def nan_wave():
    file = io.BytesIO()
    soundfile.write(file, np.array([0.1, np.nan] * 5000), 16_000, "FLOAT", format="WAV")
    return file.getvalue()


def test_a_file_that_fails_while_it_is_read():
    """What a remote file raises, in its own words; libsndfile between them passes on nothing."""

    class Remote(io.BytesIO):
        def read(self, count=-1):
            if self.tell() > 20_000:
                raise ConnectionError("the network has gone")
            return super().read(count)

    file = io.BytesIO()
    soundfile.write(file, np.zeros(30_000), 16_000, format="WAV")
    with pytest.raises(silif.InputError, match=r"sound: cannot be read \(the network has gone\); try again"):
        silif.read_sound(Remote(file.getvalue()))
    closed = io.BytesIO(file.getvalue())
    closed.close()
    with pytest.raises(silif.InputError, match=r"sound: cannot be read \(I/O operation on closed file.*\); check"):
        silif.read_sound(closed)
