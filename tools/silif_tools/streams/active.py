"""Where the word is inside its clip, and how loud it is."""

import numpy as np

_FRAME = 160
# A frame belongs to the word when it is within this of the loudest one.
_RANGE_DB = 25.0


def active_range(pcm: np.ndarray) -> tuple[int, int]:
    """First and one-past-last sample of the word: the frames of 10 ms within 25 dB of the loudest.

    A rule of thumb, good to some 30 ms on Speech Commands; the truth's times rest on it.
    """
    count = len(pcm) // _FRAME
    if not count:
        return 0, len(pcm)
    frames = pcm[: count * _FRAME].astype(np.float64).reshape(count, _FRAME)
    energy = 10 * np.log10((frames**2).mean(axis=1) + 1e-3)
    loud = np.flatnonzero(energy > energy.max() - _RANGE_DB)
    return int(loud[0]) * _FRAME, (int(loud[-1]) + 1) * _FRAME


def rms(pcm: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.asarray(pcm, dtype=np.float64) ** 2))) if len(pcm) else 0.0
