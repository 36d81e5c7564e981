"""A model file as a float network that training goes on from: what the integers stand for."""

import math
from pathlib import Path

import numpy as np
import torch

from ..errors import ConversionError
from ..fixed_point import CURRENT_EXTRA_BITS
from ..integer.frontend import FRONT_END
from ..kinds import read_model
from ..model_file.tables import DelayKind, LayerTables, ModelTables
from . import quantize, reference
from .network import DT_S, KINDS, Network
from .scan import EPSILON

_LEAST = 1e-7
_REAL_PART = math.log(0.5)  # log_log_alpha of a C-SiLIF neuron as it begins: log_dt and alpha_img say the rest


def load(path: Path, remedy: str = "start from another model") -> ModelTables:
    """The model, if its layers are such as can be trained on here: all SiLIF or all C-SiLIF, log-mel input. Raises
    ConversionError, which ends with the remedy."""
    model = read_model(path)
    kinds = {layer.kind.slug for layer in model.layers[:-1]}
    if len(kinds) > 1 or not kinds <= set(KINDS):
        have = ", ".join(sorted(kinds))
        raise ConversionError(f"{path}: has {have} layers, where all must be SiLIF or all C-SiLIF; {remedy}")
    if model.front_end is None:
        raise ConversionError(f"{path}: takes no sound; {remedy}")
    if model.front_end != FRONT_END.to_section():
        raise ConversionError(f"{path}: has another front end than silif-train; {remedy}")
    return model


def delayed(model: ModelTables) -> dict[int, tuple[str, int]]:
    """Of every layer with delays their kind, as recipes say it, and the longest in steps."""
    names = {number: of.__name__.lower() for of, number in quantize.DELAY_KINDS.items()}
    return {
        index: (names[layer.delay_kind], int(np.max(layer.delays)))
        for index, layer in enumerate(model.layers)
        if layer.delay_kind != DelayKind.NONE
    }


def _fits(delay: dict | None, model: ModelTables) -> bool:
    """Could the recipe's [delay] have given these delays?"""
    found = delayed(model)
    if delay is None:
        return not found
    return set(delay["layers"]) == set(found) and all(
        kind == delay["kind"] and longest <= delay["max_delay"] for kind, longest in found.values()
    )


def fitting(path: Path, recipe: dict) -> ModelTables:
    """A model that the recipe's training can go on from, of its classes and layers; ConversionError for another."""
    model = load(path)
    words = recipe["words"]
    if list(model.words) != words:
        raise ConversionError(f"{path}: its classes are {' '.join(model.words)}, the recipe's {' '.join(words)}")
    hidden = [layer.outputs for layer in model.layers[:-1]]
    kind = model.layers[0].kind
    if recipe["kind"] != kind.slug or hidden != recipe["hidden"]:
        raise ConversionError(
            f"{path}: {kind.title} layers of {hidden}; the recipe's kind is {recipe['kind']}, its hidden"
            f" {recipe['hidden']}: set them so, or start from another model"
        )
    if not _fits(recipe.get("delay"), model):
        have = ", ".join(
            f"{kind} in layer {index}, up to {longest} steps" for index, (kind, longest) in delayed(model).items()
        )
        raise ConversionError(
            f"{path}: delays {have or 'nowhere'}; the recipe's [delay] says otherwise: set it so, or start from another"
            " model"
        )
    if recipe.get("stream", {}).get("frozen_from") and "waveforms" not in recipe:
        raise ConversionError(
            f"{path}: a model file holds no statistics of batch normalization to begin with; set the recipe's [stream]"
            " frozen_from to 0"
        )
    return model


