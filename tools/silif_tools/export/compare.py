"""Float against fixed on labelled clips: accuracy, agreement, firing rates."""

import math
from dataclasses import dataclass

import numpy as np

from ..integer.clip_scores import clip_sums_q15, float_clip_scores
from ..integer.network import run_model
from .convert import Conversion
from .float_network import run_float

_CLIPS_AT_ONCE = 128


@dataclass
class Comparison:
    clips: int
    float_accuracy: float | None
    fixed_accuracy: float | None
    same_winner: float
    float_rates: list[float]
    fixed_rates: list[float]
    float_peaks: list[float]
    saturations: int
    # Clips that one of the two alone gets right; None without labels.
    float_alone_right: int | None = None
    fixed_alone_right: int | None = None
    # [clip]
    float_winners: np.ndarray | None = None
    fixed_winners: np.ndarray | None = None

    def __add__(self, other: "Comparison") -> "Comparison":
        """Both lists of clips as one."""
        clips = self.clips + other.clips

        def mean(a, b):
            return None if a is None else (a * self.clips + b * other.clips) / clips

        def total(a, b):
            return None if a is None else a + b

        return Comparison(
            clips=clips,
            float_accuracy=mean(self.float_accuracy, other.float_accuracy),
            fixed_accuracy=mean(self.fixed_accuracy, other.fixed_accuracy),
            same_winner=mean(self.same_winner, other.same_winner),
            float_rates=list(map(mean, self.float_rates, other.float_rates)),
            fixed_rates=list(map(mean, self.fixed_rates, other.fixed_rates)),
            float_peaks=list(map(max, self.float_peaks, other.float_peaks)),
            saturations=self.saturations + other.saturations,
            float_alone_right=total(self.float_alone_right, other.float_alone_right),
            fixed_alone_right=total(self.fixed_alone_right, other.fixed_alone_right),
        )

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test, two-sided: how often a difference like this comes about between networks that are
        equally good."""
        n, fewer = (f(self.float_alone_right, self.fixed_alone_right) for f in (lambda a, b: a + b, min))
        return min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)  # integers: no float holds 2^1024

    def paired(self) -> str:
        """The clips on which only one of the two is right."""
        return f"float alone {self.float_alone_right}, fixed alone {self.fixed_alone_right}, p = {self.p_value:.2g}"

    def lines(self) -> list[str]:
        accuracy = ""
        if self.float_accuracy is not None:
            accuracy = f" float {100 * self.float_accuracy:.2f} %, fixed {100 * self.fixed_accuracy:.2f} %,"
        text = [
            f"clips {self.clips}:{accuracy} same winner {100 * self.same_winner:.2f} %,"
            f" saturated sums {self.saturations}"
        ]
        for index, rates in enumerate(zip(self.float_rates, self.fixed_rates, self.float_peaks, strict=False)):
            text.append(
                f"layer {index}: firing rate float {100 * rates[0]:.3f} %, fixed {100 * rates[1]:.3f} %,"
                f" largest |state| {rates[2]:.1f}"
            )
        return text


def compare(
    conversion: Conversion, frames: np.ndarray, labels: np.ndarray | None = None, real: np.ndarray | None = None
) -> Comparison:
    """frames [clip, step, input] input integers, as many as the model's rule for clips hears; labels [clip], without
    which there are no accuracies; real: what float reads, where the integers do not hold it."""
    hidden = len(conversion.float_layers) - 1
    float_winner, fixed_winner, saturations = [], [], 0
    float_rates, fixed_rates, peaks = np.zeros(hidden), np.zeros(hidden), np.zeros(hidden)
    for start in range(0, len(frames), _CLIPS_AT_ONCE):
        part = frames[start : start + _CLIPS_AT_ONCE]
        values = part * conversion.input_unit if real is None else real[start : start + _CLIPS_AT_ONCE]
        trace = run_float(conversion.float_layers, values, scores=conversion.model.scores)
        fixed = run_model(conversion.model, part)
        float_winner.append(float_clip_scores(conversion.model, trace.probabilities).argmax(axis=1))
        fixed_winner.append(clip_sums_q15(conversion.model, fixed.probabilities_q15).argmax(axis=1))
        saturations += fixed.saturations
        weight = len(part) / len(frames)
        float_rates += [weight * spikes.mean() for spikes in trace.spikes]
        fixed_rates += [weight * spikes.mean() for spikes in fixed.spikes]
        peaks = np.maximum(peaks, trace.state_peak[:hidden])
    float_winner, fixed_winner = np.concatenate(float_winner), np.concatenate(fixed_winner)
    float_right, fixed_right = (None, None) if labels is None else (float_winner == labels, fixed_winner == labels)
    return Comparison(
        clips=len(frames),
        float_accuracy=None if labels is None else float(np.mean(float_right)),
        fixed_accuracy=None if labels is None else float(np.mean(fixed_right)),
        same_winner=float(np.mean(float_winner == fixed_winner)),
        float_rates=list(float_rates),
        fixed_rates=list(fixed_rates),
        float_peaks=list(peaks),
        saturations=saturations,
        float_alone_right=None if labels is None else int(np.sum(float_right & ~fixed_right)),
        fixed_alone_right=None if labels is None else int(np.sum(fixed_right & ~float_right)),
        float_winners=float_winner,
        fixed_winners=fixed_winner,
    )
