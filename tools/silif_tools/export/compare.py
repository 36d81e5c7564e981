"""Float against fixed on labelled clips: accuracy, agreement, firing rates."""

from dataclasses import dataclass

import numpy as np

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


def compare(conversion: Conversion, frames: np.ndarray, labels: np.ndarray | None = None) -> Comparison:
    """frames [clip, step, input] input integers; labels [clip], without which there are no accuracies."""
    hidden = len(conversion.float_layers) - 1
    float_winner, fixed_winner, saturations = [], [], 0
    float_rates, fixed_rates, peaks = np.zeros(hidden), np.zeros(hidden), np.zeros(hidden)
    for start in range(0, len(frames), _CLIPS_AT_ONCE):
        part = frames[start : start + _CLIPS_AT_ONCE]
        real = run_float(conversion.float_layers, part * conversion.input_unit)
        fixed = run_model(conversion.model, part)
        float_winner.append(real.scores.argmax(axis=1))
        fixed_winner.append(fixed.scores_q15.argmax(axis=1))
        saturations += fixed.saturations
        weight = len(part) / len(frames)
        float_rates += [weight * spikes.mean() for spikes in real.spikes]
        fixed_rates += [weight * spikes.mean() for spikes in fixed.spikes]
        peaks = np.maximum(peaks, real.state_peak[:hidden])
    float_winner, fixed_winner = np.concatenate(float_winner), np.concatenate(fixed_winner)
    return Comparison(
        clips=len(frames),
        float_accuracy=None if labels is None else float(np.mean(float_winner == labels)),
        fixed_accuracy=None if labels is None else float(np.mean(fixed_winner == labels)),
        same_winner=float(np.mean(float_winner == fixed_winner)),
        float_rates=list(float_rates),
        fixed_rates=list(fixed_rates),
        float_peaks=list(peaks),
        saturations=saturations,
    )
