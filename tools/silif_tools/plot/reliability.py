"""How often decisions were right that were said to be so probable: figures and picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from ..atomic import replacing

BINS = 10
_MUTED = "#8a8a90"


@dataclass(frozen=True)
class Decisions:
    """What was decided, [decision]. probability: calibrated, 0...1; score: what the model had before. odds: how many
    times as often words were said here as where the model was calibrated."""

    probability: np.ndarray
    score: np.ndarray
    is_right: np.ndarray
    odds: float = 1.0

    @property
    def at_this_rate(self) -> np.ndarray:
        """The probability, with the odds of these words."""
        return self.probability * self.odds / (1 + self.probability * (self.odds - 1))

    def __len__(self) -> int:
        return len(self.is_right)


@dataclass(frozen=True)
class Bin:
    """Decisions of like probability: their mean, and how many of how many were right."""

    mean: float
    right: int
    count: int

    @property
    def share(self) -> float:
        return self.right / self.count

    def interval(self) -> tuple[float, float]:
        """Of the share, 95 % confidence (Wilson)."""
        found = binomtest(self.right, self.count).proportion_ci(method="wilson")
        return found.low, found.high


def bins(probability: np.ndarray, is_right: np.ndarray, count: int = BINS) -> list[Bin]:
    """As many decisions in each, from the least probable to the most."""
    parts = np.array_split(np.argsort(probability, kind="stable"), count)
    return [Bin(float(probability[p].mean()), int(is_right[p].sum()), len(p)) for p in parts if len(p)]


def calibration_error(probability: np.ndarray, is_right: np.ndarray) -> float:
    """Expected calibration error: how far mean and share lie apart, over the decisions."""
    return sum(each.count * abs(each.mean - each.share) for each in bins(probability, is_right)) / len(is_right)


def log_loss(probability: np.ndarray, is_right: np.ndarray) -> float:
    """Mean of -ln of what was said of that which happened."""
    kept = np.clip(probability, 1e-4, 1 - 1e-4)
    return float(-np.log(np.where(is_right, kept, 1 - kept)).mean())


def _draw_model(axis, found: Decisions, colour: str, label: str) -> None:
    told = bins(found.probability, found.is_right)
    before = bins(found.score, found.is_right)
    axis.plot(
        [100 * each.mean for each in before], [100 * each.share for each in before], ":", color=colour, alpha=0.6, lw=1
    )
    shares = np.array([each.share for each in told])
    low, high = np.array([each.interval() for each in told]).T
    style = {"color": colour, "markersize": 4, "capsize": 2, "elinewidth": 0.8, "lw": 1.2}
    axis.errorbar(
        [100 * each.mean for each in told],
        100 * shares,
        yerr=100 * np.array([np.maximum(shares - low, 0), np.maximum(high - shares, 0)]),
        fmt="o-",
        label=f"{label}: {len(found)}, {len(found) // BINS} a point",
        **style,
    )


def draw(found: dict[str, dict[str, Decisions]], output: Path, title: str) -> None:
    """found: what was decided (clips, events) -> model -> decisions. A panel each, a line for each model with 95 %
    intervals, dotted the score taken for a probability."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(found), figsize=(0.6 + 4.6 * len(found), 4.6), layout="constrained", squeeze=False
    )
    for axis, (what, models) in zip(axes[0], found.items(), strict=True):
        axis.plot([0, 100], [0, 100], color=_MUTED, lw=0.8)
        for number, (label, decisions) in enumerate(models.items()):
            _draw_model(axis, decisions, f"C{number}", label)
        axis.set_xlim(0, 101)
        axis.set_ylim(0, 101)
        axis.set_xlabel("said: probability (dotted: score), %")
        axis.set_ylabel("right, %")
        axis.grid(color="#e4e4e8", linewidth=0.7)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(_MUTED)
        axis.legend(frameon=False, loc="lower right", fontsize=8)
        axis.set_title(f"{what}, {title}", loc="left", fontsize=10, fontweight="bold")
    with replacing(output) as temporary:
        figure.savefig(temporary, dpi=110, format=output.suffix[1:].lower())
    plt.close(figure)


def table(found: dict[str, dict[str, Decisions]]) -> str:
    """Calibration error of score and probability, in Markdown."""
    lines = [
        "| | | decisions | right | error of the score | of the probability | with the odds of these words | log loss |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for what, models in found.items():
        for label, each in models.items():
            right = each.is_right
            said = (each.score, each.probability, each.at_this_rate)
            errors = [f"{100 * calibration_error(values, right):.1f} %" for values in said]
            lines.append(
                f"| {what} | {label} | {len(each)} | {100 * right.mean():.1f} % | {' | '.join(errors)}"
                f" | {log_loss(each.probability, right):.3f} |"
            )
    return "\n".join(lines)
