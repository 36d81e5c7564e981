"""silif-enroll: a word of your own from a few recordings, without training (docs/NEW-WORDS.md)."""

import argparse
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import check_input, check_output
from ..atomic import write_atomically
from ..errors import CommandParser, ConversionError, complain
from ..export.new_word import RATE_HZ, SpeechStatistics, add_word, hidden_digest, measure_speech
from ..kinds import read_model
from ..model_file.read import ModelFileError
from ..model_file.write import model_bytes
from ..own_words.models import find as find_model
from ..sound import ENDINGS, load_pcm, read_list
from ..train.voices import trimmed

DESCRIPTION = """Add a word to a model from ten recordings of it, in seconds and without training. The new model hears
the old one's words as before, and the new one."""

EPILOG = """examples:
  silif-enroll models/kws12-stream.silif jarvis recordings/ --output jarvis.silif
  silif-enroll jarvis.silif computer more/*.wav --output two.silif             (the next word)
  silif-enroll mine.silif --others speech/ --keep mine.speech.npz              (once, for another network)
  kws-listen --model ./jarvis.silif

Recordings hold the word once, in at most 3 s, by everybody who will say it; `silif-record jarvis` makes them. The
command says how many of them are heard when the word is made without them: what to expect of others' voices.

It must know how other speech sounds to the network. For kws12-stream that lies beside the model. For another one,
--others measures it on 50 s of speech or more, of many words and speakers, and --keep keeps it for the next word."""

# A second of speech: what is longer is cut into as many.
_PIECE = RATE_HZ


def _files(paths: list[Path]) -> list[Path]:
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


def _recordings(paths: list[Path], most_s: float | None = None) -> list[np.ndarray]:
    """Raises ConversionError where a recording is none, was cut, holds nothing, or more than a word takes."""
    out = []
    for path in _files(paths):
        if not path.exists():
            raise ConversionError(f"{path}: no such recording; check the path")
        try:
            pcm = load_pcm(path, RATE_HZ, mix=True)
        except ConversionError as error:
            raise ConversionError(f"{error}, or leave it out") from None
        # Quiet before and after the word counts for nothing.
        if most_s and (seconds := len(trimmed(pcm)) / RATE_HZ) > most_s:
            raise ConversionError(
                f"{path}: {seconds:.1f} s of sound; a recording holds the word once, in at most {most_s:g} s"
            )
        if not np.abs(pcm).max(initial=0) > 100:
            raise ConversionError(f"{path}: holds nothing but silence")
        out.append(pcm)
    return out


def _pieces(recordings: list[np.ndarray]) -> list[np.ndarray]:
    return [pcm[at : at + _PIECE] for pcm in recordings for at in range(0, max(len(pcm) - _PIECE // 2, 1), _PIECE)]


def _shipped_statistics() -> SpeechStatistics | None:
    """Those of kws12-stream, whose hidden layers every model has that was made of it here; nothing lies beside that."""
    try:
        path = find_model().with_suffix(".speech.npz")
    except ConversionError:
        return None
    return SpeechStatistics.load(path) if path.exists() else None


def _statistics(arguments, model) -> SpeechStatistics:
    if arguments.others:
        pieces = _pieces(_recordings(arguments.others))
        if len(pieces) < 50:
            raise ConversionError(f"--others: {len(pieces)} s of speech are too few; give 50 or more, of many words")
        speech = measure_speech(model, pieces)
        if arguments.keep:
            speech.save(arguments.keep)
        return speech
    beside = arguments.model.with_suffix(".speech.npz")
    path = arguments.statistics or beside
    if path.exists():
        return SpeechStatistics.load(path)
    shipped = None if arguments.statistics else _shipped_statistics()
    if shipped and shipped.hidden_digest == hidden_digest(model):
        return shipped
    raise ConversionError(f"{path}: no statistics of speech for this model; give --others a folder of speech")


def main(argv=None) -> int:
    parser = CommandParser(
        prog="silif-enroll", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("model", metavar="MODEL", type=Path, help="such as models/kws12-stream.silif")
    parser.add_argument("word", metavar="WORD", nargs="?", help="what the new word is called")
    parser.add_argument(
        "recordings", metavar="RECORDING", type=Path, nargs="*",
        help="sound files at 16 kHz, folders of them, or lists of them (.txt)",
    )  # fmt: skip
    parser.add_argument("--output", "-o", type=Path, metavar="MODEL", help="the new model; the old one stays as it is")
    parser.add_argument(
        "--threshold", type=float, default=0.5, metavar="P", help="mean probability at which the new word is reported"
        " (default 0.5); kws-listen --keyword WORD=P changes it later",
    )  # fmt: skip
    parser.add_argument(
        "--statistics",
        type=Path,
        metavar="NPZ",
        help="of other speech (default: MODEL.speech.npz beside the model; else"
        " those of kws12-stream, of which that was made)",
    )
    parser.add_argument(
        "--others", type=Path, nargs="+", metavar="SPEECH", help="measure them on these files, folders, lists instead"
    )
    parser.add_argument("--keep", type=Path, metavar="NPZ", help="where to keep what --others measured")
    parser.add_argument("--version", action="version", version=f"silif-enroll {__version__}")
    # Recordings may stand after options, as in `silif-enroll MODEL WORD --output NEW a.wav b.wav`.
    arguments = parser.parse_intermixed_args(argv)
    if arguments.word and not (arguments.recordings and arguments.output):
        parser.error("a word needs recordings of it, and --output for the new model")
    if not arguments.word and not (arguments.others and arguments.keep):
        parser.error("give a word and recordings of it; or --others and --keep to measure speech alone")
    if not 0 < arguments.threshold < 1:
        parser.error("--threshold is a probability, 0 to 1")
    try:
        check_input(arguments.model)
        check_output(arguments.output if arguments.word else None, "--output")
        check_output(arguments.keep, "--keep")
        model = read_model(arguments.model)
        speech = _statistics(arguments, model)
        if arguments.word is None:
            return 0
        recordings = _recordings(arguments.recordings, most_s=3)
        new, heard = add_word(model, arguments.word, recordings, speech, arguments.threshold)
        write_atomically(arguments.output, model_bytes(new))
    except (ModelFileError, ConversionError, OSError, ValueError) as error:
        return complain("silif-enroll", error)
    keywords = [word for word, is_keyword in zip(new.words, new.detector.is_keyword, strict=True) if is_keyword]
    print(f"{arguments.output}: hears {' '.join(keywords)}")
    print(f"{heard} of {len(recordings)} recordings are heard when the word is made without them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
