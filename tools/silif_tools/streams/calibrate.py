"""Fit calibrated probabilities (docs/SCORING.md, "Probabilities that mean something") on clips and streams whose truth
is known.

A logistic curve over a weighted mean of three means. Its weights are never negative, so that more of a word, and less
of its strongest rival, never counts against it.
"""

from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np

from ..integer.detector import Means, clip_means_of, detect, means_of
from ..model_file.calibration import MAXIMUM_WORDS_PER_HOUR, ONE_Q15, Calibrates, Calibration
from ..model_file.tables import Detector
from .score import judge
from .tune import FRAME_S, HOP_S, Stream

RECENT_FRAMES = 10
# Thresholds that events are collected at, times the detector's own, and what an event counts: `--threshold` moves them,
# and mostly does not.
FACTORS = {0.5: 1.0, 0.6: 1.0, 0.7: 1.0, 0.8: 1.0, 0.9: 2.0, 1.0: 4.0, 1.1: 2.0, 1.2: 1.0}
_HIGHEST_THRESHOLD = 0.98
# Fewer that are right, or wrong, tell too little (docs/SCORING.md).
FEWEST = 20
_KNOTS = np.linspace(-6, 6, 17)  # log odds


@dataclass(frozen=True)
class Judged:
    """What was decided, and whether it was right, [decision]. weight: what it counts."""

    means: Means
    is_right: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.is_right)


def _features(judged: Judged) -> np.ndarray:
    """[decision, 3]: as `Calibration.weights_q15` weighs them, 0...1."""
    means = judged.means
    return np.stack([means.score_q15, means.recent_q15, ONE_Q15 - means.rival_q15], axis=1) / ONE_Q15


