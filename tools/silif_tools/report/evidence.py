"""What the page shows beside the two networks: remarks, the original framework's scores, other roundings."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..arrays import load_arrays
from ..errors import ConversionError
from ..export.clips import evenly_spread
from ..export.convert import Conversion
from ..export.remark import Remark
from ..integer.network import run_model
from .observe import EvaluationData

_NAMES = ("scores", "logits", "reference")
# Clips on which other roundings are tried, evenly spread.
_MOST_CLIPS = 256
_CLIPS_AT_ONCE = 64
# Row scales made so much coarser round every weight anew.
_COARSER = (1.0, 1.003, 1.006)
# Below this a converted network is another one than that which was trained: rounding is not in it yet.
LEAST_AGREEMENT = 0.99


@dataclass
class Evidence:
    """remarks: of the conversion. reference [clip, class]: scores of the framework that trained the network, or None.
    convert(bits, coarser): the same network with other weights' bits, its row scales times `coarser`; or None."""

    remarks: list[Remark] = field(default_factory=list)
    reference: np.ndarray | None = None
    convert: Callable[[int, float], Conversion] | None = None


@dataclass
class Rounding:
    """accuracy: None without labels."""

    bits: int
    coarser: float
    clips: int
    same_winner: float
    accuracy: float | None


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's: within which the true share lies, 19 times of 20."""
    z = 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def percent(share: float, count: int) -> str:
    """A share with its interval."""
    low, high = interval(share, count)
    return f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def load_reference(path: Path, clips: int, classes: int) -> np.ndarray:
    """Scores [clip, class]: `.npy`, or `.npz` with `scores` or `logits`. Raises ConversionError naming the file."""
    arrays = load_arrays(path, _NAMES)
    scores = next((arrays[name] for name in _NAMES if name in arrays), None)
    if scores is None:
        raise ConversionError(f"{path}: holds no array named {', '.join(_NAMES)}")
    if scores.shape != (clips, classes) or scores.dtype.kind not in "fiu":
        raise ConversionError(
            f"{path}: {scores.dtype} {scores.shape}; want [{clips}, {classes}], a score of each class"
        )
    if not np.isfinite(scores).all():
        raise ConversionError(f"{path}: some scores are not finite")
    return scores.astype(np.float64)


def reference_lines(reference: np.ndarray, float_winners: np.ndarray, fixed_winners: np.ndarray, labels) -> list[str]:
    """The original framework beside float and fixed, in words."""
    winners = reference.argmax(axis=1)
    lines = [
        f"the original framework: same winner in float {percent(np.mean(winners == float_winners), len(winners))},"
        f" in fixed {percent(np.mean(winners == fixed_winners), len(winners))}"
    ]
    if labels is not None:
        lines.append(f"the original framework: accuracy {percent(np.mean(winners == labels), len(winners))}")
    return lines


def _winners(conversion: Conversion, frames: np.ndarray) -> np.ndarray:
    parts = range(0, len(frames), _CLIPS_AT_ONCE)
    scores = [run_model(conversion.model, frames[start : start + _CLIPS_AT_ONCE]).scores_q15 for start in parts]
    return np.concatenate(scores).argmax(axis=1)


def other_roundings(evidence: Evidence, bits: int, data: EvaluationData, float_winners: np.ndarray) -> list[Rounding]:
    """The network's own bits in three draws of the rounding errors, then 4 bits beside 8 and 8 beside the others."""
    chosen = evenly_spread(len(data.frames), _MOST_CLIPS)
    count = len(chosen)
    frames, expected = data.frames[chosen], float_winners[chosen]
    found = []
    wanted = [(bits, coarser) for coarser in _COARSER] + [(4 if bits == 8 else 8, coarser) for coarser in _COARSER]
    for other, coarser in wanted:
        winners = _winners(evidence.convert(other, coarser), frames)
        accuracy = None if data.labels is None else float(np.mean(winners == data.labels[chosen]))
        found.append(Rounding(other, coarser, count, float(np.mean(winners == expected)), accuracy))
    return found
