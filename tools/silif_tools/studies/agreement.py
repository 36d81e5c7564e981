"""How a conversion does on labelled frames, through kws-score: `python -m silif_tools.studies.agreement`.

Measures the authors' networks on the clips that come with them and prints the table of docs/QUANTIZATION.md.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic import write_atomically
from ..built_commands import Commands
from ..export.authors_model import run_authors
from ..export.convert import convert
from ..export.self_test import add_self_test
from ..export.state_dict import load_state_dict
from ..model_file.tables import InputKind
from ..model_file.write import model_bytes

# Networks whose float scores are stored with the clips. Others lie beside them, of which nothing is published.
SCORED = ("silif", "csilif", "cadlif")
_SELF_TEST_STEPS = 20


@dataclass
class Reference:
    """counts [clip, step, input] uint8, label [clip], words in label order, winners [clip] of the float networks."""

    counts: np.ndarray
    label: np.ndarray
    words: list[str]
    winners: dict[str, np.ndarray]

    @classmethod
    def load(cls, folder: Path) -> "Reference":
        with np.load(folder / "ssc_clips.npz") as stored:
            scores = {name: stored[f"scores_{name}"] for name in SCORED}
            return cls(
                stored["counts"],
                stored["label"],
                [str(word) for word in stored["words"]],
                {name: values.argmax(axis=1) for name, values in scores.items()},
            )


@dataclass
class Agreement:
    """Shares of clips."""

    same_winner: float
    accuracy: float
    float_accuracy: float


def winners(
    state: dict[str, np.ndarray],
    reference: Reference,
    commands: Commands,
    *,
    bits: int,
    calibration: np.ndarray | None = None,
    coarser: float = 1.0,
) -> np.ndarray:
    """Each clip's class by the converted network, [clip].

    coarser: factor on every row's scale. Other draws of the rounding errors: spike trains are chaotic, so one draw
    says little about a method.
    """
    conversion = convert(
        state,
        reference.words,
        input_kind=InputKind.COUNTS,
        step_us=4000,
        clip_frames=reference.counts.shape[1],
        weight_bits=bits,
        calibration=calibration,
        coarser=coarser,
    )
    add_self_test(conversion.model, reference.counts[0, :_SELF_TEST_STEPS])
    with tempfile.TemporaryDirectory() as folder:
        model, frames, labels = (Path(folder) / name for name in ("x.silif", "x.npy", "y.npy"))
        write_atomically(model, model_bytes(conversion.model))
        np.save(frames, reference.counts)
        np.save(labels, reference.label)
        results = commands.score_frames(model, frames, labels)["results"]
    return np.array([reference.words.index(result["word"]) for result in results])


def agreement(found: np.ndarray, expected: np.ndarray, label: np.ndarray) -> Agreement:
    return Agreement(
        float(np.mean(found == expected)), float(np.mean(found == label)), float(np.mean(expected == label))
    )


def _halves(count: int) -> list[tuple[slice, slice]]:
    """Each half to calibrate on, with the other one to measure."""
    first, second = slice(0, count // 2), slice(count // 2, count)
    return [(first, second), (second, first)]


def cross_fitted(state, reference: Reference, commands: Commands, **options) -> np.ndarray:
    """Winners with calibration: no clip is measured on a network that was calibrated on it."""
    found = np.zeros(len(reference.label), np.int64)
    for calibrated, measured in _halves(len(reference.label)):
        calibration = reference.counts[calibrated].astype(np.int16)
        found[measured] = winners(state, reference, commands, calibration=calibration, **options)[measured]
    return found


def _row(name: str, what: str, found: list[Agreement]) -> str:
    def spread(values: list[float]) -> str:
        text = f"{100 * values[0]:.1f} %"
        if len(values) > 1:
            text += f" (mean {100 * statistics.mean(values):.1f}, {100 * min(values):.1f} to {100 * max(values):.1f})"
        return text

    same, accuracy = spread([one.same_winner for one in found]), spread([one.accuracy for one in found])
    return f"| {name} | {what} | {same} | {accuracy} | {100 * found[0].float_accuracy:.1f} % |"


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="silif_tools.studies.agreement", description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=Path, default=Path("../shared/reference"), help="folder of the checkpoints")
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="folder of the commands")
    parser.add_argument("--draws", type=int, default=6, help="draws of the rounding errors (default 6)")
    arguments = parser.parse_args(argv)
    reference, commands = Reference.load(arguments.reference), Commands(arguments.build)
    print("| network | weights | same winner as float | accuracy | float |\n|---|---|---|---|---|")
    # The first is what the exporter writes.
    draws = [1 + 0.003 * index for index in range(arguments.draws)]
    names = [path.stem.removeprefix("ssc_") for path in arguments.reference.glob("ssc_*.pth")]
    for name in sorted(names, key=lambda name: (name not in SCORED, SCORED.index(name) if name in SCORED else 0, name)):
        state = load_state_dict(arguments.reference / f"ssc_{name}.pth")
        if name in reference.winners:
            expected = reference.winners[name]
        else:
            expected = run_authors(state, reference.counts).scores.argmax(axis=1)
        for what, make, bits in (
            ("int4, without data", winners, 4),
            ("int4, calibrated", cross_fitted, 4),
            ("int8, without data", winners, 8),
            ("int8, calibrated", cross_fitted, 8),
            ("int16, without data", winners, 16),
            ("int16, calibrated", cross_fitted, 16),
        ):
            found = [make(state, reference, commands, bits=bits, coarser=factor) for factor in draws]
            print(_row(name, what, [agreement(one, expected, reference.label) for one in found]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
