"""Precomputed input of event data: frames and labels from .npy or .npz files."""

from pathlib import Path

import numpy as np

from ..arrays import load_arrays
from ..errors import ConversionError
from ..export.remark import Remark
from ..model_file.tables import ModelTables
from .observe import EvaluationData

_FRAMES, _LABELS, _WORDS = ("counts", "frames"), ("label", "labels"), "words"


def _load(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Arrays by name; a .npy's is called by the first of `names`."""
    return load_arrays(path, (*names, *_FRAMES, *_LABELS, _WORDS))


def _first(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _in_input_format(frames: np.ndarray, model: ModelTables, path: Path) -> tuple[np.ndarray, list[Remark]]:
    """Integers are taken as they are; floats are real values and go into the input format, as in kws-score.

    Returns the integers, and what they do not hold of the values.

    Twins: Sources/CommandSupport/Numpy/FrameLoss.swift
    """
    remarks, limit = [], model.input_limit
    if frames.dtype.kind == "f":
        if not np.isfinite(frames).all():
            raise ConversionError(f"{path}: some values are not finite")
        exact = frames.astype(np.float64) * 2.0**model.input_fraction_bits
        frames = np.floor(exact + 0.5)
        moved = np.abs(frames - exact)
        if moved.any() and model.input_fraction_bits == 0:
            share, most = 100 * np.count_nonzero(moved) / moved.size, moved.max()
            text = f"{path.name}: {share:.1f} % of the values are fractions, rounded to counts by up to {most:.2g}"
            remarks.append(Remark.changed(text))
    elif frames.dtype.kind not in "iu":
        raise ConversionError(f"{path}: frames of type {frames.dtype}; give integers or floats")
    # Of integers the lowest has no positive twin, which abs would need.
    over = (frames > limit) | (frames < -limit)
    if over.any():
        share, largest = 100 * np.count_nonzero(over) / over.size, max(int(frames.max()), -int(frames.min()))
        unit = 2.0**-model.input_fraction_bits
        text = (
            f"{path.name}: {share:.1f} % of the values are beyond ±{limit * unit:g}, the largest input of this model,"
            f" and are cut to it (up to {largest * unit:g})"
        )
        remarks.append(Remark.changed(text))
    return np.clip(frames, -limit, limit).astype(np.int16), remarks


def stored_words(path: Path) -> list[str] | None:
    """The classes' names, where an .npz of frames has them as `words`."""
    words = _load(path, _FRAMES).get(_WORDS)
    if words is None or words.ndim != 1 or words.dtype.kind != "U":
        return None
    return [str(word) for word in words]


def stored_steps(path: Path) -> int | None:
    """Steps of each clip in a file of frames."""
    frames = _first(_load(path, _FRAMES), _FRAMES)
    return frames.shape[1] if frames is not None and frames.ndim == 3 else None


def evaluation_data(frames, labels, model: ModelTables, path: Path, source: str) -> EvaluationData:
    """frames [clip, step, input] of any size, from `path`, as this model takes them."""
    integers, remarks = _in_input_format(frames, model, path)
    unit = 1.0 if frames.dtype.kind == "f" else 2.0**-model.input_fraction_bits
    real = frames.astype(np.float64) * unit if remarks else None
    return EvaluationData(integers, labels, source, real=real, remarks=remarks)


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
    return evaluation_data(frames, labels, model, frames_path, frames_path.name)
