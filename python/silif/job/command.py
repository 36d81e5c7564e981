"""silif-score: a row for each clip, or the events of streams, on all cores of a Ray cluster."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import silif
from silif._errors import SilifError

# Before Ray is imported: it reports nothing to its makers unless somebody asks for that, and logs to its files only.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
try:
    import ray
    import ray.data

    from silif.job._output import Output
    from silif.job._parts import Part, parts_of
    from silif.job._rows import Counts, Rows
except ImportError as error:
    raise SystemExit(f"silif-score: {error}: install the extra with: pip install 'silif[ray]'") from error

#: Of what cannot be done, so many are told.
_TOLD = 5


class Worker:
    """An actor: one engine on one core. Takes a part, writes its rows, tells what it held."""

    def __init__(self, output: Output, options: dict[str, Any]):
        self._output, self._rows = output, Rows(output.model(), **options)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        part = Part.from_json(row["part"])
        counts, problem, start_s = Counts(), None, time.process_time()
        try:
            self._output.begin(part)
            table, counts = self._rows.of_part(part)
            self._output.write(part, table)
        except (SilifError, OSError) as error:
            problem = str(error)
        counts.core_s = time.process_time() - start_s
        return {"problem": problem, **asdict(counts)}


def run(parts: list[Part], output: Output, options: dict[str, Any], workers: int | None) -> Counts:
    """Scores parts on the cluster that Ray is connected to.

    Args:
        output: prepared.
        options: of `Rows`.
        workers: cores; None for all that the cluster has now.

    Returns:
        What the parts held that were done.
    """
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    workers = min(workers or max(1, int(ray.cluster_resources().get("CPU", 1))), len(parts))
    # A block is what a worker takes at a time. Ray begins it anew, on another worker, where its worker was lost.
    dataset = ray.data.from_items([{"part": part.to_json()} for part in parts], override_num_blocks=len(parts)).map(
        Worker,
        fn_constructor_args=(output, options),
        # May shrink to one: so the last workers make room for one that was lost with its machine.
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers),
        num_cpus=1,
    )
    counts, problems, start = Counts(), 0, time.monotonic()
    progress = _Progress()
    for done, row in enumerate(dataset.iter_rows(), 1):
        problem = row.pop("problem")
        counts.add(Counts(**row))
        if problem is not None:
            problems += 1
            if problems <= _TOLD:
                progress.clear()
                print(f"silif-score: {problem}", file=sys.stderr)
        progress.show(done, len(parts), counts, time.monotonic() - start)
    progress.clear()
    return counts


class _Progress:
    """A line on standard error that is written over and over, where a person watches."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, done: int, parts: int, counts: Counts, elapsed_s: float) -> None:
        if self._is_shown:
            left = duration_text(math.ceil(elapsed_s / done * (parts - done)))
            rate = f"{counts.sounds / elapsed_s:.0f} sounds/s"
            print(
                f"\r\x1b[K{done} of {parts} parts, {counts.sounds} sounds, {rate}, {left} left", end="", file=sys.stderr
            )

    def clear(self) -> None:
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr)


def duration_text(seconds: int) -> str:
    """As kws-score writes it."""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; ends the program where they are wrong."""
    parser = argparse.ArgumentParser(prog="silif-score", description=__doc__)
    add = parser.add_argument
    add("input", nargs="*", help="sound files, folders, shards (.tar, .parquet), patterns; paths or URLs of fsspec")
    add("--list", metavar="FILE", help="a list of paths instead, one a line; the parent folder is the word")
    add("--root", metavar="FOLDER", help="folder that the list's paths start from (the list's own)")
    add("-o", "--output", required=True, metavar="FOLDER", help="where the rows go, as Parquet; a path or URL")
    add("--resume", action="store_true", help="go on with the job whose rows are in --output")
    add("-m", "--model", help="a model that came with silif, or a path (kws12-silif; with --events kws12-stream)")
    add("--events", action="store_true", help="each recording is a stream: rows are the words heard in it, with times")
    add("--threshold", type=float, help="with --events: mean probability that reports a word (the model's own)")
    add("--part", type=int, default=1000, metavar="N", help="sound files a part; a shard is a part (%(default)s)")
    add("--workers", type=int, metavar="N", help="cores to use (all that the cluster has)")
    add(
        "--address",
        help="the cluster's: ray://HOST:10001, auto, or local for this machine alone (RAY_ADDRESS, else local)",
    )
    add("--audio-column", default="audio", metavar="NAME", help="of Parquet shards: the files' bytes (%(default)s)")
    add("--path-column", default="path", metavar="NAME", help="of Parquet shards: their names (%(default)s)")
    add("--version", action="version", version=silif.__version__)
    options = parser.parse_args(arguments)
    if bool(options.input) == (options.list is not None):
        parser.error("give paths, or --list, and not both")
    if options.root is not None and options.list is None:
        parser.error("--root belongs to --list")
    if options.threshold is not None and not options.events:
        parser.error("--threshold belongs to --events: clips have no threshold")
    for name in ("part", "workers"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name} must be 1 or more")
    return options


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    """A connection to a cluster. A program that has one already keeps it."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConnectionError(f"--address {address}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def main(arguments: Sequence[str] | None = None) -> int:
    options = arguments_of(arguments)
    try:
        model = silif.Model(options.model or ("kws12-stream" if options.events else "kws12-silif"))
        silif.KeywordSpotter(model, thresholds=options.threshold)
        parts = parts_of(options.input, model.info(), options.part, list_path=options.list, root=options.root)
        output = Output(options.output, os.getcwd())
        job = {"rows": "events" if options.events else "clips", "threshold": options.threshold}
        left = output.prepare(job, model, parts, is_resumed=options.resume)
    except SilifError as error:
        print(f"silif-score: {error}", file=sys.stderr)
        return 1
    if len(left) < len(parts):
        print(f"silif-score: {len(parts) - len(left)} of {len(parts)} parts are there already", file=sys.stderr)
    start = time.monotonic()
    counts = Counts()
    rows = {
        "are_events": options.events,
        "thresholds": options.threshold,
        "columns": (options.audio_column, options.path_column),
    }
    try:
        if left:
            with _cluster(options.address or os.environ.get("RAY_ADDRESS", "local")):
                counts = run(left, output, rows, options.workers)
    except ConnectionError as error:
        print(f"silif-score: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("silif-score: interrupted; the same command with --resume does the rest", file=sys.stderr)
        return 130
    elapsed_s = time.monotonic() - start
    what = f"{counts.sounds} sounds, {counts.failed} failed, {counts.sound_s / 3600:.2f} h"
    print(f"{what}, in {elapsed_s:.1f} s, {counts.core_s:.1f} s of a core: {options.output}")
    missing = len(parts) - len(output.done())
    if missing:
        print(
            f"silif-score: {missing} parts are missing; the same command with --resume tries them again",
            file=sys.stderr,
        )
    return 1 if counts.failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
