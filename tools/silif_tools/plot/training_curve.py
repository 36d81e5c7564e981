"""Accuracy of a training run over processor hours and epochs, from the NAME-curve.json that the trainer writes."""

import importlib.util
import json
from pathlib import Path

import numpy as np

from ..atomic import replacing


def can_draw() -> bool:
    """Is matplotlib there?"""
    return importlib.util.find_spec("matplotlib") is not None


def _over_rounds(points: list[dict]) -> list[float]:
    """Epochs that count on from round to round."""
    found, before = [], 0.0
    for at, point in enumerate(points):
        if at and point["round"] != points[at - 1]["round"]:
            before = found[-1]
        found.append(before + point["epoch"])
    return found


def draw(curve: Path) -> Path:
    """NAME-curve.png beside it; returns its path."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = json.loads(curve.read_text(encoding="utf-8"))
    points = found["points"]
    figure, axis = plt.subplots(figsize=(7.4, 4.4), layout="constrained")
    hours, right = ([point[key] for point in points] for key in ("processor_hours", "validation_percent"))
    epochs = _over_rounds(points)
    axis.plot(hours, right, marker=".", label=f"validation, {found['validation']:,} sequences")
    for at, point in enumerate(points):
        if at == len(points) - 1 or point["round"] != points[at + 1]["round"]:
            axis.annotate(f"{right[at]:.2f} %", (hours[at], right[at]), (0, 6), textcoords="offset points",
                          ha="right", fontsize=9)  # fmt: skip
    axis.margins(y=0.1)
    top = axis.secondary_xaxis(
        "top",
        functions=(
            lambda x: np.interp(x, [0, *hours], [0, *epochs]),
            lambda x: np.interp(x, [0, *epochs], [0, *hours]),
        ),
    )
    top.set_xlabel("epochs")
    axis.set_xlim(0, 1.02 * hours[-1])
    axis.set_xlabel("hours of a processor core")
    axis.set_ylabel("right (%)")
    axis.set_title(f"{found['name']}: {found['kind']}, {found['parameters']:,} parameters", fontsize=10)
    axis.grid(color="#e4e4e8", linewidth=0.7)
    axis.set_axisbelow(True)
    axis.legend(loc="lower right", fontsize=8)
    picture = curve.with_suffix(".png")
    with replacing(picture) as temporary, temporary.open("wb") as file:
        figure.savefig(file, format="png", dpi=110)
    plt.close(figure)
    return picture
