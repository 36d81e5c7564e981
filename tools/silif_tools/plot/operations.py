"""Accuracy against synaptic operations and spikes per clip, as figure 3 of the SiLIF paper draws it.

Everything of ours is measured by kws-score; the paper's own points are marked as such.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ..atomic import replacing
from ..built_commands import Commands
from ..export.convert import convert
from ..export.self_test import add_self_test
from ..export.state_dict import load_state_dict
from ..model_file.tables import InputKind
from ..model_file.write import model_bytes
from ..sound import load_pcm

_SELF_TEST_STEPS, _RATE_HZ = 20, 16_000
_OURS, _PAPER, _INK, _MUTED = "#d55e00", "#0072b2", "#1b1b1e", "#8a8a90"
_REFERENCES = {"ssc_silif": "SiLIF", "ssc_csilif": "C-SiLIF", "ssc_cadlif": "cAdLIF", "ssc_rf": "RF"}
_MARKERS = {"SiLIF": "o", "C-SiLIF": "s", "cAdLIF": "^", "RF": "D", "S5-RF": "v", "Event-SSM": "P"}
# Labels of points that lie close together stand apart, with a line to their point: offsets in points.
_FAR_OURS = {
    "cAdLIF": (-112, -4),
    "SiLIF": (2, -70),
    "kws12": (8, -14),
    "kws12-stream": (10, 12),
}
_FAR_PAPER = {"cAdLIF": (-62, 14), "SiLIF": (-52, 28)}
# Below this the left panel does not go: one network would press all others together.
_LOWEST = 74
# Read off figs/figure3_partial.png of the authors' repository (Maxtimer97/SSM-inspired-LIF): Spiking Speech Commands,
# 4 ms, whole test set. S5-RF and Event-SSM are formulas of the script that draws it.
PAPER_POINTS = {
    "S5-RF": (78.8, 5.44e6),
    "cAdLIF": (81.7, 8.2e6),
    "SiLIF": (81.95, 9.2e6),
    "C-SiLIF": (82.0, 12.3e6),
    "Event-SSM": (85.3, 98.3e6),
}


@dataclass
class Cost:
    """Of a step: draws, random numbers; median_us, from audio to keyword; instructions, the same, in the mean over a
    recording, None where nothing counts them. Of the model: flash and ram, bytes."""

    draws: int
    flash: int
    ram: int
    median_us: float
    instructions: float | None


@dataclass
class Point:
    """accuracy in %, operations and spikes per clip; no spikes where none are known."""

    name: str
    accuracy: float
    operations: float
    spikes: float | None = None
    clips: int | None = None
    cost: Cost | None = None


def _point(name: str, score: dict) -> Point:
    return Point(
        name,
        100 * score["accuracy"],
        score["synaptic_operations_per_clip"],
        score["spikes_per_clip"],
        score["labelled"],
    )


def measure_shipped(commands: Commands, models: list[Path], test_list: Path, sound: Path) -> list[Point]:
    """sound: a recording over which a step's cost is measured."""
    points = [_point(model.stem, commands.score_list(model, test_list)) for model in models]
    for point, model in zip(points, models, strict=True):
        point.cost = _cost(commands, model, sound)
    return points


def _cost(commands: Commands, model: Path, sound: Path) -> Cost:
    bench, sampling = commands.bench(model, sound), commands.info(model)["sampling"]
    return Cost(
        draws=sampling["draws_per_step"] if sampling else 0,
        flash=bench["memory"]["flash_bytes"],
        ram=bench["memory"]["ram_bytes"],
        median_us=bench["stages"]["whole"]["median_us"],
        instructions=_instructions(commands, model, sound, bench["step_us"]),
    )


def _instructions(commands: Commands, model: Path, sound: Path, step_us: int) -> float | None:
    """A step's, in the mean: of the recording three times over less the recording once, so that the start does not
    count."""
    samples = load_pcm(sound, _RATE_HZ)
    counts = []
    with tempfile.TemporaryDirectory() as name:
        for times in (1, 3):
            path = Path(name) / f"{times}.wav"
            soundfile.write(path, np.tile(samples, times), _RATE_HZ)
            counts.append(commands.instructions(model, path))
    once, thrice = counts
    if once is None or thrice is None:
        return None
    return (thrice - once) / (2 * len(samples) / _RATE_HZ * 1e6 / step_us)


def measure_references(commands: Commands, reference: Path) -> list[Point]:
    """Each checkpoint converted with int8 weights, then scored on ssc_clips. Raises ConversionError or RuntimeError."""
    points = []
    with np.load(reference / "ssc_clips.npz") as clips, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames, labels = folder / "frames.npy", folder / "labels.npy"
        np.save(frames, clips["counts"])
        np.save(labels, clips["label"])
        words, steps = [str(word) for word in clips["words"]], clips["counts"].shape[1]
        for stem, label in _REFERENCES.items():
            state = load_state_dict(reference / f"{stem}.pth")
            made = convert(state, words, input_kind=InputKind.COUNTS, step_us=4000, clip_frames=steps).model
            add_self_test(made, clips["counts"][0, :_SELF_TEST_STEPS].astype(np.int16))
            model = folder / f"{stem}.silif"
            model.write_bytes(model_bytes(made))
            points.append(_point(label, commands.score_frames(model, frames, labels)))
    return points


