"""Thresholds per word, on made-up scores of a running network."""

import numpy as np

from silif_tools.export.convert import default_detector
from silif_tools.streams.tune import Stream, score_stream
from silif_tools.streams.words import scores, thresholds, tune_words

WORDS = ["yes", "no", "_unknown_", "_silence_"]


def made(name: str, frames: int, said: list[tuple[int, int]], bursts: list[tuple[int, int, float]]) -> Stream:
    """said: (end frame, word); bursts: (frame, word, probability), of 40 frames each."""
    p = np.full((frames, 4), 0.02)
    for end, word in said:
        p[end - 5 : end + 45, word] = 0.9
    for at, word, height in bursts:
        p[at : at + 45, word] = height
    truth = [((end - 40) / 100, end / 100, WORDS[word]) for end, word in said]
    return Stream(name, np.rint(p * 32768).astype(np.int64), truth)


def streams() -> list[Stream]:
    rng = np.random.default_rng(1)
    said = [(300 + 400 * k, k % 2) for k in range(40)]
    # "no" comes up in ordinary speech far more often than "yes" does.
    bursts = [(200 + 300 * k, 1, float(rng.uniform(0.2, 0.75))) for k in range(60)]
    bursts += [(200 + 300 * k, 0, float(rng.uniform(0.1, 0.3))) for k in range(60, 80)]
    return [made("words", 17000, said, []), made("none", 30000, [], bursts)]


def test_scores_are_taken_where_words_are_and_elsewhere():
    found = scores(streams(), WORDS, 30)
    assert [len(x) for x in found.said] == [20, 20, 0, 0]
    assert min(found.said[0]) > 2 and np.max(found.peaks[1]) > 0 > np.max(found.peaks[0])
    assert 0.1 < found.hours < 0.131


def test_a_word_that_comes_up_in_speech_has_the_higher_threshold_and_a_high_price_raises_all():
    found = scores(streams(), WORDS, 30)
    base = default_detector(WORDS)
    cheap, dear = (thresholds(found, base, price) for price in (0.001, 0.1))
    assert cheap[0] < cheap[1] and (dear >= cheap).all()
    assert np.array_equal(cheap[2:], base.threshold[2:])


def test_tuned_detector_keeps_to_the_alarms_and_finds_the_words():
    both = streams()
    detector = tune_words(both, WORDS, default_detector(WORDS), alarms_per_hour=0, windows=(30, 40))
    with_words, without = (score_stream(stream, detector, WORDS) for stream in both)
    assert without.false_alarms == 0 and with_words.hit_rate == 1.0
    assert np.median(with_words.latency_ms) <= 300
    assert np.allclose(detector.rearm, detector.threshold / 2)
