"""silif-calibrate: how far a model's probabilities can be believed, and with --write: make them so that they can.

    silif-calibrate kws12-stream my.silif --clips lists/test_list.txt --streams streams/ --plot reliability.png
    silif-calibrate my.silif --clips lists/validation_list.txt --streams streams/ --write

With --clip-rule a clip is scored by the best window of each word from then on, or by the mean over the clip again.
The first suits a network that was trained on streams, the second one that was trained on clips (docs/SCORING.md).

    silif-calibrate my.silif --clips lists/validation_list.txt --clip-rule window --write

A folder of streams holds sound files (.wav, .flac), each with its truth beside it (.csv). Fit on recordings that no
network was trained on, and measure on others.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .. import __version__
from ..arguments import check_input, check_output
from ..atomic import write_atomically
from ..built_commands import Commands
from ..errors import CommandParser, ConversionError, complain
from ..export import clip_rule
from ..kinds import read_model
from ..model_file.calibration import ONE_Q15, Calibrates, Calibration
from ..model_file.read import ModelFileError
from ..model_file.tables import ModelTables
from ..model_file.write import with_calibrations, with_clip_rule
from ..plot import picture
from ..plot.reliability import Decisions, draw, table
from ..streams.calibrate import FEWEST, clips_calibration, events_calibration
from ..streams.score import read_truth
from ..streams.tune import Stream
from .curves import labelled, path_of

_REPOSITORY = Path(__file__).resolve().parents[3]


class TooFew(ConversionError):
    """Too few decisions, or none of one kind, to learn from."""


def sounds_in(folder: Path) -> list[Path]:
    """Raises ConversionError where there are none, or where a truth is missing."""
    found = sorted(path for path in folder.glob("*") if path.suffix in (".wav", ".flac"))
    if not found:
        raise ConversionError(f"{folder}: holds no sound files (.wav, .flac)")
    for path in found:
        if not path.with_suffix(".csv").exists():
            raise ConversionError(f"{path}: its truth {path.with_suffix('.csv').name} is missing")
    return found


def _fitted_clips(commands: Commands, path: Path, model: ModelTables, list_file: Path) -> Calibration | None:
    rows = [row for row in commands.clip_rows(path, list_file) if row["label"] is not None]
    if not rows:
        raise ConversionError(f"{list_file}: names no clip whose word {path} knows")
    frames = np.array([row["steps"] for row in rows])
    means = np.array([[row["probabilities"][word] for word in model.words] for row in rows])
    labels = np.array([model.words.index(row["label"]) for row in rows])
    return clips_calibration(np.rint(means * frames[:, None] * ONE_Q15).astype(np.int64), frames, labels)


def _fitted_events(commands: Commands, path: Path, model: ModelTables, sounds: list[Path]) -> Calibration | None:
    streams = []
    for sound in sounds:
        with tempfile.TemporaryDirectory() as folder:
            probabilities = commands.probabilities_q15(path, sound, Path(folder) / "trace")
        streams.append(Stream(sound.stem, probabilities, read_truth(sound.with_suffix(".csv"))))
    return events_calibration(streams, model.words, model.detector)


def write_clip_rule(path: Path, list_file: Path, kind: str) -> None:
    """Scores clips by another rule from here on: `window`, chosen on the clips of a list, or `mean`. How sure to be of
    clips is not known then: it was fitted with the other one."""
    model = read_model(path)
    rule = clip_rule.fitted(model, *clip_rule.heard(model, list_file)) if kind == "window" else None
    kept = [each for each in model.calibrations if each.calibrates != Calibrates.CLIPS]
    write_atomically(path, with_calibrations(with_clip_rule(path.read_bytes(), rule), kept))
    read_model(path)


def write(commands: Commands, path: Path, list_file: Path | None, sounds: list[Path]) -> None:
    """Fits what there is material for, and writes it into the file. What there is none for stays.

    Raises TooFew where that is too little; the file is then as it was.
    """
    model = read_model(path)
    kept = {each.calibrates: each for each in model.calibrations}
    fitted: dict[Calibrates, Calibration | None] = {}
    if list_file:
        fitted[Calibrates.CLIPS] = _fitted_clips(commands, path, model, list_file)
    if sounds:
        fitted[Calibrates.EVENTS] = _fitted_events(commands, path, model, sounds)
    for kind, found in fitted.items():
        if found is None:
            raise TooFew(
                f"{path}: too little to learn from: of {kind.name.lower()} at least {FEWEST} must be right and as many"
                " wrong; give more"
            )
        kept[kind] = found
    write_atomically(path, with_calibrations(path.read_bytes(), [kept[kind] for kind in sorted(kept)]))
    read_model(path)


def _words_per_hour(sounds: list[Path]) -> float:
    said = sum(len(read_truth(sound.with_suffix(".csv"))) for sound in sounds)
    return said / (sum(soundfile.info(sound).duration for sound in sounds) / 3600)


def _decisions(rows: list[dict], is_right: list[bool], path: Path, what: str, odds: float = 1.0) -> Decisions:
    if not rows:
        raise ConversionError(f"{path}: decided nothing about {what}")
    if rows[0]["probability"] is None:
        raise ConversionError(f"{path}: does not say how probable {what} are; `silif-calibrate --write` adds it")
    probability, score = (np.array([row[key] for row in rows]) for key in ("probability", "score"))
    return Decisions(probability, score, np.array(is_right), odds)


def measure(
    commands: Commands, models: dict[str, Path], list_file: Path | None, sounds: list[Path]
) -> dict[str, dict[str, Decisions]]:
    """What the commands said, and whether it was right: by what was decided, and by model."""
    found: dict[str, dict[str, Decisions]] = {}
    for label, path in models.items():
        if list_file:
            rows = [row for row in commands.clip_rows(path, list_file) if row["label"] is not None]
            right = [row["word"] == row["label"] for row in rows]
            found.setdefault("clips", {})[label] = _decisions(rows, right, path, "clips")
        if sounds:
            rows = [row for sound in sounds for row in commands.stream_events(path, sound)]
            right = [row["verdict"] == "hit" for row in rows]
            calibration = read_model(path).calibration(Calibrates.EVENTS)
            rate = calibration.words_per_hour if calibration else 0
            odds = _words_per_hour(sounds) / rate if rate else 1.0
            found.setdefault("events", {})[label] = _decisions(rows, right, path, "events", odds)
    return found


def main(argv=None) -> int:
    parser = CommandParser(
        prog="silif-calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="a path, or the name of a model that ships")
    parser.add_argument("--clips", type=Path, metavar="LIST", help="clips: a path a line, the folder is the word")
    parser.add_argument("--streams", type=Path, metavar="FOLDER", help="streams with their truth")
    parser.add_argument("--write", action="store_true", help="fit on them first, and write that into the model files")
    parser.add_argument(
        "--clip-rule", choices=("window", "mean"), help="with --write and --clips: how clips are scored from then on"
    )
    parser.add_argument("--plot", type=picture, metavar="FILE", help="the picture (.png, .svg, .pdf)")
    parser.add_argument("--title", help="of the picture (default: what clips and streams are called)")
    parser.add_argument("--build", type=Path, default=_REPOSITORY / ".build" / "release", help="folder of kws-score")
    parser.add_argument("--version", action="version", version=f"silif-calibrate {__version__}")
    arguments = parser.parse_args(argv)
    if not (arguments.clips or arguments.streams):
        parser.error("give --clips, --streams, or both")
    if arguments.clip_rule and not (arguments.clips and arguments.write):
        parser.error("--clip-rule is written into the model and chosen on clips: give --clips and --write")
    try:
        check_input(arguments.clips, "--clips")
        check_input(arguments.streams, "--streams")
        check_output(arguments.plot, "--plot")
        commands = Commands(arguments.build)
        models = labelled([path_of(model) for model in arguments.models])
        sounds = sounds_in(arguments.streams) if arguments.streams else []
        for path in models.values() if arguments.write else ():
            before = path.read_bytes()
            try:
                if arguments.clip_rule:
                    write_clip_rule(path, arguments.clips, arguments.clip_rule)
                write(commands, path, arguments.clips, sounds)
            except BaseException:
                if path.read_bytes() != before:
                    write_atomically(path, before)
                raise
        found = measure(commands, models, arguments.clips, sounds)
        if arguments.plot:
            draw(found, arguments.plot, arguments.title or (arguments.clips or arguments.streams).stem)
    except (ModelFileError, ConversionError, OSError, RuntimeError, ValueError) as error:
        return complain("silif-calibrate", error)
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
