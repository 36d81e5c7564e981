"""A test stream and its truth from lists of recordings, a seed and a signal-to-noise ratio; and their files."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from ..atomic import write_atomically
from ..errors import ConversionError
from ..sound import load_pcm, read_list
from .compose import RATE_HZ, TruthRow, compose

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")


def _recordings(list_file: Path | None) -> list[np.ndarray]:
    if list_file is None:
        return []
    return [load_pcm(list_file.parent / name, RATE_HZ) for name in read_list(list_file)]


def truth_csv(rows: list[TruthRow]) -> bytes:
    lines = ["start_s,end_s,word"] + [f"{row.start_s:.4f},{row.end_s:.4f},{row.word}" for row in rows]
    return ("\n".join(lines) + "\n").encode()


def concatenate(list_files: list[Path]) -> np.ndarray:
    """The recordings of the lists, one after another, unchanged: a stream in which every event is a false alarm."""
    parts = [part for list_file in list_files for part in _recordings(list_file)]
    if not parts:
        raise ConversionError(f"{', '.join(map(str, list_files))}: names no recordings; give a list with a path a line")
    return np.concatenate(parts)


def write_sound(path: Path, samples: np.ndarray) -> None:
    """FLAC or WAV by the name's ending."""
    buffer = io.BytesIO()  # of a full disk libsndfile says "System error"
    soundfile.write(buffer, samples, RATE_HZ, subtype="PCM_16", format=path.suffix[1:].upper())
    write_atomically(path, buffer.getvalue())


def composed(
    words_list: Path,
    noise_list: Path | None,
    speech_list: Path | None,
    *,
    snr_db: float,
    seed: int,
    kept: Sequence[str] = COMMANDS,
) -> tuple[np.ndarray, list[TruthRow]]:
    """The words of a list that are `kept`, at random times, over noise, with other speech in the gaps: samples and
    truth. Raises ConversionError where the list has none of them."""
    of_folder = {word.replace(" ", "_"): word for word in kept} | {word: word for word in kept}
    names = [name for name in read_list(words_list) if Path(name).parent.name in of_folder]
    if not names:
        have = ", ".join(sorted({Path(name).parent.name for name in read_list(words_list)})[:8])
        raise ConversionError(f"{words_list}: no clip of {', '.join(kept)}; its folders are {have}: see --keep")
    words = [(of_folder[Path(name).parent.name], load_pcm(words_list.parent / name, RATE_HZ)) for name in names]
    return compose(words, _recordings(noise_list), _recordings(speech_list), snr_db=snr_db, seed=seed)


def write_stream(output: Path, samples: np.ndarray, truth: list[TruthRow]) -> None:
    """The sound, and beside it the truth with the ending .csv."""
    write_sound(output, samples)
    write_atomically(output.with_suffix(".csv"), truth_csv(truth))
