"""silif.read_sound reads what kws-score reads, and refuses what it refuses."""

import io
import struct

import numpy as np
import pytest
import soundfile
from conftest import json_lines

import silif
from silif import _sound, _sound_parts
from silif._sound import sound_blocks

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
LOSSY = ("ogg", "opus", "mp3")
#: What may be put together to one file: ending, format, subtype.
PARTS = [
    ("flac", "FLAC", "PCM_16"),
    ("ogg", "OGG", "VORBIS"),
    ("opus", "OGG", "OPUS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
]
#: Of probabilities, where another build of the decoder computes some samples of many differently, by one.
FEW_SAMPLES = 0.05
ID3 = b"ID3\4\0\0\0\0\1\0" + (bytes(10) + b"XingInfofLaC\0\0\0\x22").ljust(128, b"\0")
ID3_OLD = b"TAG".ljust(128)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 40, 0, 0) + b"fLaCInfo".ljust(48, b"\0")


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


def test_other_lengths_of_zero(demo, tmp_path):
    """Of a codec that needs the whole header, and in a chunk of its own."""
    ima, rf64 = (
        encoded(demo, form, subtype, 16_000, 1) for form, subtype in (("WAV", "IMA_ADPCM"), ("RF64", "PCM_16"))
    )
    place, long = ima.index(b"data") + 4, rf64.index(b"ds64") + 8
    contents = {"ima": ima[:place] + bytes(4) + ima[place + 4 :], "rf64": rf64[:long] + bytes(28) + rf64[long + 28 :]}
    paths = write(tmp_path, "wav", contents)
    assert compare(paths, 1e-9) == 0
    assert len(silif.read_sound(paths[1])) == len(silif.read_sound(rf64))


def test_large_files_that_were_cut(demo, tmp_path):
    """What no writer to pipes puts there is a length."""
    file, paths = io.BytesIO(), []
    soundfile.write(file, demo[16_000:40_000], 16_000, format="WAV")
    content = file.getvalue()
    place = content.index(b"data") + 4
    for size in (0x8000_0002, 0x9000_0000, 0xFFFE_0000):
        paths.append(tmp_path / f"{size}.wav")
        paths[-1].write_bytes(content[:place] + struct.pack("<I", size) + content[place + 4 :])
    assert compare(paths, 1e-9) == 3


@pytest.mark.parametrize("more", [0, 1])
def test_large_files_that_end_where_they_say(tmp_path, more):
    """A hole in place of the sound, as long as a writer to pipes would have said; a chunk behind, or half of one."""
    size, behind = 0x7FFF_0000, 1 << 17
    head = b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    with open(tmp_path / "large.wav", "wb+") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.seek(size, io.SEEK_CUR)
        file.write(b"LIST" + struct.pack("<I", behind + more))
        file.truncate(file.tell() + behind)
        sound = _sound._File(file)
        _sound._mend_length(sound)
        assert sound.patches == ([(40, struct.pack("<I", size + 8 + behind))] if more else [])


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


def frames(head, length, count):
    """So many frames of so many bytes, each with this head."""
    return (bytes(head) + bytes(range(1, 101)) * 20)[:length] * count


