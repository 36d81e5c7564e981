"""Accuracy of a training run over processor hours and epochs, from the NAME-curve.json that the trainer writes."""

import importlib.util
import json
from pathlib import Path

from ..atomic import replacing


def can_draw() -> bool:
    """Is matplotlib there?"""
    return importlib.util.find_spec("matplotlib") is not None


def draw(curve: Path) -> Path:
    """NAME-curve.png beside it; returns its path."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = json.loads(curve.read_text(encoding="utf-8"))
    points = found["points"]
    figure, axis = plt.subplots(figsize=(7.4, 4.4), layout="constrained")
    hours, right = ([point[key] for point in points] for key in ("processor_hours", "validation_percent"))
    axis.plot(hours, right, marker=".", label=f"validation, {found['validation']:,} sequences")
    for point in points:
        if point is points[-1] or point["round"] != points[points.index(point) + 1]["round"]:
            text = f"{point['validation_percent']:.2f} %, epoch {point['epoch']:.1f}"
            axis.annotate(text, (point["processor_hours"], point["validation_percent"]), (0, -14),
                          textcoords="offset points", ha="right", fontsize=8)  # fmt: skip
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
