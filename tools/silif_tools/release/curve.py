"""Hits against false alarms per hour while the threshold moves: figures and picture."""

from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..model_file.tables import Detector
from ..streams.tune import Stream, score_stream, with_threshold

THRESHOLDS = tuple(np.round(np.linspace(0.2, 0.98, 40), 3))


def curve(with_words: Stream, without: Stream, detector: Detector, words: list[str]) -> np.ndarray:
    """[threshold, 3]: threshold, hit rate on the stream with words, false alarms per hour on the one without."""
    rows = []
    for threshold in THRESHOLDS:
        moved = with_threshold(detector, threshold)
        hits = score_stream(with_words, moved, words)
        alarms = score_stream(without, moved, words)
        rows.append((threshold, hits.hit_rate, alarms.false_alarms_per_hour))
    return np.array(rows)


def draw(curves: dict[str, np.ndarray], output: Path, title: str) -> None:
    """One line per signal-to-noise ratio."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for label, rows in curves.items():
        axis.plot(np.maximum(rows[:, 2], 0.5), 100 * rows[:, 1], marker=".", label=label)
    axis.set_xscale("log")
    axis.set_xlabel("false alarms per hour of speech and noise without commands (0 drawn at 0.5)")
    axis.set_ylabel("hits, % of the commands")
    axis.set_ylim(0, 100)
    axis.grid(alpha=0.3)
    axis.legend(title="words over noise", frameon=False)
    axis.set_title(title)
    with replacing(output) as temporary:
        figure.savefig(temporary, dpi=110, format=output.suffix[1:] or "png")
    plt.close(figure)
