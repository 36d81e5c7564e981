"""A model on development streams, through the engine: misses at half a false alarm an hour, alarms by kind of speech.

    python -m silif_tools.studies.measure_streams models/kws12-stream.silif --streams runs/streams

The streams are those of silif_tools.studies.development_streams. False alarms are counted over all of them, those with
words too, and so are their hours; hits over those with words. Every window and threshold is tried, and whether the
leading word is scored by all words' means together (docs/SCORING.md).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..atomic import write_atomically
from ..built_commands import Commands
from ..errors import ConversionError
from ..integer.detector import detect
from ..kinds import read_model
from ..model_file.tables import Detector
from ..streams.score import StreamScore, read_truth, score
from ..streams.tune import FRAME_S, HOP_S, Stream, total, with_threshold

WINDOWS = (30, 40, 50, 60)  # frames
SHARES = (0.0, 0.65, 0.75)  # of a word, to be scored by all together; 0: each by its own
LATENCY_MS = 250.0
MOST_WRONG = 0.01  # wrong words of those said
ALARMS_PER_HOUR = (0.5, 1.0, 2.0, 5.0)
THRESHOLDS = np.round(np.arange(0.99, 0.2, -0.01), 3)


@dataclass
class Point:
    """A detector, and what it gave on every stream."""

    window: int
    threshold: float
    by_stream: dict[str, StreamScore]
    least_share: float = 0.0

    @property
    def all(self) -> StreamScore:
        return total(list(self.by_stream.values()))

    @property
    def words(self) -> StreamScore:
        return total([s for s in self.by_stream.values() if s.hits + s.misses])


def traces(commands: Commands, model: Path, sounds: list[Path]) -> list[Stream]:
    """The running network's probabilities on every stream, as the engine computes them."""
    found = []
    for sound in sounds:
        with tempfile.TemporaryDirectory(dir=sound.parent) as folder:
            probabilities = commands.probabilities_q15(model, sound, Path(folder) / "trace")
        found.append(Stream(sound.stem, probabilities, read_truth(sound.with_suffix(".csv"))))
    return found


def scored(stream: Stream, detector: Detector, words: list[str]) -> tuple[StreamScore, list[tuple[float, str]]]:
    """The score, and every event."""
    events = [
        (event.frame * HOP_S + FRAME_S, words[event.word]) for event in detect(stream.probabilities_q15, detector)
    ]
    return score(events, stream.truth, stream.audio_h), events


def curve(
    streams: list[Stream],
    words: list[str],
    base: Detector,
    window: int,
    thresholds: Sequence[float] = THRESHOLDS,
    least_share: float = 0.0,
) -> list[Point]:
    """From the highest threshold down, until alarms come ten times as often as the last rate of interest."""
    points = []
    for threshold in thresholds:
        point = Point(window, float(threshold), {}, least_share)
        moved = detector_of(point, base)
        points.append(replace(point, by_stream={s.name: scored(s, moved, words)[0] for s in streams}))
        if points[-1].all.false_alarms_per_hour > 10 * ALARMS_PER_HOUR[-1]:
            break
    return points


def curves(
    streams: list[Stream],
    words: list[str],
    base: Detector,
    windows: Sequence[int] = WINDOWS,
    thresholds: Sequence[float] = THRESHOLDS,
    shares: Sequence[float] = SHARES,
) -> list[Point]:
    """Of all windows and shares."""
    return [
        point
        for window in windows
        for share in shares
        for point in curve(streams, words, base, window, thresholds, share)
    ]


def detector_of(point: Point, base: Detector) -> Detector:
    """base, with what a point has of its own."""
    frames = {"window_frames": point.window, "warm_up_frames": point.window + 10}
    return with_threshold(replace(base, **frames, least_share=point.least_share), point.threshold)


def best(points: list[Point], alarms_per_hour: float, latency_ms: float) -> Point | None:
    """The most hits within so many alarms an hour, MOST_WRONG wrong words and a median latency."""
    good = [
        p
        for p in points
        if p.all.false_alarms_per_hour <= alarms_per_hour
        and p.words.wrong_words <= MOST_WRONG * (p.words.hits + p.words.misses)
        and p.words.latency_ms
        and np.median(p.words.latency_ms) <= latency_ms
    ]
    return max(good, key=lambda p: p.words.hits, default=None)


def own(streams: list[Stream], words: list[str], detector: Detector) -> Point:
    """What the model file's own detector gives; threshold: the highest of its words'."""
    found = {stream.name: scored(stream, detector, words)[0] for stream in streams}
    threshold = float(np.max(np.asarray(detector.threshold)[np.asarray(detector.is_keyword)]))
    return Point(detector.window_frames, threshold, found, detector.least_share)


