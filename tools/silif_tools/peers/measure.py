"""Takes turns: each contestant computes one pass a round, all on the same core, with one thread."""

import json
import os
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
)
_WORKERS = Path(__file__).parent / "workers"


class PeerError(RuntimeError):
    """A contestant that cannot be measured; the message says why."""


@dataclass
class Measured:
    """CPU time of a step in µs, one value a round."""

    us: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.us)


def pin(core: int | None):
    """What a child process does before it begins."""
    return (lambda: os.sched_setaffinity(0, {core})) if core is not None else None


class Worker:
    """A peer in a process of its own, which stays for all rounds and computes only when asked."""

    def __init__(self, python: Path, script: str, arguments: list, core: int | None):
        command = [str(python), str(_WORKERS / script), *map(str, arguments)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **_ONE_THREAD},
            preexec_fn=pin(core),
        )
        self.facts = self._reply()

    def _reply(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            lines = self.process.communicate()[1].strip().splitlines()
            raise PeerError(lines[-1] if lines else f"ended with {self.process.returncode}")
        return json.loads(line)

    def measure(self) -> float:
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._reply()["us_per_step"]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=60)


class Bench:
    """kws-bench, started anew each round; `stage` is one of its JSON report's stages."""

    def __init__(self, command: Path, model: Path, source: Path, steps: int, core: int | None):
        self.arguments = [command, "--model", model, "--input", source, "--steps", steps, "--format", "json"]
        self.core = core
        self.report: dict = {}

    def measure(self) -> dict[str, float]:
        """Mean CPU time of a step, for each stage that the model has."""
        done = subprocess.run(list(map(str, self.arguments)), capture_output=True, text=True, preexec_fn=pin(self.core))
        if done.returncode:
            raise PeerError(done.stderr.strip())
        self.report = json.loads(done.stdout)
        return {name: stage["mean_us"] for name, stage in self.report["stages"].items() if stage}
