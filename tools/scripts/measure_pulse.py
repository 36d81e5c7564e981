#!/usr/bin/env python3
"""measure_pulse.py COMMANDS [ROUNDS]: plays the demo into a null sink of PulseAudio and listens to its monitor,
with all cores busy; then kills the server, starts it again, and plays once more.

Prints words heard of those said, what was lost, and how long after a word's end at the sink its line comes out. When
a sample left the sink, a second reader of the monitor knows, with 10 ms of buffer. Right is that every word is heard
and nothing is lost but while there was no server.

A server of its own, by which this user's is not touched. Needs pulseaudio, libasound2-plugins, numpy.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

import numpy as np

RATE_HZ = 16_000
ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "models/demo.flac"
PAUSE_S = 3.0


class Tap:
    """What left the sink, and when."""

    def __init__(self, environment: dict):
        self.samples, self.arrivals = [], []
        self.process = subprocess.Popen(
            ["parec", "--device=words.monitor", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1",
             "--latency-msec=10"],
            stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        count = 0
        while data := os.read(self.process.stdout.fileno(), 4096):
            self.samples.append(np.frombuffer(data[: len(data) // 2 * 2], np.int16))
            count += len(self.samples[-1])
            self.arrivals.append((count, time.time()))

    def stop(self) -> None:
        self.process.terminate()
        self.thread.join()

    def time_of(self, sample: int) -> float:
        return next(at for count, at in self.arrivals if count > sample)


def places(heard: np.ndarray, demo: np.ndarray, rounds: int) -> list[int]:
    """Where in what left the sink each playing of the demo begins: by its first word."""
    part = demo[RATE_HZ : 2 * RATE_HZ].astype(np.float64)
    size = 1 << int(np.ceil(np.log2(len(heard) + len(part))))
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(part, size)), size)[: len(heard)]
    found = []
    for _ in range(rounds):
        best = int(np.argmax(match))
        found.append(best - RATE_HZ)
        match[max(0, best - 5 * RATE_HZ) : best + 5 * RATE_HZ] = 0
    return sorted(found)


def measure(command: Path, rounds: int, folder: Path) -> int:
    environment = dict(os.environ) | {"HOME": str(folder), "PULSE_RUNTIME_PATH": str(folder / "pulse")}
    environment.pop("PULSE_SERVER", None)
    (folder / "asound.conf").write_text("</usr/share/alsa/alsa.conf>\npcm.words { type pulse device words.monitor }\n")
    raw = subprocess.run(["sox", DEMO, "-t", "raw", "-"], capture_output=True, check=True).stdout
    demo = np.frombuffer(raw, np.int16)
    with open(DEMO.with_suffix(".csv")) as file:
        said = [(float(row["end_s"]), row["word"]) for row in csv.DictReader(file)]
    started = []

    def start(*arguments, **options):
        started.append(subprocess.Popen([str(each) for each in arguments], env=environment, **options))
        return started[-1]

    def serve() -> subprocess.Popen:
        server = start(
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-native-protocol-unix",
            "--load=module-null-sink sink_name=words rate=48000 channels=2", stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode:
            if time.monotonic() > until:
                raise SystemExit("measure_pulse: the server does not answer")
            time.sleep(0.2)
        return server

    def play() -> None:
        subprocess.run(["paplay", "--device=words", DEMO], env=environment, check=True)
        time.sleep(PAUSE_S)

    try:
        server = serve()
        for _ in range(os.cpu_count()):
            start(sys.executable, "-c", "while True: pass")
        tap = Tap(environment)
        environment["ALSA_CONFIG_PATH"] = str(folder / "asound.conf")
        errors = (folder / "errors").open("w+")
        listener = start(
            command, "--device", "words", "--output", "json", "--stats", stdout=subprocess.PIPE, stderr=errors
        )
        time.sleep(PAUSE_S)
        for _ in range(rounds):
            play()
        # As when it crashes: nobody is told. The device is opened again some seconds after the server is back.
        server.kill()
        server.wait()
        serve()
        time.sleep(10)
        play()
        listener.terminate()
        output = listener.stdout.read().decode()
        tap.stop()
        errors.seek(0)
        figures = json.loads(next(line for line in errors if line.startswith("{")))
    finally:
        for process in started:
            process.kill()
            process.wait()

    events = [json.loads(line) for line in output.splitlines()]
    back = next((at for at, each in enumerate(events) if each["event"] == "device_back"), len(events))
    after = [each["word"] for each in events[back:] if each["event"] == "keyword"]
    events = events[:back]
    words = [
        (datetime.fromisoformat(each["at"]).timestamp(), each["word"]) for each in events if each["event"] == "keyword"
    ]
    heard = np.concatenate(tap.samples).astype(np.float64)
    latencies_ms, missed = [], []
    for begin in places(heard, demo.astype(np.float64), rounds):
        for end_s, word in said:
            end = tap.time_of(begin + int(end_s * RATE_HZ))
            times = [at for at, each in words if each == word and -0.5 < at - end < 1.5]
            if times:
                latencies_ms.append(1000 * (times[0] - end))
            else:
                missed.append(word)
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores busy, load {busy:.1f}; {rounds} rounds")
    print(
        f"words     {len(latencies_ms)} of {rounds * len(said)} heard, {len(words) - len(latencies_ms)} others;"
        f" missed: {missed}"
    )
    print(
        f"lost      {figures['lost_s']} s in {figures['gaps']} gaps,"
        f" {figures['device_losses']} of them by the killed server"
    )
    if latencies_ms:
        print(
            f"latency   median {np.median(latencies_ms):.0f} ms, 95 % {np.percentile(latencies_ms, 95):.0f} ms, longest"
            f" {max(latencies_ms):.0f} ms, from a word's end at the sink to its line"
        )
    print(f"killed    the server, and started it again: heard {' '.join(after)}")
    return (
        0
        if not missed and figures["gaps"] == figures["device_losses"] == 1 and after == [word for _, word in said]
        else 1
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(Path(sys.argv[1]) / "kws-listen", int(sys.argv[2]) if len(sys.argv) > 2 else 5, Path(folder)))
