"""What a file is that is no sound that can be read, going by its first bytes, and what its owner can do.

Twins: Sources/AudioInput/Files/{ForeignFormat,ForeignFrames,MPEGFrame}.swift
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

#: So many bytes tell, but for two very long frames.
HEAD_BYTES = 4096
_CONVERT = "convert it: ffmpeg -i INPUT -ac 1 -ar 16000 OUTPUT.wav"


class Foreign(NamedTuple):
    """What it is, behind its name, and the remedy."""

    problem: str
    remedy: str


def _sound(name: str) -> Foreign:
    return Foreign(f"is {name}, which cannot be read here", _CONVERT)


def _packed(name: str, command: str) -> Foreign:
    return Foreign(f"is packed ({name})", f"unpack it: {command} INPUT")


def _other(name: str, remedy: str = "give a sound file") -> Foreign:
    return Foreign(f"is {name}, no sound", remedy)


#: Where they begin, first bytes, and what has them.
_PATTERNS = (
    (4, b"ftyp", _sound("MP4 (M4A, AAC)")),
    (4, b"moov", _sound("QuickTime")),
    (0, b"\x1a\x45\xdf\xa3", _sound("Matroska or WebM")),
    (0, b"#!AMR", _sound("AMR")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _sound("WMA")),
    (0, b".SoX", _sound("SoX's own format")),
    (0, b"SoX.", _sound("SoX's own format")),
    (0, b"wvpk", _sound("WavPack")),
    (0, b"TTA1", _sound("TTA")),
    (0, b"TTA2", _sound("TTA")),
    (0, b"MAC ", _sound("Monkey's Audio")),
    (0, b"MPCK", _sound("Musepack")),
    (0, b"MP+\7", _sound("Musepack")),
    (0, b"\x7f\xfe\x80\x01", _sound("DTS")),
    (0, b"\xfe\x7f\x01\x80", _sound("DTS")),
    (0, b"\x1f\xff\xe8\x00", _sound("DTS")),
    (0, b"\xff\x1f\x00\xe8", _sound("DTS")),
    (0, b"DTSHDHDR", _sound("DTS")),
    (0, b"FLV\1", _sound("FLV")),
    (0, b"\0\0\1\xba", _sound("MPEG (program stream)")),
    (0, b".RMF", _sound("RealAudio")),
    (0, b".ra\xfd", _sound("RealAudio")),
    (0, b"DSD ", _sound("DSD")),
    (0, b"FRM8", _sound("DSD")),
    (0, b"qoaf", _sound("QOA")),
    (0, b"\x1f\x8b\x08", _packed("gzip", "gunzip")),
    (0, b"\xfd7zXZ\0", _packed("xz", "unxz")),
    (4, b"\x31\x41\x59\x26", _packed("bzip2", "bunzip2")),
    (0, b"\x28\xb5\x2f\xfd", _packed("Zstandard", "unzstd")),
    (0, b"7z\xbc\xaf\x27\x1c", _packed("7-Zip", "7z x")),
    (0, b"Rar!\x1a\7", _packed("RAR", "unrar x")),
    (0, b"PK\3\4", _packed("zip", "unzip")),
    (0, b"PK\5\6", _packed("zip", "unzip")),
    (257, b"ustar", _packed("tar", "tar xf")),
    (0, b"\x93NUMPY", _other("a NumPy array", "write it as sound: soundfile.write('OUTPUT.wav', array, 16000)")),
    (0, b"\x89SiLIF", _other("a model", "give it with --model")),
    (0, b"\x89PNG", _other("a PNG picture")),
    (0, b"\xff\xd8\xff\xe0", _other("a JPEG picture")),
    (0, b"\xff\xd8\xff\xe1", _other("a JPEG picture")),
    (0, b"GIF8", _other("a GIF picture")),
    (0, b"%PDF", _other("a PDF document")),
    (0, b"\x7fELF", _other("a program")),
    (0, b"SQLite format 3\0", _other("a database")),
)
#: What RIFF may be but WAV.
_RIFF_KINDS = {b"AVI ": "AVI (video)", b"RMID": "MIDI", b"WEBP": "a WebP picture", b"sfbk": "a SoundFont"}
#: What must be there before a mark that does not stand at the beginning.
_BEFORE = {b"ftyp": b"\0", b"moov": b"\0", b"\x31\x41\x59\x26": b"BZh"}
_AC3_RATES_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_LAYER_II_RATES_KBPS = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_I_RATES2_KBPS = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_RATES2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_FRAME_HEAD_BYTES = 7


def foreign(head: bytes) -> Foreign | None:
    """What a file is that cannot be read; None: it may be sound.

    Args:
        head: its first `HEAD_BYTES`, or behind a tag.
    """
    for place, mark, found in _PATTERNS:
        if head.startswith(mark, place) and head.startswith(_BEFORE.get(mark, b"")):
            return found
    if head.startswith(b"RIFF") and (name := _RIFF_KINDS.get(head[8:12])):
        return _sound(name)
    for frame, count, name in _FRAMES:
        if _is_run(head, frame, count):
            return _sound(name)
    return _sound("an MPEG transport stream") if _is_transport_stream(head) else None


#: Gives the length of a frame that begins so, and what is the same in all; None: it is none.
_Frame = Callable[[bytes], "tuple[int, int] | None"]


def _is_run(head: bytes, frame: _Frame, count: int) -> bool:
    """Whether so many frames stand there one after the other."""
    at, constant = 0, None
    for _ in range(count):
        found = frame(head[at : at + _FRAME_HEAD_BYTES]) if len(head) >= at + _FRAME_HEAD_BYTES else None
        if found is None or (constant is not None and found[1] != constant):
            return False
        at, constant = at + found[0], found[1]
    return True


def _adts(head: bytes) -> tuple[int, int] | None:
    bits = int.from_bytes(head, "big")
    length = bits >> 13 & 0x1FFF
    if bits >> 44 != 0xFFF or bits >> 41 & 3 or bits >> 34 & 15 > 12 or length <= _FRAME_HEAD_BYTES:
        return None
    return length, bits >> 28


def _layer_i_or_ii(head: bytes, layer: int) -> tuple[int, int] | None:
    bits = int.from_bytes(head[:4], "big")
    version, rate, sampling = bits >> 19 & 3, bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or bits >> 17 & 3 != layer or not 1 <= rate <= 14 or sampling == 3:
        return None
    samples_hz = (44_100, 48_000, 32_000)[sampling] >> {3: 0, 2: 1, 0: 2}[version]
    padding = bits >> 9 & 1
    if layer == 2:
        length = 144 * (_LAYER_II_RATES_KBPS if version == 3 else _RATES2_KBPS)[rate] * 1000 // samples_hz + padding
    else:
        rate_kbps = 32 * rate if version == 3 else _LAYER_I_RATES2_KBPS[rate]
        length = 4 * (12 * rate_kbps * 1000 // samples_hz + padding)
    return length, bits & 0xFFFE_0C00


def _ac3(head: bytes) -> tuple[int, int] | None:
    bits = int.from_bytes(head, "big")
    version, rate, size = bits >> 11 & 31, bits >> 22 & 3, bits >> 16 & 63
    if bits >> 40 != 0x0B77:
        return None
    if version == 16:
        return 2 * ((bits >> 24 & 0x7FF) + 1), version
    if version > 10 or rate == 3 or size >= 38:
        return None
    words = _AC3_RATES_KBPS[size // 2] * 96_000 // (48_000, 44_100, 32_000)[rate]
    return 2 * (words + (size % 2 if rate == 1 else 0)), version << 2 | rate


def _loas(head: bytes) -> tuple[int, int] | None:
    bits = int.from_bytes(head[:3], "big")
    length = bits & 0x1FFF
    return (length + 3, 0) if bits >> 13 == 0x2B7 and length > 4 else None


_FRAMES: tuple[tuple[_Frame, int, str], ...] = (
    (_adts, 2, "AAC (ADTS)"),
    (lambda head: _layer_i_or_ii(head, 2), 2, "MP2"),
    # Its mark is -1, of which quiet recordings are full.
    (lambda head: _layer_i_or_ii(head, 3), 5, "MP1"),
    (_ac3, 2, "AC-3"),
    (_loas, 3, "AAC (LATM)"),
)


def _is_transport_stream(head: bytes) -> bool:
    """Three packets of 188 bytes, no two with the same head: those of one kind are counted."""
    heads = {head[at : at + 4] for at in (0, 188, 376)}
    return len(heads) == 3 and all(
        len(found) == 4 and found[0] == 0x47 and not found[1] & 0x80 and found[3] & 0x30 for found in heads
    )
