"""silif-make-stream: a test stream and its truth from lists of recordings, a seed and a signal-to-noise ratio."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import soundfile

from .. import __version__
from ..errors import ConversionError
from ..export.clips import load_pcm, read_list
from ..model_file.write import write_atomically
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
    return np.concatenate([part for list_file in list_files for part in _recordings(list_file)])


def write_sound(path: Path, samples: np.ndarray) -> None:
    """FLAC or WAV by the name's ending, written beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        soundfile.write(temporary, samples, RATE_HZ, subtype="PCM_16")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        prog="silif-make-stream",
        description="Make a stream of words at known times in noise and other speech, and its truth (CSV beside it).",
        epilog="example: silif-make-stream --words ../shared/data/gsc/test_list.txt"
        " --noise ../shared/data/noise/test_list.txt --speech ../shared/data/speech/test_list.txt"
        " --snr 10 --seed 1 --output /tmp/stream10.flac",
    )
    parser.add_argument(
        "--words", type=Path, metavar="LIST", help="list of clips; the folder is the word, commands are kept"
    )
    parser.add_argument("--noise", type=Path, metavar="LIST", help="list of noise recordings")
    parser.add_argument("--speech", type=Path, metavar="LIST", help="list of other speech, for the gaps")
    parser.add_argument(
        "--concatenate", type=Path, metavar="LIST", nargs="+", help="instead: these lists, one after another, no words"
    )
    parser.add_argument("--snr", type=float, default=10.0, metavar="DB", help="word over noise (default 10)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--output", type=Path, required=True, help=".flac or .wav; the truth goes to the same name with .csv"
    )
    parser.add_argument("--version", action="version", version=f"silif-make-stream {__version__}")
    arguments = parser.parse_args(argv)
    if bool(arguments.words) == bool(arguments.concatenate):
        parser.error("give either --words or --concatenate")
    try:
        if arguments.concatenate:
            samples, truth = concatenate(arguments.concatenate), []
        else:
            names = [name for name in read_list(arguments.words) if Path(name).parent.name in COMMANDS]
            words = [(Path(name).parent.name, load_pcm(arguments.words.parent / name, RATE_HZ)) for name in names]
            samples, truth = compose(
                words,
                _recordings(arguments.noise),
                _recordings(arguments.speech),
                snr_db=arguments.snr,
                seed=arguments.seed,
            )
        write_sound(arguments.output, samples)
        write_atomically(arguments.output.with_suffix(".csv"), truth_csv(truth))
    except (ConversionError, OSError, ValueError, soundfile.SoundFileError) as error:
        print(f"silif-make-stream: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.output}: {len(samples) / RATE_HZ / 3600:.3f} h, {len(truth)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
