r"""A model of own words on real recordings of them, through the engine: the whole curve of hits against false alarms.

    python -m silif_tools.studies.real_words my.silif --data ../shared/data --words computer jarvis --lists test

DATA/speech/wake_words/WORD holds the recordings. They come in random order, as loud as the words of silif-make-stream,
with that many seconds of quiet between them, at `--snr` dB over the noise of the test list (none: no noise). False
alarms are counted in the test lists of speech and noise without the recordings of those words.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..built_commands import Commands
from ..kinds import read_model
from ..model_file.tables import Detector
from ..sound import load_pcm, read_list
from ..streams.compose import RATE_HZ, compose
from ..streams.files import write_stream
from ..streams.score import StreamScore
from ..streams.tune import Stream, score_stream, with_threshold
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


@dataclass
class Point:
    """A detector, and what it gave: hits in % and other events in each stream with words, false alarms where no word
    is said."""

    window: int
    threshold: float
    hits: list[float]
    others: list[int]
    alarms: StreamScore

    @property
    def per_hour(self) -> float:
        return self.alarms.false_alarms_per_hour


def point(said: list[Stream], none: Stream, detector: Detector, words: list[str]) -> Point:
    """threshold: the highest of the detector's words."""
    scores = [score_stream(stream, detector, words) for stream in said]
    threshold = float(np.max(np.asarray(detector.threshold)[np.asarray(detector.is_keyword)]))
    others = [s.false_alarms + s.wrong_words for s in scores]
    hits = [100 * s.hit_rate for s in scores]
    return Point(detector.window_frames, threshold, hits, others, score_stream(none, detector, words))


def points(
    said: list[Stream],
    none: Stream,
    base: Detector,
    words: list[str],
    windows: Sequence[int] = WINDOWS,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Point]:
    """Of every window from the highest threshold down, until alarms are three times as many as the last rate."""
    tried = []
    for frames in windows:
        moved = replace(base, window_frames=frames, warm_up_frames=frames + 10)
        for threshold in thresholds:
            tried.append(point(said, none, with_threshold(moved, float(threshold)), words))
            if tried[-1].per_hour > 3 * RATES[-1]:
                break
    return tried


def best(tried: list[Point], rate: float) -> Point | None:
    """The most hits over all streams at no more false alarms an hour."""
    return max((p for p in tried if p.per_hour <= rate), key=lambda p: sum(p.hits), default=None)


def table(model_path: Path, commands: Commands, sounds: list[Path], window: int | None) -> list[str]:
    """Hits in % at several rates of false alarms; and what the model's own detector gives. window: frames; None: the
    one that is best for each rate."""
    model = read_model(model_path)
    found = traces(commands, model_path, sounds)
    said, none = found[:-1], found[-1]
    lines = [f"{len(said[0].truth)} words; {none.audio_h:.2f} h without them"]
    tried = points(said, none, model.detector, model.words, [window] if window else WINDOWS)
    names = "  ".join(f"{stream.name:>7}" for stream in said)
    lines.append(f"{'alarms an hour':>16}  {names}  window, threshold; other events in the streams with words")

    def line(at: str, p: Point, setting: str) -> str:
        each = "  ".join(f"{value:5.1f} %" for value in p.hits)
        return f"{p.per_hour:6.1f} ({p.alarms.false_alarms:3d}) {at:>5}  {each}  {setting}; {p.others}"

    for rate in RATES:
        p = best(tried, rate)
        if p:
            lines.append(line(f"<={rate:3g}", p, f"{p.window}, {p.threshold:.3f}"))
    own = point(said, none, model.detector, model.words)
    lines.append(line("own", own, f"{own.window}"))
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
