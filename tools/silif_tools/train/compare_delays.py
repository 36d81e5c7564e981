"""Trains small networks without delays and with delays of every kind, several seeds each, and prints the table."""

import argparse
import json
import os
import statistics
from pathlib import Path

import numpy as np
import torch

from silif_tools.train import command, material, student
from silif_tools.train import recipe as recipes
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS
from silif_tools.train.network import Network

RECIPE = "kws12-silif"  # words, bank and scenes
HIDDEN = 192
NARROW = 136  # a synaptic delay takes a byte beside its weight: narrower, for equal memory
DELAY = {"rate_factor": 10.0, "sigma_until": 0.5, "round_from": 0.7}

# Kind, delayed layers (0 takes the features, the last is the readout), longest delay, hidden neurons.
VARIANTS: dict[str, tuple[str | None, list[int], int, int]] = {
    "none": (None, [], 0, HIDDEN),
    "axonal": ("axonal", [1, 2], 30, HIDDEN),
    "dendritic": ("dendritic", [1, 2], 30, HIDDEN),
    "synaptic": ("synaptic", [1, 2], 30, NARROW),
    "axonal-16": ("axonal", [1, 2], 16, HIDDEN),
    "dendritic-16": ("dendritic", [1, 2], 16, HIDDEN),
    "synaptic-16": ("synaptic", [1, 2], 16, NARROW),
    "axonal-hidden": ("axonal", [1], 30, HIDDEN),
    "axonal-input": ("axonal", [0, 1, 2], 30, HIDDEN),
    "dendritic-input": ("dendritic", [0, 1, 2], 30, HIDDEN),
    "none-narrow": (None, [], 0, NARROW),
}
MEASURED = [(split, state) for split in ("validation", "test") for state in ("fresh", "context")]


def recipe_of(variant: str, steps: int, batch: int) -> dict:
    """The bundled recipe made small and short: no teacher, no finishing rounds."""
    kind, layers, longest, hidden = VARIANTS[variant]
    recipe = recipes.load(recipes.find(RECIPE))
    recipe.pop("finish", None)
    recipe["hidden"] = [hidden, hidden]
    recipe["training"] |= {
        "steps": steps, "batch": batch, "report_every": steps, "average": 0.99, "teacher_weight": 0.0, "dropout": 0.05,
    }  # fmt: skip
    if kind:
        recipe["delay"] = DELAY | {"kind": kind, "layers": layers, "max_delay": longest, "sigma_from": longest / 4}
    return recipe


def memory_bytes(variant: str, classes: int) -> tuple[int, int]:
    """Bytes of weights (int8) and of delays (one each)."""
    kind, layers, _, hidden = VARIANTS[variant]
    shapes = [(BANDS, hidden), (hidden, hidden), (hidden, classes)]
    counts = {"axonal": lambda n, m: n, "dendritic": lambda n, m: m, "synaptic": lambda n, m: n * m}
    return sum(n * m for n, m in shapes), sum(counts[kind](*shapes[i]) for i in layers)


def trained(recipe: dict, seed: int, scenes, checkpoint: Path) -> tuple[Network, float]:
    """A network from its own seed, on batches that are the same for every variant; its last mean loss."""
    torch.manual_seed(seed)
    scenes.reseed(seed + 1)
    settings, losses = recipe["training"], []
    sizes = BANDS, recipe["hidden"], len(recipe["words"])
    network = Network(recipe["kind"], *sizes, settings["dropout"], recipe.get("delay"))
    network.start(*(settings[f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = command.statistics(scenes)
    network.input_norm.mean.copy_(mean)
    network.input_norm.std.copy_(std)
    network = student.train(
        network, scenes, settings, checkpoint, False, None, lambda step, loss, *_: losses.append(loss)
    )
    return network, losses[-1]


def table(output: Path, variants: list[str], classes: int) -> str:
    """Mean and standard deviation over the seeds that lie in the folder, in percent."""
    head = ["kind", "hidden", "bytes", "seeds", *(f"{split} {state}" for split, state in MEASURED), "mean of the four"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for variant in variants:
        results = [json.loads(path.read_text()) for path in sorted(output.glob(f"{variant}-seed*.json"))]
        if not results:
            continue
        columns = [[r["accuracy_percent"][split][state] for r in results] for split, state in MEASURED]
        columns.append([statistics.mean(values) for values in zip(*columns, strict=True)])
        spread = [f" ± {statistics.stdev(c):.1f}" if len(c) > 1 else "" for c in columns]
        cells = [f"{statistics.mean(c):.1f}{s}" for c, s in zip(columns, spread, strict=True)]
        weights, delays = (
            memory_bytes(variant, classes) if VARIANTS[variant][0] else (memory_bytes(variant, classes)[0], 0)
        )
        lines.append(
            "| "
            + " | ".join(
                [variant, f"2 x {VARIANTS[variant][3]}", f"{weights:,} + {delays:,}", str(len(results)), *cells]
            )
            + " |"
        )
    return "\n".join(lines)


def run(options: argparse.Namespace) -> None:
    command.keep_memory()
    torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    base = recipes.load(recipes.find(RECIPE))
    wanted = [(seed, variant) for seed in options.seeds for variant in options.variants]
    left = [(s, v) for s, v in wanted if not (options.output / f"{v}-seed{s}.json").exists()]
    if left:
        found = material.load(options.data, base["words"])
        scenes = command.make_scenes(found, base, options.threads)
        exams = {k: Examination(found.splits[k], found.labels(k)) for k in ("validation", "test")}
    for seed, variant in left:
        recipe = recipe_of(variant, options.steps, options.batch)
        path = options.output / f"{variant}-seed{seed}.json"
        network, loss = trained(recipe, seed, scenes, path.with_suffix(".checkpoint"))
        right = {k: exams[k].accuracy(network) for k in exams}
        torch.save(network.state_dict(), path.with_suffix(".pth"))
        path.with_suffix(".checkpoint").unlink()
        about = {
            "accuracy_percent": right,
            "loss": loss,
            "seed": seed,
            "recipe": recipe,
            "git_commit": command.git_commit(),
        }
        path.write_text(json.dumps(about, indent=2) + "\n")
        command.say(f"{variant} seed {seed} loss {loss:.3f} {json.dumps(right)}")
    print(table(options.output, options.variants, len(base["words"])))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("compare_delays", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with gsc, noise, speech and words")
    parser.add_argument("--output", type=Path, required=True, help="results; those that are there are not made again")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    np.seterr(divide="ignore")
    run(parser.parse_args(argv))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
