"""silif-score: a row for each clip, or the events of streams, on all cores of a Ray cluster."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import silif
from silif._commands import Parser, say, visible
from silif._errors import SilifError


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; ends the program where they are wrong."""
    parser = Parser(prog="silif-score", description=__doc__)
    add = parser.add_argument
    add("input", nargs="*", help="sound files, folders, shards (.tar, .parquet), patterns; paths or URLs of fsspec")
    add("--list", metavar="FILE", help="a list of paths instead, one a line; the parent folder is the word")
    add("--root", metavar="FOLDER", help="folder that the list's paths start from (the list's own)")
    add("-o", "--output", required=True, metavar="FOLDER", help="where the rows go, as Parquet; a path or URL")
    add("--resume", action="store_true", help="go on with the job whose rows are in --output")
    add("-m", "--model", help="a model that came with silif, or a path (kws12)")
    add("--events", action="store_true", help="each recording is a stream: rows are the words heard in it, with times")
    add("--threshold", type=float, help="with --events: mean probability that reports a word (the model's own)")
    add("--part", type=int, default=1000, metavar="N", help="sound files a part; a shard is a part (%(default)s)")
    add("--workers", type=int, metavar="N", help="cores to use (all that the cluster has)")
    add(
        "--address",
        help="the cluster's, on one of its machines: auto or HOST:6379; or local for this machine alone (RAY_ADDRESS, "
        "else local)",
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
    if options.audio_column == options.path_column:
        parser.error(f"--path-column: {options.path_column} is the audio column; give the column of the names")
    for name in ("part", "workers"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name} must be 1 or more")
    return options


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM ends what is done within as Ctrl-C does. Other threads than the main one cannot ask for that."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command.

    Returns:
        Its exit status: 0 where all could be read, 130 or 143 where SIGINT or SIGTERM interrupted it, else 1.
    """
    options = arguments_of(arguments)
    try:
        with _interrupted_by_sigterm():
            return _run(options)
    except (SilifError, ConnectionError) as error:
        say("silif-score", error)
        return 1
    except KeyboardInterrupt as error:
        say("silif-score", "interrupted; the same command with --resume does the rest")
        return 128 + (error.args[0] if error.args else signal.SIGINT)


def _run(options: argparse.Namespace) -> int:
    # Not before: whoever asks for help, or mistypes, has no need of Ray, which takes seconds to import.
    try:
        from silif.job._output import Output
        from silif.job._parts import parts_of
        from silif.job._rows import Counts
        from silif.job._workers import connected, run
    except ImportError as error:
        say("silif-score", f"{error}: install the extra with: pip install 'silif[ray]'")
        return 1
    model = silif.Model(options.model or "kws12")
    silif.KeywordSpotter(model, thresholds=options.threshold)
    lists = {"list_path": options.list, "root": options.root}
    parts = parts_of(options.input, model.info(), options.part, **lists, tell=lambda error: say("silif-score", error))
    output = Output(options.output, os.getcwd())
    columns = (options.audio_column, options.path_column)
    job = {"rows": "events" if options.events else "clips", "threshold": options.threshold, "columns": columns}
    left = output.prepare(job, model, parts, is_resumed=options.resume)
    failed_before = output.failed() if len(left) < len(parts) else 0
    if len(left) < len(parts):
        say("silif-score", f"{len(parts) - len(left)} of {len(parts)} parts are there already")
    start = time.monotonic()
    counts = Counts()
    rows = {"are_events": options.events, "thresholds": options.threshold, "columns": columns}
    if left:
        with connected(options.address or os.environ.get("RAY_ADDRESS", "local")):
            counts = run(left, output, rows, options.workers)
    elapsed_s = time.monotonic() - start
    failed = f"{counts.failed} failed" + (f" now and {failed_before} before" if failed_before else "")
    what = f"{counts.sounds} sounds, {failed}, {counts.sound_s / 3600:.2f} h"
    print(f"{what}, in {elapsed_s:.1f} s, {counts.core_s:.1f} s of a core: {visible(options.output)}")
    missing = len(parts) - len(output.done())
    if missing:
        say("silif-score", f"{missing} parts are missing; the same command with --resume tries them again")
    return 1 if counts.failed or failed_before or missing else 0


if __name__ == "__main__":
    sys.exit(main())
