"""How a clip is scored by the best window of each class (docs/SCORING.md, "Clips").

Twins: Sources/SiLIF/ModelFile/ClipRule.swift
"""

import struct
from dataclasses import dataclass

import numpy as np

from .calibration import ONE_Q15
from .schema import check_range

HEADER_BYTES = 16
MOST_TAIL_FRAMES = 1024


@dataclass(frozen=True)
class ClipRule:
    """Section CLIP: of each class, what the largest mean over the detector's window counts, and what it has without.

    tail_frames: of zero samples, heard after a clip's end. weights_q15, levels_q15: [class], both together at most one.
    """

    tail_frames: int
    weights_q15: tuple[int, ...]
    levels_q15: tuple[int, ...]

    def scores_q15(self, best_q15) -> np.ndarray:
        """[..., class] largest means over the window, 0...32768 -> scores, 0...32768."""
        weighted = np.asarray(best_q15, dtype=np.int64) * np.array(self.weights_q15)
        return np.array(self.levels_q15) + ((weighted + ONE_Q15 // 2) >> 15)

    def section(self) -> bytes:
        """The bytes of CLIP. Raises ValueError, as `check`."""
        self.check()
        rows = np.stack([self.weights_q15, self.levels_q15], axis=1)
        return struct.pack("<2H12x", self.tail_frames, len(self.weights_q15)) + rows.astype("<u2").tobytes()

    def check(self) -> None:
        """Raises ValueError naming the field that the runtime would refuse."""
        check_range(self.tail_frames, 0, MOST_TAIL_FRAMES, "CLIP: tail_frames")
        check_range(len(self.levels_q15), len(self.weights_q15), len(self.weights_q15), "CLIP: clip_class_count")
        for weight, level in zip(self.weights_q15, self.levels_q15, strict=True):
            check_range(weight, 0, ONE_Q15, "CLIP: weight_q15")
            check_range(level, 0, ONE_Q15 - weight, "CLIP: level_q15")


def parse_clip_rule(section: bytes) -> ClipRule:
    """Raises ValueError or struct.error for what is no CLIP section; its values are checked with the model's."""
    tail_frames, count, *reserved = struct.unpack_from("<8H", section)
    if any(reserved) or len(section) != HEADER_BYTES + 4 * count:
        raise ValueError(f"CLIP: {len(section)} bytes with {count} classes, reserved {reserved}")
    weights, levels = np.frombuffer(section, "<u2", 2 * count, HEADER_BYTES).reshape(count, 2).T.tolist()
    return ClipRule(tail_frames, tuple(weights), tuple(levels))
