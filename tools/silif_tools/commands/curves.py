"""silif-curves: hits against false alarms per hour of one model or several, on the same streams, in one picture.

    silif-curves kws12-stream my.silif --stream words.flac --without talk.flac --output curves.png

Beside words.flac lies its truth, words.csv; talk.flac holds none of the words. The line is the curve of one threshold
for all words; the large point is what the model's own window and thresholds come to. A model hears its own words only.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from .. import __version__
from ..arguments import check_input, check_output
from ..built_commands import Commands
from ..errors import CommandParser, ConversionError, complain, told
from ..kinds import read_model
from ..model_file.read import ModelFileError
from ..plot import picture
from ..plot.curve import Curve, curve, draw, table
from ..streams.score import read_truth
from ..streams.tune import Stream

_REPOSITORY = Path(__file__).resolve().parents[3]


def path_of(model: str) -> Path:
    """A path, or the name of a model that ships."""
    shipped = _REPOSITORY / "models" / f"{model}.silif"
    return shipped if "/" not in model and not model.endswith(".silif") and shipped.exists() else Path(model)


def labelled(models: list[Path]) -> dict[str, Path]:
    """By name; by path where two files have one name. A file that is given twice is there once."""
    files = {model.resolve(): model for model in models}.values()
    names = [model.stem for model in files]
    return {model.stem if names.count(model.stem) == 1 else str(model): model for model in files}


def _truth(sound: Path) -> list[tuple[float, float, str]]:
    path = sound.with_suffix(".csv")
    try:
        found = read_truth(path)
    except (OSError, ValueError) as error:
        raise ConversionError(f"{path}: the truth of {sound} cannot be read ({told(error)})") from error
    if not found:
        raise ConversionError(f"{path}: no word; --stream takes a recording in which words are said")
    return found


def _measured(commands: Commands, path: Path, sound: Path, without: Path, truth: list) -> Curve:
    model = read_model(path)
    own = [row for row in truth if row[2] in model.words]
    if not own:
        raise ConversionError(f"{path}: knows none of the words that {sound.with_suffix('.csv')} names")
    with tempfile.TemporaryDirectory() as folder:
        heard, none = (
            commands.probabilities_q15(path, each, Path(folder) / str(number))
            for number, each in enumerate((sound, without))
        )
    return curve(Stream(sound.stem, heard, own), Stream(without.stem, none, []), model.detector, model.words)


def main(argv=None) -> int:
    parser = CommandParser(
        prog="silif-curves", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="a path, or the name of a model that ships")
    parser.add_argument("--stream", type=Path, required=True, metavar="SOUND", help="with words; its truth beside it")
    parser.add_argument("--without", type=Path, required=True, metavar="SOUND", help="with none of the words")
    parser.add_argument("--output", "-o", type=picture, required=True, help="the picture (.png, .svg, .pdf)")
    parser.add_argument("--title", help="of the picture (default: the name of the stream)")
    parser.add_argument("--build", type=Path, default=_REPOSITORY / ".build" / "release", help="folder of kws-model")
    parser.add_argument("--version", action="version", version=f"silif-curves {__version__}")
    arguments = parser.parse_args(argv)
    try:
        check_input(arguments.stream, "--stream")
        check_input(arguments.without, "--without")
        check_output(arguments.output, "--output")
        commands, truth = Commands(arguments.build), _truth(arguments.stream)
        curves = {}
        for label, model in labelled([path_of(model) for model in arguments.models]).items():
            curves[label] = _measured(commands, model, arguments.stream, arguments.without, truth)
        draw(curves, arguments.output, arguments.title or arguments.stream.stem, "model")
    except (ModelFileError, ConversionError, OSError, RuntimeError, ValueError) as error:
        return complain("silif-curves", error)
    print(table(curves))
    return 0


if __name__ == "__main__":
    sys.exit(main())
