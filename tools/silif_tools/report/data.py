"""Precomputed input of event data: frames and labels from .npy or .npz files."""

from pathlib import Path

import numpy as np

from ..arrays import load_arrays
from ..errors import ConversionError
from ..model_file.tables import ModelTables
from .observe import EvaluationData

_FRAMES, _LABELS, _WORDS = ("counts", "frames"), ("label", "labels"), "words"


def _load(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Arrays by name; a .npy's is called by the first of `names`."""
    return load_arrays(path, (*names, *_FRAMES, *_LABELS, _WORDS))


def _first(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _in_input_format(frames: np.ndarray, model: ModelTables, path: Path) -> np.ndarray:
    """Integers are taken as they are; floats are real values and go into the input format, as in kws-score."""
    if frames.dtype.kind == "f":
        if not np.isfinite(frames).all():
            raise ConversionError(f"{path}: some values are not finite")
        frames = np.floor(frames.astype(np.float64) * 2.0**model.input_fraction_bits + 0.5)
    elif frames.dtype.kind not in "iu":
        raise ConversionError(f"{path}: frames of type {frames.dtype}; give integers or floats")
    return np.clip(frames, -model.input_limit, model.input_limit).astype(np.int16)


def stored_words(path: Path) -> list[str] | None:
    """The classes' names, where an .npz of frames has them as `words`."""
    words = _load(path, _FRAMES).get(_WORDS)
    if words is None or words.ndim != 1 or words.dtype.kind != "U":
        return None
    return [str(word) for word in words]


def load_frames(frames_path: Path, labels_path: Path | None, model: ModelTables) -> EvaluationData:
    """frames [clip, step, input]; a .npz holds them as `counts` or `frames`, and its labels as `label` or `labels`.

    Raises ConversionError naming file and remedy.
    """
    arrays = _load(frames_path, _FRAMES)
    frames = _first(arrays, _FRAMES)
    inputs, classes = model.layers[0].inputs, len(model.words)
    if frames is None:
        raise ConversionError(f"{frames_path}: holds no array named {' or '.join(_FRAMES)}")
    if frames.ndim != 3 or frames.shape[2] != inputs or 0 in frames.shape:
        raise ConversionError(f"{frames_path}: shape {frames.shape}; the network takes [clip, step, {inputs}]")
    if labels_path:
        labels = _first(_load(labels_path, _LABELS), _LABELS)
        if labels is None:
            raise ConversionError(f"{labels_path}: holds no array named {' or '.join(_LABELS)}")
    else:
        labels = _first(arrays, _LABELS)
    if labels is not None:
        where = labels_path or frames_path
        if labels.shape != frames.shape[:1] or labels.dtype.kind not in "iu":
            raise ConversionError(f"{where}: labels {labels.dtype} {labels.shape}; want {len(frames)} integers")
        if labels.min() < 0 or labels.max() >= classes:
            raise ConversionError(f"{where}: labels {labels.min()}...{labels.max()}; the network has {classes} words")
        labels = labels.astype(np.int64)
    return EvaluationData(_in_input_format(frames, model, frames_path), labels, frames_path.name)