def described(point: Point) -> dict:
    words, everything = point.words, point.all
    return {
        "window_frames": point.window,
        "threshold": point.threshold,
        "least_share": point.least_share,
        "misses_percent": round(100 * (1 - words.hit_rate), 2),
        "wrong_words_percent": round(100 * words.wrong_words / (words.hits + words.misses), 2),
        "median_latency_ms": round(float(np.median(words.latency_ms))),
        "false_alarms": everything.false_alarms,
        "audio_h": round(everything.audio_h, 2),
        "hits_percent": {k: round(100 * s.hit_rate, 1) for k, s in point.by_stream.items() if s.hits + s.misses},
        "alarms_by_stream": {k: s.false_alarms for k, s in point.by_stream.items()},
    }


def hits_by_word(streams: list[Stream], detector: Detector, words: list[str]) -> dict[str, float]:
    """Percent of every word's occurrences that were hit, over all streams."""
    said: dict[str, list[int]] = {}
    for stream in streams:
        _, events = scored(stream, detector, words)
        for word in {row[2] for row in stream.truth}:
            truth = [row for row in stream.truth if row[2] == word]
            found = score([e for e in events if e[1] == word], truth, stream.audio_h)
            counts = said.setdefault(word, [0, 0])
            counts[0] += found.hits
            counts[1] += len(truth)
    return {word: round(100 * hit / count, 1) for word, (hit, count) in sorted(said.items())}


def alarms_by_word(streams: list[Stream], detector: Detector, words: list[str]) -> dict[str, int]:
    """False alarms of every word, over all streams without words."""
    counts: dict[str, int] = {}
    for stream in streams:
        if not stream.truth:
            for _, word in scored(stream, detector, words)[1]:
                counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))


def findings(model: Path, streams: list[Stream], chosen: dict[str, Point | None]) -> dict:
    """chosen: points by alarms an hour, or `own`."""
    return {
        "model": str(model),
        "audio_h": round(sum(s.audio_h for s in streams), 2),
        "words": sum(len(s.truth) for s in streams),
        "at_alarms_per_hour": {rate: described(p) if p else None for rate, p in chosen.items()},
    }


def sounds_in(folder: Path) -> list[Path]:
    """Raises ConversionError where there are none."""
    found = sorted(folder.glob("*.wav"))
    if not found:
        raise ConversionError(f"{folder} holds no streams: python -m silif_tools.studies.development_streams")
    return found


def write(found: dict, json_file: Path | None) -> None:
    """Prints the findings, and writes them to a file, if one is given."""
    print(text(found))
    if json_file:
        write_atomically(json_file, json.dumps(found, indent=1) + "\n")


def text(found: dict) -> str:
    lines = [f"{found['model']}: {found['audio_h']} h, {found['words']} words"]
    for rate, point in found["at_alarms_per_hour"].items():
        if point is None:
            lines.append(f"{rate}/h: no setting has so few")
            continue
        hits = ", ".join(f"{k.removeprefix('words-')} {v}" for k, v in point["hits_percent"].items())
        alarms = ", ".join(f"{k} {v}" for k, v in point["alarms_by_stream"].items() if v)
        at = "the model's own setting" if rate == "own" else f"{rate}/h"
        lines.append(
            f"{at}: misses {point['misses_percent']} % (hits {hits}), wrong {point['wrong_words_percent']} %, "
            f"{point['median_latency_ms']} ms; window {point['window_frames']}, share {point['least_share']:g},"
            f" threshold {point['threshold']}, "
            f"{point['false_alarms']} alarms: {alarms or 'none'}"
        )
    for key, name in (("hits_by_word", "hits by word"), ("alarms_by_word", "alarms by word, at 5/h")):
        if key in found:
            lines.append(f"{name}: {', '.join(f'{k} {v}' for k, v in found[key].items())}")
    return "\n".join(lines)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m silif_tools.studies.measure_streams", description=__doc__.splitlines()[0]
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--streams", type=Path, required=True, help="folder of silif_tools.studies.development_streams")
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="where kws-model is")
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS, metavar="FRAMES")
    parser.add_argument(
        "--latency-ms", type=float, default=LATENCY_MS, help=f"highest median latency (default {LATENCY_MS:g})"
    )
    parser.add_argument("--own", action="store_true", help="only what the model file's own detector gives")
    parser.add_argument("--json", type=Path, help="where to write the figures too")
    arguments = parser.parse_args(argv)
    try:
        sounds = sounds_in(arguments.streams)
        model = read_model(arguments.model)
        streams = traces(Commands(arguments.build), arguments.model, sounds)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"silif_tools.studies.measure_streams: {error}", file=sys.stderr)
        return 1
    words = model.words
    if arguments.own:
        chosen = {"own": own(streams, words, model.detector)}
    else:
        points = curves(streams, words, model.detector, arguments.windows)
        chosen = {f"{rate:g}": best(points, rate, arguments.latency_ms) for rate in ALARMS_PER_HOUR}
    found = findings(arguments.model, streams, chosen)
    if arguments.own:
        found["hits_by_word"] = hits_by_word(streams, model.detector, words)
    elif chosen["0.5"]:
        found["hits_by_word"] = hits_by_word(streams, detector_of(chosen["0.5"], model.detector), words)
    if chosen.get("5"):
        found["alarms_by_word"] = alarms_by_word(streams, detector_of(chosen["5"], model.detector), words)
    write(found, arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
