"""How sure to be of a winner or an event (docs/SCORING.md, "Probabilities that mean something").

Twins: Sources/SiLIF/ModelFile/Calibration.swift
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .schema import check_range

ONE_Q15 = 32768
HEADER_BYTES = 16
FEWEST_KNOTS, MOST_KNOTS = 2, 64
MAXIMUM_WORDS_PER_HOUR = 65535


class Calibrates(IntEnum):
    CLIPS = 1
    EVENTS = 2


@dataclass(frozen=True)
class Calibration:
    """Section CALB: from three means in Q15 to the probability, in Q15, of being right.

    weights_q15: of score, recent mean, and what the strongest rival leaves; of clips the second is 0. They sum to one.
    recent_frames: of the recent mean, 0 for clips. words_per_hour: how often words were said where events were judged,
    0 for clips. knots: (evidence, probability), evidence rising, probability never falling.
    """

    calibrates: Calibrates
    weights_q15: tuple[int, int, int]
    knots: tuple[tuple[int, int], ...]
    recent_frames: int = 0
    words_per_hour: int = 0

    def evidence_q15(self, score_q15, recent_q15, rival_q15) -> np.ndarray:
        """Of means 0...32768: their weighted mean, the rival's counted as what it leaves."""
        means = (np.asarray(score_q15), np.asarray(recent_q15), ONE_Q15 - np.asarray(rival_q15))
        total = sum(weight * mean.astype(np.int64) for weight, mean in zip(self.weights_q15, means, strict=True))
        return (total + ONE_Q15 // 2) // ONE_Q15

    def probability_q15(self, score_q15, recent_q15, rival_q15) -> np.ndarray:
        """Straight lines between the knots, beyond them the outermost."""
        x, y = np.array(self.knots, dtype=np.int64).T
        evidence = np.clip(self.evidence_q15(score_q15, recent_q15, rival_q15), x[0], x[-1])
        upper = np.maximum(np.searchsorted(x, evidence), 1)
        width = x[upper] - x[upper - 1]
        risen = ((y[upper] - y[upper - 1]) * (evidence - x[upper - 1]) + width // 2) // width
        return y[upper - 1] + risen

    def section(self) -> bytes:
        """The bytes of CALB. Raises ValueError, as `check`."""
        self.check()
        head = (self.calibrates, len(self.knots), *self.weights_q15, self.recent_frames, self.words_per_hour)
        return struct.pack("<7H2x", *head) + np.array(self.knots, dtype="<u2").tobytes()

    def check(self) -> None:
        """Raises ValueError naming the field that the runtime would refuse."""
        events = self.calibrates == Calibrates.EVENTS
        check_range(len(self.knots), FEWEST_KNOTS, MOST_KNOTS, "CALB: knot_count")
        x, y = zip(*self.knots, strict=True)
        for name, values in (("weights_q15", self.weights_q15), ("evidence_q15", x), ("probability_q15", y)):
            check_range(np.array(values), 0, ONE_Q15, f"CALB: {name}")
        check_range(sum(self.weights_q15), ONE_Q15, ONE_Q15, "CALB: weights_q15: a sum of")
        check_range(np.diff(x), 1, ONE_Q15, "CALB: evidence_q15: a step of")
        check_range(np.diff(y), 0, ONE_Q15, "CALB: probability_q15: a step of")
        check_range(self.recent_frames, int(events), 1024 if events else 0, "CALB: recent_frames")
        check_range(self.weights_q15[1], 0, ONE_Q15 if events else 0, "CALB: recent_weight_q15")
        check_range(self.words_per_hour, 0, MAXIMUM_WORDS_PER_HOUR if events else 0, "CALB: words_per_hour")


def parse_calibration(section: bytes) -> Calibration:
    """Raises ValueError or struct.error for what is no CALB section; its values are checked with the model's."""
    calibrates, count, *weights, recent_frames, words_per_hour, reserved = struct.unpack_from("<8H", section)
    if reserved or len(section) != HEADER_BYTES + 4 * count:
        raise ValueError(f"CALB: {len(section)} bytes with {count} knots, reserved {reserved}")
    knots = tuple(map(tuple, np.frombuffer(section, "<u2", 2 * count, HEADER_BYTES).reshape(count, 2).tolist()))
    return Calibration(Calibrates(calibrates), tuple(weights), knots, recent_frames, words_per_hour)
