"""A model of one own word beside pymicro-wakeword's network for the same word, on the same real recordings.

    python -m silif_tools.studies.wake_word_peer alexa.silif --word alexa --data ../shared/data

Every recording of DATA/speech/wake_words/WORD, of both lists or of `--lists`, as silif_tools.studies.real_words lays
them out: 2.5 to 4 s of quiet between them, alone and over the noise of the test list. False alarms are counted in all
recordings of the folders `--talk`. Both are scored by the same rules, and re-armed by the same: once at half the
threshold, and not for 0.75 s. The package is installed into `--venv`, apart from the project's own.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..built_commands import Commands
from ..errors import ConversionError
from ..kinds import read_model
from ..model_file.tables import Detector
from ..peers.install import install_peers, python_of
from ..sound import ENDINGS, load_pcm
from ..streams.compose import RATE_HZ
from ..streams.files import write_stream
from ..streams.tune import FRAME_S, Stream, with_threshold
from .measure_streams import traces
from .real_words import THRESHOLDS, WINDOWS, Point, best, point, points, streams

PACKAGE = "pymicro-wakeword"
TALK = ("coffee_orders", "asterisk_allison", "mycroft_wake", "hymel_phrases")
SNRS_DB = (None, 20.0, 10.0, 5.0)
GAP_S = (2.5, 4.0)
ALARMS = (0, 1, 2, 5, 10)
CLASSES = ("_unknown_", "_silence_")
# A finer grid near 1, where the peer's threshold lies: its scores are means of probabilities of 8 bits.
FINE = tuple(np.round(np.arange(0.999, 0.9, -0.002), 4)) + tuple(THRESHOLDS[THRESHOLDS <= 0.9])
_BLOCK = RATE_HZ // 100
_WORKER = Path(__file__).parents[1] / "peers" / "workers" / "wakeword_scores.py"


def talk(data: Path, folders: list[str]) -> np.ndarray:
    """All recordings of these folders of DATA/speech, one after another."""
    names = [
        path
        for folder in folders
        for path in sorted((data / "speech" / folder).rglob("*"))
        if path.suffix.lower() in ENDINGS
    ]
    if not names:
        raise ConversionError(f"{data / 'speech'}: no recordings in {', '.join(folders)}")
    return np.concatenate([load_pcm(path, RATE_HZ) for path in names])


def by_frame(scores: np.ndarray, frames: int) -> np.ndarray:
    """probabilities_q15 [frame, word and CLASSES] of scores by block of 10 ms: at each frame of the engine the score of
    the last block that has ended by then."""
    ended = np.floor((np.arange(frames) * _BLOCK + FRAME_S * RATE_HZ) / _BLOCK + 1e-9).astype(int) - 1
    heard = np.rint(scores[np.minimum(ended, len(scores) - 1)] * 32768).astype(np.int64)
    return np.stack([heard, *(np.zeros_like(heard) for _ in CLASSES)], axis=1)


def heard_by_peer(word: str, python: Path, sounds: list[Path], ours: list[Stream]) -> tuple[list[Stream], float, str]:
    """What its network makes of the streams, of the same length as ours; its threshold and version."""
    found = []
    for sound, mine in zip(sounds, ours, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            samples, scores = Path(folder) / "samples.npy", Path(folder) / "scores.npy"
            np.save(samples, load_pcm(sound, RATE_HZ))
            done = subprocess.run([python, _WORKER, word, samples, scores], capture_output=True, text=True)
            if done.returncode:
                raise ConversionError(f"{PACKAGE}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
            probabilities = by_frame(np.load(scores), len(mine.probabilities_q15))
        found.append(replace(mine, probabilities_q15=probabilities))
    threshold, version = done.stdout.split()
    return found, float(threshold), version


def peer_detector(like: Detector, threshold: float) -> Detector:
    """Its scores are means already. like: whose pause after an event it gets."""
    keyword = np.array([True, *(False for _ in CLASSES)])
    base = Detector(1, like.warm_up_frames, like.refractory_frames, np.ones(3), np.ones(3), keyword)
    return with_threshold(base, threshold)


def rows(name: str, own: Point, tried: list[Point], truth: list) -> list[str]:
    """Of Markdown: its own setting, and the most hits at each number of false alarms."""

    def row(what: str, p: Point) -> str:
        hits = " | ".join(f"{round(value * len(truth) / 100)}" for value in p.hits)
        return f"| {name}, {what} | {p.alarms.false_alarms} | {hits} | {10 * p.window} ms, {p.threshold:.3f} |"

    found = [row("as it is", own)]
    for count in ALARMS:
        p = best(tried, (count + 0.5) / own.alarms.audio_h)
        if p:
            found.append(row(f"at {count}", p))
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m silif_tools.studies.wake_word_peer", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="models that hear the word")
    parser.add_argument("--word", required=True, help=f"one that {PACKAGE} carries a network for: alexa")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--lists", nargs="+", default=["train", "test"], choices=("train", "test"), help="of the word's recordings"
    )
    parser.add_argument("--talk", nargs="+", default=TALK, metavar="FOLDER", help=f"of speech (default {TALK})")
    parser.add_argument("--venv", type=Path, default=Path(".venv-peers"), help="where the package is, or goes")
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="where the commands are")
    options = parser.parse_args(argv)
    try:
        commands, models = Commands(options.build), [read_model(path) for path in options.models]
        deaf = [str(path) for path, m in zip(options.models, models, strict=True) if options.word not in m.words]
        if deaf:
            raise ConversionError(f"{', '.join(deaf)}: does not hear {options.word!r}")
        missing = install_peers(options.venv, lambda text: print(text, file=sys.stderr), [PACKAGE])
        if missing:
            raise ConversionError(missing[PACKAGE])
        with tempfile.TemporaryDirectory() as folder:
            sounds = streams(options.data, [options.word], options.lists, GAP_S, list(SNRS_DB), Path(folder))
            sounds[-1] = Path(folder) / "talk.flac"
            write_stream(sounds[-1], talk(options.data, options.talk), [])
            lines: list[str] = []
            for path, model in zip(options.models, models, strict=True):
                *said, none = traces(commands, path, sounds)
                own = point(said, none, model.detector, model.words)
                tried = points(said, none, model.detector, model.words, WINDOWS, FINE)
                lines += rows(path.stem, own, tried, said[0].truth)
            (*peer, still), threshold, version = heard_by_peer(
                options.word, python_of(options.venv), sounds, [*said, none]
            )
        words = [options.word, *CLASSES]
        base = peer_detector(model.detector, threshold)
        tried = points(peer, still, base, words, [1], FINE)
        lines += rows(f"{PACKAGE} {version}", point(peer, still, base, words), tried, said[0].truth)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"silif_tools.studies.wake_word_peer: {error}", file=sys.stderr)
        return 1
    print(f"{len(said[0].truth)} recordings of {options.word}; {none.audio_h:.2f} h of talk without\n")
    print("| | alarms |", " | ".join("clean" if snr is None else f"{snr:g} dB" for snr in SNRS_DB), "| setting |")
    print("\n".join(["|---|" + "---|" * (len(SNRS_DB) + 2), *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
