"""Firing rates, float against fixed: of each neuron, and of each layer over time."""

import numpy as np

from .observe import LayerActivity
from .style import FIXED, FLOAT, MUTED, canvas, svg


def _draw_neurons(axis, layer: LayerActivity, floor: float) -> None:
    real, fixed = np.maximum(layer.float_by_neuron, floor), np.maximum(layer.fixed_by_neuron, floor)
    axis.plot([floor, 1], [floor, 1], color=MUTED, linewidth=0.9, linestyle="--")
    axis.scatter(real, fixed, s=7, color=FIXED, alpha=0.5, linewidths=0)
    axis.set(xscale="log", yscale="log", xlim=(floor * 0.7, 1.4), ylim=(floor * 0.7, 1.4), aspect="equal")
    axis.set_xlabel("float: spikes per step")
    axis.set_ylabel("fixed: spikes per step")


def plot_rates(layer: LayerActivity, index: int, clips: int, step_ms: float) -> tuple[str, str]:
    """(SVG, caption) of one hidden layer."""
    steps = len(layer.float_by_step)
    floor = 0.5 / (clips * steps)
    time = (np.arange(steps) + 1) * step_ms / 1000
    with canvas(1, 2, 3.1, width_ratios=[1, 2.1]) as (figure, axes):
        neurons, course = axes[0]
        _draw_neurons(neurons, layer, floor)
        neurons.set_title(f"layer {index}: each neuron")
        course.plot(time, 100 * layer.float_by_step, color=FLOAT, linewidth=2.2, alpha=0.8, label="float")
        course.plot(time, 100 * layer.fixed_by_step, color=FIXED, linewidth=1.1, linestyle=(0, (4, 1.5)), label="fixed")
        course.set_ylim(bottom=0)
        course.set_xlabel("time in the clip (s)")
        course.set_ylabel("neurons that fire in a step (%)")
        course.set_title(
            f"layer {index}: all neurons, float {100 * layer.float_rate:.3f} %, fixed {100 * layer.fixed_rate:.3f} %"
        )
        course.legend(loc="best")
        picture = svg(figure, f"rates{index}")
    real, fixed = layer.float_by_neuron, layer.fixed_by_neuron
    correlation = (
        f"{np.corrcoef(real, fixed)[0, 1]:.5f}" if real.std() > 0 and fixed.std() > 0 else "undefined (no spread)"
    )
    silent = f"silent neurons: {int((real == 0).sum())} float, {int((fixed == 0).sum())} fixed"
    return picture, f"Mean over {clips:,} clips. Correlation of the neurons' rates {correlation}; {silent}."