#: What stands in files of other kinds, and what they are called.
FOREIGN = [
    (b"wvpk" + bytes(500), "is WavPack, which cannot be read here; convert it: ffmpeg"),
    (b"TTA1" + bytes(500), "is TTA, which"),
    (b"\x7f\xfe\x80\x01" + bytes(500), "is DTS, which"),
    (b"FLV\1" + bytes(500), "is FLV, which"),
    (frames((0xFF, 0xF5, 0xE8, 0xC4), 1440, 3), "is MP2, which"),
    (frames((0xFF, 0xFD, 0xA4, 0), 576, 3), "is MP2, which"),
    (frames((0xFF, 0xFF, 0x80, 0), 276, 6), "is MP1, which"),
    (frames((0xFF, 0xF1, 0x60, 0x40, 0x3D, 0xBF, 0xFC), 493, 3), "is AAC (ADTS), which"),
    (frames((0x0B, 0x77, 1, 2, 0x8C, 0x40, 0x2F), 576, 3), "is AC-3, which"),
    (frames((0x0B, 0x77, 1, 2, 0x4F, 0x40, 0x2F), 488, 3), "is AC-3, which"),
    (frames((0x0B, 0x77, 1, 0x1F, 0xB2, 0x87, 0xC0), 576, 3), "is AC-3, which"),
    (frames((0x56, 0xE0, 0x40), 67, 4), "is AAC (LATM), which"),
    (
        b"".join(frames((0x47, 0x40, 0x11, count), 188, 1) for count in (16, 17, 18)),
        "is an MPEG transport stream, which",
    ),
    (ID3 + frames((0xFF, 0xF1, 0x60, 0x40, 0x3D, 0xBF, 0xFC), 493, 3), "is AAC (ADTS), which"),
    (b"RIFF\1\1\0\0AVI LIST" + bytes(500), "is AVI (video), which"),
    (b"\x1f\x8b\x08" + bytes(500), "is packed (gzip); unpack it: gunzip INPUT"),
    (b"\xfd7zXZ\0" + bytes(500), "is packed (xz); unpack it: unxz INPUT"),
    (b"BZh91AY&SY" + bytes(500), "is packed (bzip2); unpack it: bunzip2 INPUT"),
    (b"PK\3\4" + bytes(500), "is packed (zip); unpack it: unzip INPUT"),
    (
        (b"yes.wav".ljust(100, b"\0") + b"0000644").ljust(257, b"\0") + b"ustar" + bytes(500),
        "is packed (tar); unpack it: tar",
    ),
    (b"\x93NUMPY" + bytes(500), "is a NumPy array, no sound; write it as sound: soundfile.write"),
    (b"\x89PNG" + bytes(500), "is a PNG picture, no sound; give a sound file"),
    (b"%PDF" + bytes(500), "is a PDF document, no sound; give a sound file"),
    (b"\x7fELF" + bytes(500), "is a program, no sound; give a sound file"),
    (b"\x89SiLIF" + bytes(500), "is a model, no sound; give it with --model"),
]


def test_files_of_other_kinds_are_named(tmp_path):
    """In the words of kws-score."""
    paths = [tmp_path / f"{index}.wav" for index in range(len(FOREIGN))]
    for path, (content, _) in zip(paths, FOREIGN, strict=True):
        path.write_bytes(content)
    for path, row, (_, words) in zip(paths, rows_of(paths), FOREIGN, strict=True):
        with pytest.raises(silif.InputError) as caught:
            silif.read_sound(path)
        assert row["error"] == str(caught.value) and words in row["error"]


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


def encoded(demo, form, subtype, rate_hz, channels):
    file = io.BytesIO()
    soundfile.write(file, sound(demo, rate_hz, channels), rate_hz, subtype, format=form)
    return file.getvalue()


@pytest.fixture(params=PARTS, ids=[ending for ending, _, _ in PARTS])
def three(request, demo):
    """Their ending, and three sounds of different rates and channels, as a radio's titles may be."""
    ending, form, subtype = request.param
    return ending, [encoded(demo, form, subtype, *kind) for kind in ((16_000, 1), (24_000, 2), (48_000, 1))]


def write(folder, ending, contents):
    for name, content in contents.items():
        (folder / f"{name}.{ending}").write_bytes(content)
    return [folder / f"{name}.{ending}" for name in contents]


def test_files_that_were_put_together(three, tmp_path):
    ending, parts = three
    expected = np.concatenate([silif.read_sound(part) for part in parts])
    assert 3 * 24_000 <= len(expected) < 3 * 26_000
    whole = b"".join(parts)
    for source in (whole, io.BytesIO(whole), *write(tmp_path, ending, {"all": whole})):
        assert np.array_equal(silif.read_sound(source), expected)
    contents = {"two": parts[0] + parts[1], "all": whole, "same": parts[2] * 2}
    assert compare(write(tmp_path, ending, contents), FEW_SAMPLES if ending in LOSSY else 1e-9) == 0


