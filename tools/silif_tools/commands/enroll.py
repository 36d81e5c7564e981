"""silif-enroll: a word of your own from a few recordings, without training.

The new model is the old one with one more row in its readout (silif_tools/export/new_word.py). Statistics of other
speech lie beside kws12-stream; for another network, --others measures them."""

import sys
from pathlib import Path

import numpy as np
import soundfile

from .. import __version__
from ..atomic import write_atomically
from ..errors import CommandParser, ConversionError, complain
from ..export.new_word import RATE_HZ, SpeechStatistics, add_word, measure_speech
from ..kinds import read_model
from ..model_file.read import ModelFileError
from ..model_file.write import model_bytes
from ..sound import ENDINGS, load_pcm, read_list

# A second of speech: what is longer is cut into as many.
_PIECE = RATE_HZ


def _files(paths: list[Path]) -> list[Path]:
    """Sound files, those in folders, and those that lists (.txt) name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS)
        elif path.suffix == ".txt":
            found += [path.parent / name for name in read_list(path)]
        else:
            found.append(path)
    return found


def _recordings(paths: list[Path], most_s: float | None = None) -> list[np.ndarray]:
    """Raises ConversionError where a recording holds nothing, or more than a word takes."""
    out = []
    for path in _files(paths):
        pcm = load_pcm(path, RATE_HZ, mix=True)
        if most_s and len(pcm) > most_s * RATE_HZ:
            raise ConversionError(
                f"{path}: {len(pcm) / RATE_HZ:.1f} s; a recording holds the word once, in at most {most_s:g} s"
            )
        if not np.abs(pcm).max(initial=0) > 100:
            raise ConversionError(f"{path}: holds nothing but silence")
        out.append(pcm)
    return out


def _pieces(recordings: list[np.ndarray]) -> list[np.ndarray]:
    return [pcm[at : at + _PIECE] for pcm in recordings for at in range(0, max(len(pcm) - _PIECE // 2, 1), _PIECE)]


def _statistics(arguments, model) -> SpeechStatistics:
    if arguments.others:
        pieces = _pieces(_recordings(arguments.others))
        if len(pieces) < 50:
            raise ConversionError(f"--others: {len(pieces)} s of speech are too few; give 50 or more, of many words")
        speech = measure_speech(model, pieces)
        if arguments.keep:
            speech.save(arguments.keep)
        return speech
    path = arguments.statistics or arguments.model.with_suffix(".speech.npz")
    if not path.exists():
        raise ConversionError(f"{path}: no statistics of speech for this model; give --others a folder of speech")
    return SpeechStatistics.load(path)


def main(argv=None) -> int:
    parser = CommandParser(prog="silif-enroll", description=__doc__)
    parser.add_argument("model", type=Path, help="such as models/kws12-stream.silif")
    parser.add_argument("word", nargs="?", help="what the new word is called")
    parser.add_argument(
        "recordings", type=Path, nargs="*", help="sound files, or folders of them: the word once in each, 16 kHz"
    )
    parser.add_argument("--output", type=Path, help="the new model")
    parser.add_argument("--threshold", type=float, default=0.5, help="of the new word in the detector (default: 0.5)")
    parser.add_argument("--statistics", type=Path, metavar="NPZ", help="of other speech (default: beside the model)")
    parser.add_argument(
        "--others", type=Path, nargs="+", metavar="PATH", help="measure them on these files, folders, lists"
    )
    parser.add_argument("--keep", type=Path, metavar="NPZ", help="where to keep what --others measured")
    parser.add_argument("--version", action="version", version=f"silif-enroll {__version__}")
    arguments = parser.parse_args(argv)
    if arguments.word and not (arguments.recordings and arguments.output):
        parser.error("a word needs recordings of it, and --output for the new model")
    if not arguments.word and not (arguments.others and arguments.keep):
        parser.error("give a word and recordings of it; or --others and --keep to measure speech alone")
    if not 0 < arguments.threshold < 1:
        parser.error("--threshold is a probability, 0 to 1")
    try:
        model = read_model(arguments.model)
        speech = _statistics(arguments, model)
        if arguments.word is None:
            return 0
        recordings = _recordings(arguments.recordings, most_s=3)
        new, heard = add_word(model, arguments.word, recordings, speech, arguments.threshold)
        write_atomically(arguments.output, model_bytes(new))
    except (ModelFileError, ConversionError, OSError, ValueError, soundfile.SoundFileError) as error:
        return complain("silif-enroll", error)
    keywords = [word for word, is_keyword in zip(new.words, new.detector.is_keyword, strict=True) if is_keyword]
    print(f"{arguments.output}: hears {' '.join(keywords)}")
    print(f"{heard} of {len(recordings)} recordings are heard when the word is made without them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
