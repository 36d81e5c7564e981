"""silif-bench-peers: what the engine costs beside other runtimes that do the same work, all in one run."""

import json
import os
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np

from .. import __version__
from ..errors import CommandParser, ConversionError, complain
from ..integer.frontend import FRONT_END
from ..peers.install import install_peers, python_of
from ..peers.measure import Bench, Measured, PeerError, Worker
from ..peers.networks import prepare
from ..peers.table import Group, Row, as_json, as_text
from ..sound import load_pcm

_REPOSITORY = Path(__file__).resolve().parents[3]
_OURS = "kws-bench"


def _arguments(argv):
    parser = CommandParser(
        prog="silif-bench-peers",
        description="kws-bench beside pymicro-wakeword, pymicro-features, kaldi-native-fbank, onnxruntime, NumPy"
        " and PyTorch: CPU time, one thread, on one core, in turns. Installs the peers into an environment apart.",
    )
    parser.add_argument("--build", type=Path, default=_REPOSITORY / ".build" / "release", help="folder of kws-bench")
    parser.add_argument("--model", type=Path, default=_REPOSITORY / "models" / "kws12.silif")
    parser.add_argument("--sound", type=Path, default=_REPOSITORY / "models" / "demo.flac", help="16 kHz mono")
    parser.add_argument(
        "--reference", type=Path, default=_REPOSITORY.parent / "shared" / "reference", metavar="FOLDER",
        help="the authors' networks and ssc_clips.npz (default ../shared/reference)",
    )  # fmt: skip
    parser.add_argument("--venv", type=Path, default=_REPOSITORY / ".venv-peers", help="the peers' environment")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--version", action="version", version=f"silif-bench-peers {__version__}")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        parser.error(f"--rounds {arguments.rounds}: give 1 or more")
    return arguments


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


class Contest:
    """Starts the contestants, lets them take turns, and keeps what they took."""

    def __init__(self, python: Path, core: int | None, missing: dict[str, str]):
        self.python, self.core, self.missing = python, core, missing
        self.groups: list[Group] = []
        self.workers: list[tuple[Row, Worker]] = []
        self.benches: list[tuple[Bench, dict[str, Row]]] = []

    def group(self, title: str, unit: str) -> Group:
        self.groups.append(Group(title, unit))
        return self.groups[-1]

    def ours(self, bench: Bench, stages: dict[str, Group], version: str) -> None:
        rows = {stage: Row(_OURS, version) for stage in stages}
        for stage, group in stages.items():
            group.rows.append(rows[stage])
        self.benches.append((bench, rows))

    def peer(self, group: Group, name: str, packages: list[str], script: str, *arguments, python=None) -> None:
        row = Row(name)
        group.rows.append(row)
        lacking = [self.missing[package] for package in packages if package in self.missing]
        if lacking:
            row.note = lacking[0]
            return
        _progress(f"starting {name}")
        try:
            worker = Worker(python or self.python, script, list(arguments), self.core)
        except PeerError as error:
            row.note = str(error)
            return
        row.version, row.measured = worker.facts["version"], Measured()
        self.workers.append((row, worker))

    def run(self, rounds: int) -> None:
        for index in range(rounds):
            _progress(f"round {index + 1} of {rounds}")
            for bench, rows in self.benches:
                for stage, us in bench.measure().items():
                    if stage in rows:
                        rows[stage].measured = rows[stage].measured or Measured()
                        rows[stage].measured.us.append(us)
            for row, worker in self.workers:
                row.measured.us.append(worker.measure())

    def compare_rates(self) -> None:
        """Says where a peer's network fires otherwise than ours: then it would not do the same work."""
        for bench, rows in self.benches:
            ours = np.array(bench.report["spikes_per_neuron_and_step"])
            groups = [group for group in self.groups if any(row in group.rows for row in rows.values())]
            for row, worker in self.workers:
                if "rates" in worker.facts and any(row in group.rows for group in groups):
                    theirs = np.array(worker.facts["rates"])
                    if np.abs(theirs / ours - 1).max() > 0.05:
                        row.note = f"fires differently: {theirs.round(4).tolist()}, ours {ours.tolist()}"

    def close(self) -> None:
        for _, worker in self.workers:
            worker.close()


def _audio(contest: Contest, arguments, folder: Path) -> None:
    samples = folder / "samples.npy"
    np.save(samples, load_pcm(arguments.sound, FRONT_END.sample_rate_hz))
    whole = contest.group("audio to keyword", "per 10 ms of audio")
    front = contest.group("front end alone", "per 10 ms of audio")
    bench = Bench(arguments.build / "kws-bench", arguments.model, arguments.sound, 6000, contest.core)
    contest.ours(bench, {"whole": whole, "front_end": front}, arguments.model.stem)
    contest.peer(whole, "pymicro-wakeword", ["pymicro-wakeword"], "wakeword.py", samples, "package")
    contest.peer(whole, "its C calls alone", ["pymicro-wakeword"], "wakeword.py", samples, "calls")
    contest.peer(front, "pymicro-features", ["pymicro-features"], "features.py", samples)
    contest.peer(front, "kaldi-native-fbank", ["kaldi-native-fbank"], "fbank.py", samples)


def _networks(contest: Contest, arguments, folder: Path) -> None:
    for name, label in (("ssc_silif", "SiLIF"), ("ssc_csilif", "C-SiLIF")):
        group = contest.group(f"140-512-512-35 {label} on ssc_clips", "per step")
        try:
            material = prepare(arguments.reference / f"{name}.pth", arguments.reference / "ssc_clips.npz", folder)
        except (ConversionError, OSError) as error:
            group.rows.append(Row(_OURS, note=f"{error}"))
            continue
        bench = Bench(arguments.build / "kws-bench", material.model, material.frames, material.steps, contest.core)
        contest.ours(bench, {"network": group}, "int8")
        contest.peer(group, "onnxruntime int8", ["onnxruntime", "onnx", "numpy"], "onnx_step.py", material.network)
        contest.peer(group, "NumPy float32", ["numpy"], "numpy_step.py", material.network)
        # PyTorch comes with the project's own environment, which converts checkpoints with it.
        contest.peer(group, "PyTorch eager float32", [], "torch_step.py", material.network, python=sys.executable)


def bench_peers(arguments) -> tuple[list[Group], dict]:
    """Raises PeerError where our own side cannot run."""
    if not (arguments.build / "kws-bench").exists():
        raise PeerError(f"{arguments.build / 'kws-bench'} is missing: run `make build` first")
    missing = install_peers(arguments.venv, _progress)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    contest = Contest(python_of(arguments.venv), cores[-1] if cores else None, missing)
    with tempfile.TemporaryDirectory() as name:
        try:
            _audio(contest, arguments, Path(name))
            _networks(contest, arguments, Path(name))
            contest.run(arguments.rounds)
            contest.compare_rates()
        finally:
            contest.close()
    conditions = {
        "rounds": arguments.rounds,
        "core": contest.core,
        "processor": _processor(),
        "load": os.getloadavg()[0],
    }
    return contest.groups, conditions


def main(argv=None) -> int:
    arguments = _arguments(argv)
    try:
        groups, conditions = bench_peers(arguments)
    except (PeerError, ConversionError, OSError) as error:
        return complain("silif-bench-peers", error)
    print(json.dumps(as_json(groups, conditions)) if arguments.format == "json" else as_text(groups, conditions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
