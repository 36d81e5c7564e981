"""Score events against a truth (docs/SCORING.md). The same rules as `kws-score --stream`.

Twins: Sources/kws-score/Streams/StreamScore.swift
"""

from dataclasses import dataclass

import numpy as np

# An event counts for a word from the word's start to this long after its end.
GRACE_S = 0.75


@dataclass
class StreamScore:
    hits: int
    misses: int
    wrong_words: int
    false_alarms: int
    latency_ms: list[float]
    audio_h: float

    @property
    def hit_rate(self) -> float:
        total = self.hits + self.misses
        return self.hits / total if total else float("nan")

    @property
    def false_alarms_per_hour(self) -> float:
        return self.false_alarms / self.audio_h


def score(events: list[tuple[float, str]], truth: list[tuple[float, float, str]], audio_h: float) -> StreamScore:
    """events: (time_s, word) in time; truth: (start_s, end_s, word) in time.

    A hit is the right word between its start and 750 ms after its end, counted once; another word there is a wrong
    word; every other event is a false alarm.
    """
    starts = np.array([row[0] for row in truth])
    hit = [False] * len(truth)
    wrong, false_alarms, latency = 0, 0, []
    for time_s, word in events:
        last = int(np.searchsorted(starts, time_s, side="right"))
        near = [i for i in range(max(0, last - 8), last) if truth[i][0] <= time_s <= truth[i][1] + GRACE_S]
        right = [i for i in near if truth[i][2] == word and not hit[i]]
        if right:
            hit[right[0]] = True
            latency.append(1000 * (time_s - truth[right[0]][1]))
        elif any(truth[i][2] != word for i in near):
            wrong += 1
        else:
            false_alarms += 1
    return StreamScore(sum(hit), len(truth) - sum(hit), wrong, false_alarms, latency, audio_h)


def read_truth(path) -> list[tuple[float, float, str]]:
    rows = []
    for line in path.read_text().splitlines()[1:]:
        start, end, word = line.split(",")
        rows.append((float(start), float(end), word))
    return rows
