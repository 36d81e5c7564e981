"""A model file as a float network that training goes on from: what the integers stand for."""

import math
from pathlib import Path

import numpy as np
import torch

from ..errors import ConversionError
from ..fixed_point import CURRENT_EXTRA_BITS
from ..kinds import read_model
from ..model_file.tables import DelayKind, LayerTables, ModelTables
from .network import DT_S, Network
from .scan import EPSILON

_LEAST = 1e-7


def load(path: Path, remedy: str = "start from another model") -> ModelTables:
    """The model, if its layers are such as can be trained on here: SiLIF, log-mel input, no delays. Raises
    ConversionError, which ends with the remedy."""
    model = read_model(path)
    for index, layer in enumerate(model.layers[:-1]):
        if layer.kind.slug != "silif" or layer.delay_kind != DelayKind.NONE:
            raise ConversionError(f"{path}: layer {index} is no SiLIF layer without delays; {remedy}")
    if model.front_end is None:
        raise ConversionError(f"{path}: takes no sound; {remedy}")
    return model


def fitting(path: Path, recipe: dict) -> ModelTables:
    """A model that the recipe's training can go on from, of its classes and layers; ConversionError for another."""
    model = load(path)
    words = recipe["words"]
    if list(model.words) != words:
        raise ConversionError(f"{path}: its classes are {' '.join(model.words)}, the recipe's {' '.join(words)}")
    hidden = [layer.outputs for layer in model.layers[:-1]]
    if recipe["kind"] != "silif" or hidden != recipe["hidden"] or "delay" in recipe:
        raise ConversionError(f"{path}: SiLIF layers of {hidden}, no delays; the recipe has other layers")
    if recipe.get("stream", {}).get("frozen_from"):
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


@torch.no_grad()
def network_of(model: ModelTables, mean: np.ndarray | None = None, std: np.ndarray | None = None) -> Network:
    """The model as a float network that computes the same but for rounding, its normalization fixed and neutral.

    mean, std [bands]: of the features, by which the inputs are normalized; the first layer makes up for it.
    """
    hidden = [layer.outputs for layer in model.layers[:-1]]
    bands = model.layers[0].inputs
    network = Network("silif", bands, hidden, len(model.words))
    mean, std = np.zeros(bands) if mean is None else mean, np.ones(bands) if std is None else std
    network.input_norm.mean.copy_(_tensor(mean))
    network.input_norm.std.copy_(_tensor(std))
    for index, (tables, layer) in enumerate(zip(model.layers, network.snn, strict=True)):
        weights, bias, held = _real(tables, 1.0 if index else 2.0**-model.input_fraction_bits)
        if not index:
            bias, weights = bias + mean @ weights, weights * std[:, None]
        decay = np.clip(held["decay"], _LEAST, 1 - _LEAST)
        gain = np.maximum(held.get("input_gain", 1 - decay), _LEAST)
        layer.W.weight.copy_(_tensor((weights / gain).T))
        layer.norm.running_mean.zero_()
        layer.norm.running_var.fill_(1 - EPSILON)
        layer.norm.weight.fill_(1.0)
        layer.norm.bias.copy_(_tensor(bias / gain))
        if index == len(hidden):
            layer.alpha.copy_(_tensor(decay))
            continue
        leak = np.clip(held["adaptation_leak"], _LEAST, 1 - _LEAST)
        layer.dt.fill_(math.log(DT_S))
        layer.alpha.copy_(_tensor(np.log(-np.log(decay) / DT_S)))
        layer.beta.copy_(_tensor(np.log(-np.log1p(-leak) / DT_S)))
        layer.a.copy_(_tensor(held["subthreshold_coupling"]))
        layer.b.copy_(_tensor(held["spike_coupling"]))
    network.freeze(True)
    network.eval()
    return network
