"""Where a request leaves its model, its card and what it makes on the way; and that none of it takes away what others
made."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..arguments import check_apart, check_output
from ..atomic import write_atomically
from ..errors import ConversionError

MADE_BY = "Made by `silif-words`"  # what every card says
_STAMP = "silif-words"  # what every key begins with
_STAMPS = (_STAMP, 2)  # the number is that of versions before the stamp
_VOID = json.dumps([_STAMP])  # of no request


def work_folder(output: Path) -> Path:
    return output.with_suffix(".work")


def card_of(output: Path) -> Path:
    return output.with_suffix(".md")


def key_of(*parts) -> str:
    """What a work folder is good for: a request that asks for anything else begins anew."""
    return json.dumps([_STAMP, *parts])


def _is_ours(work: Path) -> bool:
    """Whether nothing is lost with it: what a run of silif-words made, or nothing yet."""
    if work.is_symlink() or not work.is_dir():
        return False
    settings = work / "settings.json"
    try:
        return not any(work.iterdir()) or json.loads(settings.read_text(encoding="utf-8"))[0] in _STAMPS
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _check_work(output: Path) -> None:
    work = work_folder(output)
    if (work.exists() or work.is_symlink()) and not _is_ours(work):
        raise ConversionError(
            f"{work}: is in the way of what --output {output} keeps there until it is done, and not of silif-words;"
            " move it, or give another name"
        )


def check_place(output: Path, start: Path) -> None:
    """Raises ConversionError where a model, its card or its work folder would take the place of something else.

    start: the model that learning starts from.
    """
    if output.suffix != ".silif":
        raise ConversionError(f"--output {output}: give a name that ends in .silif")
    card = card_of(output)
    check_apart(output, "--output", [start])
    check_output(output, "--output")
    check_output(card, "--output: its card")
    if card.is_file() and MADE_BY not in card.read_text(encoding="utf-8", errors="replace"):
        raise ConversionError(
            f"{card}: is in the way of the card of --output {output}, and not of silif-words; move it, or give another"
            " name"
        )
    _check_work(output)


def _empty(work: Path, settings: Path) -> None:
    """Takes away all but the settings, which say first that they are of no request: after an interruption in here, what
    is left is still ours."""
    write_atomically(settings, _VOID)
    for each in work.iterdir():
        if each != settings:
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


@contextmanager
def work_in(output: Path, key: str) -> Iterator[Path]:
    """The work folder, empty unless it is of the same request, for this process alone; gone when all went well. Raises
    ConversionError where it is somebody else's."""
    _check_work(output)
    work = work_folder(output)
    work.mkdir(exist_ok=True)
    settings, descriptor = work / "settings.json", os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConversionError(
                f"{work}: another silif-words is at work on --output {output}; wait for it, or give another name"
            ) from None
        if not (settings.exists() and settings.read_text(encoding="utf-8") == key):
            _empty(work, settings)
            write_atomically(settings, key)
        yield work
        _empty(work, settings)
        shutil.rmtree(work)
    finally:
        os.close(descriptor)
