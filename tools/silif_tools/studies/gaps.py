"""What a gap in the sound costs, by its length and by what is done about it: `python -m silif_tools.studies.gaps`.

Cuts gaps into a stream of words and prints the table of docs/AUDIO-INPUT.md: words heard where the gap is filled with
silence and the state goes on, where the sound is joined, where the network starts anew and warms up, and where it
starts anew on a second of silence.
"""

import argparse
import csv
import json
import random
import subprocess
from pathlib import Path

import numpy as np

from ..sound import load_pcm

RATE = 16_000
GRACE_S = 0.75
TREATMENTS = ("silence", "joined", "anew", "anew on silence")


def heard(listen: Path, model: str, samples: np.ndarray) -> list[tuple[float, str]]:
    """Time in seconds and word of every event."""
    command = [str(listen), "--model", model, "--input", "-", "--format", "json"]
    done = subprocess.run(command, input=samples.astype("<i2").tobytes(), capture_output=True, check=True)
    events = (json.loads(line) for line in done.stdout.splitlines())
    return [(event["time_s"], event["word"]) for event in events if event["event"] == "keyword"]


def gap_places(count: int, gap: int, every_s: float, seed: int) -> list[int]:
    """Where gaps begin: on average one in `every_s`, at random."""
    generator, places, at = random.Random(seed), [], 0
    while True:
        at += int(RATE * every_s * generator.uniform(0.5, 1.5))
        if at + gap >= count:
            return places
        places.append(at)
        at += gap


def events_with(
    treatment: str, listen: Path, model: str, samples: np.ndarray, places: list[int], gap: int
) -> list[tuple[float, str]]:
    """Events in the time of the whole recording."""
    if treatment == "silence":
        filled = samples.copy()
        for place in places:
            filled[place : place + gap] = 0
        return heard(listen, model, filled)
    starts = [0, *(place + gap for place in places)]
    ends = [*places, len(samples)]
    pieces = [samples[start:end] for start, end in zip(starts, ends, strict=True)]
    if treatment.startswith("anew"):
        lead = np.zeros(RATE if treatment == "anew on silence" else 0, np.int16)
        return [
            ((start - len(lead)) / RATE + time, word)
            for start, piece in zip(starts, pieces, strict=True)
            for time, word in heard(listen, model, np.concatenate([lead, piece]))
        ]
    before = np.cumsum([len(piece) for piece in pieces]) / RATE
    events = heard(listen, model, np.concatenate(pieces))
    return [(time + int(np.searchsorted(before, time)) * gap / RATE, word) for time, word in events]


def score(events: list[tuple[float, str]], truth: list[tuple[float, float, str]]) -> tuple[int, int]:
    """Words heard, each once, and events that are none of them."""
    found, others = set(), 0
    for time, word in sorted(events):
        near = [
            at
            for at, (start, end, said) in enumerate(truth)
            if said == word and start <= time <= end + GRACE_S and at not in found
        ]
        if near:
            found.add(near[0])
        else:
            others += 1
    return len(found), others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sound", type=Path, help="a stream of words, with its truth beside it (.csv)")
    parser.add_argument("--listen", type=Path, default=Path("../.build/release/kws-listen"))
    parser.add_argument("--model", default="kws12-stream")
    parser.add_argument("--gaps", type=int, nargs="+", default=[20, 50, 100, 200, 500, 1000], help="lengths in ms")
    parser.add_argument("--every", type=float, default=3, help="seconds between gaps, on average")
    options = parser.parse_args()
    samples = load_pcm(options.sound, RATE)
    with options.sound.with_suffix(".csv").open() as lines:
        truth = [(float(row["start_s"]), float(row["end_s"]), row["word"]) for row in csv.DictReader(lines)]
    whole, alarms = score(heard(options.listen, options.model, samples), truth)
    print(f"{len(truth)} words; without gaps {whole} heard, {alarms} other events")
    print("| gap | gaps | " + " | ".join(TREATMENTS) + " |\n|---|---|" + "---|" * len(TREATMENTS))
    for gap_ms in options.gaps:
        gap = gap_ms * RATE // 1000
        places = gap_places(len(samples), gap, options.every, seed=gap_ms)
        cells = []
        for treatment in TREATMENTS:
            events = events_with(treatment, options.listen, options.model, samples, places, gap)
            cells.append("{} + {}".format(*score(events, truth)))
        print(f"| {gap_ms} ms | {len(places)} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
