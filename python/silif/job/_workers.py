"""What silif-score does with Ray: workers, and the connection to a cluster."""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from silif._commands import say, visible
from silif._errors import InputError, SilifError, reason
from silif.job._output import Output
from silif.job._parts import Part
from silif.job._rows import Counts, Rows

# Before Ray is imported: it reports nothing to its makers unless somebody asks for that, and logs to its files only.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
import ray.data
import ray.exceptions

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
        except SilifError as error:
            problem = visible(error)  # Ray's rows take no bytes that are no UTF-8.
        except Exception as error:  # Every file system has errors of its own.
            problem = visible(f"part {part.number} cannot be done ({reason(error)})")
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

    Raises:
        InputError: Ray gave up, as where a worker does not see the output.
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
    try:
        for done, row in enumerate(dataset.iter_rows(), 1):
            problem = row.pop("problem")
            counts.add(Counts(**row))
            if problem is not None:
                problems += 1
                if problems <= _TOLD:
                    progress.clear()
                    say("silif-score", problem)
            progress.show(done, len(parts), counts, time.monotonic() - start)
    except ray.exceptions.RayError as error:
        # Its last line is what went wrong, after the kind of error.
        last = re.sub(r"^[\w.]+: ", "", str(error).strip().rpartition("\n")[2])
        raise InputError("Ray", f"stopped the job ({last})", "once that is right, --resume goes on") from error
    finally:
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


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to a cluster. A program that has one already keeps it.

    Raises:
        ConnectionError: none is at this address.
    """
    if ray.is_initialized():
        yield
        return
    if place := re.fullmatch(r"([^/]+):(\d+)", address):
        # Ray itself waits for minutes.
        try:
            socket.create_connection((place[1], int(place[2])), timeout=30).close()
        except (OSError, OverflowError, ValueError) as error:  # ValueError: no name of a host, as a..b
            raise ConnectionError(f"--address {address}: no cluster is there ({error})") from error
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        with suppress(ValueError):  # Not the main thread.
            signal.signal(signal.SIGTERM, handler)  # Ray put its own there.
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConnectionError(f"--address {address}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()
