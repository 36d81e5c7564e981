"""The recordings that silif-enroll takes: of the new word, and of other speech."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..sound import ENDINGS, load_pcm, read_list
from ..train.voices import trimmed
from .take import is_heard, judged
from .voices import RATE_HZ

_MOST_S = 3.0
_SILENT = 100  # of 32767, the loudest sample


def files(paths: list[Path]) -> list[Path]:
    """Sound files, those in folders, and those that lists (.txt) name. Raises ConversionError where a folder has
    none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS)
            if not below:
                raise ConversionError(f"{path}: no sound files in it")
            found += below
        elif path.suffix == ".txt":
            found += [path.parent / name for name in read_list(path)]
        else:
            found.append(path)
    return found


def _sound(path: Path) -> np.ndarray:
    if not path.exists():
        raise ConversionError(f"{path}: no such recording; check the path")
    try:
        return load_pcm(path, RATE_HZ, mix=True)
    except ConversionError as error:
        raise ConversionError(f"{error}, or leave it out") from None


def _different(paths: list[Path], notes: list[str]) -> Iterator[tuple[Path, np.ndarray]]:
    """Every sound once; notes say what was given again. Silence is as it is."""
    first: dict[object, Path] = {}
    for path in files(paths):
        if (same := first.setdefault(path.resolve(), path)) is not path:
            notes.append(f"{path}: given twice, counted once")
            continue
        pcm = _sound(path)
        if not is_silent(pcm) and (same := first.setdefault(hashlib.sha256(pcm.tobytes()).digest(), path)) is not path:
            notes.append(f"{path}: the same sound as {same}, counted once")
            continue
        yield path, pcm


def is_silent(pcm: np.ndarray) -> bool:
    return int(np.abs(pcm.astype(np.int32)).max(initial=0)) <= _SILENT


def of_word(paths: list[Path]) -> tuple[list[np.ndarray], list[str]]:
    """int16 samples of each recording, and what the reader should know of them. Raises ConversionError where one is no
    recording, was cut, holds nothing, or more than a word takes."""
    sounds, notes = [], []
    for path, pcm in _different(paths, notes):
        if is_silent(pcm):
            raise ConversionError(f"{path}: holds nothing but silence; record it anew, or leave it out")
        # Quiet before and after the word counts for nothing.
        if (seconds := len(trimmed(pcm)) / RATE_HZ) > _MOST_S:
            raise ConversionError(
                f"{path}: {seconds:.1f} s of sound; a recording holds the word once, in at most {_MOST_S:g} s"
            )
        sounds.append(pcm)
        notes += [
            f"{path}: {wrong}" for wrong in (judged(pcm).wrong if is_heard(pcm) else ["hardly anything is heard"])
        ]
    return sounds, notes


def of_speech(paths: list[Path]) -> tuple[list[np.ndarray], list[str]]:
    """The same of other speech, of any length; what is silent is left out."""
    sounds, notes = [], []
    for path, pcm in _different(paths, notes):
        if is_silent(pcm):
            notes.append(f"{path}: holds nothing but silence, left out")
        else:
            sounds.append(pcm)
    return sounds, notes
