"""Window and thresholds, chosen on streams of voices that no training clip has; and what they come to there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..export.convert import default_detector
from ..model_file.tables import Detector
from ..streams.compose import compose
from ..streams.tune import Stream, score_stream, total, with_threshold
from ..streams.words import tune_words
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
FACTORS = tuple(np.geomspace(0.1, 30, 16))


@dataclass
class Exam:
    """Streams with the own words at several levels of noise, and sound without them, as features."""

    words: list[str]
    said: dict[str, tuple[np.ndarray, list]]
    none: dict[str, np.ndarray]

    def run(self, network: Network) -> list[Stream]:
        """Those with words first."""
        streams = [Stream(name, probabilities(network, x), truth) for name, (x, truth) in self.said.items()]
        return streams + [Stream(name, probabilities(network, x), []) for name, x in self.none.items()]


def exam(said: Said, recorded: Recorded, recipe: dict, effort: Effort) -> Exam:
    """recorded: recordings that were kept from training."""
    spoken, talk = said.part("check words"), said.part("check sentences")
    words = [(saying.label, pcm) for saying, pcm in zip(spoken.sayings, spoken.samples, strict=True)]
    words += list(zip(recorded.words, recorded.samples, strict=True))
    seed = recipe["seed"] + 500
    noise = [noises.noise(number, effort.noise_s, seed) for number in range(12)]
    found = {}
    for snr in SNRS_DB:
        pcm, rows = compose(words, noise, talk.samples, snr_db=snr, seed=seed, gap_s=(1.5, 3.0))
        found[f"{snr} dB"] = features_of(pcm), [(row.start_s, row.end_s, row.word) for row in rows]
    # Heard again at other speeds and in rooms: hours of it cost minutes to say.
    reel = bank.reel(spaced(talk), 4, seed, recipe["bank"] | {"speed": 1.25}, 1)
    none = {
        "sentences": reel.features,
        "noise": features_of(np.concatenate(noise)),
    }
    return Exam(recipe["words"], found, none)


def choose(streams: list[Stream], words: list[str], alarms_per_hour: float) -> Detector:
    """The window and thresholds with the most hits at no more alarms than that, as far as the streams can tell."""
    return tune_words(
        streams, words, default_detector(words), alarms_per_hour=alarms_per_hour, windows=WINDOWS, latency_ms=LATENCY_MS
    )


@dataclass
class Row:
    """At a factor on the thresholds' odds: hits in % by stream, alarms per hour where no word is said."""

    odds: float
    hits: dict[str, float]
    alarms_per_hour: float


def moved(detector: Detector, odds: float) -> Detector:
    """Thresholds whose odds are so many times as high."""
    level = np.asarray(detector.threshold)
    return with_threshold(detector, odds * level / (1 - level + odds * level))


def curve(streams: list[Stream], detector: Detector, words: list[str], factors: Sequence[float] = FACTORS) -> list[Row]:
    rows = []
    for odds in factors:
        at = moved(detector, float(odds))
        hits = {s.name: 100 * score_stream(s, at, words).hit_rate for s in streams if s.truth}
        none = total([score_stream(s, at, words) for s in streams if not s.truth])
        rows.append(Row(float(odds), hits, none.false_alarms_per_hour))
    return rows


def of_each_word(streams: list[Stream], detector: Detector, words: list[str]) -> dict[str, float]:
    """Hits in % of each own word over all streams with words."""
    found = {}
    for word in words[:-2]:
        only = [replace(s, truth=[row for row in s.truth if row[2] == word]) for s in streams if s.truth]
        found[word] = 100 * total([score_stream(s, detector, words) for s in only]).hit_rate
    return found
