"""Sound files as `kws-score` reads them: the same samples, and what it refuses is refused here.

Twins: Sources/AudioInput/Files/{SoundDecoder,FileEnd,DeclaredLength,WaveHeader,AppleHeader,SoundMagic}.swift
Twins: Sources/AudioInput/Files/{HeadedSamples,SamplesHeader,SoundEndings,FileParts,SoundFile,SoundRest}.swift
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from silif._errors import InputError, InputTypeError, SilifError
from silif._foreign import HEAD_BYTES, foreign
from silif._samples import int16_samples
from silif._sound_parts import ends_in_tag, filling_or_tag_bytes, is_beginning, part_end, part_kind, tags_bytes
from silif._stream import Resampler, mixed

try:
    import soundfile
except ImportError as error:
    raise ImportError(f"{error}: install what reads sound files with: pip install 'silif[sound]'") from error

ENDINGS = frozenset(
    [
        "wav",
        "wave",
        "w64",
        "rf64",
        "flac",
        "ogg",
        "oga",
        "opus",
        "mp3",
        "aif",
        "aiff",
        "aifc",
        "au",
        "snd",
        "caf",
        "voc",
        "sph",
        "nist",
        "m4a",
        "aac",
        "wma",
        "webm",
        "mp4",
        "mov",
        "amr",
        "mka",
        "mp1",
        "mp2",
        "ac3",
        "eac3",
        "dts",
        "wv",
        "tta",
        "ape",
        "mpc",
        "m4b",
        "3gp",
        "spx",
    ]
)
_RATES_HZ = range(1_000, 768_001)
_CHANNELS = range(1, 1_025)
_BLOCK_FRAMES = 65_536
#: What writers to pipes, who cannot go back to the header, put there is in these ranges: "until it ends".
_UNKNOWN_BYTES = (range(0x7FFF_0000, 0x8000_0001), range(0xFFFF_0000, 1 << 32))
_SAMPLE_BYTES = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "ULAW", "ALAW"), 1),
    "PCM_16": 2,
    "PCM_24": 3,
    **dict.fromkeys(("PCM_32", "FLOAT"), 4),
    "DOUBLE": 8,
}
#: Formats whose header says how long the samples are.
_DECLARE_LENGTH = (b"RIFF", b"RIFX", b"RF64", b"FORM", b".snd", b"dns.", b"caff", b"riff")
#: Of AU, with so many bytes a sample.
_AU_ENCODINGS = (1, 2, 3, 4, 5, 6, 7, 27)
#: Chunks that may stand behind the samples, in small letters.
_BEHIND_SAMPLES = frozenset(
    b"list|id3 |fact|bext|cue |smpl|inst|acid|peak|ixml|axml|chna|cart|plst|junk|pad |fllr|name|auth|(c) |anno|mark|"
    b"comt|appl|midi|info|uuid|free".split(b"|")
)
#: AIFF-C whose samples are so many bytes each; None where COMM says how many bits they have.
_AIFF_SAMPLE_BYTES = {
    **dict.fromkeys((b"", b"NONE", b"twos", b"in24", b"in32", b"sowt", b"42ni", b"23ni"), None),
    **dict.fromkeys((b"fl32", b"FL32"), 4),
    **dict.fromkeys((b"fl64", b"FL64"), 8),
    **dict.fromkeys((b"alaw", b"ALAW", b"ulaw", b"ULAW"), 1),
}


class _Layout(NamedTuple):
    """How the chunks of a container are laid out: a name, a size, and so many bytes."""

    first: int
    name_bytes: int
    #: Of the size, for struct.
    size: str
    size_counts_name_and_itself: bool
    alignment: int

    @property
    def head_bytes(self) -> int:
        return self.name_bytes + struct.calcsize(self.size)

    def known(self, size: int) -> int | None:
        """The size of the samples, where a header gives one that is to be believed."""
        is_known = _is_known(size) if struct.calcsize(self.size) == 4 else 0 <= size < 1 << 60
        return size if is_known else None


_LAYOUTS = {
    b"RIFF": _Layout(12, 4, "<I", False, 2),
    b"RIFX": _Layout(12, 4, ">I", False, 2),
    b"FORM": _Layout(12, 4, ">I", False, 2),
    b"caff": _Layout(8, 4, ">q", False, 1),
    b"riff": _Layout(40, 16, "<q", True, 8),
}


def _is_known(size: int) -> bool:
    """Whether a length of 32 bits says how much there is."""
    return 0 <= size < 1 << 32 and not any(size in unknown for unknown in _UNKNOWN_BYTES)


def has_sound_ending(path: str) -> bool:
    """Whether a name ends as those of sound files do, libsndfile's and others."""
    return path.rpartition(".")[2].lower() in ENDINGS and "." in path


