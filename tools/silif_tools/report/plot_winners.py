"""What both networks decide: confusion matrix, and how clear the decisions were that differ."""

import numpy as np

from .observe import Observation
from .style import FIXED, FLOAT, MUTED, canvas, svg


def _mark(axis, row, column, count, share, small) -> None:
    from matplotlib.patches import Rectangle

    colour = FLOAT if row == column else FIXED
    alpha = 0.12 + 0.6 * share
    axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, alpha=alpha, linewidth=0))
    axis.text(column, row, str(count), ha="center", va="center", fontsize=6.5 if small else 8)


def confusion(rows: np.ndarray, columns: np.ndarray, classes: int) -> np.ndarray:
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (rows, columns), 1)
    return matrix


def plot_confusion(observation: Observation, words: list[str]) -> tuple[str, str]:
    """(SVG, caption): labels against fixed winners, or, without labels, float winners against fixed ones."""
    labels = observation.data.labels
    rows = observation.float_winners if labels is None else labels
    matrix = confusion(rows, observation.fixed_winners, len(words))
    small = len(words) > 16
    size = 9.2 if small else 5.6
    with canvas(1, 1, size * (0.96 if small else 1.0)) as (figure, axes):
        axis = axes[0, 0]
        for row, column in zip(*np.nonzero(matrix), strict=True):
            share = matrix[row, column] / matrix[row].sum()
            _mark(axis, row, column, matrix[row, column], share, small)
        axis.set(xlim=(-0.5, len(words) - 0.5), ylim=(len(words) - 0.5, -0.5), aspect="equal")
        # A word may hold a dollar sign, which would begin a formula.
        plain = [word.replace("$", r"\$") for word in words]
        axis.set_xticks(range(len(words)), plain, rotation=90, fontsize=7 if small else 8.5)
        axis.set_yticks(range(len(words)), plain, fontsize=7 if small else 8.5)
        axis.tick_params(length=0)
        axis.grid(linewidth=0.35)
        axis.set_xlabel("winner in fixed point")
        axis.set_ylabel("winner in float" if labels is None else "label")
        axis.spines[["top", "right"]].set_visible(True)
        picture = svg(figure, "confusion")
    right = int(np.trace(matrix))
    what = "have the same winner in float and fixed point" if labels is None else "are recognized in fixed point"
    return picture, f"{right:,} of {matrix.sum():,} clips {what}; shade is the share of the row."


def margins(scores: np.ndarray) -> np.ndarray:
    """Best score minus the second, per step, in 0...1; scores [clip, class] are sums over the steps."""
    ordered = np.sort(scores, axis=1)
    return (ordered[:, -1] - ordered[:, -2]) / scores.sum(axis=1)


def plot_margins(observation: Observation) -> tuple[str, str]:
    """(SVG, caption): how clear float's decision was on clips where fixed point agrees and where it does not."""
    margin = margins(observation.float_scores)
    same = observation.float_winners == observation.fixed_winners
    edges = np.linspace(0, max(float(margin.max()), 1e-6), 41)
    with canvas(1, 2, 2.7, width_ratios=[1.6, 1]) as (figure, axes):
        first, second = axes[0]
        first.hist(margin[same], edges, color=FLOAT, alpha=0.55, label=f"same winner ({int(same.sum()):,})")
        first.hist(margin[~same], edges, color=FIXED, alpha=0.9, label=f"other winner ({int((~same).sum()):,})")
        first.set_xlabel("float: mean probability of the winner minus that of the second")
        first.set_ylabel("clips")
        first.set_title("how close the decisions were")
        first.legend(loc="best")
        change = margins(observation.fixed_scores) - margin
        second.hist(change, 41, color=FIXED, alpha=0.6)
        second.axvline(0, color=MUTED, linestyle="--", linewidth=0.9)
        second.locator_params(axis="x", nbins=5)
        second.set_xlabel("change of that margin by fixed point")
        second.set_ylabel("clips")
        second.set_title(f"mean change {change.mean():+.4f}")
        picture = svg(figure, "margins")
    if same.all():
        return picture, "No clip changes its winner."
    return picture, (
        f"Clips that change their winner had a median margin of {np.median(margin[~same]):.2g} in float;"
        f" the others {np.median(margin[same]):.2g}."
    )
