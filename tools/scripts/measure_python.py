#!/usr/bin/env python3
"""Measures what the package silif costs in Python: `process` in blocks of 10 ms beside the engine alone and beside
pymicro-wakeword, and `score` by threads. `make bench-python` runs it.

    measure_python.py WHEELS     installs the wheel for this machine and the peer into .venv-peers, and measures there
    measure_python.py            measures with what is installed

Times of calls are seconds of a core, the least of many rounds in which the three take turns, so that other load shows
little. Those of `score` are seconds of the clock: they want an idle machine.
"""

import ctypes
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys
import time

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
    floats = [block.astype(np.float32) / 32768 for block in blocks]
    spotter, features = MicroWakeWord.from_builtin(Model.OKAY_NABU), MicroWakeWordFeatures()
    contents = [block.tobytes() for block in blocks]
    alone, ours, ours_float = silif.KeywordSpotter(), silif.KeywordSpotter(), silif.KeywordSpotter()
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

    def package() -> None:
        for block in blocks:
            ours.process(block)

    def package_float() -> None:
        for block in floats:
            ours_float.process(block)

    def peer() -> None:
        for content in contents:
            for frame in features.process_streaming(content):
                spotter.process_streaming(frame)

    times = least(engine, package, package_float, peer)
    version = importlib.metadata.version("pymicro-wakeword")
    names = ("the engine alone", "process, int16", "process, float32", f"pymicro-wakeword {version}, okay_nabu")
    print(f"blocks of {1000 * _BLOCK // 16_000} ms, {len(blocks)} of them, least of {_ROUNDS} rounds")
    for name, seconds in zip(names, times, strict=True):
        print(f"{name:36}{1e6 * seconds / len(blocks):8.2f} us a block{seconds / times[0]:8.2f} x the engine")


def measure_score(samples) -> None:
    import silif
    from silif import _library

    clips = [samples[start : start + 16_000] for start in range(0, len(samples) - 16_000, 1600)] * 12
    inside = [0]
    scored = _library.released.silif_score_clip

    def timed(*arguments: object) -> int:
        start_ns = time.thread_time_ns()
        code = scored(*arguments)
        inside[0] += time.thread_time_ns() - start_ns
        return code

    _library.released.silif_score_clip = timed
    start_ns = time.process_time_ns()
    silif.score(clips, jobs=1)
    share = 1 - inside[0] / (time.process_time_ns() - start_ns)
    _library.released.silif_score_clip = scored
    print(f"score: {len(clips)} clips of a second; {100 * share:.1f} % of the time holds Python's lock")
    cores, alone_s = len(os.sched_getaffinity(0)), None
    for jobs in [1 << power for power in range(12) if 1 << power < cores] + [cores]:
        times = []
        for _ in range(5):
            start = time.monotonic()
            silif.score(clips, jobs=jobs)
            times.append(time.monotonic() - start)
        alone_s = alone_s or min(times)
        print(f"{jobs:3} threads{len(clips) / min(times):10.0f} clips/s{alone_s / min(times):8.2f} x one thread")


def main() -> None:
    if len(sys.argv) == 2:
        raise SystemExit(subprocess.run([install(pathlib.Path(sys.argv[1])), __file__]).returncode)
    import soundfile

    samples = soundfile.read("models/demo.flac", dtype="int16")[0]
    measure_calls(samples)
    measure_score(samples)


if __name__ == "__main__":
    main()
