"""A training run on sequences of numbers (sequences.py): all rounds of a recipe, and the curve over time."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch

from silif_tools.atomic import write_atomically
from silif_tools.train import origin, sequences, student
from silif_tools.train import recipe as recipes
from silif_tools.train.loop import Run, save
from silif_tools.train.network import scores
from silif_tools.train.sequences import Batch, Sequences
from silif_tools.train.session import device_of, git_commit, name_of, prepare, say, untrained, write_result

STEP = {"step_ms": 1}  # a pixel has no duration, but a model file has a step
STEPS_AT_ONCE = {"cpu": 80000, "cuda": 640000}  # in evaluations, of all sequences of a batch together


@torch.no_grad()
def winners(network: torch.nn.Module, split: Sequences) -> torch.Tensor:
    """Each sequence's class [n]: the largest sum of the softmax over all steps, as in kws-score."""
    network.eval()
    device = next(network.parameters()).device
    size = max(1, STEPS_AT_ONCE[device.type] // split.values.shape[1])
    return torch.cat([scores(network(batch.features)).argmax(1).cpu() for batch in split.parts(size)])


def accuracy(network: torch.nn.Module, split: Sequences) -> float:
    """Percent right."""
    return 100.0 * float((winners(network, split) == torch.from_numpy(split.labels)).float().mean())


def inputs_of(recipe: dict) -> int:
    """Of a network of sequences: one for each token, or the value."""
    return recipe["sequences"].get("tokens", 1)


class Curve:
    """NAME-curve.json: what the network came to after how many epochs and hours of a core, a point for each report."""

    def __init__(self, path: Path, about: dict, draw: Callable[[Path], Path] | None):
        self.path, self.draw = path, draw
        self.content = about | {"points": []}

    def resume(self, number: int, step: int) -> None:
        """Take over the points up to where the checkpoint of this round stands."""
        if self.path.exists():
            try:
                points = json.loads(self.path.read_text(encoding="utf-8"))["points"]
                self.content["points"] = [p for p in points if (p["round"], p["step"]) <= (number, step)]
            except (ValueError, LookupError, TypeError) as error:
                raise ValueError(f"{self.path}: damaged ({error}); delete it to begin the curve anew") from error

    def add(self, **point) -> None:
        self.content["points"].append(point)
        write_atomically(self.path, json.dumps(self.content, indent=1) + "\n")
        if self.draw:
            self.draw(self.path)


def _loss(recipe: dict) -> Callable[[torch.nn.Module, Batch], torch.Tensor]:
    def loss(network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        wanted = student.loss_of(network(batch.features), batch.labels, None, recipe)
        return wanted + recipe["spike_weight"] * network.activity() if recipe.get("spike_weight") else wanted

    return loss


def _refuse(options: argparse.Namespace) -> None:
    for name in ("speech_commands", "folders", "start"):
        if getattr(options, name):
            raise ValueError(f"--{name.replace('_', '-')}: a recipe of sequences has no use for it; leave it out")


def run(options: argparse.Namespace, recipe: dict, draw: Callable[[Path], Path] | None) -> None:
    """draw: makes a picture of a curve."""
    _refuse(options)
    if options.quick:
        for part in (recipe["training"], *(f["training"] for f in recipe.get("finish", []))):
            part["steps"] = part["report_every"] = max(2, part.get("steps", 0) // 1000)
    device = device_of(options, recipe)
    prepare(options)
    splits = sequences.load(options.data, recipe["sequences"], len(recipe["words"]))
    train, steps = splits["train"], splits["train"].values.shape[1]
    say(f"sequences: {', '.join(f'{k} {len(v)}' for k, v in splits.items())}; {steps} steps each")
    torch.manual_seed(options.seed)
    network = untrained(recipe, inputs_of(recipe), recipe["training"]["dropout"])
    network.start(*(recipe["training"][f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = train.statistics()
    network.input_norm.fix(mean, std)
    about = {
        "name": recipe["name"], "kind": recipe["kind"], "words": recipe["words"], "inputs": inputs_of(recipe),
        "hidden": recipe["hidden"], **STEP, "parameters": sum(p.numel() for p in network.parameters()),
        "sequences": {k: len(v) for k, v in splits.items()}, "steps": steps,
    }  # fmt: skip
    curve_about = {k: about[k] for k in ("name", "kind", "parameters")} | {"validation": len(splits["validation"])}
    curve = Curve(options.output / f"{recipe['name']}-curve.json", curve_about, draw)
    seconds = 0.0  # of the rounds before
    for number, part in enumerate(recipes.rounds(recipe)):
        settings = part["training"]
        network.dropout, network.sampler = settings["dropout"], settings.get("sampler", "draws")
        network.to(device)
        train.reseed(options.seed + number)
        checkpoint = options.output / f"{recipe['name']}-{number + 1}.checkpoint"
        work = Run(network, train, settings, checkpoint, origin.of_round(recipe, options, number))
        if options.resume and checkpoint.exists():
            work.resume()
            curve.resume(number + 1, work.step)

        def settle(mean: torch.nn.Module, settings=settings) -> None:
            batches = train.spread(settings["batch"], settings["recalibration_batches"])
            student.settle_norms(mean, (batch.features for batch in batches))

        def report(step, loss, speed, averaged, settings=settings, work=work, number=number, before=seconds) -> None:
            right, hours = accuracy(averaged, splits["validation"]), (before + work.processor_seconds()) / 3600
            epoch = step * settings["batch"] / len(train)
            # For from_checkpoint: between reports the normalisation of a checkpoint's averaged network is not settled.
            save({"mean": averaged.state_dict(), "step": step}, options.output / f"{recipe['name']}.settled")
            curve.add(
                round=number + 1, step=step, epoch=round(epoch, 3), processor_hours=round(hours, 6),
                loss=round(loss, 4), validation_percent=round(right, 2),
            )  # fmt: skip
            say(
                f"{recipe['name']} round {number + 1} step {step}/{settings['steps']} epoch {epoch:.2f} loss {loss:.4f}"
                f" validation {right:.2f} % after {hours:.2f} h of a core ({speed:.0f} sequences/s)"
            )

        network = work.train(_loss(settings), settle, report)
        seconds += work.processor_seconds()
    about |= {
        "accuracy_percent": {k: accuracy(network, splits[k]) for k in ("validation", "test")},
        "weight_bits": None, "seed": options.seed, "recipe": recipe, "git_commit": git_commit(),
        "torch": torch.__version__, "trained": time.strftime("%Y-%m-%d", time.gmtime()),
        "training_seconds": round(seconds), "device": name_of(device),
    }  # fmt: skip
    write_result(recipe["name"], network.to("cpu"), about, options.output)
    say(f"wrote {options.output / recipe['name']}.pth: {json.dumps(about['accuracy_percent'])}")
