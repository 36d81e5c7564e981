"""A picture of a network hearing a recording: log-mel, spikes of every layer, what the detector sees, words."""

from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..errors import ConversionError
from ..integer.detector import detect, score_sums, window_sums
from ..integer.frontend import log_mel
from ..integer.network import run_model
from ..kinds import read_model
from ..model_file.front_end import FrontEnd, parse_front_end
from ..model_file.tables import Detector
from ..sound import load_pcm

_INK, _ACCENT, _MUTED = "#1b1b1e", "#c8102e", "#b8b8bd"
# A word that is not reported is drawn where the mean over its window reaches this.
_NOTED = 0.1


def _draw_words(axis, times: np.ndarray, probabilities: np.ndarray, means: np.ndarray, detector: Detector, words: list):
    """[step, class] of the stretch that is drawn: the detector's means bold, the readout's probabilities faint, and the
    thresholds."""
    shown = [k for k in np.flatnonzero(detector.is_keyword) if means[:, k].max(initial=0) >= _NOTED]
    common = len(set(np.asarray(detector.threshold)[shown])) == 1
    for k in shown:
        line = axis.plot(times, means[:, k], label=words[k], lw=1.6)[0]
        axis.plot(times, probabilities[:, k], color=line.get_color(), lw=0.7, alpha=0.45)
        if not common:
            axis.axhline(detector.threshold[k], color=line.get_color(), lw=0.9, ls="--")
    if common:
        axis.axhline(detector.threshold[shown[0]], color=_INK, lw=0.9, ls="--", label="threshold")
    axis.set_ylim(0, 1.02)
    axis.set_ylabel(f"mean of {detector.window_frames} steps\n(faint: each step)")
    if shown:
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), frameon=False, fontsize=9, ncols=8)


def _stretch(sound: Path, settings: FrontEnd, steps: int, start_s: float, end_s: float | None) -> tuple[int, int]:
    """The first step that is drawn, and the one after the last. Raises ConversionError where there is none."""
    length_s = steps * settings.hop_s
    first = int(start_s / settings.hop_s)
    last = steps if end_s is None else min(int(end_s / settings.hop_s), steps)
    if first >= steps or (end_s is not None and end_s > length_s + settings.frame_length_s):
        raise ConversionError(f"{sound}: --start and --end must lie within its {length_s:.2f} s")
    if last <= first:
        raise ConversionError(f"{sound}: from --start to --end there is no step of {settings.hop_s:g} s; draw more")
    return first, last


def draw(model_path: Path, sound_path: Path, output: Path, start_s: float, end_s: float | None) -> list[str]:
    """Runs the integer network over the whole recording and draws start_s...end_s. Returns the events' lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    model = read_model(model_path)
    if model.front_end is None:
        raise ConversionError(f"{model_path}: takes no sound; give a model with a front end")
    settings = parse_front_end(model.front_end)
    pcm = load_pcm(sound_path, settings.sample_rate_hz)
    if len(pcm) < settings.frame_length_samples:
        raise ConversionError(f"{sound_path}: is shorter than a step of the network; give a longer sound")
    frames = log_mel(pcm, settings)
    first, last = _stretch(sound_path, settings, len(frames), start_s, end_s)
    trace = run_model(model, frames[None])
    probabilities = trace.probabilities_q15[0] / 32768
    hop_s, delay_s = settings.hop_s, settings.frame_length_s
    events = [
        (event.frame * hop_s + delay_s, model.words[event.word], event.score_q15 / 32768)
        for event in detect(trace.probabilities_q15[0], model.detector)
    ]
    span = (first * hop_s + delay_s, last * hop_s + delay_s)

    hidden = len(trace.spikes)
    figure, axes = plt.subplots(
        hidden + 2,
        1,
        figsize=(10, 2 + 2.1 * hidden + 2.2),
        sharex=True,
        gridspec_kw={"height_ratios": [1] + [1.6] * hidden + [1.4]},
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
    window = model.detector.window_frames
    sums = score_sums(window_sums(trace.probabilities_q15[0], window), model.detector)
    means = sums[first:last] / (window * 32768)
    times = np.linspace(*span, last - first)
    _draw_words(axes[-1], times, probabilities[first:last], means, model.detector, model.words)
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
        figure.savefig(temporary, dpi=110, format=output.suffix[1:].lower())
    plt.close(figure)
    return [f"{time:.2f} s  {word}  {score:.2f}" for time, word, score in events]
