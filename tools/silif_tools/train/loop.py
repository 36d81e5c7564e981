"""The training loop of student and teacher: AdamW, one cycle of the rate, averaged weights, checkpoints."""

import contextlib
import copy
import itertools
import math
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from silif_tools.atomic import replacing
from silif_tools.train import ahead, clock, delays
from silif_tools.train.origin import Origin
from silif_tools.train.scenes import Batch, Scenes
from silif_tools.train.schedule import cycle, rate


def moved(batch, device: torch.device):
    """A batch, any dataclass, with its tensors on a device; the same one where they are there."""
    tensors = [value for value in vars(batch).values() if isinstance(value, torch.Tensor)]
    if all(tensor.device.type == device.type for tensor in tensors):
        return batch
    return ahead.changed(batch, lambda tensor: tensor.to(device, non_blocking=True))


def save(content: object, path: Path) -> None:
    """torch.save that never leaves half a file."""
    # Given a name, torch would store that of the temporary file.
    with replacing(path) as temporary, temporary.open("wb") as file:
        torch.save(content, file)


@torch.no_grad()
def average(mean: nn.Module, network: nn.Module, keep: float) -> None:
    """Exponential moving average of the parameters; buffers are copied."""
    torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), 1 - keep)
    if buffers := list(mean.buffers()):
        torch._foreach_copy_(buffers, list(network.buffers()))


def groups(network: nn.Module, decay: float, slow: float = 1.0) -> list[dict]:
    """Weight decay on weight matrices only; positions of delays and slow parameters, with their own rate, apart.

    slow: the factor of the latter."""
    positions = delays.positions(network)
    slow_ones = getattr(network, "slow_parameters", list)()
    apart = {id(p) for p in (*slow_ones, *(p for p, _ in positions))}
    others = [p for p in network.parameters() if id(p) not in apart]
    matrices = [p for p in others if p.ndim > 1]
    vectors = [p for p in others if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": vectors, "weight_decay": 0.0},
        *({"params": [p], "weight_decay": 0.0, "factor": factor} for p, factor in positions),
        *([{"params": slow_ones, "weight_decay": 0.0, "factor": slow}] if slow_ones else []),
    ]


MOST_REFUSED = 10
LOOK_EVERY = 20  # steps on a GPU, which would wait for the processor at every look


class Diverged(ValueError):
    """Training cannot go on."""


def is_gpu(device: torch.device) -> bool:
    """Is it one that computes while the processor goes on?"""
    return device.type == "cuda"


