"""Window and thresholds, chosen on streams of voices that no training clip has; and what they come to there.

A network that learned from recordings makes more of people's voices than of synthetic ones: of the words, and of all
that people say. How much more, the recordings tell that were kept from it. A threshold that synthetic talk does not
reach is then too low by that much.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..export.convert import default_detector
from ..integer.detector import detect
from ..model_file.tables import Detector
from ..streams.compose import compose
from ..streams.score import GRACE_S
from ..streams.tune import FRAME_S, HOP_S, Stream, score_stream, total, with_threshold
from ..streams.words import scores, shifted, tune_words
from ..train import bank
from ..train.network import Network
from ..train.stream_exam import features_of, probabilities
from . import noises
from .material import spaced
from .recordings import Recorded
from .settings import Effort
from .speech import Said

SNRS_DB = (20, 10)
LATENCY_MS = 450.0
WINDOWS = (50, 60)  # frames; the loss of the sequences thinks of 50
ENOUGH = 5  # recordings of a word that were kept: they alone say how often it is heard
FACTORS = tuple(np.geomspace(0.1, 30, 16))


Heard = dict[str, tuple[np.ndarray, list]]


@dataclass
class Exam:
    """As features, with the truth: the own words at several levels of noise, by recordings where there are enough of
    them, else by synthetic voices; the recorded words once more, `synthetic` and as `people` say them; words that sound
    alike; and sound without words."""

    words: list[str]
    said: Heard
    synthetic: Heard
    people: Heard
    alike: Heard
    none: dict[str, np.ndarray]


@dataclass
class Examined:
    """The streams of an Exam, heard by a network. lift [class]: log odds that people's voices raise a word by."""

    streams: list[Stream]  # those with words first, then those without
    alike: list[Stream]
    lift: np.ndarray


def enough(recorded: Recorded) -> set[str]:
    """Words that recordings alone are to be checked by."""
    return {word for word in recorded.words if recorded.words.count(word) >= ENOUGH}


def exam(said: Said, recorded: Recorded, recipe: dict, effort: Effort) -> Exam:
    """recorded: recordings that were kept from training."""
    spoken, talk = said.part("check words"), said.part("check sentences")
    synthetic = [(saying.label, pcm) for saying, pcm in zip(spoken.sayings, spoken.samples, strict=True)]
    people = list(zip(recorded.words, recorded.samples, strict=True))
    by_people = enough(recorded)
    seed = recipe["seed"] + 500
    noise = [noises.noise(number, effort.noise_s, seed) for number in range(12)]

    def heard(words: list[tuple[str, np.ndarray]], snrs_db: tuple[int, ...], of: str = "") -> Heard:
        found = {}
        for snr in snrs_db if words else ():
            pcm, rows = compose(words, noise, talk.samples, snr_db=snr, seed=seed, gap_s=(1.5, 3.0))
            found[f"{snr} dB{of}"] = features_of(pcm), [(row.start_s, row.end_s, row.word) for row in rows]
        return found

    spoken_to = heard([pair for pair in synthetic if pair[0] not in by_people] + people, SNRS_DB)
    both = [[pair for pair in part if pair[0] in by_people] for part in (synthetic, people)]
    once = [heard(part, SNRS_DB[:1]) for part in both]
    near = said.part("check near")
    alike = heard([(saying.text, pcm) for saying, pcm in zip(near.sayings, near.samples, strict=True)], SNRS_DB[:1])
    # Heard again at other speeds and in rooms: hours of it cost minutes to say.
    reel = bank.reel(spaced(talk), 4, seed, recipe["bank"] | {"speed": 1.25}, 1)
    none = {
        "sentences": reel.features,
        "noise": features_of(np.concatenate(noise)),
    }
    return Exam(recipe["words"], spoken_to, *once, alike, none)


def _lift(synthetic: list[Stream], people: list[Stream], words: list[str]) -> np.ndarray:
    """One number for all recorded words: the medians of few recordings of each would differ by chance."""
    lift = np.zeros(len(words))
    if synthetic and people:
        parts = [scores(streams, words, WINDOWS[0]).said for streams in (people, synthetic)]
        recorded = [k for k, said in enumerate(parts[0]) if len(said)]
        here, there = (np.median(np.concatenate([part[k] for k in recorded])) for part in parts)
        lift[recorded] = max(0.0, float(here - there))
    return lift


def run(asked: Exam, network: Network) -> Examined:
    def streams(heard: Heard) -> list[Stream]:
        return [Stream(name, probabilities(network, x), truth) for name, (x, truth) in heard.items()]

    none = streams({name: (x, []) for name, x in asked.none.items()})
    lift = _lift(streams(asked.synthetic), streams(asked.people), asked.words)
    return Examined(streams(asked.said) + none, streams(asked.alike), lift)


def choose(found: Examined, words: list[str], alarms_per_hour: float) -> Detector:
    """The window and thresholds with the most hits at no more alarms than that, as far as the streams can tell."""
    return tune_words(
        found.streams,
        words,
        default_detector(words),
        alarms_per_hour=alarms_per_hour,
        windows=WINDOWS,
        latency_ms=LATENCY_MS,
        lift=found.lift,
    )


@dataclass
class Row:
    """At a factor on the thresholds' odds: hits in % by stream, alarms per hour where no word is said."""

    odds: float
    hits: dict[str, float]
    alarms_per_hour: float


def moved(detector: Detector, log_odds: float | np.ndarray) -> Detector:
    """Thresholds whose odds are e^log_odds times as high."""
    return with_threshold(detector, shifted(np.asarray(detector.threshold), log_odds))


def curve(found: Examined, detector: Detector, words: list[str], factors: Sequence[float] = FACTORS) -> list[Row]:
    """Alarms are those of people's talk, as far as the recordings tell how it differs from synthetic talk."""
    rows = []
    for odds in factors:
        at = moved(detector, np.log(odds))
        hits = {s.name: 100 * score_stream(s, at, words).hit_rate for s in found.streams if s.truth}
        here = moved(at, -found.lift)
        none = total([score_stream(s, here, words) for s in found.streams if not s.truth])
        rows.append(Row(float(odds), hits, none.false_alarms_per_hour))
    return rows


def of_each_word(streams: list[Stream], detector: Detector, words: list[str]) -> dict[str, float]:
    """Hits in % of each own word over all streams with words."""
    found = {}
    for word in words[:-2]:
        only = [replace(s, truth=[row for row in s.truth if row[2] == word]) for s in streams if s.truth]
        found[word] = 100 * total([score_stream(s, detector, words) for s in only]).hit_rate
    return found


def taken(alike: list[Stream], detector: Detector, words: list[str]) -> list[str]:
    """Of the texts in these streams, which it takes for an own word; each as often as it does."""
    found = []
    for stream in alike:
        times_s = [event.frame * HOP_S + FRAME_S for event in detect(stream.probabilities_q15, detector)]
        found += [text for start, end, text in stream.truth if any(start <= t <= end + GRACE_S for t in times_s)]
    return found
