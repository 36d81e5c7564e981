"""The neurons' eigenvalues in the unit circle, as the SiLIF paper draws them, and what they mean in time."""

import numpy as np

from ..export.convert import Conversion
from .eigenvalues import fixed_eigenvalues, float_eigenvalues, paper_eigenvalues
from .style import FIXED, FLOAT, INK, MUTED, canvas, svg

# Eigenvalues that all lie closer to 1 than this are drawn enlarged.
_CLOSE = 0.25
# Beyond this a neuron forgets so slowly that a clip cannot tell; the axis ends here.
_LONGEST_S = 1e5


def time_constants_s(eigenvalues: np.ndarray, step_s: float) -> np.ndarray:
    """-step / ln|λ|, clipped to 0.1 ms...10^5 s; NaN stays out."""
    magnitude = np.abs(eigenvalues[np.isfinite(eigenvalues)])
    with np.errstate(divide="ignore"):
        rate = -np.log(np.clip(magnitude, 1e-300, None)) / step_s
        return np.clip(1 / np.maximum(rate, 1 / _LONGEST_S), 1e-4, _LONGEST_S)


def _reach(eigenvalues: np.ndarray) -> float:
    """Half the side of the square around 1 that holds them all."""
    return max(float(np.abs(eigenvalues.real - 1).max()), float(np.abs(eigenvalues.imag).max()), 1e-3)


def _draw_circle(axis, held: np.ndarray, paper: np.ndarray | None) -> bool:
    """Returns whether the part around 1 is enlarged."""
    angle = np.linspace(-np.pi, np.pi, 3601)
    axis.plot(np.cos(angle), np.sin(angle), color=MUTED, linewidth=0.9)
    if paper is not None:
        axis.scatter(
            paper.real, paper.imag, s=13, facecolors="none", edgecolors=FLOAT, linewidths=0.4, alpha=0.6,
            label="as in the paper's figure 2",
        )  # fmt: skip
    axis.scatter(held.real, held.imag, s=7, color=FIXED, linewidths=0, alpha=0.65, label="as executed, from the file")
    axis.set(aspect="equal", xlabel="Re λ", ylabel="Im λ")
    reach = 1.15 * _reach(held if paper is None else np.concatenate([held, paper.ravel()]))
    if reach < _CLOSE:
        axis.set(xlim=(1 - reach, 1 + reach), ylim=(-reach, reach))
        axis.locator_params(nbins=4)
        return True
    axis.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08))
    axis.set_xticks([-1, -0.5, 0, 0.5, 1])
    axis.set_yticks([-1, -0.5, 0, 0.5, 1])
    return False


def plot_eigenvalues(conversion: Conversion) -> tuple[str, str]:
    """(SVG, caption) of all hidden layers."""
    model = conversion.model
    step_s = model.step_us / 1e6
    hidden = len(model.layers) - 1
    columns = min(hidden, 2)
    rows = -(-hidden // columns)
    moved, circles = 0.0, 0
    with canvas(rows, columns + 1, 0.2 + 9.2 / (columns + 1) * rows * 1.12, width_ratios=[1] * columns + [0.9]) as (
        figure,
        axes,
    ):
        for axis in axes[:, :columns].flat[hidden:]:
            axis.set_visible(False)
        for axis in axes[1:, columns]:
            axis.set_visible(False)
        times = axes[0, columns]
        edges = np.geomspace(1e-4, _LONGEST_S, 46)
        for index, (tables, real) in enumerate(zip(model.layers[:-1], conversion.float_layers, strict=False)):
            axis = axes[index // columns, index % columns]
            exact, held = float_eigenvalues(real), fixed_eigenvalues(tables)
            present = np.isfinite(exact) & np.isfinite(held)
            moved = max(moved, float(np.abs(exact - held)[present].max(initial=0.0)))
            shown = held[present]
            enlarged = ", enlarged" if _draw_circle(axis, shown, paper_eigenvalues(real)) else ""
            outside = int((np.abs(shown) > 1 + 1e-9).sum())
            circles += outside
            turning = int((np.abs(held.imag) > 1e-12).any(axis=0).sum())
            axis.set_title(f"layer {index}: {turning} of {held.shape[1]} oscillate{enlarged}")
            times.hist(
                time_constants_s(shown, step_s), edges, histtype="step", color=[FIXED, FLOAT, INK, MUTED][index % 4],
                linewidth=1.3, linestyle=["-", "--", ":", "-."][index % 4], label=f"layer {index}",
            )  # fmt: skip
        times.axvline(model.clip_frames * step_s, color=MUTED, linestyle=":", linewidth=1, label="clip length")
        times.set_xscale("log")
        times.set_xlabel("time constant -step / ln|λ| (s)")
        times.set_ylabel("eigenvalues")
        times.set_title("how long neurons remember")
        times.legend(loc="best")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=2)
        picture = svg(figure, "eigenvalues")
    caption = (
        f"Rounding the coefficients moves no eigenvalue by more than {moved:.1e}; {circles} lie outside the circle"
    )
    kinds = list(dict.fromkeys(layer.kind for layer in model.layers[:-1]))
    unstable = "; ".join(kind.unstable_note for kind in kinds if kind.unstable_note)
    caption += f" ({unstable})." if circles and unstable else "."
    notes = dict.fromkeys(note for kind in kinds for note in kind.eigenvalue_notes)
    caption = " ".join([caption, *notes])
    return picture, caption + " The time axis ends at 10⁵ s; what lasts longer, or grows, is counted there."
