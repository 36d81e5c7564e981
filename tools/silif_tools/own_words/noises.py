"""Noise and rooms that are made up here: what a user has who has downloaded nothing."""

import numpy as np
from scipy import signal

from ..integer.frontend import FRONT_END
from ..train import waves

RATE_HZ = FRONT_END.sample_rate_hz
_FULL_SCALE = 32767


def _coloured(rng: np.random.Generator, count: int, slope: float) -> np.ndarray:
    """Noise whose power falls with frequency as f^-slope."""
    spectrum = rng.standard_normal(count // 2 + 1) + 1j * rng.standard_normal(count // 2 + 1)
    return np.fft.irfft(spectrum * np.maximum(np.arange(count // 2 + 1), 20) ** (-slope / 2), count)


def _swell(rng: np.random.Generator, count: int, per_s: float) -> np.ndarray:
    """A level that wanders, of mean about one."""
    points = np.exp(rng.normal(0, 0.5, max(4, int(count / RATE_HZ * per_s) + 2)))
    return np.interp(np.arange(count), np.linspace(0, count, len(points)), points)


def _wind(rng, count):
    """Wind, rain, a far street: coloured noise that swells."""
    return _coloured(rng, count, rng.uniform(0, 2.2)) * _swell(rng, count, rng.uniform(0.3, 3))


def _machine(rng, count):
    """A fan, a motor, mains: harmonics that waver a little, over coloured noise."""
    base = rng.choice([50, 60, rng.uniform(25, 300)])
    phase = 2 * np.pi * np.cumsum(base * (1 + 0.003 * (_swell(rng, count, 2) - 1))) / RATE_HZ
    tones = sum(
        rng.uniform(0, 1) / k**0.7 * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 24) if k * base < 7500
    )
    noise = _coloured(rng, count, rng.uniform(0.3, 1.5))
    return tones / tones.std() * rng.uniform(0.1, 1) + noise / noise.std()


def _knocks(rng, count):
    """Keys, dishes, steps, a door: blows that ring for a moment."""
    out = 0.02 * _coloured(rng, count, 1)
    out /= out.std() * 30
    for _ in range(int(rng.uniform(0.5, 8) * count / RATE_HZ)):
        length = int(rng.uniform(0.01, 0.35) * RATE_HZ)
        time = np.arange(length) / RATE_HZ
        ring = sum(np.sin(2 * np.pi * rng.uniform(150, 6500) * time + rng.uniform(0, 6)) for _ in range(3))
        blow = (ring + rng.standard_normal(length) * rng.uniform(0, 2)) * np.exp(-time * rng.uniform(12, 160))
        start = int(rng.integers(max(1, count - length)))
        out[start : start + length] += blow[: count - start] * np.exp(rng.normal(0, 0.8))
    return out


def _music(rng, count):
    """Notes and chords, plucked or held, some with a beat."""
    out, at = np.zeros(count), 0
    pulse = rng.uniform(0.15, 0.6)
    root = rng.uniform(90, 300)
    while at < count:
        length = min(count - at, int(pulse * rng.choice([1, 2, 4]) * 1.5 * RATE_HZ))
        time = np.arange(length) / RATE_HZ
        for step in rng.choice([0, 2, 4, 5, 7, 9, 12, 16, 19], int(rng.integers(1, 4)), replace=False):
            note = root * 2 ** (step / 12)
            sound = sum(np.sin(2 * np.pi * k * note * time) / k ** rng.uniform(0.7, 2) for k in range(1, 8))
            out[at : at + length] += sound * np.exp(-time * rng.uniform(0.5, 6)) * np.minimum(1, time / 0.01)
        if rng.random() < 0.5:
            beat = min(length, RATE_HZ // 10)
            out[at : at + beat] += 3 * rng.standard_normal(beat) * np.exp(-np.arange(beat) / (0.02 * RATE_HZ))
        at += int(pulse * RATE_HZ)
    return out


def _hiss(rng, count):
    """The microphone itself: noise in a band."""
    low, high = sorted(rng.uniform(60, 7600, 2))
    band = signal.butter(2, (low, min(high + 400, 7900)), "band", fs=RATE_HZ, output="sos")
    return signal.sosfilt(band, rng.standard_normal(count))


KINDS = (_wind, _machine, _knocks, _music, _hiss)


def noise(number: int, seconds: float, seed: int) -> np.ndarray:
    """int16 samples of one made-up noise; its kind goes round with the number."""
    rng = np.random.default_rng([seed, 31, number])
    sound = KINDS[number % len(KINDS)](rng, int(seconds * RATE_HZ))
    sound = sound / (np.abs(sound).max() + 1e-9) * rng.uniform(0.1, 0.9)
    return np.rint(sound * _FULL_SCALE).astype(np.int16)


def babble(talk: list[np.ndarray], number: int, seconds: float, seed: int) -> np.ndarray:
    """int16 samples of many talkers at once."""
    rng = np.random.default_rng([seed, 32, number])
    out = np.zeros(int(seconds * RATE_HZ))
    for _ in range(int(rng.integers(4, 9))):
        at = -int(rng.integers(RATE_HZ))
        while at < len(out):
            piece = talk[int(rng.integers(len(talk)))].astype(float)
            piece = piece / (piece.std() + 1) * np.exp(rng.normal(0, 0.4))
            begin, end = max(at, 0), min(at + len(piece), len(out))
            if begin < end:
                out[begin:end] += piece[begin - at : end - at]
            at += len(piece)
    return np.rint(out / np.abs(out).max() * 0.5 * _FULL_SCALE).astype(np.int16)


def rooms(count: int, seed: int) -> list[np.ndarray]:
    """int16 impulse responses of made-up rooms, the direct sound first and loudest."""
    found = []
    for number in range(count):
        response = waves.room(np.random.default_rng([seed, 33, number]))
        found.append(np.rint(response / np.abs(response).max() * _FULL_SCALE).astype(np.int16))
    return found
