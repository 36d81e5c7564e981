"""Samples as the engine takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silif._errors import InputError, InputTypeError

INT16, FLOAT32 = np.dtype(np.int16), np.dtype(np.float32)
# As arrays, which NumPy need not convert in every call.
_SCALE, _HALF, _LOWEST, _HIGHEST = (np.array(value) for value in (32768.0, 0.5, -32768.0, 32767.0))


def array_of(values: ArrayLike, field: str) -> NDArray[Any]:
    """Any array-like; raises InputTypeError for what is none."""
    try:
        return np.asarray(values)
    except Exception as error:  # An object may raise whatever it likes while NumPy asks it for an array.
        raise InputTypeError(field, f"no array ({error})", "give a NumPy array") from error


def int16_samples(samples: ArrayLike, field: str = "samples") -> NDArray[np.int16]:
    """One dimension, C order. int16 stays; floats are multiplied by 32768, rounded half up and clamped."""
    array = array_of(samples, field)
    if array.ndim != 1:
        raise InputError(field, f"the shape is {array.shape}", "give one channel, a one-dimensional array")
    kind, width = array.dtype.kind, array.dtype.itemsize
    if (kind, width) == ("i", 2):
        return np.ascontiguousarray(array, INT16)
    if array.size == 0 and array.dtype == np.float64:  # An empty list.
        return np.empty(0, np.int16)
    if kind != "f" or width not in (4, 8):
        raise InputTypeError(
            field,
            f"the type is {array.dtype}",
            "give int16, or float32 or float64 from -1 to 1 (x / 32768 of an int16)",
        )
    if not np.isfinite(array).all():
        raise InputError(field, "some are not finite", "replace NaN and infinity")
    # Clamped first: what is far out of range would overflow.
    scaled = np.clip(array.astype(np.float64), -1, 1) * 32768
    return np.clip(np.floor(scaled + 0.5), -32768, 32767).astype(np.int16)


def convert_short(samples: NDArray[np.float32], scratch: NDArray[np.float64], target: NDArray[np.int16]) -> None:
    """The same for a short block, without new arrays.

    Args:
        samples: one dimension.
        scratch, target: of the same length.
    """
    np.multiply(samples, _SCALE, out=scratch)
    if not np.dot(scratch, scratch) < np.inf:
        raise InputError("samples", "some are not finite", "replace NaN and infinity")
    np.add(scratch, _HALF, out=scratch)
    np.floor(scratch, out=scratch)
    np.maximum(scratch, _LOWEST, out=scratch)
    np.minimum(scratch, _HIGHEST, out=scratch)
    target[:] = scratch
