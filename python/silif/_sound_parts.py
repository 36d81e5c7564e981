"""Where in a file another sound begins: files that were put together by `cat`, which is legal for Ogg, FLAC and MP3,
and Icecast, which does so at each new title. Decoders end with the first.

Twins: Sources/AudioInput/Files/{FileParts,PartScanner,MPEGFrame,SoundMagic,SoundBeginning,SoundRest}.swift
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

#: What may be put together so; others are not.
Kind = Literal["ogg", "flac", "mp3"]
#: Gives the bytes at a place of a file, as many as there are of so many.
Bytes = Callable[[int, int], bytes]

_BLOCK_BYTES = 1 << 16
#: So much of a head that samples, damage or text never look like it. FLAC: the mark, and behind it the head of the
#: first block of metadata, which always has 34 bytes and may be the last.
_BEGINNING = re.compile(
    rb"(?:RIFF|RIFX|RF64).{4}WAVE|FORM.{4}AIF[FC]|riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00"
    rb"|caff\x00\x01\x00\x00desc|fLaC[\x00\x80]\x00\x00\x22|OggS\x00\x02\x00{8}"
    rb"|\.snd\x00\x00.{6}\x00\x00\x00|dns\...\x00\x00.{5}\x00\x00\x00",
    re.DOTALL,
)
_BEGINNING_BYTES = 16
#: A tag, or the mark of a frame of layer III: not any 0xFF, of which erased memory behind a recording is full.
_MP3_BEGINNING = re.compile(
    rb"\xFF[\xE2\xE3\xF2\xF3\xFA\xFB]|TAG|APETAGEX|ID3|RIFF|RIFX|RF64|FORM|riff|caff|fLaC|OggS|\.snd|dns\."
)
_MP3_BEGINNING_BYTES = 8
#: The first bytes of a frame, in which it says how many others follow.
_DECLARING_BYTES = 48
_RATES1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def part_kind(file: Bytes) -> Kind | None:
    """What all parts of a file are, going by its first bytes; None: it is not taken apart.

    Raises:
        Exception: what `file` raises.
    """
    head = file(0, 4096)
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3"):
        # A tag does not tell whose it is: what is behind it does.
        return "flac" if file(tags_bytes(file), 4) == b"fLaC" else "mp3"
    return "mp3" if _is_mpeg(head) else None


def _is_mpeg(head: bytes) -> bool:
    # Raw samples may begin like one frame by chance, like two they do not.
    frame_bytes = _mpeg_bytes(head, 0)
    return bool(frame_bytes and _mpeg_bytes(head, frame_bytes))


def tags_bytes(file: Bytes) -> int:
    """Bytes of the tags of ID3v2 that a file begins with.

    Raises:
        Exception: what `file` raises.
    """
    at = 0
    while tag_bytes := _id3_bytes(file(at, 10), 0):
        at += tag_bytes
    return at


def part_end(kind: Kind, file: Bytes, start: int, size: int) -> int:
    """Where the part that begins at `start` ends, in bytes: there the next begins, or the file of `size` bytes ends.

    Looks at a block at a time, so that a long part costs no memory.

    Raises:
        Exception: what `file` raises.
    """
    scanner = _Scanner()
    found_at = {"ogg": scanner.ogg_page, "flac": scanner.flac_bytes, "mp3": scanner.mp3_frame}[kind]
    block_start, block, at = start, file(start, _BLOCK_BYTES), 0
    while True:
        count = found_at(block, at) if at < len(block) else None
        if count == 0:
            return block_start + at
        if count is not None:
            at += count
        elif len(block) < _BLOCK_BYTES:
            return size
        else:
            block_start, at = block_start + at, 0
            block = file(block_start, _BLOCK_BYTES)


class _Scanner:
    """Each method looks at what stands at a place of a block that belongs to one part, or follows it.

    It gives the bytes of that: a page, a frame, a tag or damage, which may end behind the block. 0: the first byte of
    another stream. None: more bytes are needed to tell, and where none come it is no other stream.
    """

    def __init__(self) -> None:
        # Whether something stood there that another beginning may follow.
        self._has_begun = False
        # Ogg: whether nothing stood behind its last page yet.
        self._is_behind_last_page = False
        # MP3: frames so far, and how many its first one declares.
        self._frames = 0
        self._declared_frames: int | None = None

    def ogg_page(self, block: bytes, at: int) -> int | None:
        """A stream begins with the first pages of all that it consists of, which have flag 2."""
        if len(block) < at + 27:
            return None
        if not block.startswith(b"OggS", at):
            is_behind, self._is_behind_last_page = self._is_behind_last_page, False
            # Here MP3 may begin, too, which damage looks like.
            if is_behind and (_id3_bytes(block, at) or _is_mpeg(block[at : at + 4096])):
                return 0
            return self._between(block, at)
        is_first = bool(block[at + 5] & 2)
        if is_first and self._has_begun:
            return 0
        body = at + 27 + block[at + 26]
        if len(block) < body:
            return None
        self._has_begun = not is_first
        self._is_behind_last_page = bool(block[at + 5] & 4)
        return body - at + sum(block[at + 27 : body])

    def flac_bytes(self, block: bytes, at: int) -> int | None:
        """Behind the first mark, where tags may stand, all may be sound up to the next."""
        if not self._has_begun:
            if len(block) < at + 10:
                return None
            tag_bytes = _id3_bytes(block, at)
            self._has_begun = tag_bytes is None
            return tag_bytes or 1
        return self._between(block, at)

    def _between(self, block: bytes, at: int) -> int | None:
        """What is no part of the stream, up to where another may begin."""
        found = _BEGINNING.search(block, at)
        page = block.find(b"OggS", at + 1)
        if found and (page < 0 or found.start() <= page):
            return found.start() - at if self._has_begun else max(1, found.start() - at)
        if page >= 0:
            return page - at
        # The last bytes may be the first ones of a mark.
        count = len(block) - (_BEGINNING_BYTES - 1) - at
        return count if count > 0 else None

    def mp3_frame(self, block: bytes, at: int) -> int | None:
        """A stream begins with a tag, or with a frame that has no sound but says how many follow."""
        if len(block) < at + 32:
            return None
        if tag_bytes := _tag_bytes(block, at):
            return 0 if self._has_begun and _id3_bytes(block, at) else tag_bytes
        frame_bytes = _mpeg_bytes(block, at)
        if frame_bytes is None:
            if self._has_begun and _BEGINNING.match(block, at):
                return 0
            found = _MP3_BEGINNING.search(block, at + 1)
            return (found.start() if found else len(block) - (_MP3_BEGINNING_BYTES - 1)) - at
        looked_at = min(frame_bytes, _DECLARING_BYTES)
        if len(block) < at + looked_at:
            return None
        declared = _declared_frames(block[at : at + looked_at])
        is_over = self._declared_frames is not None and self._frames > self._declared_frames
        if self._has_begun and (declared is not None or is_over):
            return 0
        if declared is not None:
            self._declared_frames = declared
        self._has_begun = True
        self._frames += 1
        return frame_bytes


def _tag_bytes(block: bytes, at: int) -> int | None:
    """Bytes of a tag that stands there: ID3, old and new, and APE; None where none does."""
    if block.startswith(b"TAG", at):
        return 128
    if block.startswith(b"APETAGEX", at):
        return 32 + int.from_bytes(block[at + 12 : at + 16], "little")
    return _id3_bytes(block, at)


def ends_in_tag(tail: bytes) -> bool:
    """Whether these are the last bytes of a tag or of filling."""
    return (
        (len(tail) >= 8 and tail[-8:] in (bytes(8), b"\xff" * 8))
        or tail[-128:].startswith(b"TAG")
        or any(tail[-count:].startswith(b"APETAGEX") for count in (32, 160))
    )


def is_beginning(head: bytes) -> bool:
    """Whether a sound file begins so, behind another."""
    return bool(_BEGINNING.match(head)) or _is_mpeg(head)


def filling_or_tag_bytes(head: bytes) -> int | None:
    """Bytes of a tag, or of what recorders fill up with and erased memory, that stands there; None where none does."""
    if tag_bytes := _tag_bytes(head, 0):
        return tag_bytes
    filling = len(head) - len(head.lstrip(head[:1]))
    return filling if head[:1] == b"\0" or (head[:1] == b"\xff" and filling >= 16) else None


def _id3_bytes(block: bytes, at: int) -> int | None:
    """Bytes of a tag of ID3v2 that stands there, of which 10 are needed to see it; None where none does."""
    head = block[at : at + 10]
    is_tag = len(head) == 10 and head.startswith(b"ID3") and 2 <= head[3] <= 4 and head[4] < 0xFF
    if not is_tag or max(head[6:]) >= 0x80:
        return None
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return size + (20 if head[5] & 0x10 else 10)


def _mpeg_bytes(block: bytes, at: int) -> int | None:
    """Bytes of a frame of layer III whose header of 4 bytes stands there; None where none does."""
    if len(block) < at + 4:
        return None
    bits = int.from_bytes(block[at : at + 4], "big")
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    rate, sampling = bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or layer != 1 or not 1 <= rate <= 14 or sampling == 3:
        return None
    samples_hz = (44_100, 48_000, 32_000)[sampling] >> {3: 0, 2: 1, 0: 2}[version]
    rate_bps = (_RATES1_KBPS if version == 3 else _RATES2_KBPS)[rate] * 1000
    return (144 if version == 3 else 72) * rate_bps // samples_hz + (bits >> 9 & 1)


def _declared_frames(frame: bytes) -> int | None:
    """What a first frame without sound, as encoders put it before the others, says about how many follow; None: it is
    none. More than there can be where it does not say.

    Args:
        frame: its first 48 bytes, or all where it has fewer.
    """
    unknown = 1 << 62
    if len(frame) < _DECLARING_BYTES:
        return None
    if frame.startswith(b"VBRI", 36):
        return unknown
    is_version1, is_mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    at = 4 + ((17 if is_mono else 32) if is_version1 else (9 if is_mono else 17))
    if not frame.startswith((b"Xing", b"Info"), at):
        return None
    return int.from_bytes(frame[at + 8 : at + 12], "big") if frame[at + 7] & 1 else unknown
