"""Sound files and lists of them, for every tool: one reader, one rounding, one set of endings.

Twins: Sources/AudioInput/Files/SoundEndings.swift
"""

from pathlib import Path

import numpy as np
import soundfile

from .errors import ConversionError

# What the commands take for sound by its name alone.
_ENDINGS = "wav wave w64 rf64 flac ogg oga opus mp3 aif aiff aifc au snd caf"
ENDINGS = frozenset(f".{ending}" for ending in _ENDINGS.split())


def to_pcm(audio: np.ndarray) -> np.ndarray:
    """Samples in ±1 -> int16, rounded half up with saturation, as the commands do."""
    return np.clip(np.floor(audio.astype(np.float64) * 32768.0 + 0.5), -32768, 32767).astype(np.int16)


def load_pcm(path: Path, rate_hz: int, *, mix: bool = False) -> np.ndarray:
    """int16 samples of a sound file. mix: take the mean of several channels, which are refused otherwise.

    Raises ConversionError where the rate or the channels are others, soundfile.SoundFileError where it is no sound.
    """
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    channels = audio.shape[1]
    if rate != rate_hz or (channels != 1 and not mix):
        wanted = f"{rate_hz} Hz" if mix else f"{rate_hz} Hz mono"
        raise ConversionError(f"{path}: {rate} Hz, {channels} channels; {wanted} is wanted")
    return to_pcm(audio[:, 0] if channels == 1 else audio.mean(1))


def read_list(path: Path) -> list[str]:
    """A list of recordings: one path a line, relative to the list's folder."""
    return [line.strip() for line in Path(path).read_text().splitlines() if line.strip()]
