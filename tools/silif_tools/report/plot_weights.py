"""Weights against their format: integers, row scales, rounding noise of each row."""

import numpy as np

from ..export.convert import Conversion
from ..fixed_point import CURRENT_EXTRA_BITS
from ..model_file.tables import LayerTables
from .style import FIXED, FLOAT, MUTED, canvas, svg


def row_scales(layer: LayerTables, input_unit: float) -> np.ndarray:
    """Real value of one weight integer, [output], as the engine multiplies it."""
    to_current = layer.scale_mantissa * 2.0 ** -layer.scale_shift.astype(np.float64)
    return to_current / (input_unit * 2.0 ** (layer.state_fraction_bits + CURRENT_EXTRA_BITS))


def _row_noise_db(weights: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    noise = ((weights - rounded) ** 2).sum(axis=0)
    signal = (weights**2).sum(axis=0)
    usable = (noise > 0) & (signal > 0)
    return 10 * np.log10(signal[usable] / noise[usable])


def _draw_integers(axis, ratio: np.ndarray, integers: np.ndarray, limit: int) -> None:
    step = max(1, round(limit / 42))
    reach = max(limit, float(np.abs(ratio).max(initial=0.0))) * 1.02
    half = int(np.ceil(reach / step))
    edges = (np.arange(-half, half + 2) - 0.5) * step
    axis.hist(integers.ravel(), edges, color=FIXED, alpha=0.45, label="integers in the file")
    axis.hist(ratio.ravel(), edges, histtype="step", color=FLOAT, linewidth=1.0, label="float weight / row scale")
    for side in (-limit, limit):
        axis.axvline(side, color=MUTED, linestyle="--", linewidth=0.9)
    axis.set_yscale("log")
    axis.set_ylim(bottom=0.7)
    axis.set_xlabel(f"weight in steps of its row's scale (range ±{limit:,})")
    axis.set_ylabel("weights")


def plot_weights(conversion: Conversion, index: int) -> tuple[str, str]:
    """(SVG, caption) of one layer; no SVG where there is nothing to draw."""
    layer, real = conversion.model.layers[index], conversion.float_layers[index]
    limit = 2 ** (layer.weight_bits - 1) - 1
    scale = row_scales(layer, conversion.input_unit if index == 0 else 1.0)
    live = scale > 0
    if not live.any():
        return "", f"Layer {index}: all weights are zero."
    weights, integers, scale = real.weights[:, live], layer.weights[:, live], scale[live]
    ratio = weights / scale
    clipped = int((np.abs(ratio) > limit + 0.5).sum())
    with canvas(1, 3, 2.7, width_ratios=[1.35, 1, 1]) as (figure, axes):
        first, second, third = axes[0]
        _draw_integers(first, ratio, integers, limit)
        first.set_title(f"layer {index}: {weights.size:,} weights, {layer.weight_bits} bits")
        figure.legend(*first.get_legend_handles_labels(), loc="outside lower left", ncols=2)

        order = np.argsort(scale)
        second.plot(
            np.sort(np.abs(weights).max(axis=0) / limit), color=FLOAT, label=f"row's largest |weight| / {limit}"
        )
        second.plot(scale[order], color=FIXED, linestyle=(0, (4, 2)), label="row scale chosen")
        second.set_yscale("log")
        second.set_xlabel("rows, sorted")
        second.set_ylabel("current of one integer step")
        second.set_title(f"row scales ({scale.max() / scale.min():,.0f} : 1)")
        figure.legend(*second.get_legend_handles_labels(), loc="outside lower right", ncols=2)

        noise = _row_noise_db(weights, integers * scale)
        if noise.size:
            third.hist(noise, 30, color=FIXED, alpha=0.6)
            third.axvline(float(np.median(noise)), color=MUTED, linestyle="--", linewidth=0.9)
        third.set_xlabel("signal to rounding noise of a row (dB)")
        third.set_ylabel("rows")
        third.set_title("rounding noise of rows" if noise.size else "no rounding noise")
        picture = svg(figure, f"weights{index}")
    at_limit = int(np.count_nonzero(np.abs(integers) == limit))
    caption = f"{at_limit:,} integers are at the dashed limits, {100 * np.mean(integers == 0):.1f} % are zero."
    if noise.size:
        caption += f" Median signal to rounding noise of a row: {np.median(noise):.1f} dB."
    caption += (
        f" {clipped:,} weights ({100 * clipped / weights.size:.2g} %) lie beyond the limits and are clipped: the"
        " smaller scale gives all other weights of their rows finer steps."
        if clipped
        else " No weight is clipped."
    )
    if not live.all():
        caption += f" {int((~live).sum())} rows are all zero and left out."
    return picture, caption
