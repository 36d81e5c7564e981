"""What the arguments of several commands have in common: ranges of numbers, files to read and to write."""

import argparse
import math
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from .atomic import check_writable
from .errors import ConversionError

LARGEST_SEED = 2**63 - 1


def within(low: float, high: float = math.inf, kind: type = float) -> Callable[[str], float]:
    """The type of an argument that is a number from low to high, and no infinity."""
    span = f"{low} to {high}" if high < math.inf else f"{low} or more"

    def parse(text: str) -> float:
        value = kind(text)
        if not (low <= value <= high and value < math.inf):
            raise argparse.ArgumentTypeError(f"{text}: give {span}")
        return value

    parse.__name__ = kind.__name__  # argparse says it of what is no number
    return parse


def check_input(path: Path | None, option: str = "") -> None:
    """Raises ConversionError where nothing is there to be read. option: that named it; its path may be left out."""
    if path is not None and not path.exists():
        raise ConversionError(f"{option} {path}: no such file or folder; check the path".lstrip())


def check_output(path: Path | None, option: str) -> None:
    """Raises ConversionError where the file that an option names cannot be written: before the work, not after it. A
    folder that is missing is mistyped more often than it is meant."""
    if path is None:
        return
    if path.is_dir():
        raise ConversionError(f"{option} {path}: that is a folder; name a file in it")
    if not path.parent.is_dir():
        if path.parent.exists():
            raise ConversionError(f"{option} {path}: {path.parent} is a file, and no folder; correct the name")
        raise ConversionError(f"{option} {path}: there is no folder {path.parent}; make it, or correct the name")
    try:
        check_writable(path)
    except OSError as error:
        why = error.strerror or "it is read-only"
        raise ConversionError(f"{option} {path}: no file can be written there ({why}); name another one") from None


def check_apart(path: Path | None, option: str, inputs: Iterable[Path], what: str = "the model") -> None:
    """Raises ConversionError where an option names a file to write that is read, too. what: is written there."""
    for each in inputs if path is not None else ():
        if path.resolve() == each.resolve():
            raise ConversionError(f"{option} {path}: that is {each}; give {what} a name of its own")


def make_folder(path: Path, option: str) -> None:
    """The folder that an option names, made where it is missing. Raises ConversionError where nothing can be written
    in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        check_writable(path / f".silif-{uuid.uuid4().hex}")
    except FileExistsError:
        raise ConversionError(f"{option} {path}: that is a file; name a folder") from None
    except OSError as error:
        raise ConversionError(
            f"{option} {path}: no folder that can be written to ({error.strerror}); name another one"
        ) from None
