"""Which recordings are for training, which for validation and for the test: by speaker, so that nobody is in two."""

import hashlib
import os
from pathlib import Path

from silif_tools.errors import ConversionError

SPLITS = ("train", "validation", "test")


def speaker(name: str) -> str:
    """Who speaks in a recording, by its file name: the part before the first '_', as in Speech Commands."""
    return Path(name).stem.split("_")[0]


def _number(unit: str) -> int:
    return int(hashlib.sha1(os.fsencode(unit)).hexdigest(), 16)  # names of files are bytes


def _share(unit: str) -> str:
    return {0: "validation", 1: "test"}.get(_number(unit) % 10, "train")


def by_unit(names: list[str], unit_of, splits: tuple[str, ...] = SPLITS) -> dict[str, list[str]]:
    """Recordings by split; those of one unit (a speaker, a recording) stay together. Raises KeyError with the number
    of units where there are fewer than splits.

    About a tenth of the units goes to validation and to the test each, by a digest of their names, so that a new
    recording moves no other one. Where so few units leave a split empty, it gets one of the largest split's.
    """
    units = sorted({unit_of(name) for name in names}, key=_number)
    if len(units) < len(splits):
        raise KeyError(len(units))
    found = {unit: _share(unit) if _share(unit) in splits else "train" for unit in units}
    for split in splits:
        if split not in found.values():
            members = {each: [unit for unit in units if found[unit] == each] for each in splits}
            found[max(members.values(), key=len)[0]] = split
    return {split: [name for name in names if found[unit_of(name)] == split] for split in splits}


def by_speaker(names: list[str], where: Path) -> dict[str, list[str]]:
    """Recordings by split. Raises ConversionError where fewer than three speakers can be told apart."""
    try:
        return by_unit(names, speaker)
    except KeyError as error:
        raise ConversionError(
            f"{where}: recordings of {error.args[0]} speakers; training, validation and test need one each. The speaker"
            " is the part of a file's name before the first '_', as in anna_01.wav: name the files so, or record more"
            " people"
        ) from None
