"""The streams that detectors are tuned and judged on, made from the lists when they are not there yet."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..atomic import write_atomically
from ..sound import read_list
from ..streams.files import composed, concatenate, write_stream

SNRS_DB = (30, 20, 10, 5)
_SEED = 1


@dataclass
class StreamSet:
    """with_words: recording per signal-to-noise ratio; without: speech and noise that hold no command as a prompt."""

    with_words: dict[int, Path]
    without: Path


def _made(output: Path, make: Callable) -> Path:
    """make(): samples and truth, called unless they are there."""
    if not (output.exists() and output.with_suffix(".csv").exists()):
        write_stream(output, *make())
    return output


def _filtered(list_file: Path, kept: Callable[[str], bool], output: Path) -> Path:
    """The part of a list that was kept from training, as absolute paths."""
    names = [name for name in read_list(list_file) if kept(name)]
    if not names:
        raise ValueError(f"{list_file}: nothing in it was held out from training")
    write_atomically(output, "".join(f"{(list_file.parent / name).resolve()}\n" for name in names))
    return output


def stream_set(
    data: Path,
    words: str,
    sounds: str,
    folder: Path,
    kept: Callable[[str], bool] | None = None,
    snrs_db: tuple[int, ...] = SNRS_DB,
) -> StreamSet:
    """words: which list of gsc ("validation" or "test"); sounds: which list of noise and speech ("train" or "test").

    kept: which recordings of those lists to use, where training held some out.
    """
    noise, speech = data / "noise" / f"{sounds}_list.txt", data / "speech" / f"{sounds}_list.txt"
    if kept is not None:
        folder = folder / "held-out"
        noise, speech = (_filtered(part, kept, folder / f"{part.parent.name}_{part.name}") for part in (noise, speech))
    gsc = data / "gsc" / f"{words}_list.txt"
    with_words = {
        snr: _made(
            folder / f"{words}{snr}.flac", functools.partial(composed, gsc, noise, speech, snr_db=snr, seed=_SEED)
        )
        for snr in snrs_db
    }
    without = _made(folder / f"{words}-none.flac", lambda: (concatenate([speech, noise]), []))
    return StreamSet(with_words, without)
