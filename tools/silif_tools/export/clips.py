"""Clips as the commands see them: decoded, padded to the clip length, through the integer front end."""

from pathlib import Path

import numpy as np

from ..arrays import load_arrays
from ..errors import ConversionError
from ..integer.frontend import FrontEndSettings, log_mel
from ..sound import load_pcm, read_list


def clip_frames(pcm: np.ndarray, frames: int, settings: FrontEndSettings) -> np.ndarray:
    """[frames, band] int16: zero samples at the end of a short clip, the first `frames` frames of a long one."""
    length = settings.frame_length_samples + (frames - 1) * settings.hop_samples
    if len(pcm) < length:
        pcm = np.concatenate([pcm, np.zeros(length - len(pcm), np.int16)])
    return log_mel(pcm, settings)[:frames]


def word_index(name: str, words: list[str]) -> int:
    """The class of a file by its folder: the word itself, else unknown."""
    folder = Path(name).parent.name
    if folder in words:
        return words.index(folder)
    if "_unknown_" in words:
        return words.index("_unknown_")
    raise ConversionError(f"{name}: {folder} is not a word of the model, and the model has no _unknown_")


def evenly_spread(count: int, most: int | None) -> list[int]:
    """Indices of at most so many of `count`; None: all."""
    chosen = count if most is None else min(count, most)
    return [index * count // chosen for index in range(chosen)]


def load_list(list_file: Path, root: Path, words: list[str], frames: int, settings: FrontEndSettings, limit=None):
    """(frames [clip, step, band] int16, labels [clip]) of a list; with `limit`, that many, evenly spread.

    Raises ConversionError for a list without clips, and for a clip whose word the model does not have.
    """
    names = read_list(list_file)
    if not names:
        raise ConversionError(f"{list_file}: names no clip; write one path a line, relative to the list's folder")
    names = [names[index] for index in evenly_spread(len(names), limit)]
    data = [clip_frames(load_pcm(Path(root) / name, settings.sample_rate_hz), frames, settings) for name in names]
    return np.stack(data), np.array([word_index(name, words) for name in names])


def load_input(path: Path, inputs: int, limit: int | None = None) -> np.ndarray:
    """Precomputed input [clip, step, input], integers of any size; with `limit`, so many clips, evenly spread.

    `.npy`, or `.npz` that has it as `counts` or `frames`.
    """
    arrays = load_arrays(path, ("counts", "frames"))
    values = arrays.get("counts", arrays.get("frames"))
    if values is None:
        raise ConversionError(f"{path}: holds no array called counts or frames")
    if values.ndim != 3 or values.shape[2] != inputs or not values.size:
        raise ConversionError(f"{path}: the shape is {list(values.shape)}; [clip, step, {inputs}] is wanted")
    if values.dtype.kind not in "iu":
        raise ConversionError(f"{path}: values of type {values.dtype}; counts are integers")
    return values[evenly_spread(len(values), limit)]