@pytest.mark.parametrize("block_bytes", [300, 977, 1 << 16])
def test_where_parts_begin_in_blocks_of_any_size(three, monkeypatch, block_bytes):
    """A page, a frame or a mark may lie across the end of one."""
    monkeypatch.setattr(_sound_parts, "_BLOCK_BYTES", block_bytes)
    _, parts = three
    content, wanted = b"".join(parts), []

    def at(offset, count):
        wanted.append(count)
        return content[offset : offset + count]

    kind, ends = _sound_parts.part_kind(at), [0]
    wanted.clear()
    while ends[-1] < len(content):
        ends.append(_sound_parts.part_end(kind, at, ends[-1], len(content)))
    assert ends == [0, *np.cumsum([len(part) for part in parts])]
    assert max(wanted) == block_bytes


def test_a_part_that_is_cut_or_damaged(three, tmp_path):
    """The sound before it is heard, and then the error is that of kws-score. The middle of an MP3 is an MP3."""
    ending, (first, second, _) = three
    hole = len(second) // 2
    contents = {
        "whole": first + second,
        "cut": first + second[: len(second) * 97 // 100],
        "half": first + second[:hole],
        "zeros": first + second[:hole] + bytes(200) + second[hole + 200 :],
        "header": first + second[:40] + bytes(20) + second[60:],
        "begun": first + second[:40],
        "junk": first + bytes(1000) + second,
        "text": first + b"Of all that. " * 20,
        "early": first[: len(first) // 2] + second,
        "damaged": second[:hole] + bytes(200) + second[hole + 200 :] + first,
    }
    paths = write(tmp_path, ending, contents)
    failed = compare(paths, FEW_SAMPLES if ending in LOSSY else 1e-9)
    assert failed == {"flac": 8, "ogg": 5, "opus": 5, "mp3": 0}[ending]
    before = len(silif.read_sound(first))
    for path, row in zip(paths[:3], rows_of(paths[:3]), strict=True):
        heard = 0
        try:
            for block in sound_blocks(path):
                heard += len(block)
        except silif.InputError as error:
            # What libsndfile makes of half an Ogg depends on its version.
            assert str(error) == row["error"] or (ending != "flac" and path.stem == "half")
        assert heard >= before
        assert (heard > before) == (path.stem == "whole" or ending in ("flac", "mp3"))


#: Formats whose headers say how long they are: format, subtype.
CONTAINERS = [("WAV", "PCM_16"), ("WAV", "IMA_ADPCM"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16")]
CONTAINERS += [("W64", "PCM_16"), ("RF64", "PCM_16")]


@pytest.mark.parametrize(("form", "subtype"), CONTAINERS)
def test_what_stands_behind_a_container(demo, tmp_path, form, subtype):
    """Another sound of any kind is heard, chunks, tags and filling are passed over, and the rest is told."""
    first = encoded(demo, form, subtype, 16_000, 1)
    others = [encoded(demo, *kind, 24_000, 2) for kind in (*CONTAINERS, *(part[1:] for part in PARTS))]
    contents = {str(index): first + other for index, other in enumerate(others)}
    contents["tag"] = first + APE + ID3_OLD
    contents["zeros"] = first + bytes(70_000)
    contents["line end"] = first + b"\r\n"
    contents["text"] = first + b"Of all that. " * 20
    paths = write(tmp_path, "wav", contents)
    assert compare(paths, FEW_SAMPLES) == 1
    for path, other in zip(paths, others, strict=False):
        assert np.array_equal(
            silif.read_sound(path), np.concatenate([silif.read_sound(first), silif.read_sound(other)])
        )
    assert {len(silif.read_sound(path)) for path in paths[-4:-1]} == {len(silif.read_sound(first))}
    with pytest.raises(silif.InputError, match="260 bytes after its end were not read"):
        silif.read_sound(paths[-1])


def test_all_kinds_behind_each_other(three, demo, tmp_path):
    ending, (first, _, _) = three
    others = [encoded(demo, *kind, 24_000, 2) for kind in (*CONTAINERS, *(part[1:] for part in PARTS[:3]))]
    paths = write(tmp_path, ending, {str(index): first + other for index, other in enumerate(others)})
    assert compare(paths, FEW_SAMPLES) == 0
    for path, other in zip(paths, others, strict=True):
        alone = len(silif.read_sound(first)) + len(silif.read_sound(other))
        assert len(silif.read_sound(path)) == alone or ending in ("ogg", "opus"), path


@pytest.mark.parametrize("frames", [65_536, 65_537, 24_000])
def test_what_follows_flac_is_seen_whatever_its_length(tmp_path, frames):
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(frames)) / 2, 16_000, "PCM_16", format="FLAC")
    contents = {"text": file.getvalue() + b"Of all that. " * 3, "tag": file.getvalue() + ID3_OLD}
    assert compare(write(tmp_path, "flac", contents), 1e-9) == 1


def test_tags_between_parts(demo, tmp_path):
    """They may hold anything, also what looks like the beginning of a part, and do not tell whose they are."""
    mp3, flac = (encoded(demo, form, subtype, 16_000, 1) for _, form, subtype in (PARTS[3], PARTS[0]))
    frame_bytes = _sound_parts._mpeg_bytes(mp3, 0)
    contents = {
        "new": ID3 + mp3 + ID3 + mp3,
        "old": mp3 + ID3_OLD + mp3 + ID3_OLD,
        "ape": mp3 + APE + mp3 + APE + ID3_OLD,
        "all": ID3 + mp3 + APE + ID3_OLD + ID3 + mp3 + mp3,
        # Without the frame that declares how many follow: known by those that are more.
        "undeclared": mp3 + mp3[frame_bytes:],
    }
    paths = write(tmp_path, "mp3", contents)
    assert compare(paths, FEW_SAMPLES) == 0
    for path in paths[:3]:
        assert np.array_equal(silif.read_sound(path), np.tile(silif.read_sound(mp3), 2)), path
    assert len(silif.read_sound(paths[3])) == 3 * len(silif.read_sound(mp3))
    assert len(silif.read_sound(paths[4])) > len(silif.read_sound(mp3))
    paths = write(tmp_path, "flac", {"before": ID3 + flac + flac, "between": flac + ID3 + flac})
    assert compare(paths, 1e-9) == 1
    assert np.array_equal(silif.read_sound(paths[0]), np.tile(silif.read_sound(flac), 2))


def test_bytes_behind_an_mp3_cost_no_look_each(demo, monkeypatch):
    """Erased memory is full of 0xFF, with which a frame begins, too."""
    content = encoded(demo, "MP3", "MPEG_LAYER_III", 16_000, 1) + b"\xff" * 200_000 + b"T" * 200_000
    looks, mpeg_bytes = [], _sound_parts._mpeg_bytes
    monkeypatch.setattr(_sound_parts, "_mpeg_bytes", lambda block, at: looks.append(at) or mpeg_bytes(block, at))
    end = _sound_parts.part_end("mp3", lambda offset, count: content[offset : offset + count], 0, len(content))
    assert end == len(content) and len(looks) < 500


def test_a_part_that_fails_while_it_is_read(demo):
    """The parts before it are heard first, although it is looked at before."""
    flac = encoded(demo, "FLAC", "PCM_16", 16_000, 1)

    class Remote(io.BytesIO):
        def read(self, count=-1):
            if self.tell() + count > len(flac) * 3 // 2:
                raise ConnectionError("the network has gone")
            return super().read(count)

    heard = []
    with pytest.raises(silif.InputError, match=r"sound: cannot be read \(the network has gone\); try again"):
        heard.extend(sound_blocks(Remote(flac + flac + flac)))
    assert len(np.concatenate(heard)) >= 24_000
