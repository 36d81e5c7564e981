"""Steps a PyTorch module beside a converted network, and finds where the spikes of the two part.

The module runs as its author runs it; what its parts put out is watched from outside. A part is one of the module's
layers of neurons where it puts out zeros and ones, as many as the layer of the converted network has neurons.
"""

import importlib.util
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..integer.network import run_model
from ..model_file.tables import ModelTables


@dataclass
class Parting:
    """The first spike that one network has and the other not. layer: of the converted network; name: of the part."""

    layer: int
    name: str
    clip: int
    step: int
    neuron: int
    module_fires: bool


@dataclass
class LayerComparison:
    """both, either: spikes that both networks have, and that one of them has."""

    layer: int
    name: str
    both: int
    either: int
    parting: Parting | None

    @property
    def share(self) -> float:
        return self.both / self.either if self.either else 1.0

    def line(self) -> str:
        text = f"layer {self.layer} ({self.name}): {100 * self.share:.2f} % of {self.either} spikes equal"
        if self.parting is None:
            return text
        first = self.parting
        who = "the module" if first.module_fires else "the converted network"
        return f"{text}; they part in clip {first.clip}, step {first.step}: neuron {first.neuron} of {who} fires alone"


@contextmanager
def _running(what: str):
    """Of the user's own code anything may come; SystemExit from a script that reads the command line."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise ConversionError(f"{what} raised {type(error).__name__}: {error}") from error


def load_module(place: str) -> Any:
    """FILE.py:NAME -> what NAME is there, called where it is a function that makes a module."""
    file, _, name = place.rpartition(":")
    path = Path(file)
    if not file or not name or not path.is_file():
        raise ConversionError(f"{place}: give FILE.py:NAME, a module or a function that makes one")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with _running(str(path)):
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent.resolve()))
    found = getattr(module, name, None)
    if found is None:
        raise ConversionError(f"{path}: holds nothing named {name}")
    import torch

    if not isinstance(found, torch.nn.Module):
        with _running(place):
            found = found()
    if not isinstance(found, torch.nn.Module):
        raise ConversionError(f"{place} makes a {type(found).__name__}, not a torch.nn.Module")
    return found.eval()


def _first_tensor(value):
    """Of what a part puts out: the tensor, or the first of a tuple."""
    while isinstance(value, tuple | list) and value:
        value = value[0]
    return value


class _Watch:
    """Keeps what every part of a module puts out, call by call."""

    def __init__(self, module):
        self.seen: dict[str, list[np.ndarray]] = {}
        self.hooks = [part.register_forward_hook(self._keep(name)) for name, part in module.named_modules() if name]

    def _keep(self, name: str):
        def keep(part, given, made):
            value = _first_tensor(made)
            if hasattr(value, "detach"):
                self.seen.setdefault(name, []).append(value.detach().cpu().numpy())

        return keep

    def close(self) -> None:
        for hook in self.hooks:
            hook.remove()


def _reset(module) -> None:
    """Before each clip, as each library does."""
    for part in module.modules():
        for name in ("reset_states", "reset_state", "reset_mem", "reset"):
            method = getattr(part, name, None)
            # snnTorch keeps the spikes of the last step under the last of these names.
            if callable(method):
                method()
                break


def module_spikes(module, frames: np.ndarray, layout: str) -> dict[str, np.ndarray]:
    """What each part put out, [clip, step, ...], where it put out as many steps as the frames have.

    layout: how the module takes a clip: "step" [1, input] in each call, "time-first" [step, 1, input], "batch-first"
    [1, step, input]. A module that wants its state back gets it: of a pair that it returns, the second.
    """
    import torch

    clips: dict[str, list[np.ndarray]] = {}
    for clip in frames:
        watch, given = _Watch(module), torch.as_tensor(clip, dtype=torch.float32)
        try:
            with torch.no_grad(), _running(f"the module, with --layout {layout},"):
                _reset(module)
                if layout == "step":
                    _step_through(module, given)
                else:
                    module(given[:, None] if layout == "time-first" else given[None])
        finally:
            watch.close()
        for name, calls in watch.seen.items():
            # A part that is called once takes the whole clip.
            values = np.stack(calls) if len(calls) == len(clip) else calls[-1]
            if values.size % len(clip) == 0:
                clips.setdefault(name, []).append(values.reshape(len(clip), -1))
    return {name: np.stack(each) for name, each in clips.items() if len({part.shape for part in each}) == 1}


def _step_through(module, values) -> None:
    import inspect

    keeps_state = len(inspect.signature(module.forward).parameters) > 1
    state = None
    for frame in values:
        made = module(frame[None], state) if keeps_state else module(frame[None])
        if keeps_state and isinstance(made, tuple) and len(made) == 2:
            state = made[1]


def _spiking_parts(made: dict[str, np.ndarray], widths: list[int], names: list[str] | None) -> list[str]:
    """The parts that are the layers of the converted network, in their order."""
    if names:
        missing = [name for name in names if name not in made]
        if missing:
            there = ", ".join(made) or "none"
            raise ConversionError(f"{missing[0]}: no part that puts out values in every step; those are {there}")
        if len(names) != len(widths):
            raise ConversionError(f"--parts: {len(names)} names; the converted network has {len(widths)} such layers")
        return names
    found, left = [], list(widths)
    for name, values in made.items():
        if left and values.shape[2:] == (left[0],) and np.isin(values, (0, 1)).all() and values.any():
            found.append(name)
            left.pop(0)
    if left:
        raise ConversionError(
            f"no part of the module puts out {left[0]} zeros and ones in every step (layer {len(found)}); name the"
            f" parts with --parts. Seen: {', '.join(made) or 'none'}"
        )
    return found


def cross_check(model: ModelTables, module, frames: np.ndarray, layout: str, names=None) -> list[LayerComparison]:
    """frames [clip, step, input] int16, which both take. Raises ConversionError where no part of the module fits."""
    made = module_spikes(module, frames, layout)
    fixed = run_model(model, frames).spikes
    widths = [train.shape[2] for train in fixed]
    found = []
    for layer, (name, mine) in enumerate(zip(_spiking_parts(made, widths, names), fixed, strict=True)):
        theirs = made[name].astype(np.uint8)
        if theirs.shape != mine.shape:
            raise ConversionError(f"{name} puts out {list(theirs.shape)}, layer {layer} {list(mine.shape)}")
        if not np.isin(made[name], (0, 1)).all():
            raise ConversionError(f"{name} puts out other values than 0 and 1: it is no layer of neurons that spike")
        found.append(LayerComparison(layer, name, int((mine & theirs).sum()), int((mine | theirs).sum()), None))
        differ = np.argwhere(mine != theirs)
        if len(differ):
            # The earliest step of any clip.
            clip, step, neuron = differ[np.argmin(differ[:, 1])]
            fires = bool(theirs[clip, step, neuron])
            found[-1].parting = Parting(layer, name, int(clip), int(step), int(neuron), fires)
    return found
