"""Lay words, noise and other speech on one time line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from ..integer.frontend import FRONT_END
from .active import active_range, rms

RATE_HZ = FRONT_END.sample_rate_hz
# RMS of a word's active part, of full scale: a talker at about an arm's length from a cheap microphone.
_WORD_RMS = 32768 * 10 ** (-26 / 20)


@dataclass
class TruthRow:
    start_s: float
    end_s: float
    word: str


def _looped(parts: list[np.ndarray], length: int, random: np.random.Generator) -> np.ndarray:
    """Noise recordings one after another in random order, each at the same RMS, until `length` samples."""
    out, used = np.zeros(length), 0
    while used < length:
        for index in random.permutation(len(parts)):
            piece = parts[index].astype(np.float64)
            level = rms(piece)
            if level < 1 or used >= length:
                continue
            piece = piece[: length - used] / level
            out[used : used + len(piece)] = piece
            used += len(piece)
    return out


def _heard(pcm: np.ndarray, rooms: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """A recording as it is, or through a random one of the rooms with the sound that stays in it."""
    if not len(rooms):
        return pcm.astype(np.float64)
    return fftconvolve(pcm.astype(np.float64), rooms[random.integers(len(rooms))])


def compose(
    words: list[tuple[str, np.ndarray]],
    noise: list[np.ndarray],
    speech: list[np.ndarray],
    *,
    snr_db: float,
    seed: int,
    gap_s: tuple[float, float] = (1.0, 4.0),
    speech_share: float = 0.5,
    rooms: Sequence[np.ndarray] = (),
) -> tuple[np.ndarray, list[TruthRow]]:
    """Words in random order, gaps between them, noise under everything at `snr_db` below a word's active RMS.

    words: (word, int16 clip). A share of the gaps holds a piece of other speech, as loud as the words, apart from
    them by 0.3 s. rooms: impulse responses, the direct path first: every word and every talker is heard through one
    of them; the truth has the times of a word's direct sound. Returns int16 samples and the truth, one row a word, in
    time.
    """
    random = np.random.default_rng(seed)
    pieces: list[tuple[int, np.ndarray]] = []
    truth: list[TruthRow] = []
    position = RATE_HZ * 2
    margin = int(0.3 * RATE_HZ)
    for index in random.permutation(len(words)):
        word, clip = words[index]
        first, last = active_range(clip)
        length, clip = len(clip), _heard(clip, rooms, random)
        level = rms(clip[first:last])
        gain = _WORD_RMS / max(level, 1.0) * 10 ** (random.uniform(-3, 3) / 20)
        gap = int(random.uniform(*gap_s) * RATE_HZ)
        if speech and random.random() < speech_share:
            talk = speech[random.integers(len(speech))]
            room = gap - 2 * margin
            if room > RATE_HZ // 2 and len(talk) > room:
                start = int(random.integers(0, len(talk) - room))
                part = _heard(talk[start : start + room], rooms, random)[:room]
                fade = min(RATE_HZ // 50, room // 2)
                part[:fade] *= np.linspace(0, 1, fade)
                part[-fade:] *= np.linspace(1, 0, fade)
                talk_level = rms(part)
                if talk_level > 1:
                    pieces.append((position + margin, part * (_WORD_RMS / talk_level)))
        position += gap
        pieces.append((position, clip * gain))
        truth.append(TruthRow((position + first) / RATE_HZ, (position + last) / RATE_HZ, word))
        position += length
    length = position + RATE_HZ * 2
    out = np.zeros(length)
    if noise:
        out = _looped(noise, length, random) * (_WORD_RMS * 10 ** (-snr_db / 20))
    for start, piece in pieces:
        out[start : start + len(piece)] += piece
    return np.clip(np.floor(out + 0.5), -32768, 32767).astype(np.int16), truth
