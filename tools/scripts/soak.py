#!/usr/bin/env python3
"""soak.py COMMANDS HOURS: so many hours of sound, as fast as they go, through two runs of kws-listen at the same time.

Right is: the same bytes from both, memory that does not grow, lines of JSON whose times only run forward, every sample
counted. 37.3 hours are 2^31 samples; 75 hours 2^32.
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

RATE_HZ = 16_000
MODELS = Path(__file__).resolve().parents[2] / "models"
GROWTH_KB = 512


class Run:
    """One kws-listen, fed by a thread and read by another."""

    def __init__(self, command: Path, material: bytes, samples: int):
        self.samples, self.digest, self.events, self.problem = samples, hashlib.sha256(), 0, None
        self.memory_kb: list[int] = []
        self.fed = 0
        self.process = subprocess.Popen(
            [command, "--input", "-", "--format", "json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        self.threads = [threading.Thread(target=it) for it in (lambda: self.feed(material), self.read)]
        for thread in self.threads:
            thread.start()

    def feed(self, material: bytes) -> None:
        left = 2 * self.samples
        while left > 0:
            part = material[:left]
            try:
                self.process.stdin.write(part)
            except BrokenPipeError:
                return
            left -= len(part)
            self.fed += len(part) // 2
        self.process.stdin.close()

    def read(self) -> None:
        last = 0
        for line in self.process.stdout:
            self.events += 1
            event = json.loads(line)
            # All but the time of day.
            self.digest.update(re.sub(rb',"at":"[^"]*"', b"", line))
            if event["sample"] <= last or abs(event["time_s"] * RATE_HZ - event["sample"]) > 1:
                self.problem = f"event {self.events}: {line.decode().strip()} after sample {last}"
            last = event["sample"]

    def resident_kb(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def finish(self) -> str:
        for thread in self.threads:
            thread.join()
        errors = self.process.stderr.read().decode()
        heard = re.search(r"heard ([\d.]+) s", errors)
        if self.process.wait() != 0 or not heard:
            self.problem = f"exit {self.process.returncode}: {errors}"
        elif round(float(heard[1]) * RATE_HZ) != self.samples:
            self.problem = f"heard {heard[1]} s of {self.samples / RATE_HZ}"
        early, late = self.memory_kb[len(self.memory_kb) // 10], self.memory_kb[-1]
        if late - early > GROWTH_KB:
            self.problem = f"memory grew from {early} to {late} kB"
        return f"{self.events} events, {early} to {late} kB, sha256 {self.digest.hexdigest()[:16]}"


def main() -> int:
    command, hours = Path(sys.argv[1]) / "kws-listen", float(sys.argv[2])
    raw = subprocess.run([sys.argv[3], MODELS / "demo.flac", "0", "14800"], capture_output=True, check=True).stdout
    material = raw * (1 + (1 << 22) // len(raw))
    began = time.monotonic()
    runs = [Run(command, material, int(hours * 3600 * RATE_HZ)) for _ in range(2)]
    while any(run.process.poll() is None for run in runs):
        time.sleep(1)
        for run in runs:
            with contextlib.suppress(OSError, TypeError):  # it has ended
                run.memory_kb.append(run.resident_kb())
        if os.isatty(2):
            print(f"\r{min(run.fed for run in runs) / RATE_HZ / 3600:.1f} of {hours:g} h", end="", file=sys.stderr)
    lines = [run.finish() for run in runs]
    print(f"{hours:g} h of sound in {time.monotonic() - began:.0f} s, {runs[0].samples / 2**31:.2f} times 2^31 samples")
    for run, line in zip(runs, lines, strict=True):
        print(line)
        if run.problem:
            print(f"soak: {run.problem}", file=sys.stderr)
            return 1
    if runs[0].digest.digest() != runs[1].digest.digest():
        print("soak: two runs gave different bytes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
