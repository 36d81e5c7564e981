"""Float against int8 on sequences of numbers: accuracy, McNemar's p, spikes, bytes of what silif-train wrote.

    python -m silif_tools.studies.sequence_scores runs/smnist-s4d.pth --data ../shared/data/sequences --output runs

Writes NAME.silif and the frames of the split into --output, scores them with kws-score, and prints a row of the table
in docs/TRAINING.md for each network. Of a network that samples, int8's accuracy is the mean of five seeds (lowest to
highest), and the test compares the first: its draws differ between float and int8.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from ..built_commands import Commands
from ..errors import complain
from ..export.compare import Comparison
from ..train.session import keep_memory
from .trained import ERRORS, Trained, add_options, clips_of, engine_winners

SEEDS = 5


def compared(floating: np.ndarray, fixed: np.ndarray, labels: np.ndarray) -> Comparison:
    """Of each clip's winners."""
    right, right_fixed = floating == labels, fixed == labels
    return Comparison(
        clips=len(labels), float_accuracy=float(right.mean()), fixed_accuracy=float(right_fixed.mean()),
        same_winner=float((floating == fixed).mean()), float_rates=[], fixed_rates=[], float_peaks=[], saturations=0,
        float_alone_right=int((right & ~right_fixed).sum()), fixed_alone_right=int((right_fixed & ~right).sum()),
    )  # fmt: skip


def row(path: Path, options: argparse.Namespace, commands: Commands) -> str:
    trained = Trained.read(path)
    if not trained.is_of_sequences:
        raise ValueError(f"{path}: was trained on sound; silif-export compares it on lists of clips")
    samples = trained.recipe["kind"] == "pspike"
    clips = clips_of(trained, options.data, options.split, options.output, commands)
    model = options.output / f"{path.stem}.silif"
    size = trained.write(model)
    report = clips.score(model, *(["--seeds", str(SEEDS)] if samples else []))
    found = compared(clips.float_winners(trained.network), engine_winners(report, trained.about["words"]), clips.labels)
    fixed = f"{100 * found.fixed_accuracy:.2f}"
    if samples:
        seeds = report["by_seed"]
        low, high = (100 * seeds[f"accuracy_{k}"] for k in ("lowest", "highest"))
        fixed = f"{100 * seeds['accuracy_mean']:.2f} ({low:.2f} to {high:.2f})"
    hours = trained.about.get("training_seconds", 0) / 3600
    parameters = sum(p.numel() for p in trained.network.parameters())
    return (
        f"| {path.stem} | {trained.recipe['kind']} | {parameters:,} | {hours:.2f} | {100 * found.float_accuracy:.2f} |"
        f" {fixed} | {found.float_alone_right}, {found.fixed_alone_right}, p = {found.p_value:.2g} |"
        f" {report['spikes_per_clip']:,.0f} | {report['synaptic_operations_per_clip']:,.0f} | {size:,} |"
    )


HEAD = """| network | kind | parameters | hours of a core | float, % | int8, % | right in float alone, in int8 alone | spikes a sequence | synaptic operations a sequence | bytes |
|---|---|---|---|---|---|---|---|---|---|"""  # noqa: E501


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="silif_tools.studies.sequence_scores", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("networks", type=Path, nargs="+", metavar="PTH", help="NAME.pth with NAME.json beside it")
    parser.add_argument("--output", type=Path, required=True, help="folder for model files and frames")
    add_options(parser)
    options = parser.parse_args(argv)
    keep_memory()
    torch.set_num_threads(options.threads)
    try:
        print(HEAD)
        for path in options.networks:
            print(row(path, options, Commands(options.build)), flush=True)
    except ERRORS as error:
        return complain("silif_tools.studies.sequence_scores", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
