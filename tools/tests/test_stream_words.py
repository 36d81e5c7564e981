"""Thresholds per word, on made-up scores of a running network."""

from dataclasses import replace

import numpy as np

from silif_tools.export.convert import default_detector
from silif_tools.streams.tune import Stream, score_stream
from silif_tools.streams.words import scores, shifted, thresholds, tune_words

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


def test_where_the_talk_that_is_meant_scores_higher_the_threshold_is_too():
    both = streams()
    base = default_detector(WORDS)
    plain = tune_words(both, WORDS, base, alarms_per_hour=0, windows=(30,))
    lift = np.array([1.5, 0.0, 0.0, 0.0])
    raised = tune_words(both, WORDS, base, alarms_per_hour=0, windows=(30,), lift=lift)
    assert raised.threshold[0] > plain.threshold[0] and abs(raised.threshold[1] - plain.threshold[1]) < 0.1
    as_here = shifted(raised.threshold, -lift)
    assert score_stream(both[1], replace(raised, threshold=as_here, rearm=as_here / 2), WORDS).false_alarms == 0


def test_shifted_probabilities_have_the_odds_that_are_asked_for():
    assert np.allclose(shifted(np.array([0.5, 0.8]), np.log(4)), [0.8, 16 / 17])


def test_where_nothing_is_quiet_enough_the_quietest_is_taken():
    """Not a threshold that nothing was tried with: a model that hears nobody came of it."""
    both = streams()
    found = tune_words(both, WORDS, default_detector(WORDS), alarms_per_hour=-1, windows=(30,))
    with_words, without = (score_stream(stream, found, WORDS) for stream in both)
    assert found.window_frames == 30 and without.false_alarms == 0 and with_words.hit_rate > 0.5
