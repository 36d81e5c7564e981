r"""A model of own words on real recordings of them, through the engine: the whole curve of hits against false alarms.

    python -m silif_tools.studies.real_words my.silif --data ../shared/data --words computer jarvis --lists test
    python -m silif_tools.studies.real_words alexa.silif --data ../shared/data --words alexa --lists train test \
      --gap 2.5 4 --snr none 20 10 5

DATA/speech/wake_words/WORD holds the recordings. They come in random order, as loud as the words of silif-make-stream,
with that many seconds of quiet between them, at `--snr` dB over the noise of the test list (none: no noise). False
alarms are counted in the test lists of speech and noise without the recordings of those words.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..built_commands import Commands
from ..kinds import read_model
from ..sound import load_pcm, read_list
from ..streams.compose import RATE_HZ, compose
from ..streams.files import write_stream
from ..streams.tune import score_stream, with_threshold
from .measure_streams import traces

FOLDER = "wake_words"
WINDOWS = (25, 30, 35, 40, 50, 60)
THRESHOLDS = np.round(np.concatenate([np.arange(0.995, 0.9, -0.01), np.arange(0.9, 0.1, -0.02)]), 3)
RATES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


def word_of(name: str) -> str:
    """The word of a recording, or nothing."""
    parts = name.split("/")
    return parts[1].replace("_", " ") if parts[0] == FOLDER and len(parts) > 2 else ""


def recordings(data: Path, words: list[str], lists: list[str]) -> list[tuple[str, np.ndarray]]:
    """Word and int16 samples of each recording of the words."""
    root = data / "speech"
    names = [name for each in lists for name in read_list(root / f"{each}_list.txt")]
    return [(word_of(name), load_pcm(root / name, RATE_HZ)) for name in names if word_of(name) in words]


def without(data: Path, words: list[str]) -> np.ndarray:
    """The test lists of speech and noise, one recording after another, without the words."""
    parts = []
    for part in ("speech", "noise"):
        names = [name for name in read_list(data / part / "test_list.txt") if word_of(name) not in words]
        parts += [load_pcm(data / part / name, RATE_HZ) for name in names]
    return np.concatenate(parts)


def streams(
    data: Path,
    words: list[str],
    lists: list[str],
    gap_s: tuple[float, float],
    snrs_db: list[float | None],
    folder: Path,
) -> list[Path]:
    """Makes the streams in a folder; the one without words is the last."""
    said = recordings(data, words, lists)
    noise = [load_pcm(data / "noise" / name, RATE_HZ) for name in read_list(data / "noise" / "test_list.txt")]
    made = []
    for snr in snrs_db:
        over = noise if snr is not None else []
        samples, truth = compose(said, over, [], snr_db=snr or 0.0, seed=1, gap_s=gap_s)
        made.append(folder / ("clean.flac" if snr is None else f"{snr:g} dB.flac"))
        write_stream(made[-1], samples, truth)
    made.append(folder / "without.flac")
    write_stream(made[-1], without(data, words), [])
    return made


def table(model_path: Path, commands: Commands, sounds: list[Path], window: int | None) -> list[str]:
    """Hits in % at several rates of false alarms; and what the model's own detector gives. window: frames; None: the
    one that is best for each rate."""
    model = read_model(model_path)
    found = traces(commands, model_path, sounds)
    said, none = found[:-1], found[-1]
    lines = [f"{len(said[0].truth)} words; {none.audio_h:.2f} h without them"]

    def row(detector) -> tuple[float, int, list, list]:
        scores = [score_stream(stream, detector, model.words) for stream in said]
        alarms = score_stream(none, detector, model.words)
        each = [100 * s.hit_rate for s in scores]
        return alarms.false_alarms_per_hour, alarms.false_alarms, each, [s.false_alarms + s.wrong_words for s in scores]

    tried = []
    for frames in [window] if window else WINDOWS:
        base = replace(model.detector, window_frames=frames, warm_up_frames=frames + 10)
        for threshold in THRESHOLDS:
            tried.append((frames, float(threshold), *row(with_threshold(base, float(threshold)))))
            if tried[-1][2] > 3 * RATES[-1]:
                break
    names = "  ".join(f"{stream.name:>7}" for stream in said)
    lines.append(f"{'alarms an hour':>16}  {names}  window, threshold; other events in the streams with words")
    for rate in RATES:
        good = [point for point in tried if point[2] <= rate]
        if not good:
            continue
        frames, threshold, per_hour, alarms, hits, others = max(good, key=lambda point: sum(point[4]))
        each = "  ".join(f"{value:5.1f} %" for value in hits)
        lines.append(f"{per_hour:6.1f} ({alarms:3d}) <={rate:3g}  {each}  {frames}, {threshold:.3f}; {others}")
    per_hour, alarms, hits, others = row(model.detector)
    each = "  ".join(f"{value:5.1f} %" for value in hits)
    lines.append(f"{per_hour:6.1f} ({alarms:3d})  own  {each}  {model.detector.window_frames}; {others}")
    for word in sorted({row[2] for row in said[0].truth}):
        only = replace(said[0], truth=[row for row in said[0].truth if row[2] == word])
        lines.append(f"  {word}: {100 * score_stream(only, model.detector, model.words).hit_rate:.0f} % with its own")
    return lines


def _snr(text: str) -> float | None:
    return None if text == "none" else float(text)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="real_words", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--words", nargs="+", required=True)
    parser.add_argument("--lists", nargs="+", default=["test"], choices=("train", "test"))
    parser.add_argument("--gap", type=float, nargs=2, default=(1.5, 3.0), metavar="S")
    parser.add_argument("--snr", type=_snr, nargs="+", default=[None], metavar="DB", help="none: no noise")
    parser.add_argument("--window", type=int, help="frames of the detector (default: the best for each rate)")
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="where the commands are")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        sounds = streams(options.data, options.words, options.lists, tuple(options.gap), options.snr, Path(folder))
        for model in options.models:
            print("\n".join([str(model), *table(model, Commands(options.build), sounds, options.window)]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
