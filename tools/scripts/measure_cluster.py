#!/usr/bin/env python3
"""Measures silif-score on a local Ray cluster beside kws-score: the same rows, what the cluster costs, growth by clips
and workers, and that a killed worker loses nothing. `make bench-cluster` runs it and writes docs/cluster.svg.

    measure_cluster.py COMMANDS CLIPS PLOT [--clips 20000] [--workers 2]

COMMANDS is the folder of kws-score, CLIPS a folder of short recordings; where it has fewer than wanted, each counts
several times, under names of its own. Prints times, and the arithmetic for 100,000 hours. Seconds of a core depend less
on what else the machine does than seconds of the clock.
"""

import argparse
import itertools
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import threading
import time

import matplotlib
import pyarrow.dataset
import ray
import silif
from silif.job._output import Output
from silif.job._parts import parts_of
from silif.job._workers import run

matplotlib.use("svg")
from matplotlib import pyplot

MODEL = silif.Model("kws12")
OPTIONS = {"are_events": False, "thresholds": None, "columns": ("audio", "path")}
PART_CLIPS = 250


def make_clips(source: pathlib.Path, target: pathlib.Path, count: int) -> int:
    """Links to `count` clips, in the folders of their words. Returns how many different ones there are."""
    target.mkdir()
    paths = sorted(source.rglob("*.flac"))
    for number, path in zip(range(count), itertools.cycle(paths), strict=False):
        folder = target / path.parent.name
        folder.mkdir(exist_ok=True)
        os.symlink(path.resolve(), folder / f"{number // len(paths)}-{path.name}")
    return len(paths)


def process_tree() -> dict[int, float]:
    """Seconds of a core that this process has taken so far, those that it has started, and those of theirs."""
    parents, seconds = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        process = int(path.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    ours, before = {os.getpid()}, 0
    while before < len(ours):
        before = len(ours)
        ours |= {process for process, parent in parents.items() if parent in ours}
    return {process: seconds[process] for process in ours if process in seconds}


def busy_workers() -> list[int]:
    """Processes of this cluster that have an actor."""
    found = []
    for process in process_tree():
        title = pathlib.Path(f"/proc/{process}/cmdline")
        if title.exists() and title.read_bytes().startswith(b"ray::MapWorker"):
            found.append(process)
    return found


def score_on_cluster(
    clips: list[str], workers: int, output: pathlib.Path, kills: bool = False
) -> tuple[float, float, int]:
    """Seconds of the clock and of a core, and how many workers were killed on the way."""
    parts = parts_of(clips, MODEL.info(), PART_CLIPS)
    out = Output(str(output), "/")
    out.prepare({}, MODEL, parts, is_resumed=False)
    killed = []

    def kill() -> None:
        while len(out.done()) < len(parts) // 2:
            time.sleep(0.05)
        victim = busy_workers()[0]
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)

    killer = threading.Thread(target=kill)
    if kills:
        killer.start()
    start_s, before = time.monotonic(), process_tree()
    counts = run(parts, out, OPTIONS, workers)
    wall_s, after = time.monotonic() - start_s, process_tree()
    # Besides the workers: this process and Ray's own. What a worker takes to start is not in it.
    around_s = sum(after[process] - before[process] for process in after.keys() & before.keys())
    core_s = counts.core_s + around_s
    if kills:
        killer.join()
    assert len(out.done()) == len(parts), f"{len(parts) - len(out.done())} parts are missing"
    where = f"{counts.core_s:.1f} s of a core in workers, {around_s:.1f} s around {len(parts)} parts"
    print(f"  silif-score: {wall_s:.1f} s, {where}", flush=True)
    return wall_s, core_s, len(killed)


def score_with_command(
    command: pathlib.Path, clips: list[str], workers: int, output: pathlib.Path
) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    arguments = [command, *clips, "--each", "--format", "jsonl", "--output", output, "--jobs", str(workers)]
    subprocess.run(arguments, check=True)
    wall_s, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    core_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  kws-score: {wall_s:.1f} s, {core_s:.1f} s of a core", flush=True)
    return wall_s, core_s