def read_sound(source: str | os.PathLike[str] | bytes | BinaryIO, name: str | None = None) -> NDArray[np.int16]:
    """Reads a sound file as `kws-score` does: any format that libsndfile reads, any rate and channel count.

    Files that were put together to one, as `cat` does, are read one after the other.

    Args:
        source: a path, the content of a file, or an open binary file that can seek.
        name: what errors call it; None for its path.

    Returns:
        Samples at 16 kHz, one channel, [count]: what `silif.score` and `KeywordSpotter.process` take.

    Raises:
        InputError: it cannot be read, is no sound, holds less than it declares, or goes on behind its end with what is
            none.
    """
    return np.concatenate(list(sound_blocks(source, name)))


def sound_blocks(
    source: str | os.PathLike[str] | bytes | BinaryIO, name: str | None = None
) -> Iterator[NDArray[np.int16]]:
    """The same in blocks, so that a long recording costs no memory. What could be read comes before the error."""
    if isinstance(source, str | os.PathLike):
        name = name or os.fspath(source)
    elif isinstance(source, io.TextIOBase):
        raise InputTypeError("source", "the file is open as text", "open it as bytes, with mode 'rb'")
    elif not isinstance(source, bytes | bytearray | memoryview) and not (
        hasattr(source, "read") and hasattr(source, "seek")
    ):
        problem = f"a {type(source).__name__} is no sound file"
        raise InputTypeError("source", problem, "give a path, bytes or an open file")
    name = name or str(getattr(source, "name", "sound"))
    try:
        if isinstance(source, bytes | bytearray | memoryview):
            yield from _blocks(io.BytesIO(source), name)
        elif isinstance(source, str | os.PathLike):
            if os.path.exists(source) and not os.path.isfile(source):
                raise InputError(name, "is no regular file", "give a sound file")
            with open(source, "rb") as file:
                yield from _blocks(file, name)
        else:
            yield from _blocks(source, name)
    except SilifError:
        raise
    except Exception as error:  # Every file system has errors of its own.
        raise InputError(
            name, f"cannot be read ({getattr(error, 'strerror', None) or error})", "check the path"
        ) from error


