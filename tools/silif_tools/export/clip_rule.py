"""Choose how clips are scored: how long to listen on after a clip, and what *unknown* and *silence* count."""

from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..integer.clip_scores import best_means_q15, for_words
from ..integer.frontend import FRONT_END
from ..integer.network import IntegerNetwork
from ..model_file.clip_rule import ClipRule
from ..model_file.tables import InputKind, ModelTables
from ..sound import load_pcm, read_list
from .clips import clip_frames

TAILS = (0, 10, 20, 30)  # frames
UNKNOWN_WEIGHTS = np.round(np.arange(0.3, 1.001, 0.05), 2)
SILENCE_LEVELS = np.round(np.arange(0.05, 0.651, 0.025), 3)


def _label(name: str, model: ModelTables) -> int | None:
    """The class by the clip's folder, as kws-score has it (docs/SCORING.md, "Labels"); None where it has none."""
    folder = Path(name).parent.name
    if folder == "_background_noise_":
        return None
    if folder in model.words:
        return model.words.index(folder)
    return model.silence_index if folder == "_silence_" else model.unknown_index


def heard(model: ModelTables, list_file: Path) -> tuple[np.ndarray, np.ndarray]:
    """(probabilities_q15 [clip, step, class] with the longest tail, labels [clip]) of a list, by the integer reference.

    Raises ConversionError for a model or a clip that a rule cannot be chosen for.
    """
    if model.input_kind != InputKind.LOG_MEL or not model.clip_frames:
        raise ConversionError("clips have a rule where a model hears sound and knows how long a clip is: not this one")
    if model.front_end != FRONT_END.to_section():
        raise ConversionError("a rule for clips is chosen with the front end of silif-train; this model has another")
    length = FRONT_END.frame_length_samples + (model.clip_frames - 1) * FRONT_END.hop_samples + FRONT_END.hop_samples
    frames, labels = [], []
    for name in read_list(list_file):
        label = _label(name, model)
        if label is None:
            continue
        pcm = load_pcm(list_file.parent / name, FRONT_END.sample_rate_hz)
        if len(pcm) >= length:
            seconds = (length - 1) / FRONT_END.sample_rate_hz
            raise ConversionError(
                f"{list_file.parent / name}: longer than a clip, {seconds:g} s: cut it, or leave it out"
            )
        frames.append(clip_frames(pcm, model.clip_frames + max(TAILS), FRONT_END))
        labels.append(label)
    if not frames:
        raise ConversionError(f"{list_file}: names no clip whose word the model knows")
    network = IntegerNetwork(model, len(frames))
    steps = [network.step(frame)[3] for frame in np.stack(frames, axis=1)]
    return np.stack(steps, axis=1), np.array(labels)


def _smooth(accuracy: np.ndarray) -> np.ndarray:
    """Each figure of a grid and its neighbours' in the mean: the best of many is luck, a plateau is not."""
    padded = np.pad(accuracy, 1, mode="edge")
    rows, columns = accuracy.shape
    return sum(padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)) / 9


def fitted(model: ModelTables, probabilities_q15: np.ndarray, labels: np.ndarray) -> ClipRule:
    """The rule with the most clips right, with it and with those about it; of equals the shortest tail.

    probabilities_q15, labels: as `heard` gives them, of clips that no network was trained on."""
    unknown, silence = model.unknown_index, model.silence_index
    weights = UNKNOWN_WEIGHTS if unknown is not None else UNKNOWN_WEIGHTS[-1:]
    levels = SILENCE_LEVELS if silence is not None else SILENCE_LEVELS[:1]
    best: tuple[float, ClipRule] | None = None
    for tail in TAILS:
        steps = model.clip_frames + tail
        means_q15 = best_means_q15(probabilities_q15[:, :steps], model.detector.window_frames)
        rules = [
            [for_words(len(model.words), unknown, silence, tail, weight, level) for level in levels]
            for weight in weights
        ]
        right = [[(rule.scores_q15(means_q15).argmax(axis=1) == labels).mean() for rule in row] for row in rules]
        smooth = _smooth(np.array(right))
        row, column = np.unravel_index(smooth.argmax(), smooth.shape)
        if best is None or smooth[row, column] > best[0]:
            best = float(smooth[row, column]), rules[row][column]
    assert best is not None
    return best[1]
