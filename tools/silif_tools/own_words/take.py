"""Whether a recording of a word is fit to learn from, and what to do where it is not."""

from dataclasses import dataclass

import numpy as np

from ..train.voices import trimmed
from .voices import RATE_HZ

_FULL = 32767
_QUIET = 0.01  # of full scale, the loudest sample: nothing was said
_FAINT = 0.04
_LEAST_S, _MOST_S = 0.15, 1.5
_EDGE_S = 0.05  # of quiet that a word needs at both ends
_LEAST_ABOVE_DB = 12.0  # the word above what is heard beside it


@dataclass
class Take:
    """The word with a tenth of a second around it, and what is wrong: nothing, where it can be kept."""

    pcm: np.ndarray
    wrong: list[str]

    @property
    def seconds(self) -> float:
        return len(self.pcm) / RATE_HZ


def is_heard(pcm: np.ndarray) -> bool:
    """Whether int16 samples hold more than a microphone that is off."""
    return int(np.abs(pcm.astype(np.int32)).max(initial=0)) >= _QUIET * _FULL


def judged(pcm: np.ndarray) -> Take:
    """int16 samples of one recording, with some quiet before and after the word."""
    loud = np.abs(pcm.astype(np.int32))
    peak = int(loud.max(initial=0))
    if not is_heard(pcm):
        return Take(pcm, ["nothing was heard: is this the right microphone, and is it on? (--device, alsamixer)"])
    wrong = []
    if np.count_nonzero(loud >= _FULL - 1) > 4:
        wrong.append("too loud, cut off at full scale: further away, or lower the microphone's level (alsamixer)")
    elif peak < _FAINT * _FULL:
        wrong.append("very faint: nearer to the microphone, or raise its level (alsamixer)")
    edge = int(_EDGE_S * RATE_HZ)
    over = np.flatnonzero(loud > 0.1 * peak)
    if over[0] < edge or over[-1] >= len(pcm) - edge:
        wrong.append("the word begins or ends outside of the recording: say it after the sign, and not slower")
    word = trimmed(pcm)
    seconds = (over[-1] - over[0]) / RATE_HZ
    if not _LEAST_S <= seconds <= _MOST_S:
        wrong.append(f"{seconds:.1f} s of sound: say the word once, by itself")
    if len(loud) < 160:
        return Take(word, wrong)
    blocks = loud[: len(loud) // 160 * 160].reshape(-1, 160).astype(float)
    power = np.sort((blocks**2).mean(1)) + 1
    above_db = 10 * np.log10(power[-len(power) // 20 :].mean() / power[: max(1, len(power) // 5)].mean())
    if above_db < _LEAST_ABOVE_DB:
        wrong.append(f"only {above_db:.0f} dB above the noise: find a quieter place, or go nearer")
    return Take(word, wrong)
