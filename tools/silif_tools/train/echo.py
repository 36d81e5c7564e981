"""Rooms on band energies: what a room adds to a scene, a share of what was heard up to a second before, per band.

A sound and its echoes from more than a frame ago are not related in phase, so that their energies add: a scene in a
room is a convolution of band energies over time with the room's own, taken from its impulse response. What is heard
within a frame (the comb of early reflections) is in the bank's recordings, whose rooms are made on the waveform.
"""

import numpy as np
from scipy import fft

from silif_tools.train.bank import responses
from silif_tools.train.clips import Clips
from silif_tools.train.fbank import BANDS, FFT, HOP, mel_filters

LAGS = 100  # frames: a second


def envelopes(rooms: Clips) -> np.ndarray:
    """float32 [rooms, LAGS, BANDS]: energy of every band that arrives so many frames late; 1 in all, on average over
    the bands."""
    bands = mel_filters().numpy()
    found = np.zeros((len(rooms), LAGS, BANDS), np.float32)
    for room, response in zip(found, responses(rooms), strict=True):
        padded = np.zeros(LAGS * HOP, np.float32)
        padded[: min(len(response), len(padded))] = response[: len(padded)]
        power = np.abs(fft.rfft(padded.reshape(LAGS, HOP), FFT, axis=1)[:, : FFT // 2]) ** 2
        room[:] = power @ (bands / bands.sum(0))
        room /= room.sum(0).mean()
    return found


def heard(energy: np.ndarray, envelope: np.ndarray) -> np.ndarray:
    """Band energies [T, BANDS] of a scene, in a room with this envelope [LAGS, BANDS]."""
    n = fft.next_fast_len(len(energy) + len(envelope) - 1, real=True)
    wet = fft.irfft(fft.rfft(energy, n, axis=0) * fft.rfft(envelope, n, axis=0), n, axis=0)[: len(energy)]
    return np.maximum(wet, 0).astype(np.float32)
