"""The detector against a state machine written frame by frame."""

from dataclasses import replace

import numpy as np
import pytest

from silif_tools.integer.detector import detect
from silif_tools.model_file.tables import Detector


def frame_by_frame(probabilities, detector):
    """The rules of Sources/KeywordSpotter/Detector.swift, one frame at a time."""
    classes = probabilities.shape[1]
    history = [np.zeros(classes, np.int64)] * detector.window_frames
    armed, warm_up, refractory, events = [True] * classes, detector.warm_up_frames, 0, []
    threshold = np.rint(detector.threshold * 32768).astype(int) * detector.window_frames
    rearm = np.rint(detector.rearm * 32768).astype(int) * detector.window_frames
    for frame, row in enumerate(probabilities):
        history = [*history[1:], row.astype(np.int64)]
        sums = np.sum(history, axis=0)
        keywords = [k for k in range(classes) if detector.is_keyword[k]]
        lead, together = max(keywords, key=lambda k: (sums[k], -k)), sum(int(sums[k]) for k in keywords)
        if detector.least_share and sums[lead] >= detector.least_share * together:
            sums[lead] = min(together, detector.window_frames * 32768)
        for word in range(classes):
            if sums[word] < rearm[word]:
                armed[word] = True
        if warm_up:
            warm_up -= 1
            continue
        if refractory:
            refractory -= 1
            continue
        best = None
        for word in range(classes):
            if (
                armed[word]
                and detector.is_keyword[word]
                and sums[word] >= threshold[word]
                and (best is None or sums[word] > sums[best])
            ):
                best = word
        if best is not None:
            armed[best], refractory = False, detector.refractory_frames
            events.append((frame, best, (sums[best] + detector.window_frames // 2) // detector.window_frames))
    return events


@pytest.mark.parametrize("least_share", [0.0, 0.625, 1.0])
@pytest.mark.parametrize("seed", range(12))
def test_equals_the_frame_by_frame_rules(seed, least_share):
    random = np.random.default_rng(seed)
    steps = np.repeat(random.dirichlet(np.full(4, 0.15), 60), random.integers(1, 25, 60), axis=0)
    probabilities = np.rint(steps * 32768).astype(np.uint16)
    detector = Detector(
        window_frames=int(random.integers(1, 12)),
        warm_up_frames=int(random.integers(0, 20)),
        refractory_frames=int(random.integers(0, 30)),
        threshold=random.uniform(0.3, 0.9, 4),
        rearm=random.uniform(0.05, 0.3, 4),
        is_keyword=np.array([True, True, True, False]),
        least_share=least_share,
    )
    events = [(event.frame, event.word, event.score_q15) for event in detect(probabilities, detector)]
    assert events == frame_by_frame(probabilities, detector)
    if seed == 0:
        assert events, "the test must see events"


def test_words_that_share_the_probability_are_scored_together():
    """Half a word each is no event; scored together, the one that leads is."""
    probabilities = np.tile(np.rint(np.array([0.5, 0.3, 0.2]) * 32768).astype(np.uint16), (20, 1))
    apart = Detector(4, 0, 100, np.full(3, 0.7), np.full(3, 0.3), np.array([True, True, False]))
    assert not detect(probabilities, apart)
    events = detect(probabilities, replace(apart, least_share=0.6))
    assert [(event.word, event.score_q15) for event in events] == [(0, 26214)]
    assert not detect(probabilities, replace(apart, least_share=0.65))
