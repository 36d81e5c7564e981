"""Delays of the layers that have any."""

import numpy as np

from ..model_file.tables import DelayKind, LayerTables
from .style import FIXED, canvas, svg


def plot_delays(layers: list[LayerTables], step_ms: float) -> tuple[str, str] | None:
    """(SVG, caption), or None for a network without delays."""
    delayed = [(index, layer) for index, layer in enumerate(layers) if layer.delay_kind != DelayKind.NONE]
    if not delayed:
        return None
    longest = max(layer.maximum_delay for _, layer in delayed)
    with canvas(1, len(delayed), 2.5, sharex=True) as (figure, axes):
        for axis, (index, layer) in zip(axes[0], delayed, strict=True):
            counts = np.bincount(layer.delays.ravel(), minlength=longest + 1)
            axis.bar(np.arange(longest + 1), counts, color=FIXED, alpha=0.7, width=0.9)
            axis.set_xlabel(f"delay (steps of {step_ms:g} ms)")
            axis.set_ylabel("delays")
            axis.set_title(
                f"layer {index}: {layer.delay_kind.name.lower()}, mean {layer.delays.mean() * step_ms:.0f} ms"
            )
        picture = svg(figure, "delays")
    return picture, (
        "Axonal: one delay for each presynaptic neuron; dendritic: one for each postsynaptic neuron; synaptic: one for"
        " each weight. As rounded in the file."
    )
