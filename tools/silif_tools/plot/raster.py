"""A picture of a network hearing a recording: log-mel, spikes of every layer, probabilities, words."""

from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..integer.detector import detect
from ..integer.frontend import FRONT_END, log_mel
from ..integer.network import run_model
from ..kinds import read_model
from ..sound import load_pcm

_INK, _ACCENT, _MUTED = "#1b1b1e", "#c8102e", "#b8b8bd"


def draw(model_path: Path, sound_path: Path, output: Path, start_s: float, end_s: float | None) -> list[str]:
    """Runs the integer network over the whole recording and draws start_s...end_s. Returns the events' lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    model, settings = read_model(model_path), FRONT_END
    frames = log_mel(load_pcm(sound_path, settings.sample_rate_hz), settings)
    trace = run_model(model, frames[None])
    probabilities = trace.probabilities_q15[0] / 32768
    hop_s, delay_s = settings.hop_s, settings.frame_length_s
    events = [
        (event.frame * hop_s + delay_s, model.words[event.word], event.score_q15 / 32768)
        for event in detect(trace.probabilities_q15[0], model.detector)
    ]
    end_s = end_s or len(frames) * hop_s
    first, last = int(start_s / hop_s), min(int(end_s / hop_s), len(frames))
    span = (first * hop_s + delay_s, last * hop_s + delay_s)

    hidden = len(trace.spikes)
    figure, axes = plt.subplots(
        hidden + 2,
        1,
        figsize=(10, 2 + 2.1 * hidden + 2.2),
        sharex=True,
        gridspec_kw={"height_ratios": [1] + [1.6] * hidden + [1]},
        layout="constrained",
    )
    axes[0].imshow(
        frames[first:last].T, aspect="auto", origin="lower", cmap="magma", extent=(*span, 0, frames.shape[1])
    )
    axes[0].set_ylabel("mel band")
    for index, spikes in enumerate(trace.spikes):
        steps, neurons = np.nonzero(spikes[0, first:last])
        axes[index + 1].scatter(steps * hop_s + span[0], neurons, s=0.5, c=_INK, linewidths=0)
        axes[index + 1].set_ylim(-1, spikes.shape[2])
        rate = 100 * spikes[0, first:last].mean()
        axes[index + 1].set_ylabel(f"layer {index + 1} neuron\n({rate:.1f} % fire per step)")
    heard = {word for time, word, _ in events if span[0] <= time <= span[1]}
    for index, word in enumerate(model.words):
        if word in heard:
            axes[-1].plot(np.linspace(*span, last - first), probabilities[first:last, index], label=word, lw=1.2)
    axes[-1].set_ylim(0, 1)
    axes[-1].set_ylabel("probability")
    axes[-1].set_xlabel("time (s)")
    axes[-1].set_xlim(*span)
    for time, word, score in events:
        if not span[0] <= time <= span[1]:
            continue
        for axis in axes:
            axis.axvline(time, color=_ACCENT, lw=0.8, alpha=0.7)
        axes[0].annotate(
            f"{word} {score:.2f}",
            (time, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            color=_ACCENT,
            ha="center",
            va="bottom",
            fontweight="bold",
        )
    for axis in axes[1:]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(_MUTED)
    with replacing(output) as temporary:
        figure.savefig(temporary, dpi=110, format=output.suffix[1:] or "png")
    plt.close(figure)
    return [f"{time:.2f} s  {word}  {score:.2f}" for time, word, score in events]
