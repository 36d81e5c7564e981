"""Score events against a truth (docs/SCORING.md). The same rules as `kws-score --stream`.

Twins: Sources/kws-score/Streams/StreamScore.swift
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Verdict:
    """of: the index in the truth of the word that was hit; None for a wrong word or a false alarm."""

    of: int | None
    is_wrong_word: bool = False


def judge(events: list[tuple[float, str]], truth: list[tuple[float, float, str]]) -> list[Verdict]:
    """events: (time_s, word) in time; truth: (start_s, end_s, word) in time.

    A hit is the right word between its start and 750 ms after its end, counted once; another word there is a wrong
    word; every other event is a false alarm.
    """
    hit = [False] * len(truth)
    verdicts = []
    # Words that have started and may still be answered. They may overlap and differ in length.
    near: list[int] = []
    started = 0
    for time_s, word in events:
        while started < len(truth) and truth[started][0] <= time_s:
            near.append(started)
            started += 1
        near = [i for i in near if time_s <= truth[i][1] + GRACE_S]
        right = next((i for i in near if truth[i][2] == word and not hit[i]), None)
        if right is not None:
            hit[right] = True
        verdicts.append(Verdict(right, right is None and any(truth[i][2] != word for i in near)))
    return verdicts


def score(events: list[tuple[float, str]], truth: list[tuple[float, float, str]], audio_h: float) -> StreamScore:
    """Counts what `judge` says of each event."""
    verdicts = judge(events, truth)
    latency = [
        1000 * (time_s - truth[verdict.of][1])
        for (time_s, _), verdict in zip(events, verdicts, strict=True)
        if verdict.of is not None
    ]
    wrong = sum(verdict.is_wrong_word for verdict in verdicts)
    hits = len(latency)
    return StreamScore(hits, len(truth) - hits, wrong, len(events) - hits - wrong, latency, audio_h)


def read_truth(path) -> list[tuple[float, float, str]]:
    rows = []
    for line in path.read_text().splitlines()[1:]:
        start, end, word = line.split(",")
        rows.append((float(start), float(end), word))
    return rows