def _real(layer: LayerTables, input_unit: float) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Weights [inputs, outputs], bias [outputs] and coefficients as real numbers: what the integers stand for."""
    unit = 2.0 ** -(layer.state_fraction_bits + CURRENT_EXTRA_BITS)
    scale = np.ldexp(layer.scale_mantissa.astype(float), -layer.scale_shift) * unit / input_unit
    held = layer.kind.dequantize(layer.neuron, layer.state_fraction_bits)
    return layer.weights * scale, layer.bias * unit, held


def _tensor(values) -> torch.Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def _set_silif(layer, held: dict[str, np.ndarray], decay: np.ndarray) -> None:
    leak = np.clip(held["adaptation_leak"], _LEAST, 1 - _LEAST)
    layer.dt.fill_(math.log(DT_S))
    layer.alpha.copy_(_tensor(np.log(-np.log(decay) / DT_S)))
    layer.beta.copy_(_tensor(np.log(-np.log1p(-leak) / DT_S)))
    layer.a.copy_(_tensor(held["subthreshold_coupling"]))
    layer.b.copy_(_tensor(held["spike_coupling"]))


def _set_csilif(layer, held: dict[str, np.ndarray]) -> None:
    factor = held["decay"] + 1j * held["decay_imaginary"]
    dt = -np.log(np.clip(np.abs(factor), _LEAST, 1 - _LEAST)) / math.exp(_REAL_PART)
    layer.log_dt.copy_(_tensor(np.log(dt)))
    layer.log_log_alpha.fill_(_REAL_PART)
    layer.alpha_img.copy_(_tensor(np.angle(factor) / dt))
    layer.b.fill_(1.0)  # it stands in the weights


def _set_delays(layer, tables: LayerTables) -> None:
    """Whole delays that are learned no further."""
    steps = tables.delays.T if tables.delay_kind == DelayKind.SYNAPTIC else tables.delays
    positions = layer.delay_layer.P
    positions.copy_(layer.delay_layer.reach - _tensor(steps).reshape(positions.shape))
    layer.delay_layer.settle()


@torch.no_grad()
def network_of(
    model: ModelTables, mean: np.ndarray | None = None, std: np.ndarray | None = None, delay: dict | None = None
) -> Network:
    """The model as a float network that computes the same but for rounding, its normalization fixed and neutral.

    mean, std [bands]: of the features, by which the inputs are normalized; the first layer makes up for it. delay: the
    recipe's, of a model with delays; training leaves them as they are.
    """
    hidden = [layer.outputs for layer in model.layers[:-1]]
    kind, bands = model.layers[0].kind.slug, model.layers[0].inputs
    network = Network(kind, bands, hidden, len(model.words), delay=delay)
    mean, std = np.zeros(bands) if mean is None else mean, np.ones(bands) if std is None else std
    network.input_norm.fix(_tensor(mean), _tensor(std))
    for index, (tables, layer) in enumerate(zip(model.layers, network.snn, strict=True)):
        weights, bias, held = _real(tables, 1.0 if index else 2.0**-model.input_fraction_bits)
        if not index:
            bias, weights = bias + mean @ weights, weights * std[:, None]
        readout = index == len(hidden)
        decay = np.clip(held["decay"], _LEAST, 1 - _LEAST)  # of C-SiLIF the real part: not used
        gain = 1.0
        if readout or kind == "silif":
            gain = np.maximum(held.get("input_gain", 1 - decay), _LEAST)
        layer.W.weight.copy_(_tensor((weights / gain).T))
        layer.norm.running_mean.zero_()
        layer.norm.running_var.fill_(1 - EPSILON)
        layer.norm.weight.fill_(1.0)
        layer.norm.bias.copy_(_tensor(bias / gain))
        if tables.delay_kind != DelayKind.NONE:
            _set_delays(layer, tables)
        if readout:
            layer.alpha.copy_(_tensor(decay))
        elif kind == "silif":
            _set_silif(layer, held, decay)
        else:
            _set_csilif(layer, held)
    network.freeze(True)
    network.eval()
    return network


@torch.no_grad()
def measure_statistics(network: Network, features: torch.Tensor) -> None:
    """Give a network of network_of the statistics of features [T, B, bands] in place of neutral ones, so that training
    can go on with each batch's own. What it computes stays the same."""
    x = network.input_norm(features)
    for layer in network.snn:
        z = layer.product(x, layer.W.weight)
        if layer is not network.snn[-1]:
            x = getattr(reference, layer.kind)(layer.normed(x), *layer.parameters_in_equations())
        mean, variance = z.mean((0, 1)), z.var((0, 1), correction=0)
        norm = layer.norm
        norm.bias.add_(mean)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
