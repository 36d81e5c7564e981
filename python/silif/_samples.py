"""Samples as the engine takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silif import _library
from silif._errors import InputError, InputTypeError

INT16, FLOAT32, FLOAT64 = np.dtype(np.int16), np.dtype(np.float32), np.dtype(np.float64)


def array_of(values: ArrayLike, field: str) -> NDArray[Any]:
    """Any array-like; raises InputTypeError for what is none."""
    try:
        return np.asarray(values)
    except Exception as error:  # An object may raise whatever it likes while NumPy asks it for an array.
        raise InputTypeError(field, f"no array ({error})", "give a NumPy array") from error


def samples_of(samples: ArrayLike, field: str = "samples") -> NDArray[Any]:
    """Any array-like of samples as [count], int16, float32 or float64, in C order and this machine's byte order.

    Args:
        samples: an array-like, or bytes: samples of 16 bits, little-endian.

    Raises:
        InputError: another shape or type. What the values are is looked at by `int16_samples`.
    """
    if isinstance(samples, bytes | bytearray):
        if len(samples) % 2:
            raise InputError(field, f"{len(samples)} bytes end within a sample", "give two bytes for each sample")
        samples = np.frombuffer(samples, "<i2")
    array = array_of(samples, field)
    if array.ndim == 0 and not isinstance(samples, np.ndarray):
        raise InputTypeError(field, f"a {type(samples).__name__} is no array of samples", "give a NumPy array")
    if array.ndim != 1:
        raise InputError(field, f"the shape is {array.shape}", "give one channel, a one-dimensional array")
    for kind in (INT16, FLOAT32, FLOAT64):
        if (array.dtype.kind, array.dtype.itemsize) == (kind.kind, kind.itemsize):
            return np.ascontiguousarray(array, kind)
    raise InputTypeError(
        field,
        f"the type is {array.dtype}",
        "give int16, or float32 or float64 from -1 to 1 (x / 32768 of an int16)",
    )


def int16_samples(samples: NDArray[Any], field: str = "samples") -> NDArray[np.int16]:
    """What `samples_of` gave, as int16: floats are multiplied by 32768, rounded half up and clamped. Other threads run
    meanwhile.

    Raises:
        InputError: some are not finite.
    """
    if samples.itemsize == 2:
        return samples
    target = np.empty(samples.shape, np.int16)
    library = _library.released
    convert = library.silif_int16_from_float if samples.itemsize == 4 else library.silif_int16_from_double
    if convert(samples.ctypes.data, samples.size, target.ctypes.data):
        raise not_finite(field)
    return target


def not_finite(field: str) -> InputError:
    """What the conversion refuses."""
    return InputError(field, "some are not finite", "replace NaN and infinity")