def _standard_error(point: Point) -> float:
    """Of an accuracy in %, from that many clips."""
    share = point.accuracy / 100
    return 100 * (share * (1 - share) / point.clips) ** 0.5


def _draw(axis, point: Point, marker: str, colour: str, hollow: bool = False) -> None:
    """With its name beside it."""
    place = (point.operations / 1e6, point.accuracy)
    if point.clips:
        axis.errorbar(*place, yerr=_standard_error(point), color=colour, linewidth=0.9, alpha=0.6)
    face = "none" if hollow else colour
    axis.scatter(*place, s=52, marker=marker, facecolors=face, edgecolors=colour, linewidths=1.4, zorder=3)
    away = (_FAR_PAPER if hollow else _FAR_OURS).get(point.name)
    axis.annotate(
        point.name if hollow else _label(point),
        place,
        xytext=away or (7, 6 if hollow else -12),
        textcoords="offset points",
        fontsize=8,
        color=colour,
        arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkB": 4} if away else None,
    )


def _label(point: Point) -> str:
    return f"{point.name}, {point.spikes / 1000:.1f} k spikes"


def _draw_references(axis, references: list[Point]) -> None:
    shown = [point for point in references if point.accuracy > _LOWEST]
    for point in shown:
        _draw(axis, point, _MARKERS.get(point.name, "o"), _OURS)
    for name, values in PAPER_POINTS.items():
        _draw(axis, Point(name, *values), _MARKERS.get(name, "o"), _PAPER, hollow=True)
    for point in references:
        if point not in shown:
            axis.annotate(
                f"{_label(point)}:\n{point.accuracy:.1f} % at {point.operations / 1e6:.2f} M (ours, int8)",
                (point.operations / 1e6, _LOWEST),
                xytext=(0, 24),
                textcoords="offset points",
                arrowprops={"arrowstyle": "->", "color": _OURS},
                fontsize=8,
                color=_INK,
                ha="left",
            )
    axis.set_xlim(2, 220)
    axis.set_ylim(_LOWEST, 88)
    axis.set_title("Spiking Speech Commands, 35 words, 4 ms", loc="left", fontweight="bold", fontsize=10)


def _draw_shipped(axis, shipped: list[Point]) -> None:
    for point, marker in zip(shipped, "osD^vP*X" * len(shipped), strict=False):
        _draw(axis, point, marker, _OURS)
    # Room for the names, to the right of their points.
    axis.set_xlim(0.85 * min(p.operations for p in shipped) / 1e6, 2.2 * max(p.operations for p in shipped) / 1e6)
    axis.set_title("Speech Commands, 12 classes, 10 ms", loc="left", fontweight="bold", fontsize=10)


def draw(references: list[Point], shipped: list[Point], output: Path) -> None:
    """Bars are one standard error of an accuracy over so many clips."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.9), layout="constrained", width_ratios=[1.4, 1])
    for axis in axes:
        axis.set_xscale("log")
    _draw_references(axes[0], references)
    _draw_shipped(axes[1], shipped)
    for axis in axes:
        axis.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        axis.set_xlabel("synaptic operations per clip (millions)")
        axis.set_ylabel("accuracy (%)")
        axis.grid(color="#e4e4e8", linewidth=0.7)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(_MUTED)
    for colour, face, label in (
        (_OURS, _OURS, "measured here, int8"),
        (_PAPER, "none", "read off the authors' figure"),
    ):
        axes[0].scatter([], [], s=52, facecolors=face, edgecolors=colour, linewidths=1.4, label=label)
    axes[0].legend(loc="lower right", frameon=False, fontsize=8)
    with replacing(output) as temporary:
        figure.savefig(temporary, dpi=120, format=output.suffix[1:].lower())
    plt.close(figure)


def table(references: list[Point], shipped: list[Point]) -> str:
    """Markdown."""
    lines = ["| network | clips | accuracy | synaptic operations per clip | spikes per clip |", "|---|---|---|---|---|"]
    for task, points in (("ssc_", references), ("", shipped)):
        names = {label: stem for stem, label in _REFERENCES.items()} if task else {}
        lines += [
            f"| {names.get(point.name, point.name)} | {point.clips} | {point.accuracy:.1f} % |"
            f" {point.operations / 1e6:.2f} M | {point.spikes:,.0f} |"
            for point in points
        ]
    return "\n".join(lines)


def cost_table(shipped: list[Point]) -> str:
    """Markdown, of those whose cost was measured."""
    lines = [
        "| network | numbers drawn a step | flash | RAM | µs a step | instructions a step |",
        "|---|---|---|---|---|---|",
    ]
    for point in shipped:
        if cost := point.cost:
            counted = "-" if cost.instructions is None else f"{round(cost.instructions, -2):,.0f}"
            lines.append(
                f"| {point.name} | {cost.draws:,} | {cost.flash:,} | {cost.ram:,} | {cost.median_us:.1f} | {counted} |"
            )
    return "\n".join(lines)
