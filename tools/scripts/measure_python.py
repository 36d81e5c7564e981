#!/usr/bin/env python3
"""Measures what the package silif costs in Python: `process` in blocks of 10 ms beside the engine alone and beside
pymicro-wakeword, and `score` by threads. `make bench-python` runs it.

    measure_python.py WHEELS     installs the wheel for this machine and the peer into .venv-peers, and measures there
    measure_python.py            measures with what is installed

Times of calls are seconds of a core, the least of many rounds in which they take turns, so that other load shows
little. The growth of `score` over threads is told by the clock, which wants an idle machine, and by what depends less
on that: seconds of a core for each clip, and the share of the time that holds Python's lock.
"""

import ctypes
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable

_ENVIRONMENT = pathlib.Path(".venv-peers")
_ROUNDS, _BLOCK = 60, 160


def install(wheels: pathlib.Path) -> pathlib.Path:
    """Gives the Python of the environment with the wheel and the peer."""
    python = _ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", _ENVIRONMENT], check=True)
    (wheel,) = wheels.glob(f"silif-*_{platform.machine()}.whl")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"silif[sound] @ file://{wheel.resolve()}", "pymicro-wakeword"], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", wheel], check=True)
    return python


def least(*works) -> list[float]:
    """Seconds of a core that each takes, the least of the rounds."""
    found = [[] for _ in works]
    for _ in range(_ROUNDS):
        for work, times in zip(works, found, strict=True):
            start_ns = time.thread_time_ns()
            work()
            times.append((time.thread_time_ns() - start_ns) / 1e9)
    return [min(times) for times in found]


def measure_calls(samples) -> None:
    import numpy as np
    import silif
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
    from silif import _library

    blocks = [samples[start : start + _BLOCK] for start in range(0, len(samples), _BLOCK)]
    floats, doubles = ([(block / 32768).astype(kind) for block in blocks] for kind in (np.float32, np.float64))
    spotter, features = MicroWakeWord.from_builtin(Model.OKAY_NABU), MicroWakeWordFeatures()
    contents = [block.tobytes() for block in blocks]
    alone = silif.KeywordSpotter()
    used, event = ctypes.c_size_t(), _library.Event()

    def engine() -> None:
        """The same samples in one call, again after each word."""
        start = 0
        while start < len(samples):
            _library.released.silif_hear(
                alone._engine.handle,
                samples.ctypes.data + 2 * start,
                len(samples) - start,
                ctypes.byref(used),
                ctypes.byref(event),
            )
            start += used.value

    def package(blocks: list[np.ndarray]) -> Callable[[], None]:
        ours = silif.KeywordSpotter()

        def work() -> None:
            for block in blocks:
                ours.process(block)

        return work

    def peer() -> None:
        for content in contents:
            for frame in features.process_streaming(content):
                spotter.process_streaming(frame)

    times = least(engine, *map(package, (blocks, floats, doubles)), peer)
    version = importlib.metadata.version("pymicro-wakeword")
    calls = [f"process, {kind}" for kind in ("int16", "float32", "float64")]
    names = ("the engine alone", *calls, f"pymicro-wakeword {version}, okay_nabu")
    print(f"blocks of {1000 * _BLOCK // 16_000} ms, {len(blocks)} of them, least of {_ROUNDS} rounds")
    for name, seconds in zip(names, times, strict=True):
        print(f"{name:36}{1e6 * seconds / len(blocks):8.2f} us a block{seconds / times[0]:8.2f} x the engine")


def locked_share(clips) -> float:
    """Share of the time of `score`, on one thread, that is not in calls of the library that let other threads run."""
    import silif
    from silif import _library

    inside_ns, library = [0], _library.released

    class Timed:
        def __getattr__(self, name: str):
            function = getattr(library, name)

            def call(*arguments: object):
                start_ns = time.thread_time_ns()
                result = function(*arguments)
                inside_ns[0] += time.thread_time_ns() - start_ns
                return result

            setattr(self, name, call)
            return call

    _library.released = Timed()
    start_ns = time.process_time_ns()
    silif.score(clips, "kws12", jobs=1)
    whole_ns = time.process_time_ns() - start_ns
    _library.released = library
    return 1 - inside_ns[0] / whole_ns


def measure_score(samples) -> None:
    import numpy as np
    import silif

    clips = [samples[start : start + 16_000] for start in range(0, len(samples) - 16_000, 1600)] * 12
    floats = [(clip / 32768).astype(np.float32) for clip in clips]
    shares = [min(locked_share(kind) for _ in range(5)) for kind in (clips, floats)]
    print(f"score: {len(clips)} clips of a second; of the time, Python's lock takes at most, the measuring included,")
    print(f"{100 * shares[0]:.1f} % with int16, {100 * shares[1]:.1f} % with float32")
    cores = len(os.sched_getaffinity(0))
    counts = [1 << power for power in range(12) if 1 << power < cores] + [cores]
    taken = {jobs: [] for jobs in counts}
    for _ in range(7):
        for jobs in counts:
            start, start_core = time.monotonic(), time.process_time()
            silif.score(clips, "kws12", jobs=jobs)
            taken[jobs].append((time.monotonic() - start, time.process_time() - start_core))
    alone_s = min(taken[1])[0]
    for jobs, times in taken.items():
        wall_s, core_s = (min(column) for column in zip(*times, strict=True))
        print(
            f"{jobs:3} threads {len(clips) / wall_s:9.0f} clips/s {alone_s / wall_s:6.2f} x one thread; "
            f"{1e6 * core_s / len(clips):5.0f} us of a core a clip"
        )
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


def main() -> None:
    if len(sys.argv) == 2:
        raise SystemExit(subprocess.run([install(pathlib.Path(sys.argv[1])), __file__]).returncode)
    import soundfile

    samples = soundfile.read("models/demo.flac", dtype="int16")[0]
    measure_calls(samples)
    measure_score(samples)


if __name__ == "__main__":
    main()