class Run:
    """One training run: its state is what a checkpoint holds."""

    own_scenes = True  # nobody else changes the scenes while it lasts: another process may compose batches ahead
    exams_on_processor = False  # wherever it trains: exams on streams do

    def __init__(
        self, network: nn.Module, scenes: Scenes, recipe: dict, checkpoint: Path, origin: Origin | None = None
    ):
        """origin: of which no other's checkpoint is gone on with. None where the checkpoint's name tells."""
        self.network, self.scenes, self.recipe, self.checkpoint = network, scenes, recipe, checkpoint
        self.origin = origin
        self.mean = copy.deepcopy(network)
        parameters = groups(network, recipe["weight_decay"], recipe.get("ssm_rate", 1.0))
        self.device = next(network.parameters()).device
        self.on_gpu = is_gpu(self.device)
        self.fused = True if self.on_gpu else None  # such a step takes a refusal from the GPU's memory
        self.optimiser = torch.optim.AdamW(parameters, lr=recipe["rate"], betas=(0.9, 0.98), fused=self.fused)
        self.step = 0
        self.refused = 0  # steps in a row without a finite gradient
        self._refused_there = torch.zeros(2, device=self.device)  # on a GPU: these, and the most since the last look
        self._drawn: tuple[object, dict] | None = None  # the last batch that came from another process, its state
        self._seconds_before = -time.process_time()

    def processor_seconds(self) -> float:
        """That this run took on the processor, over all its interruptions."""
        return self._seconds_before + time.process_time()

    def store(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "processor_seconds": self.processor_seconds(),
            "seconds": clock.COMMAND.seconds(),
            "scenes": self._drawn[1] if self._drawn else self.scenes.state(),
            "random": torch.get_rng_state(),
        }
        if self.origin:
            state["origin"] = self.origin.settings
        if self.device.type == "cuda":
            state["device_random"] = torch.cuda.get_rng_state(self.device)
        save(state, self.checkpoint)

    def resume(self) -> None:
        """Go on where the checkpoint was written, with the same random numbers. Raises ValueError where it is damaged
        or of another run."""
        try:
            state = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
            step, scenes, random = state["step"], state["scenes"], state["random"]
        except (RuntimeError, LookupError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise self._unusable() from error
        if self.origin:
            self.origin.check(state.get("origin"), self.checkpoint, step, self.recipe)
        try:
            self.network.load_state_dict(state["network"])
            self.mean.load_state_dict(state["mean"])
            for group in state["optimiser"]["param_groups"]:
                group["fused"] = self.fused  # the checkpoint may come from another device
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise self._unusable() from error
        self.step = step
        clock.COMMAND.go_on(state.get("seconds", 0.0))
        self._seconds_before = state.get("processor_seconds", 0.0) - time.process_time()
        self.scenes.restore(scenes)
        torch.set_rng_state(random)
        if self.device.type == "cuda" and "device_random" in state:
            torch.cuda.set_rng_state(state["device_random"], self.device)

    def _unusable(self) -> ValueError:
        return ValueError(
            f"{self.checkpoint}: damaged, or of a recipe with other layers; delete it, or leave out --resume"
        )

    def _batch(self) -> Batch:
        return self.scenes.drawn(self.recipe)

    @contextlib.contextmanager
    def _batches(self) -> Iterator[Iterator[Batch]]:
        """One after another, where the network is. For a GPU another process composes them ahead; what this one draws
        from the scenes beside that, for recalibration, then takes nothing from their course."""
        if self.on_gpu and self.own_scenes:
            with ahead.drawn(self._batch, self.scenes.state) as source:
                yield map(self._from_elsewhere, source)
        else:
            yield map(self._drawn_here, itertools.count())

    def _drawn_here(self, _: int) -> Batch:
        batch = self._batch()
        return moved(batch, self.device) if self.on_gpu else batch

    def _from_elsewhere(self, drawn: tuple[Batch, dict]) -> Batch:
        self._drawn = drawn
        return moved(drawn[0], self.device)

    def _set_rates(self) -> None:
        """The learning rates of this step."""
        r = self.recipe
        for group in self.optimiser.param_groups:
            highest = r["rate"] * group.get("factor", 1.0)
            group["lr"] = rate(self.step, cycle(r), highest, flat=r.get("flat", 0.0))

    def _reported(self) -> nn.Module:
        """The averaged network, where reports evaluate it."""
        return copy.deepcopy(self.mean).cpu() if self.on_gpu and self.exams_on_processor else self.mean

    def _check(self, loss: float, norm: float) -> None:
        """A step without a finite gradient would make every weight NaN: it is left out, but not for long."""
        self.refused = 0 if math.isfinite(norm) else self.refused + 1
        if not math.isfinite(loss) or self.refused > MOST_REFUSED:
            raise Diverged(
                f"step {self.step + 1}: training diverged (loss {loss}, gradient's norm {norm}): lower the recipe's "
                f"rate ({self.recipe['rate']}); {self.checkpoint} holds the last report's state"
            )

    def _optimise(self, loss: torch.Tensor, norm: torch.Tensor) -> None:
        """A step of the optimiser, left out where the gradient is not finite."""
        if not self.on_gpu:
            self._check(float(loss), float(norm))
            if math.isfinite(norm):
                self.optimiser.step()
            return
        refused = (~torch.isfinite(norm)).float()
        self.optimiser.found_inf = refused
        self.optimiser.step()
        now, most = self._refused_there.unbind()
        now = (now + 1) * refused
        self._refused_there = torch.stack([now, torch.maximum(now, most)])

    def _look(self, total: torch.Tensor | float) -> None:
        """On a GPU _check comes every LOOK_EVERY steps, to the sum of the losses since the last report."""
        if self.on_gpu and self.step % LOOK_EVERY == 0:
            most = int(self._refused_there[1])
            self.refused = max(0, most - 1)
            self._check(float(total), math.inf if most else 0.0)
            self._refused_there[1] = 0

    def train(
        self,
        loss_of: Callable[[nn.Module, Batch], torch.Tensor],
        settle: Callable[[nn.Module], None],
        report: Callable[[int, float, float, nn.Module], None],
    ) -> nn.Module:
        """Train to recipe["steps"]; returns the network of averaged weights.

        settle(network) makes it fit for evaluation; report(step, mean loss, clips per second, network) follows. Both
        come every recipe["report_every"] steps, with a checkpoint. Where the recipe has "store_every", there are more
        checkpoints.
        """
        with self._batches() as batches:
            self._train(batches, loss_of, settle, report)
        return self.mean

    def _train(self, batches: Iterator[Batch], loss_of, settle, report) -> None:
        r, total, began, first = self.recipe, 0.0, time.monotonic(), self.step
        while self.step < r["steps"]:
            self._set_rates()
            self.network.train()
            delays.anneal(self.network, self.mean, self.step / r["steps"])
            loss = loss_of(self.network, next(batches))
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.network.parameters(), r["clip_gradient"])
            loss = loss.detach()
            self._optimise(loss, norm)
            self.step += 1
            total += loss if self.on_gpu else float(loss)
            average(self.mean, self.network, min(r["average"], self.step / (self.step + 20)))
            self._look(total)
            if self.step % r["report_every"] == 0 or self.step == r["steps"]:
                settle(self.mean)
                steps, seconds = self.step - first, time.monotonic() - began
                report(self.step, float(total) / steps, steps * r["batch"] / seconds, self._reported())
                self.store()
                total, began, first = 0.0, time.monotonic(), self.step
            elif self.step % r.get("store_every", r["report_every"]) == 0:
                self.store()
