"""Sound files and lists of them, for every tool: one reader, one rounding, one set of endings.

Twins: Sources/AudioInput/Files/SoundEndings.swift
"""

import errno
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from .errors import ConversionError
from .text import text_of

# What the commands take for sound by its name alone.
_ENDINGS = "wav wave w64 rf64 flac ogg oga opus mp3 aif aiff aifc au snd caf"
ENDINGS = frozenset(f".{ending}" for ending in _ENDINGS.split())
# What libsndfile notes of a file that has less than its header says, where it reads that as a shorter one; and which
# lengths mean "until it ends".
_SHORTER = re.compile(r"(?m)^ *(?:data|SSND|Data Size|riff|Riff size) *: (\d+) \(should be (\d+)\)")
_UNKNOWN_BYTES = (range(0x7FFF_0000, 0x8000_0001), range(0xFFFF_0000, 1 << 32))
_NO_LAST_PAGE = "Last page lacks an end-of-stream bit"


def to_pcm(audio: np.ndarray) -> np.ndarray:
    """Samples in ±1 -> int16, rounded half up with saturation, as the commands do."""
    return np.clip(np.floor(audio.astype(np.float64) * 32768.0 + 0.5), -32768, 32767).astype(np.int16)


def _is_cut(notes: str) -> bool:
    lengths = [(int(said), int(there)) for said, there in _SHORTER.findall(notes)]
    shorter = any(there < said and not any(said in unknown for unknown in _UNKNOWN_BYTES) for said, there in lengths)
    return shorter or _NO_LAST_PAGE in notes


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    """float32 [sample, channel] of a sound file, and its rate.

    Raises OSError where it cannot be opened, ConversionError where it is no sound, one that was cut, or not of numbers.
    """
    os.stat(path)  # libsndfile says of everything "System error"
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        # As bytes: soundfile knows no other names than UTF-8.
        with soundfile.SoundFile(os.fsencode(path)) as sound:
            audio, rate = sound.read(dtype="float32", always_2d=True), sound.samplerate
            notes = sound.extra_info
    except soundfile.SoundFileError as error:
        why = str(getattr(error, "error_string", "")).rstrip(".")
        raise ConversionError(
            f"{path}: is not a sound file that can be read{f' ({why})' * bool(why)}; give wav, flac, ogg, aiff or the"
            " like"
        ) from None
    if _is_cut(notes):
        size = os.stat(path).st_size
        raise ConversionError(f"{path}: is truncated: its {size} bytes end too early; copy or record it anew")
    if not np.isfinite(audio).all():
        raise ConversionError(f"{path}: has samples that are no numbers (NaN or infinite); write it anew")
    return audio, rate


def load_pcm(path: Path, rate_hz: int, *, mix: bool = False) -> np.ndarray:
    """int16 samples of a sound file. mix: take the mean of several channels, which are refused otherwise.

    Raises ConversionError where the rate or the channels are others, and what `read_sound` raises.
    """
    audio, rate = read_sound(path)
    channels = audio.shape[1]
    if rate != rate_hz or (channels != 1 and not mix):
        wanted = f"{rate_hz} Hz" if mix else f"{rate_hz} Hz mono"
        raise ConversionError(f"{path}: {rate} Hz, {channels} channels; {wanted} is wanted")
    return to_pcm(audio[:, 0] if channels == 1 else audio.mean(1))


def read_list(path: Path) -> list[str]:
    """A list of recordings: one path a line, relative to the list's folder. Names are bytes, as everywhere."""
    text = text_of(Path(path), errors="surrogateescape")
    return [line.strip() for line in text.splitlines() if line.strip()]