def assert_same_rows(rows: pathlib.Path, expected: pathlib.Path) -> int:
    found = {row["path"]: row for row in pyarrow.dataset.dataset(rows, format="parquet").to_table().to_pylist()}
    lines = [json.loads(line) for line in expected.read_text().splitlines()]
    assert sorted(found) == sorted(line["path"] for line in lines), "other paths, or twice the same"
    for line in lines:
        row = found[line["path"]]
        assert all(row[name] == line[name] for name in ("model", "label", "word", "steps", "spikes")), (row, line)
        assert all(abs(row[f"p_{word}"] - p) < 1e-9 for word, p in line["probabilities"].items()), (row, line)
    return len(lines)


def plot(path: pathlib.Path, found: dict[tuple[str, int, int], tuple[float, float]], workers: int) -> None:
    figure, both = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for index, (axes, label) in enumerate(zip(both, ("seconds of the clock", "seconds of a core"), strict=True)):
        for name, style in (("silif-score", "o-"), ("kws-score", "s--")):
            for count in range(1, workers + 1):
                points = {
                    clips: taken[index] for (kind, used, clips), taken in found.items() if (kind, used) == (name, count)
                }
                axes.plot(
                    points.keys(), points.values(), style, label=f"{name}, {count} worker{'s' if count > 1 else ''}"
                )
        axes.set(xlabel="clips", ylabel=label, xlim=(0, None), ylim=(0, None), xticks=list(points))
        axes.grid(alpha=0.3)
    both[1].legend(frameon=False, loc="upper left")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("plot", type=pathlib.Path)
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    start = time.monotonic()
    ray.init(num_cpus=options.workers, log_to_driver=False)
    print(f"a local cluster is there after {time.monotonic() - start:.1f} s")
    found = {}
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        print("once, not counted: Ray reads itself in")
        make_clips(options.source, work / "first", options.workers)
        score_on_cluster([str(work / "first")], options.workers, work / "first-rows")
        for share in (8, 4, 2, 1):
            count = options.clips // share
            folder = work / f"clips-{count}"
            different = make_clips(options.source, folder, count)
            for workers in range(1, options.workers + 1):
                print(f"{count} clips ({min(different, count)} different), {workers} workers")
                rows, lines = work / f"rows-{count}-{workers}", work / f"lines-{count}-{workers}"
                command_s, command_core_s = score_with_command(
                    options.commands / "kws-score", [str(folder)], workers, lines
                )
                wall_s, core_s, _ = score_on_cluster([str(folder)], workers, rows)
                found["kws-score", workers, count] = command_s, command_core_s
                found["silif-score", workers, count] = wall_s, core_s
                print(
                    f"  {assert_same_rows(rows, lines)} rows are the same; {wall_s / command_s:.2f} x the time, "
                    f"{core_s / command_core_s:.2f} x the seconds of a core of kws-score; load {os.getloadavg()[0]:.0f}"
                )
        print(f"{options.clips} clips, {options.workers} workers, one killed half-way")
        wall_s, _, killed = score_on_cluster([str(folder)], options.workers, work / "killed", kills=True)
        print(f"  {killed} killed; {assert_same_rows(work / 'killed', lines)} rows are the same")
        size = sum(path.stat().st_size for path in (work / "killed").glob("*.parquet"))
    ray.shutdown()
    # Of the last run: each clip is a second of sound.
    clips, hours = options.clips, 100_000
    per_hour_s, bytes_per_clip = 3600 * core_s / clips, size / clips
    print(f"a clip costs {1e3 * core_s / clips:.2f} ms of a core and {bytes_per_clip:.0f} bytes of rows")
    print(
        f"{hours} hours in clips of a second: {hours * per_hour_s / 3600:.0f} core hours, "
        f"{hours * 3600 * bytes_per_clip / 1e9:.1f} GB of rows"
    )
    plot(options.plot, found, options.workers)


if __name__ == "__main__":
    main()
