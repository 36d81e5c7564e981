"""Hits against false alarms per hour while the threshold moves: figures and picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, chi2

from ..atomic import replacing
from ..model_file.tables import Detector
from ..streams.tune import Stream, score_stream, with_threshold

THRESHOLDS = tuple(np.round(np.linspace(0.2, 0.98, 40), 3))
# False alarms an hour that are drawn: what a listener at home may raise, and a little beyond. The same in every
# picture, so that pictures can be compared.
LEAST, MOST = 0.1, 30.0
_MARKERS = "osD^vP*X"
_MUTED = "#8a8a90"


@dataclass(frozen=True)
class Point:
    """What a detector comes to: hits of so many words, false alarms in so many hours without them."""

    hits: int
    words: int
    alarms: int
    hours: float

    @property
    def hit_rate(self) -> float:
        """In %."""
        return 100 * self.hits / self.words

    @property
    def per_hour(self) -> float:
        return self.alarms / self.hours

    def hit_interval(self) -> tuple[float, float]:
        """95 % confidence, in % (Wilson)."""
        found = binomtest(self.hits, self.words).proportion_ci(method="wilson")
        return 100 * found.low, 100 * found.high

    def alarm_interval(self) -> tuple[float, float]:
        """95 % confidence, an hour (Poisson, exact); with no alarm the bound is one-sided, 3 / hours."""
        if not self.alarms:
            return 0.0, 3 / self.hours
        return tuple(chi2.ppf(p, 2 * self.alarms + 2 * (p > 0.5)) / 2 / self.hours for p in (0.025, 0.975))


@dataclass(frozen=True)
class Curve:
    """Points from the highest threshold to the lowest, and that of the model's own detector."""

    points: list[Point]
    own: Point


def _point(with_words: Stream, without: Stream, detector: Detector, words: list[str]) -> Point:
    said, none = (score_stream(stream, detector, words) for stream in (with_words, without))
    return Point(said.hits, len(with_words.truth), none.false_alarms, without.audio_h)


def curve(with_words: Stream, without: Stream, detector: Detector, words: list[str]) -> Curve:
    """The threshold of all words moves; window and times are the detector's."""
    moved = [with_threshold(detector, threshold) for threshold in reversed(THRESHOLDS)]
    return Curve(
        [_point(with_words, without, each, words) for each in moved], _point(with_words, without, detector, words)
    )


def _best(points: list[Point]) -> list[Point]:
    """Of each number of alarms the point with the most hits, where more alarms have more hits."""
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.alarms, -each.hits)):
        if not found or point.hits > found[-1].hits:
            found.append(point)
    return found


def _at(per_hour: float) -> float:
    """Where it stands on the axis; none stands at the left edge."""
    return min(max(per_hour, LEAST), MOST)


def _line(found: Curve) -> list[tuple[float, float]]:
    """Alarms an hour and hits in %. Beyond the right edge there is nothing: a point there would stand where it does not
    belong."""
    return [(_at(point.per_hour), point.hit_rate) for point in _best(found.points) if point.per_hour <= MOST]


def _draw_own(axis, point: Point, marker: str, colour: str) -> None:
    x, (low, high), (fewest, most) = _at(point.per_hour), point.hit_interval(), point.alarm_interval()
    sides = [[x - _at(fewest)], [_at(most) - x]]
    heights = [[point.hit_rate - low], [high - point.hit_rate]]
    style = {"color": colour, "markersize": 9, "markeredgecolor": "black", "capsize": 3, "elinewidth": 1.1}
    axis.errorbar(x, point.hit_rate, xerr=sides, yerr=heights, fmt=marker, zorder=4, clip_on=False, **style)


def draw(curves: dict[str, Curve], output: Path, title: str, legend: str) -> None:
    """A line each, and on it, larger and with 95 % intervals, the point of the model's own detector."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7.4, 4.9), layout="constrained")
    for (label, found), marker in zip(curves.items(), _MARKERS * len(curves), strict=False):
        places = np.array(_line(found)).reshape(-1, 2)
        line = axis.plot(*places.T, marker=".", markersize=4, lw=1.2, label=label)
        _draw_own(axis, found.own, marker, line[0].get_color())
    axis.set_xscale("log")
    axis.set_xlim(LEAST, MOST)
    axis.set_xticks([0.1, 0.3, 1, 3, 10, 30], ["none", "0.3", "1", "3", "10", "30"])
    axis.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axis.set_xlabel(f"false alarms an hour, without the words (in {next(iter(curves.values())).own.hours:.2f} h)")
    axis.set_ylabel("hits (%)")
    axis.set_ylim(0, 100)
    axis.grid(color="#e4e4e8", linewidth=0.7)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(_MUTED)
    axis.legend(title=legend, frameon=False, loc="lower right", fontsize=9)
    axis.set_title(f"{title}; large: its own thresholds, 95 % intervals", loc="left", fontsize=10, fontweight="bold")
    with replacing(output) as temporary:
        figure.savefig(temporary, dpi=110, format=output.suffix[1:].lower())
    plt.close(figure)


def table(curves: dict[str, Curve]) -> str:
    """What the own detectors come to, in Markdown."""
    lines = ["| | hits | 95 % | false alarms an hour | 95 % |", "|---|---|---|---|---|"]
    for label, found in curves.items():
        low, high = found.own.hit_interval()
        fewest, most = found.own.alarm_interval()
        own = found.own
        lines.append(
            f"| {label} | {own.hit_rate:.1f} % of {own.words} | {low:.0f} to {high:.0f} %"
            f" | {own.per_hour:.1f} ({own.alarms} in {own.hours:.2f} h) | {fewest:.1f} to {most:.1f} |"
        )
    return "\n".join(lines)
