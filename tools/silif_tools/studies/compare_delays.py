"""Trains small networks without delays and with delays of every kind, several seeds each, and prints the table."""

import argparse
import json
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from silif_tools.atomic import write_atomically
from silif_tools.train import material, session, student
from silif_tools.train import recipe as recipes
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS
from silif_tools.train.loop import save
from silif_tools.train.network import Network
from silif_tools.train.scenes import Scenes

RECIPE = "kws12-silif"  # words, bank and scenes
HIDDEN = 192
NARROW = 136  # a synaptic delay takes a byte beside its weight: narrower, for equal memory
TRAINING = {"average": 0.99, "teacher_weight": 0.0, "dropout": 0.05}
DELAY = {"initial_delay": 4.0, "rate_factor": 10.0, "sigma_from": 1.5, "sigma_until": 0.5, "round_from": 0.7}


@dataclass(frozen=True)
class Variant:
    """layers: those with delays (0 takes the features, the last is the readout); longest: delay in steps."""

    kind: str | None = None
    layers: tuple[int, ...] = (1, 2)
    longest: int = 30
    hidden: int = HIDDEN
    uniform: bool = False  # begin as the authors do: delays anywhere, wide gaussians

    def recipe(self, steps: int, batch: int) -> dict:
        """The bundled recipe made small and short: no teacher, no finishing rounds."""
        recipe = recipes.load(recipes.find(RECIPE))
        recipe.pop("finish", None)
        recipe["hidden"] = [self.hidden, self.hidden]
        recipe["training"] |= {"steps": steps, "batch": batch, "report_every": steps} | TRAINING
        if self.kind:
            own = {"kind": self.kind, "layers": list(self.layers), "max_delay": self.longest}
            if self.uniform:
                own |= {"initial_delay": float(self.longest), "sigma_from": self.longest / 4}
            recipe["delay"] = DELAY | own
        return recipe

    def memory_bytes(self, classes: int) -> tuple[int, int]:
        """Bytes of int8 weights and of delays (one each)."""
        shapes = [(BANDS, self.hidden), (self.hidden, self.hidden), (self.hidden, classes)]
        delays = 0
        for inputs, outputs in (shapes[i] for i in self.layers if self.kind):
            delays += {"axonal": inputs, "dendritic": outputs, "synaptic": inputs * outputs}[self.kind]
        return sum(n * m for n, m in shapes), delays


VARIANTS = {
    "none": Variant(),
    "axonal": Variant("axonal"),
    "dendritic": Variant("dendritic"),
    "synaptic": Variant("synaptic", hidden=NARROW),
    "axonal-uniform": Variant("axonal", uniform=True),
    "axonal-16": Variant("axonal", longest=16),
    "dendritic-16": Variant("dendritic", longest=16),
    "synaptic-16": Variant("synaptic", longest=16, hidden=NARROW),
    "axonal-hidden": Variant("axonal", (1,)),
    "axonal-input": Variant("axonal", (0, 1, 2)),
    "dendritic-input": Variant("dendritic", (0, 1, 2)),
    "none-narrow": Variant(hidden=NARROW),
}
MEASURED = [(split, state) for split in ("validation", "test") for state in ("fresh", "context")]


def trained(recipe: dict, seed: int, scenes: Scenes, checkpoint: Path) -> tuple[Network, float]:
    """A network from its own seed, on batches that are the same for every variant; its last mean loss."""
    torch.manual_seed(seed)
    scenes.reseed(seed + 1)
    settings, losses = recipe["training"], []
    sizes = BANDS, recipe["hidden"], len(recipe["words"])
    network = Network(recipe["kind"], *sizes, settings["dropout"], recipe.get("delay"))
    network.start(*(settings[f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = session.statistics(scenes)
    network.input_norm.fix(mean, std)
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
        memory = "{:,} + {:,}".format(*VARIANTS[variant].memory_bytes(classes))
        first = [variant, f"2 x {VARIANTS[variant].hidden}", memory, str(len(results))]
        lines.append("| " + " | ".join(first + cells) + " |")
    return "\n".join(lines)


def run(options: argparse.Namespace) -> None:
    session.keep_memory()
    torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    base = recipes.load(recipes.find(RECIPE))
    wanted = [(seed, variant) for seed in options.seeds for variant in options.variants]
    left = [(s, v) for s, v in wanted if not (options.output / f"{v}-seed{s}.json").exists()]
    if left:
        found = material.load(options.data, base["words"])
        scenes = session.make_scenes(found, base, options.threads)
        exams = {k: Examination(found.splits[k], found.labels(k)) for k in ("validation", "test")}
    for seed, variant in left:
        recipe = VARIANTS[variant].recipe(options.steps, options.batch)
        path = options.output / f"{variant}-seed{seed}.json"
        network, loss = trained(recipe, seed, scenes, path.with_suffix(".checkpoint"))
        right = {k: exams[k].accuracy(network) for k in exams}
        save(network.state_dict(), path.with_suffix(".pth"))
        about = {"accuracy_percent": right, "loss": loss, "seed": seed, "recipe": recipe}
        write_atomically(path, json.dumps(about | {"git_commit": session.git_commit()}, indent=2) + "\n")
        path.with_suffix(".checkpoint").unlink()
        session.say(f"{variant} seed {seed} loss {loss:.3f} {json.dumps(right)}")
    print(table(options.output, options.variants, len(base["words"])))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("compare_delays", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with gsc, noise, speech and words")
    parser.add_argument("--output", type=Path, required=True, help="results; those that are there are not made again")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)
    np.seterr(divide="ignore")
    try:
        run(options)
    except (material.MissingData, OSError) as error:
        print(f"compare_delays: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
