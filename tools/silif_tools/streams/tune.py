"""Choose a detector's window and thresholds on validation streams."""

from dataclasses import dataclass, replace

import numpy as np

from ..integer.detector import detect
from ..integer.frontend import FRONT_END
from ..model_file.tables import Detector
from .score import StreamScore, score

HOP_S, FRAME_S = FRONT_END.hop_s, FRONT_END.frame_length_s
_THRESHOLDS = tuple(round(0.3 + 0.02 * index, 2) for index in range(35))


@dataclass
class Stream:
    """One stream: probabilities_q15 [frame, class] of a running network, and its truth."""

    name: str
    probabilities_q15: np.ndarray
    truth: list[tuple[float, float, str]]

    @property
    def audio_h(self) -> float:
        return len(self.probabilities_q15) * HOP_S / 3600


def score_stream(stream: Stream, detector: Detector, words: list[str]) -> StreamScore:
    events = [
        (event.frame * HOP_S + FRAME_S, words[event.word]) for event in detect(stream.probabilities_q15, detector)
    ]
    return score(events, stream.truth, stream.audio_h)


def total(scores: list[StreamScore]) -> StreamScore:
    return StreamScore(
        sum(item.hits for item in scores),
        sum(item.misses for item in scores),
        sum(item.wrong_words for item in scores),
        sum(item.false_alarms for item in scores),
        [value for item in scores for value in item.latency_ms],
        sum(item.audio_h for item in scores),
    )


def with_threshold(detector: Detector, threshold: float | np.ndarray) -> Detector:
    """Every word at this threshold, re-armed at half of it."""
    full = np.broadcast_to(np.asarray(threshold, dtype=float), np.shape(detector.threshold)).copy()
    return replace(detector, threshold=full, rearm=full / 2)


def tune(
    streams: list[Stream],
    words: list[str],
    base: Detector,
    *,
    alarms_per_hour: float,
    windows: tuple[int, ...] = (15, 20, 25, 30, 35, 40, 50, 60),
    thresholds: tuple[float, ...] = _THRESHOLDS,
) -> tuple[Detector, list[tuple[int, float, StreamScore]]]:
    """The window and common threshold with the most hits at no more than `alarms_per_hour` over all streams together
    (false alarms and wrong words both count as alarms). Returns it and everything tried."""
    tried = []
    for window in windows:
        for threshold in thresholds:
            detector = with_threshold(replace(base, window_frames=window, warm_up_frames=window + 10), threshold)
            tried.append(
                (window, float(threshold), total([score_stream(stream, detector, words) for stream in streams]))
            )

    def alarms(item):
        return (item.false_alarms + item.wrong_words) / item.audio_h

    good = [row for row in tried if alarms(row[2]) <= alarms_per_hour]
    if good:
        window, threshold, _ = max(good, key=lambda row: (row[2].hits, -row[2].false_alarms))
    else:
        window, threshold, _ = min(tried, key=lambda row: alarms(row[2]))
    best = with_threshold(replace(base, window_frames=window, warm_up_frames=window + 10), threshold)
    return best, tried
