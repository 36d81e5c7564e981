"""States against their format: how much of the 32 bits a network uses, and how close it comes to saturation."""

import numpy as np

from ..model_file.tables import LayerTables
from .histogram import to_axis
from .observe import StatePair
from .style import FIXED, FLOAT, INK, MUTED, canvas, svg


def _power_of_two(exponent: int) -> str:
    return "2" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _decades(limit: float) -> list[float]:
    """Ticks 0, ±1, ±100, ... below the limit."""
    powers = [10.0**exponent for exponent in range(0, int(np.log10(limit)) + 1, 2)]
    return [-value for value in reversed(powers)] + [0.0] + powers


def _draw(axis, pair: StatePair) -> None:
    edges = pair.fixed.edges
    axis.stairs(pair.fixed.fractions, edges, fill=True, color=FIXED, alpha=0.45, label="fixed")
    axis.stairs(pair.real.fractions, edges, color=FLOAT, linewidth=1.1, label="float")
    for side in (-1, 1):
        axis.axvline(
            to_axis(side * pair.fixed.limit), color=MUTED, linestyle="--", label="saturation" if side > 0 else None
        )
    name, threshold = pair.state.name, pair.state.threshold
    if threshold is not None:
        axis.axvline(to_axis(threshold), color=INK, linestyle=":", linewidth=1.1, label="threshold")
    ticks = _decades(pair.fixed.limit)
    axis.set_xticks(to_axis(ticks), [f"{value:,.0f}" for value in ticks])
    axis.set_xticks([], minor=True)
    axis.set_yscale("log")
    axis.set_ylim(max(0.5 / max(pair.fixed.counts.sum(), 1), 1e-9), 2)
    axis.set_xlabel(f"{name} (threshold = {threshold:g})" if threshold else name)
    axis.set_ylabel("fraction of values")


def plot_states(layer: LayerTables, pairs: list[StatePair], index: int) -> tuple[str, str]:
    """(SVG, caption) of one layer."""
    with canvas(1, len(pairs), 2.6) as (figure, axes):
        for axis, pair in zip(axes[0], pairs, strict=True):
            _draw(axis, pair)
            where = f"layer {index}" if layer.kind.output is not None else "readout"
            axis.set_title(f"{where}: {pair.state.name}, largest |{pair.state.name}| {pair.fixed.peak:.4g}")
        # The first variable has all the lines that there are.
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        picture = svg(figure, f"states{index}")
    limit = pairs[0].fixed.limit
    parts = [
        f"{pair.state.name} reaches {pair.fixed.peak:.4g} (float {pair.real.peak:.4g}), "
        f"{np.log2(limit / pair.fixed.peak):.1f} bits below saturation"
        for pair in pairs
        if pair.fixed.peak > 0
    ]
    unit = f"one unit is {_power_of_two(-layer.state_fraction_bits)}"
    finer = [state for state in layer.kind.states if state.extra_bits]
    unit += "".join(f", of {it.name} {_power_of_two(-layer.state_fraction_bits - it.extra_bits)}" for it in finer)
    return picture, f"Saturation is at ±{limit:,.0f}; {unit}. " + ("; ".join(parts) or "All stay zero") + "."