class _File(io.RawIOBase):
    """A file for libsndfile, or a part of one. One that declares its length seems to have no end: so the header is
    believed, and a file that holds less is noticed and not taken for a shorter one."""

    def __init__(self, file: BinaryIO, start: int = 0, size: int | None = None):
        """Of so many bytes from `start` on; None: all to its end."""
        self.file = file
        self.start = start
        #: Place and bytes of what libsndfile is given instead of the file's own.
        self.patches: list[tuple[int, bytes]] = []
        self.failure: Exception | None = None
        self.size = file.seek(0, os.SEEK_END) - start if size is None else size
        self.head = self.at(0, HEAD_BYTES)
        self._position = 0
        # libsndfile goes by the length of the file for G.721 and G.723 in AU and for IMA ADPCM in W64.
        is_adpcm = (self.head[:4] == b".snd" and self.head[12:16] in (b"\0\0\0\x17", b"\0\0\0\x19", b"\0\0\0\x1a")) or (
            self.head[:4] == b"riff" and self.head[64:66] == b"\x11\0"
        )
        declares_length = self.head.startswith(_DECLARE_LENGTH) and not is_adpcm
        self._end = 1 << 62 if declares_length else self.size

    def part(self, start: int, end: int) -> _File:
        """The same file from one place to another, with positions of its own."""
        return _File(self.file, self.start + start, end - start)

    def at(self, offset: int, count: int) -> bytes:
        """Bytes at a place, as many as there are."""
        if offset < 0 or offset >= self.size:
            return b""
        self.file.seek(self.start + offset)
        count = min(count, self.size - offset)
        parts = []
        while count > 0 and (part := self.file.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        try:
            content = bytearray(self.at(self._position, len(target)))
        except Exception as error:  # A remote file may fail in its own way; through libsndfile nothing can be raised.
            self.failure = error
            return 0
        for place, patch in self.patches:
            for index, value in enumerate(patch, place - self._position):
                if 0 <= index < len(content):
                    content[index] = value
        target[: len(content)] = content
        self._position += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = (0, self._position, self._end)[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _blocks(binary: BinaryIO, name: str) -> Iterator[NDArray[np.int16]]:
    file = _File(binary)
    if file.size == 0:
        raise InputError(name, "is empty (0 bytes)", "record or convert it anew")
    if found := foreign(file.at(tags_bytes(file.at), HEAD_BYTES)):
        raise InputError(name, found.problem, found.remedy)
    for part, unread in _parts(file):
        yield from _part_blocks(part, name)
        if unread:
            raise _unread(unread, name)


def _unread(count: int | None, name: str) -> InputError:
    """Of bytes behind the end of a sound; None: of some."""
    return InputError(
        name,
        f"{'' if count is None else f'{count} '}bytes after its end were not read: "
        "they begin as no sound that is known",
        "give them as a file of their own, or leave them out: ffmpeg -i INPUT OUTPUT.wav",
    )


def _parts(file: _File) -> Iterator[tuple[_File, int]]:
    """The sound files that a file consists of, one after the other, and how many bytes behind each are no sound and no
    chunk or tag: most are one."""
    start = 0
    while start < file.size:
        rest = file.part(start, file.size)
        failure, end, next_start, unread = None, file.size, file.size, 0
        try:
            if kind := part_kind(rest.at):
                end = next_start = part_end(kind, file.at, start, file.size)
            else:
                end, next_start, unread = _container_end(rest)
                end, next_start = start + end, start + next_start
        except Exception as error:  # What can be read comes before it.
            failure = error
        part = file.part(start, end)
        part.failure = failure
        yield part, unread
        start = next_start


#: Less holds no sound. Twin: Sources/AudioInput/Files/SoundRest.swift
_LEAST_TOLD_BYTES = 64


def _container_end(file: _File) -> tuple[int, int, int]:
    """Where a file ends, by its header, where the next begins, and how many bytes between nobody knows."""
    _mend_length(file)
    found = None if file.patches else _samples(file)
    if found is None or found[2] >= file.size - found[1]:
        return file.size, file.size, 0
    layout, start, length = found
    rest_start = min(file.size, _rest_start(file, layout, start + length, length))
    next_start = rest_start if is_beginning(file.at(rest_start, HEAD_BYTES)) else file.size
    # Of W64 libsndfile plays all that is behind the samples.
    end = start + length if file.head[:4] == b"riff" else rest_start
    unread = next_start - rest_start
    return end, next_start, unread if unread >= _LEAST_TOLD_BYTES else 0


def _rest_start(file: _File, layout: _Layout | None, at: int, length: int) -> int:
    """Behind samples, where something is no chunk, tag or filling: another sound, what nobody knows, or the end."""
    padding = -length % layout.alignment if layout else 0
    while head := file.at(at, HEAD_BYTES):
        if is_beginning(head):
            return at
        count = filling_or_tag_bytes(head)
        chunk = next(_chunks(file, layout, at), None) if layout and not count else None
        if layout and chunk and 0 <= chunk[2] < 1 << 31 and all(0x20 <= byte < 0x7F for byte in chunk[0]):
            count = layout.head_bytes + -(-chunk[2] // layout.alignment) * layout.alignment
            if at + count > file.size and chunk[0].lower() not in _BEHIND_SAMPLES:
                return at
        if not count and len(head) > padding:
            count = padding
        if not count:
            return at
        at, padding = at + count, 0
    return at


def _samples(file: _File) -> tuple[_Layout | None, int, int] | None:
    """The layout of the chunks, where the samples begin, and their bytes; None where the header does not tell."""
    kind = file.head[:4]
    if kind in (b".snd", b"dns.") and len(file.head) >= 24:
        start, size, encoding = struct.unpack((">" if kind == b".snd" else "<") + "3I", file.head[4:16])
        return (None, start, size) if encoding in _AU_ENCODINGS and _is_known(size) else None
    layout = _LAYOUTS.get(b"RIFF" if kind == b"RF64" else kind)
    if layout is None or kind == b"RIFX":
        return None
    long, before = None, 0
    for name, start, size in _chunks(file, layout):
        if name == b"ds64":
            long = int.from_bytes(file.at(start + 8, 8), "little")
        elif (name == b"desc" and file.at(start + 8, 4) not in (b"lpcm", b"alaw", b"ulaw")) or (
            name == b"COMM" and size >= 22 and file.at(start + 18, 4) not in _AIFF_SAMPLE_BYTES
        ):
            return None
        elif name in (b"data", b"SSND"):
            if kind == b"RF64" and size == 0xFFFF_FFFF:
                return None if long is None or long >= 1 << 60 else (layout, start, long)
            if layout.known(size) is None:
                return None
            before = 4 if kind == b"caff" else 8 + int.from_bytes(file.at(start, 4), "big") if name == b"SSND" else 0
            return layout, start + before, max(0, size - before)
    return None


def _part_blocks(file: _File, name: str) -> Iterator[NDArray[np.int16]]:
    _mend_length(file)
    try:
        sound = soundfile.SoundFile(file)
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        if file.failure is not None:
            raise InputError(name, f"cannot be read ({file.failure})", "try again") from file.failure
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise InputError(
            name, f"is not a sound file that can be read ({reason})", "give wav, flac, ogg, aiff or the like"
        ) from error
    # Or else soundfile seeks, after each block, to where it stands: FLAC decodes anew for that.
    sound.seekable = lambda: False
    with sound:
        yield from _decoded(sound, file, name)


def _decoded(sound: soundfile.SoundFile, file: _File, name: str) -> Iterator[NDArray[np.int16]]:
    if sound.samplerate not in _RATES_HZ:
        raise InputError(name, f"has {sound.samplerate} samples a second", "give 1000 to 768000")
    if sound.channels not in _CHANNELS:
        raise InputError(name, f"has {sound.channels} channels", "give 1 to 1024")
    if sound.frames <= 0:
        raise InputError(name, "holds no samples", "record or convert it anew")
    declared, declared_bytes = _declared_length(sound)
    if _end_is_missing(file) or (declared_bytes or 0) > file.size:
        raise InputError(name, f"is truncated: its {file.size} bytes end too early", "copy or record it anew")
    resampler = Resampler(sound.samplerate)
    count, damage = 0, None
    decoded = np.empty((_BLOCK_FRAMES, sound.channels), np.float32)
    while True:
        decoded.fill(np.nan)
        # Asked for no more frames than there are, FLAC's decoder would not look at what follows them.
        wanted = _BLOCK_FRAMES - (sound.format == "FLAC" and declared == count + _BLOCK_FRAMES)
        try:
            block = sound.read(out=decoded[:wanted])
        except soundfile.LibsndfileError as error:
            damage = error
            # soundfile does not tell how many frames came before the damage: those that were written.
            untouched = np.isnan(decoded[:, 0])
            frames = int(untouched.argmax()) if untouched.any() else len(decoded)
            block = decoded[: min(frames, sound.frames - count)]
        if not (block == block).all():
            raise InputError(name, "holds samples that are not numbers (NaN)", "it is damaged: write it anew")
        count += len(block)
        if len(block):
            yield resampler.process(mixed(_int16(block)))
        if damage is not None or len(block) < wanted:
            break
    yield resampler.finish()
    if file.failure is not None:
        raise InputError(name, f"cannot be read ({file.failure})", "try again") from file.failure
    if declared is not None and count < declared:
        raise InputError(
            name, f"is truncated: it declares {declared} frames and holds {count}", "copy or record it anew"
        )
    if damage is not None and sound.format == "FLAC" and count == declared:
        if not ends_in_tag(file.at(max(0, file.size - 256), 256)):
            raise _unread(None, name) from damage
    elif damage is not None:
        reason = str(damage.error_string).rstrip(".")
        raise InputError(name, f"is damaged after {count} frames ({reason})", "write it anew") from damage
    # Codecs that work in blocks fill a cut one with zeros.
    if declared is not None and "Warning : short read" in sound.extra_info:
        raise InputError(name, "is truncated: its last block is incomplete", "copy or record it anew")


def _int16(block: NDArray[np.float32]) -> NDArray[np.int16]:
    # Infinity is loud, as in kws-score.
    return int16_samples(np.clip(block, -1, 1).ravel()).reshape(block.shape)


def _declared_length(sound: soundfile.SoundFile) -> tuple[int | None, int | None]:
    """Frames that the header declares, and the bytes that these take; None where that is not known."""
    width = _SAMPLE_BYTES.get(sound.subtype) if sound.format != "FLAC" else None
    frame_bytes = width * sound.channels if width else None
    if sound.format in ("OGG", "MPEG", "MP3") or sound.frames >= 1 << 48:
        return None, None
    if sound.format not in ("W64", "RF64", "FLAC", "CAF") and not _is_known(sound.frames * (frame_bytes or 1)):
        return None, None
    return sound.frames, frame_bytes and frame_bytes * sound.frames


def _chunks(file: _File, layout: _Layout, at: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and declared size of the content of the chunks from a place on, or from the first."""
    at = layout.first if at is None else at
    while len(head := file.at(at, layout.head_bytes)) == layout.head_bytes:
        (size,) = struct.unpack(layout.size, head[layout.name_bytes :])
        start = at + layout.head_bytes
        size -= layout.head_bytes if layout.size_counts_name_and_itself else 0
        yield head[:4], start, size
        if size < 0:
            return
        at = start + -(-size // layout.alignment) * layout.alignment


def _mend_length(file: _File) -> None:
    """A recorder that lost power or wrote to a pipe does not know how long its samples are: they go on to the end."""
    kind = file.head[:4]
    if kind in (b".snd", b"dns."):
        _mend_au(file, ">" if kind == b".snd" else "<")
    elif kind == b"FORM" and file.head[8:11] == b"AIF":
        _mend_aiff(file, _LAYOUTS[kind])
    elif (kind == b"RIFF" and file.head[8:12] == b"WAVE") or kind == b"riff":
        for name, start, size in _chunks(file, _LAYOUTS[kind]):
            if name == b"data":
                _mend_chunk(file, _LAYOUTS[kind], start, size, _LAYOUTS[kind].known(size) is not None, 0)
                return
    elif kind == b"RF64":
        _mend_rf64(file, _LAYOUTS[b"RIFF"])
    elif kind == b"caff":
        for name, start, size in _chunks(file, _LAYOUTS[kind]):
            if name == b"desc" and file.at(start + 8, 4) not in (b"lpcm", b"alaw", b"ulaw"):
                return
            if name == b"data":
                # Of these 4 count edits. -1 is the format's own way to say that it is not known.
                declared = size if size < 0 else max(0, size - 4)
                _mend_chunk(file, _LAYOUTS[kind], start, declared, _LAYOUTS[kind].known(size) is not None, 4)
                return


def _mend_chunk(file: _File, layout: _Layout, start: int, declared: int, is_known: bool, before: int) -> bool:
    """Puts the length of the file into a chunk that does not know it, which has so many bytes before the samples."""
    left = file.size - start - before
    # What stands for "unknown" may be right, and a recorder that never came to write the length leaves 0.
    is_in_doubt = not is_known or (declared == 0 and left > 0)
    if not is_in_doubt or _is_right(file, layout, start + before, declared) or layout.known(left) is None:
        return False
    size = left + before + (layout.head_bytes if layout.size_counts_name_and_itself else 0)
    file.patches.append((start - struct.calcsize(layout.size), struct.pack(layout.size, size)))
    return True


def _mend_rf64(file: _File, layout: _Layout) -> None:
    """Here the length stands in a chunk of its own, with that of the whole before it."""
    long_at, long = 0, 0
    for name, start, size in _chunks(file, layout):
        if name == b"ds64" and size >= 28:
            long_at, long = start, int.from_bytes(file.at(start + 8, 8), "little")
        elif name == b"data":
            left = file.size - start
            if long_at and size == 0xFFFF_FFFF and long == 0 < left and not _is_right(file, layout, start, 0):
                file.patches.append((long_at, struct.pack("<QQ", file.size - 8, left)))
            return


def _mend_au(file: _File, order: str) -> None:
    if len(file.head) < 24:
        return
    start, size, encoding = struct.unpack(order + "3I", file.head[4:16])
    left = file.size - start
    is_unknown = not _is_known(size) or size == 0 < left
    if encoding in _AU_ENCODINGS and is_unknown and _is_known(left):
        file.patches.append((8, struct.pack(order + "I", left)))


def _mend_aiff(file: _File, layout: _Layout) -> None:
    """Here frames are counted, too."""
    frames_at, frame_bytes = 0, 0
    for name, start, size in _chunks(file, layout):
        if name == b"COMM" and 18 <= size <= 1 << 12:
            channels, _, bits = struct.unpack(">HIH", file.at(start, 8).ljust(8, b"\0"))
            codec = file.at(start + 18, 4) if size >= 22 else b""
            if codec not in _AIFF_SAMPLE_BYTES:
                return
            frames_at, frame_bytes = start + 2, channels * (_AIFF_SAMPLE_BYTES[codec] or (bits + 7) // 8)
        elif name == b"SSND":
            before = 8 + int.from_bytes(file.at(start, 4), "big")
            # sox puts 0x7f000000 and a little more there where it cannot go back, ffmpeg 0.
            is_known = _is_known(size) and size not in range(0x7F00_0000, 0x7FFF_0001)
            if frame_bytes and _mend_chunk(file, layout, start, max(0, size - before), is_known, before):
                frames = (file.size - start - before) // frame_bytes
                file.patches.append((frames_at, struct.pack(">I", frames)))
            return


def _is_right(file: _File, layout: _Layout, samples: int, length: int) -> bool:
    """Whether the file ends behind so many bytes of samples, or goes on with whole chunks."""
    left = file.size - samples
    if not 0 <= length < left:
        return length == left
    at = samples + -(-length // layout.alignment) * layout.alignment
    for name, start, size in _chunks(file, layout, at):
        if not all(0x20 <= byte < 0x7F for byte in name) or not 0 <= size <= file.size - start:
            return False
        at = start + -(-size // layout.alignment) * layout.alignment
    return at >= file.size


def _end_is_missing(file: _File) -> bool:
    """Whether the file was cut off, by its own structure: libsndfile reads such a WAV, W64 or Ogg as a shorter one."""
    kind = file.head[:4]
    if kind in (b"RIFF", b"RIFX", b"riff"):
        layout = _LAYOUTS[kind]
        at = layout.first
        for name, start, size in _chunks(file, layout):
            if name == b"data":
                return (layout.known(size) or 0) > file.size - start
            if not 0 <= size < file.size:
                return False
            at = start + -(-size // layout.alignment) * layout.alignment
        # Within a chunk's head: without samples libsndfile says so, but for W64.
        return file.at(at, 4) == b"data"
    elif kind == b"OggS":
        tail = file.at(max(0, file.size - 65_307), 65_307)
        at = tail.rfind(b"OggS")
        while at >= 0 and at + 27 > len(tail):
            at = tail.rfind(b"OggS", 0, at)
        if at < 0:
            return True
        segments = tail[at + 27 : at + 27 + tail[at + 26]]
        # The last page of a stream has flag 4.
        return not tail[at + 5] & 4 or at + 27 + len(segments) + sum(segments) > len(tail)
    return False
