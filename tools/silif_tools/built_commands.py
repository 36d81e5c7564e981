"""The runtime's own commands: what a card says was measured through them."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np


class Commands:
    """kws-score, kws-model and kws-bench of a release build."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        for name in ("kws-score", "kws-model", "kws-bench"):
            if not (self.folder / name).exists():
                raise FileNotFoundError(f"{self.folder / name} is missing: run `make build` first")

    def _run(self, name: str, *arguments) -> str:
        command = [str(self.folder / name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            # The command says what is wrong, by its own name.
            raise RuntimeError(done.stderr.strip() or f"{name} ended with {done.returncode}: {' '.join(command)}")
        return done.stdout

    def score_list(self, model: Path, list_file: Path, *options) -> dict:
        listed = ["--list", list_file, "--root", list_file.parent]
        return json.loads(self._run("kws-score", "--model", model, *listed, "--format", "json", *options))

    def clip_rows(self, model: Path, list_file: Path) -> list[dict]:
        """A row for each clip of a list."""
        options = ["--list", list_file, "--root", list_file.parent, "--each", "--format", "jsonl"]
        return [json.loads(line) for line in self._run("kws-score", "--model", model, *options).splitlines()]

    def stream_events(self, model: Path, sound: Path) -> list[dict]:
        """What is heard in a recording, each event with its verdict."""
        with tempfile.TemporaryDirectory() as folder:
            events = Path(folder) / "events.jsonl"
            self.score_stream(model, sound, "--events", events)
            return [json.loads(line) for line in events.read_text().splitlines()]

    def score_frames(self, model: Path, frames: Path, labels: Path, *options) -> dict:
        """Precomputed frames; `results` holds each clip's word."""
        given = ["--frames", frames, "--labels", labels, "--each"]
        return json.loads(self._run("kws-score", "--model", model, *given, "--format", "json", *options))

    def score_stream(self, model: Path, sound: Path, *options) -> dict:
        truth = sound.with_suffix(".csv")
        return json.loads(
            self._run("kws-score", "--model", model, "--stream", sound, "--truth", truth, "--format", "json", *options)
        )

    def trace(self, model: Path, sound: Path, folder: Path) -> None:
        """Every step's frames, spikes, readout and probabilities as .npy files in `folder`."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._run("kws-model", "trace", model, "--input", sound, "--output", folder, "--force")

    def probabilities_q15(self, model: Path, sound: Path, folder: Path) -> np.ndarray:
        """[frame, class] of a running network over a whole recording."""
        self.trace(model, sound, folder)
        return np.load(folder / "probabilities.npy")

    def verify(self, model: Path) -> None:
        """Raises RuntimeError where this machine does not compute what the exporter computed."""
        self._run("kws-model", "verify", model)

    def bench(self, model: Path, sound: Path) -> dict:
        return json.loads(self._run("kws-bench", "--model", model, "--input", sound, "--format", "json"))

    def instructions(self, model: Path, sound: Path) -> int | None:
        """That kws-listen executes over a recording from start to end, counted by valgrind; None without it."""
        if shutil.which("valgrind") is None or shutil.which("strip") is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            # Valgrind gives up at what it does not know of the compiler's notes for debuggers.
            program = Path(folder) / "kws-listen"
            subprocess.run(["strip", "-g", "-o", program, self.folder / "kws-listen"], check=True)
            command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(program)]
            command += ["--model", str(model), "--input", str(sound), "--quiet"]
            done = subprocess.run(command, capture_output=True, text=True)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or found is None:
            raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}: {done.stderr.strip()}")
        return int(found[1])

    def info(self, model: Path) -> dict:
        return json.loads(self._run("kws-model", "info", model, "--format", "json"))
