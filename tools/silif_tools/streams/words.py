"""Thresholds per word from the scores of validation streams, by a smooth objective.

A few hours of speech hold a handful of false alarms, too few to count for every word and threshold. So the alarms of a
word above a threshold are taken from an exponential tail through the peaks of its score (log odds of the window mean),
whose slope all words share, and hits are counted softly. The thresholds are where one more alarm an hour buys the same
share of hits for every word; one number, the price of an alarm, then moves them all.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..integer.detector import window_sums
from ..model_file.tables import Detector
from .score import GRACE_S
from .tune import HOP_S, Stream, score_stream, total

_BLOCK = 100  # frames that hold at most one alarm of a word
_SOFT = 0.35  # of a hit, in log odds
_GRID = np.arange(-1.5, 5.01, 0.05)
_PRIOR_PEAKS = 3.0  # how many of all words' mean peaks are mixed into a word's own


@dataclass
class Scores:
    """Per word: log odds at the said words, and peaks elsewhere; hours those peaks come from."""

    said: list[np.ndarray]
    peaks: list[np.ndarray]
    hours: float


def _log_odds(probability: np.ndarray) -> np.ndarray:
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def shifted(level: np.ndarray, log_odds: float | np.ndarray) -> np.ndarray:
    """Probabilities whose odds are e^log_odds times as high."""
    odds = np.exp(log_odds)
    return odds * level / (1 - level + odds * level)


def scores(streams: list[Stream], words: list[str], window: int) -> Scores:
    said: list[list[float]] = [[] for _ in words]
    peaks: list[list[float]] = [[] for _ in words]
    frames = 0
    for stream in streams:
        odds = _log_odds(window_sums(stream.probabilities_q15, window) / (window * 32768))
        free = np.ones(len(odds), bool)
        free[: window + 10] = False
        for start, end, word in stream.truth:
            first, last = int(start / HOP_S), int((end + GRACE_S) / HOP_S)
            free[first:last] = False
            said[words.index(word)].append(float(odds[first:last, words.index(word)].max(initial=-9)))
        frames += int(free.sum())
        blocks = np.where(free[:, None], odds, -9)[: len(odds) // _BLOCK * _BLOCK]
        highest = blocks.reshape(-1, _BLOCK, len(words)).max(1)
        for k in range(len(words)):
            peaks[k] += highest[:, k].tolist()
    return Scores([np.array(x) for x in said], [np.array(x) for x in peaks], frames * HOP_S / 3600)


def _tails(found: Scores, keywords: np.ndarray) -> np.ndarray:
    """Alarms per hour [words, grid]: the shared slope is fitted to the highest peaks of all words."""
    count = max(20, int(30 * found.hours))
    joined = np.sort(np.concatenate([found.peaks[k] for k in keywords]))[::-1]
    foot = joined[min(count, len(joined) - 1)]
    above = joined[:count] - foot
    slope = 1.0 / max(above.mean(), 0.1)
    mean = len(above) / len(keywords)
    rates = np.zeros((len(found.peaks), len(_GRID)))
    for k in keywords:
        own = (found.peaks[k] > foot).sum()
        share = (own + _PRIOR_PEAKS) / (mean + _PRIOR_PEAKS)
        rates[k] = share * mean / found.hours * np.exp(-slope * (_GRID - foot))
    return rates


def thresholds(found: Scores, base: Detector, price: float) -> np.ndarray:
    """Probability per word at which hits (as a share of that word's) less price times alarms per hour is highest."""
    keywords = np.flatnonzero(base.is_keyword)
    rates = _tails(found, keywords)
    out = np.array(base.threshold, dtype=float)
    for k in keywords:
        hits = (1 / (1 + np.exp((_GRID[None] - found.said[k][:, None]) / _SOFT))).mean(0)
        best = _GRID[np.argmax(hits - price * rates[k])]
        out[k] = 1 / (1 + np.exp(-best))
    return out


def tune_words(
    streams: list[Stream],
    words: list[str],
    base: Detector,
    *,
    alarms_per_hour: float,
    windows: tuple[int, ...] = (25, 30, 35, 40, 45, 50),
    latency_ms: float = 300,
    rearm: float = 0.5,
    lift: np.ndarray | None = None,
) -> Detector:
    """The window and thresholds with the most hits on the streams with words, at no more than `alarms_per_hour` on
    those without, and a median latency of at most `latency_ms`. Where nothing tried is as good as that, what raises the
    fewest alarms.

    lift [class]: log odds by which a word's scores are higher in the talk that is meant than in that of these streams.
    """
    lift = np.zeros(len(words)) if lift is None else lift
    with_words = [stream for stream in streams if stream.truth]
    without = [stream for stream in streams if not stream.truth]
    best, most, quietest, least = None, -1, base, np.inf
    for window in windows:
        found = scores(streams, words, window)
        found.peaks = [peaks + more for peaks, more in zip(found.peaks, lift, strict=True)]
        for price in np.geomspace(0.0005, 0.5, 28):
            level = thresholds(found, base, price)
            moved = replace(
                base, window_frames=window, warm_up_frames=window + 10, threshold=level, rearm=level * rearm
            )
            as_here = shifted(level, -lift)
            here = replace(moved, threshold=as_here, rearm=as_here * rearm)
            alarms = total([score_stream(s, here, words) for s in without]).false_alarms_per_hour
            if alarms < least:
                quietest, least = moved, alarms
            if alarms > alarms_per_hour:
                continue
            got = total([score_stream(s, moved, words) for s in with_words])
            if got.latency_ms and np.median(got.latency_ms) <= latency_ms and got.hits > most:
                best, most = moved, got.hits
            break
    return best or quietest
