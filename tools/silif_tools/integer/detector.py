"""Window mean, threshold, refractory time, re-arming, warm-up; Sources/KeywordSpotter/Detector.swift equals it."""

from dataclasses import dataclass

import numpy as np

from ..model_file.calibration import Calibration
from ..model_file.tables import Detector


@dataclass(frozen=True)
class Event:
    """frame: index of the frame at which it was decided; score_q15: mean probability over the window."""

    frame: int
    word: int
    score_q15: int


@dataclass(frozen=True)
class Means:
    """What tells how sure to be of events, [event], in Q15: score, mean of the last frames, and the largest mean over
    the window of another class. Of clips, over all their frames."""

    score_q15: np.ndarray
    recent_q15: np.ndarray
    rival_q15: np.ndarray


def window_sums(probabilities_q15: np.ndarray, window: int) -> np.ndarray:
    """[frame, class] -> sums over the last `window` frames, zeros before the first."""
    total = np.cumsum(probabilities_q15.astype(np.int64), axis=0)
    total[window:] -= total[:-window].copy()
    return total


def score_sums(sums: np.ndarray, detector: Detector) -> np.ndarray:
    """[frame, class] window sums -> what the thresholds are for: each word's own, but where a keyword has at least
    `least_share` of the keywords' sums together, the largest of them has all of it, at most 1 in the mean."""
    share_q15, keywords = round(32768 * detector.least_share), np.flatnonzero(detector.is_keyword)
    if not share_q15 or not len(keywords):
        return sums
    rows, together = np.arange(len(sums)), sums[:, keywords].sum(axis=1)
    lead = keywords[sums[:, keywords].argmax(axis=1)]
    own = sums[rows, lead]
    scores = sums.copy()
    joint = np.minimum(together, detector.window_frames * 32768)
    scores[rows, lead] = np.where(own * 32768 >= share_q15 * together, joint, own)
    return scores


def detect(probabilities_q15: np.ndarray, detector: Detector) -> list[Event]:
    """Events of a stream that starts with a fresh detector; probabilities_q15 is [frame, class]."""
    window = detector.window_frames
    sums = score_sums(window_sums(probabilities_q15, window), detector)
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


def means_of(events: list[Event], probabilities_q15: np.ndarray, window: int, recent_frames: int) -> Means:
    """Of events that `detect` found with a window of so many frames."""
    at = np.array([event.frame for event in events], dtype=np.int64)
    word = np.array([event.word for event in events], dtype=np.int64)
    sums = window_sums(probabilities_q15, window)[at]
    recent = window_sums(probabilities_q15, recent_frames)[at, word]
    sums[np.arange(len(at)), word] = 0
    rival = sums.max(axis=1, initial=0)
    score = np.array([event.score_q15 for event in events], dtype=np.int64)
    return Means(score, (recent + recent_frames // 2) // recent_frames, (rival + window // 2) // window)


def event_probabilities_q15(
    events: list[Event], probabilities_q15: np.ndarray, window: int, calibration: Calibration
) -> np.ndarray:
    """That each event's word was said, [event]."""
    means = means_of(events, probabilities_q15, window, calibration.recent_frames)
    return calibration.probability_q15(means.score_q15, means.recent_q15, means.rival_q15)


def clip_means_of(sums_q15: np.ndarray, frames: np.ndarray) -> Means:
    """Of clips: scores times frames, [clip, class], and the frames, [clip], at least one each."""
    sums, frames = np.array(sums_q15, dtype=np.int64), np.asarray(frames, dtype=np.int64)
    rows, winner = np.arange(len(sums)), sums.argmax(axis=1)
    score = (sums[rows, winner] + frames // 2) // frames
    sums[rows, winner] = 0
    return Means(score, np.zeros_like(score), (sums.max(axis=1) + frames // 2) // frames)
