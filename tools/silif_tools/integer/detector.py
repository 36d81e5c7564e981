"""Window mean, threshold, refractory time, re-arming, warm-up; Sources/KeywordSpotter/Detector.swift equals it."""

from dataclasses import dataclass

import numpy as np

from ..model_file.tables import Detector


@dataclass(frozen=True)
class Event:
    """frame: index of the frame at which it was decided; score_q15: mean probability over the window."""

    frame: int
    word: int
    score_q15: int


def window_sums(probabilities_q15: np.ndarray, window: int) -> np.ndarray:
    """[frame, class] -> sums over the last `window` frames, zeros before the first."""
    total = np.cumsum(probabilities_q15.astype(np.int64), axis=0)
    total[window:] -= total[:-window].copy()
    return total


def detect(probabilities_q15: np.ndarray, detector: Detector) -> list[Event]:
    """Events of a stream that starts with a fresh detector; probabilities_q15 is [frame, class]."""
    window = detector.window_frames
    sums = window_sums(probabilities_q15, window)
    threshold = np.rint(np.asarray(detector.threshold) * 32768).astype(np.int64) * window
    rearm = np.rint(np.asarray(detector.rearm) * 32768).astype(np.int64) * window
    above = (sums >= threshold) & np.asarray(detector.is_keyword)
    low = sums < rearm
    armed = np.ones(sums.shape[1], dtype=bool)
    events: list[Event] = []
    next_frame, seen = detector.warm_up_frames, 0
    for frame in np.flatnonzero(above.any(axis=1)):
        if frame < next_frame:
            continue
        # Step 2 of every frame passed since: a word that fell below its level on the way is armed again.
        armed |= low[seen : frame + 1].any(axis=0)
        seen = frame + 1
        candidates = above[frame] & armed
        if not candidates.any():
            continue
        word = int(np.where(candidates, sums[frame], -1).argmax())
        armed[word] = False
        events.append(Event(int(frame), word, int((sums[frame, word] + window // 2) // window)))
        next_frame = frame + 1 + detector.refractory_frames
    return events
