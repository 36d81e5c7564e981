"""NumPy files that others wrote: read without running code, refused by one error."""

import zlib
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

from .errors import ConversionError

# numpy has no error of its own: its header is a literal of Python, and parsing a damaged one raises any of these.
_ERRORS = (
    ValueError, OSError, EOFError, KeyError, TypeError, SyntaxError, TokenError, BadZipFile, zlib.error,
    NotImplementedError,
)  # fmt: skip


def load_arrays(path: Path, wanted: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` that are called by one of these names; a `.npy`'s is called by the first of them.

    Raises ConversionError naming the file. Never unpickles.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {wanted[0]: loaded}
        with loaded:
            return {name: loaded[name] for name in loaded.files if name in wanted}
    except FileNotFoundError:
        raise ConversionError(f"{path}: no such file; check the path") from None
    except (*_ERRORS, MemoryError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConversionError(f"{path}: not a .npy or .npz file of plain arrays ({reason})") from None