def _logistic(x: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    """Loss, and the constant and factors with the least, by Newton's steps. No product of matrices that would add up in
    an order of the library's own: the same figures whatever the number of threads."""
    x = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    size = x.shape[1]
    factors = np.zeros(size)

    def loss(at: np.ndarray) -> float:
        z = (x * at).sum(axis=1)
        return float((weight * (np.logaddexp(0, z) - target * z)).sum() / weight.sum() + 1e-6 * (at**2).sum())

    least = loss(factors)
    for _ in range(100):
        p = 1 / (1 + np.exp(-(x * factors).sum(axis=1)))
        slope = (x * (weight * (p - target))[:, None]).sum(axis=0) / weight.sum() + 2e-6 * factors
        bend = weight * p * (1 - p)
        curvature = (x[:, :, None] * x[:, None, :] * bend[:, None, None]).sum(axis=0) / weight.sum()
        step = np.linalg.solve(curvature + 2e-6 * np.eye(size), slope)
        while (moved := loss(factors - step)) > least and np.abs(step).max() > 1e-9:
            step = step / 2
        if np.abs(step).max() <= 1e-9:
            break
        factors, least = factors - step, moved
    return least, factors


def fit(judged: Judged, calibrates: Calibrates, words_per_hour: float = 0) -> Calibration | None:
    """None where there is too little to learn from, or where nothing tells right from wrong."""
    if not len(judged):
        return None
    effective = judged.weight / judged.weight.max()
    right, wrong = effective[judged.is_right].sum(), effective[~judged.is_right].sum()
    if min(right, wrong) < FEWEST:
        return None
    # Never surer than what was seen allows (Platt's targets).
    low, high = 1 / (wrong + 2), (right + 1) / (right + 2)
    target = np.where(judged.is_right, high, low)
    x = _features(judged)
    columns = range(3) if calibrates == Calibrates.EVENTS else (0, 2)
    best: tuple[float, np.ndarray] | None = None
    for kept in map(list, chain.from_iterable(combinations(columns, count) for count in (3, 2, 1))):
        loss, factors = _logistic(x[:, kept], target, judged.weight)
        if (factors[1:] > 0).all() and (best is None or loss < best[0]):
            best = loss, np.zeros(4)
            best[1][[0, *(column + 1 for column in kept)]] = factors
    if best is None:
        return None
    constant, factors = best[1][0], best[1][1:]
    steepness = factors.sum()
    weights_q15 = np.floor(factors / steepness * ONE_Q15).astype(np.int64)
    weights_q15[np.argmax(weights_q15)] += ONE_Q15 - weights_q15.sum()
    evidence = np.unique(np.rint(np.clip((_KNOTS - constant) / steepness, 0, 1) * ONE_Q15).astype(np.int64))
    probability = np.clip(1 / (1 + np.exp(-constant - steepness * evidence / ONE_Q15)), low, high)
    knots = tuple(zip(evidence.tolist(), np.rint(probability * ONE_Q15).astype(np.int64).tolist(), strict=True))
    if len(knots) < 2:
        return None
    events = calibrates == Calibrates.EVENTS
    return Calibration(
        calibrates,
        tuple(weights_q15.tolist()),
        knots,
        RECENT_FRAMES if events else 0,
        min(round(words_per_hour), MAXIMUM_WORDS_PER_HOUR) if events else 0,
    )


def _joined(parts: list[Judged]) -> Judged:
    means = [np.concatenate([getattr(part.means, name) for part in parts]) for name in Means.__annotations__]
    right, weight = (np.concatenate([getattr(part, name) for part in parts]) for name in ("is_right", "weight"))
    return Judged(Means(*means), right, weight)


def _moved(detector: Detector, factor: float) -> Detector:
    threshold = np.asarray(detector.threshold, dtype=float)
    moved = np.minimum(threshold * factor, np.maximum(threshold, _HIGHEST_THRESHOLD))
    ratio = np.divide(detector.rearm, threshold, out=np.full(np.shape(threshold), 0.5), where=threshold > 0)
    return replace(detector, threshold=moved, rearm=np.minimum(moved * ratio, 1))


def judged_events(
    streams: list[Stream],
    words: list[str],
    detector: Detector,
    recent_frames: int = RECENT_FRAMES,
    factors: dict[float, float] | None = None,
) -> Judged:
    """The events of all streams at the detector's thresholds times each factor; by default at its own alone."""
    parts = []
    for factor, weight in (factors or {1.0: 1.0}).items():
        for stream in streams:
            events = detect(stream.probabilities_q15, _moved(detector, factor))
            verdicts = judge([(e.frame * HOP_S + FRAME_S, words[e.word]) for e in events], stream.truth)
            means = means_of(events, stream.probabilities_q15, detector.window_frames, recent_frames)
            right = np.array([verdict.of is not None for verdict in verdicts], dtype=bool)
            parts.append(Judged(means, right, np.full(len(events), weight)))
    return _joined(parts)


def judged_clips(sums_q15: np.ndarray, frames: np.ndarray, labels: np.ndarray) -> Judged:
    """Clips: scores times frames, [clip, class]; frames and true class, [clip]."""
    sums = np.asarray(sums_q15)
    return Judged(clip_means_of(sums, frames), sums.argmax(axis=1) == np.asarray(labels), np.ones(len(sums)))


def events_calibration(streams: list[Stream], words: list[str], detector: Detector) -> Calibration | None:
    """For the events of a detector, from streams that no training heard; None where they hold too few events."""
    recent = min(RECENT_FRAMES, detector.window_frames)
    judged = judged_events(streams, words, detector, recent, FACTORS)
    said, hours = sum(len(stream.truth) for stream in streams), sum(stream.audio_h for stream in streams)
    found = fit(judged, Calibrates.EVENTS, said / hours)
    return found and replace(found, recent_frames=recent)


def clips_calibration(sums_q15: np.ndarray, frames: np.ndarray, labels: np.ndarray) -> Calibration | None:
    """For clips, from those of a list that no training saw; None where too few are wrong."""
    return fit(judged_clips(sums_q15, frames, labels), Calibrates.CLIPS)
