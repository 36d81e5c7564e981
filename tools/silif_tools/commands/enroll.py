"""silif-enroll: a word of your own from a few recordings, without training (docs/NEW-WORDS.md)."""

import argparse
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import check_apart, check_input, check_output
from ..atomic import write_atomically
from ..errors import CommandParser, ConversionError, complain, visible
from ..export.new_word import RATE_HZ, SpeechStatistics, add_word, hidden_digest, measure_speech
from ..kinds import read_model
from ..model_file.read import ModelFileError
from ..model_file.tables import ModelTables
from ..model_file.write import model_bytes
from ..own_words.enrolled import files, of_speech, of_word
from ..own_words.models import find as find_model

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


def _note(notes: list[str]) -> None:
    for note in notes:
        print(f"note: {visible(note)}", file=sys.stderr)


def _check_files(arguments: argparse.Namespace) -> None:
    """What is read is there, what is written can be, and nothing that is read is overwritten."""
    check_input(arguments.model)
    given = [*arguments.recordings, *(arguments.others or [])]
    inputs = [arguments.model, *given, *files(given)]
    if arguments.statistics or not arguments.others:
        inputs.append(_statistics_path(arguments))
    output = arguments.output if arguments.word else None
    check_apart(output, "--output", inputs)
    check_apart(arguments.keep, "--keep", [*inputs, *([output] if output else [])], "the statistics")
    check_output(output, "--output")
    check_output(arguments.keep, "--keep")


def _pieces(recordings: list[np.ndarray]) -> list[np.ndarray]:
    return [pcm[at : at + _PIECE] for pcm in recordings for at in range(0, max(len(pcm) - _PIECE // 2, 1), _PIECE)]


def _shipped_statistics() -> SpeechStatistics | None:
    """Those of kws12-stream, whose hidden layers every model has that was made of it here; nothing lies beside that."""
    try:
        path = find_model().with_suffix(".speech.npz")
    except ConversionError:
        return None
    return SpeechStatistics.load(path) if path.exists() else None


def _statistics_path(arguments: argparse.Namespace) -> Path:
    return arguments.statistics or arguments.model.with_suffix(".speech.npz")


def _statistics(arguments: argparse.Namespace, model: ModelTables) -> SpeechStatistics:
    if arguments.others:
        sounds, notes = of_speech(arguments.others)
        _note(notes)
        pieces = _pieces(sounds)
        if len(pieces) < 50:
            raise ConversionError(f"--others: {len(pieces)} s of speech are too few; give 50 or more, of many words")
        speech = measure_speech(model, pieces)
        if arguments.keep:
            speech.save(arguments.keep)
        return speech
    path = _statistics_path(arguments)
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
    arguments = parser.parse_intermixed_args(argv)
    if arguments.word and not (arguments.recordings and arguments.output):
        parser.error("a word needs recordings of it, and --output for the new model")
    if not arguments.word and not (arguments.others and arguments.keep):
        parser.error("give a word and recordings of it; or --others and --keep to measure speech alone")
    if not 0 < arguments.threshold < 1:
        parser.error("--threshold is a probability, 0 to 1")
    try:
        _check_files(arguments)
        model = read_model(arguments.model)
        speech = _statistics(arguments, model)
        if arguments.word is None:
            return 0
        recordings, notes = of_word(arguments.recordings)
        _note(notes)
        new, heard = add_word(model, arguments.word, recordings, speech, arguments.threshold)
        write_atomically(arguments.output, model_bytes(new))
    except (ModelFileError, ConversionError, OSError, ValueError) as error:
        return complain("silif-enroll", error)
    except KeyboardInterrupt:
        print("\nsilif-enroll: stopped", file=sys.stderr)
        return 130
    keywords = [word for word, is_keyword in zip(new.words, new.detector.is_keyword, strict=True) if is_keyword]
    print(visible(f"{arguments.output}: hears {' '.join(keywords)}"))
    print(f"{heard} of {len(recordings)} recordings are heard when the word is made without them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
