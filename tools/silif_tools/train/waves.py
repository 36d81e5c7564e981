"""Changes to a recording that must be made on the waveform: speed with pitch, rooms, clipping."""

from collections.abc import Sequence

import numpy as np
from scipy import fft

from silif_tools.train.fbank import SAMPLE_RATE


def resampled(audio: np.ndarray, speed: float) -> np.ndarray:
    """Played `speed` times as fast, pitch along with it: float32 [n / speed], by cutting or padding the spectrum."""
    n = fft.next_fast_len(len(audio) + 64, real=True)  # the padding keeps the end from wrapping into the beginning
    m = max(2, round(n / speed))
    spectrum = fft.rfft(audio, n)
    kept = min(len(spectrum), m // 2 + 1)
    padded = np.zeros(m // 2 + 1, np.complex64)
    padded[:kept] = spectrum[:kept]
    return fft.irfft(padded, m)[: round(len(audio) / speed)].astype(np.float32) * (m / n)


def room(rng: np.random.Generator) -> np.ndarray:
    """An impulse response: a direct path, then noise that decays by 60 dB in 0.1 to 0.7 s, 0 to 20 dB below it."""
    t60 = rng.uniform(0.1, 0.7)
    n = int(min(t60, 0.4) * SAMPLE_RATE)
    decay = np.exp(-6.9 / (t60 * SAMPLE_RATE) * np.arange(n, dtype=np.float32))
    tail = rng.standard_normal(n).astype(np.float32) * decay
    tail[: int(rng.uniform(0.001, 0.012) * SAMPLE_RATE)] = 0
    tail *= 10 ** (-rng.uniform(0, 20) / 20) / max(float(np.sqrt(np.sum(tail**2))), 1e-6)
    tail[0] = 1
    return tail


def convolved(audio: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The recording in that room, same length."""
    n = fft.next_fast_len(len(audio) + len(response) - 1, real=True)
    return fft.irfft(fft.rfft(audio, n) * fft.rfft(response, n), n)[: len(audio)]


def varied(
    audio: np.ndarray,
    rng: np.random.Generator,
    speed: float,
    p_room: float,
    p_clip: float,
    rooms: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """A random variant of float32 audio in +-1. speed: largest ratio, e.g. 1.15 for 1/1.15 to 1.15. rooms: impulse
    responses, heard in two of three rooms if there are any; the others are made up."""
    audio = resampled(audio, speed ** rng.uniform(-1, 1)) if speed > 1 else audio
    if rng.random() < p_room:
        listed = len(rooms) and rng.random() < 2 / 3
        audio = convolved(audio, rooms[rng.integers(len(rooms))] if listed else room(rng))
    if rng.random() < p_clip:
        limit = float(np.abs(audio).max()) * rng.uniform(0.1, 0.7)
        audio = np.clip(audio, -limit, limit)
    return audio
