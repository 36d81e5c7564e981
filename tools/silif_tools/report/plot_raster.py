"""Spike rasters of one clip, float over fixed, and how long the two spike trains stay together."""

import numpy as np

from .observe import Observation
from .style import INK, PIXEL_BOTH, PIXEL_FIXED, PIXEL_FLOAT, canvas, svg


def _pixels(real: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """[neuron, step, RGBA]; transparent where neither fires."""
    real, fixed = real.T.astype(bool), fixed.T.astype(bool)
    picture = np.zeros((*real.shape, 4))
    picture[real & fixed], picture[real & ~fixed], picture[~real & fixed] = PIXEL_BOTH, PIXEL_FLOAT, PIXEL_FIXED
    return picture


def plot_raster(observation: Observation, step_ms: float) -> tuple[str, str]:
    """(SVG, caption)."""
    from matplotlib.patches import Patch

    hidden = len(observation.layers)
    clip = observation.typical_clip
    frames = observation.data.frames[clip]
    end_s = len(frames) * step_ms / 1000
    heights = [0.55] + [1.35] * hidden + [0.65]
    with canvas(hidden + 2, 1, 1.9 * sum(heights) + 0.4, sharex=True, height_ratios=heights) as (figure, grid):
        axes = grid[:, 0]
        low, high = np.percentile(frames, [1, 99.5])
        level = np.clip((frames.T - low) / max(high - low, 1), 0, 1)
        input_pixels = np.concatenate([np.full((*level.shape, 3), 0.5), level[..., None]], axis=-1)
        axes[0].imshow(input_pixels, aspect="auto", origin="lower", extent=(0, end_s, 0, frames.shape[1]))
        axes[0].set_ylabel("input")
        axes[0].set_title(f"clip {clip}: input ({frames.shape[1]} values a step)")
        for index, axis in enumerate(axes[1:-1]):
            real, fixed = observation.typical_float_spikes[index], observation.typical_fixed_spikes[index]
            axis.imshow(_pixels(real, fixed), aspect="auto", origin="lower", extent=(0, end_s, 0, real.shape[1]))
            axis.set_ylabel("neuron")
            together = int((real & fixed).sum())
            axis.set_title(
                f"layer {index}: {real.sum():,} spikes in float, {fixed.sum():,} in fixed, {together:,} in both"
            )
        for index, layer in enumerate(observation.layers):
            axes[-1].plot(
                (np.arange(len(frames)) + 0.5) * step_ms / 1000,
                100 * layer.overlap_by_step,
                color=INK,
                linewidth=1.1,
                linestyle=["-", "--", ":", "-."][index % 4],
                label=f"layer {index}",
            )
        axes[-1].set(ylim=(0, 105), xlim=(0, end_s), xlabel="time (s)", ylabel="in both (%)")
        axes[-1].set_title("spikes at the same neuron and step in both, of all spikes; mean over all clips")
        axes[-1].legend(loc="lower left", ncols=hidden)
        for axis in axes[:-1]:
            axis.grid(False)
        patches = [
            Patch(color=colour, label=label)
            for colour, label in ((PIXEL_BOTH, "both"), (PIXEL_FLOAT, "float only"), (PIXEL_FIXED, "fixed only"))
        ]
        figure.legend(handles=patches, loc="outside upper right", ncols=3)
        picture = svg(figure, "raster")
    return picture, (
        "The clip with the median number of spikes. Spike trains of such networks are chaotic: one changed bit moves"
        " spikes, and these move others, while rates and winner stay. So it is the rates, the scores and the winners"
        " that fixed point must keep, not the single spikes."
    )
