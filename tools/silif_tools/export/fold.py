"""State dict -> float layers with everything folded: what the network computes, before any rounding.

Batch normalization, input normalization and the neurons' constant input gains (1 - al of SiLIF, b of C-SiLIF) all act
linearly on the current, so they fold exactly into weights and bias.
"""

from dataclasses import replace

import numpy as np

from ..errors import ConversionError
from ..kinds import CUBA, KINDS, Kind
from ..kinds.choices import BATCH_NORM_EPSILON, Choices
from ..kinds.connection import FloatConnection, FloatLayer
from ..kinds.cuba import coefficients
from ..kinds.kind import Family
from ..model_file.bounds import MAXIMUM_LAYERS
from ..model_file.tables import Source
from .blocks import fold_blocks, is_of_blocks
from .delays import KINDS as DELAY_KINDS
from .delays import LearnedDelays, common_kind, read_delays
from .layouts import canonical
from .s4d_layout import canonical_s4d, is_of_s4d
from .shapes import BATCH_NORM, checked, input_norm, named
from .state_dict import layer_count, layer_tensors

_NORM_TENSORS = {f"norm.{key}" for key in BATCH_NORM}
_DELAY_TENSORS = {f"delay_layer.{key}" for key in ("weight", "P", "SIG", "bias", "delay_scores", "m")}
PARAMETRIC = "neuron.w"
_RECURRENT = "V.weight"
_CURRENT_TENSORS = {_RECURRENT, "W.weight", "W.bias", "W.scale", *_NORM_TENSORS, *_DELAY_TENSORS}
# Beginnings of names, and why what they belong to cannot run.
_REFUSED = {
    "norm_output.": "layer normalization divides by what all neurons do at the moment: it cannot be folded",
    "synapse_filter.": "learnable synapse filters cannot run here",
    "neuron.": "neurons of spikingjelly with tensors of their own (SiLIFNode) cannot run here",
}


def normalized(connection: FloatConnection, norm: dict[str, np.ndarray], epsilon: float) -> FloatConnection:
    """Behind batch normalization. norm: its tensors by its own names for them, [outputs] each, checked."""
    count = len(connection.bias)
    gain = norm.get("weight", np.ones(count)) / np.sqrt(norm["running_var"] + epsilon)
    centred = replace(connection, bias=connection.bias - norm["running_mean"]).times(gain)
    return replace(centred, bias=centred.bias + norm.get("bias", np.zeros(count)))


def _current(
    tensors: dict, learned: LearnedDelays | None, name: str, epsilon: float = BATCH_NORM_EPSILON
) -> FloatConnection:
    """I = BatchNorm(W x + bias), and V s of the neurons' own spikes beside it, as they are (the authors leave out each
    neuron's own)."""
    weight = tensors["W.weight"] if learned is None else learned.weights
    count = len(weight)
    bias = tensors.get("W.bias", np.zeros(count)) if learned is None else learned.bias
    scale = tensors.get("W.scale")
    if scale is not None and (scale.shape != (count,) or not (scale > 0).all()):
        raise ConversionError(f"{name}.W.scale must hold one positive scale for each of the {count} rows")
    current = FloatConnection(weight.T, bias, scale)
    if norm := named("norm.", tensors):
        current = normalized(current, norm, epsilon)
    if _RECURRENT in tensors:
        current.recurrent = tensors[_RECURRENT] * (1 - np.eye(count))
    return current


def neuron_tensors(tensors: dict) -> set[str]:
    """The names of the neurons' own tensors among those of a layer."""
    return set(tensors) - _CURRENT_TENSORS


def _own(tensors: dict) -> str:
    return ", ".join(sorted(neuron_tensors(tensors)))


def _nearest(own: set[str]) -> str:
    """What tells a layer's own tensors from those of the neuron that is most like it."""
    alike = [family.tensors for kind in KINDS for family in kind.families if family.tensors & own]
    if not alike:
        return ""
    nearest = min(alike, key=lambda tensors: len(tensors ^ own))
    parts = [("with", nearest - own), ("without", own - nearest)]
    change = " and ".join(f"{how} {', '.join(sorted(names))}" for how, names in parts if names)
    return f"; {change} it would be one that runs"


def _check_names(tensors: dict, name: str, is_last: bool) -> tuple[Kind, Family]:
    """The kind, told by the tensors. Refuses by name what is not known."""
    for key in tensors:
        for beginning, reason in _REFUSED.items():
            if key.startswith(beginning):
                raise ConversionError(f"{name}.{key}: {reason}")
    own = neuron_tensors(tensors)
    found = [(kind, family) for kind in KINDS for family in kind.families if family.tensors == own]
    if not found:
        raise ConversionError(f"{name}: no neuron that runs here has the tensors {_own(tensors)}{_nearest(own)}")
    # LIF neurons and the readout store the same tensors: the readout is the last layer.
    return next((pair for pair in found if pair[0].fires != is_last), found[0])


def parametric_tau_steps(w: np.ndarray) -> float:
    """Of spikingjelly's ParametricLIFNode, which stores one number: 1/tau = sigmoid(w)."""
    # Far below zero tau leaves float64, and a decay of 1 is right then.
    with np.errstate(over="ignore"):
        return float(1 + np.exp(-w.item()))


def _without_parametric(tensors: dict, name: str, choices: Choices) -> tuple[dict, Choices]:
    if PARAMETRIC not in tensors:
        return tensors, choices
    values = tensors[PARAMETRIC]
    if values.size != 1:
        raise ConversionError(
            f"{name}.{PARAMETRIC} has the shape {list(values.shape)}; ParametricLIFNode has one number"
        )
    others = {key: each for key, each in tensors.items() if key != PARAMETRIC}
    return others, replace(choices, lif_tau_steps=parametric_tau_steps(values))


def _layer(tensors: dict, name: str, source: Source, choices: Choices, hint, is_last: bool) -> FloatLayer:
    tensors, choices = _without_parametric(tensors, name, choices)
    kind, family = _check_names(tensors, name, is_last)
    tensors = checked(tensors, name)
    has_delays = "delay_layer.P" in tensors
    learned = read_delays(tensors, name, choices.delay_kernel, hint) if has_delays else None
    # exp(dt) may leave float64: a decay of 0 or 1 is right then, and what is not finite is refused below.
    with np.errstate(over="ignore", invalid="ignore"):
        folded = family.fold(tensors, _current(tensors, learned, name, choices.norm_epsilon), choices, name)
    connection = folded.connection
    for values in (connection.weights, connection.bias, *folded.coefficients.values()):
        if not np.isfinite(values).all():
            raise ConversionError(
                f"{name}: its tensors are finite, but not what folds from them; {_own(tensors)} are out of range"
            )
    layer = FloatLayer(
        kind, source, connection.weights, connection.bias, folded.coefficients, weight_scale=connection.scale
    )
    layer.recurrent = connection.recurrent
    if layer.recurrent is not None and not kind.fires:
        raise ConversionError(f"{name}.{_RECURRENT}: the readout fires no spikes that it could hear")
    if kind.fires and not family.tensors and choices.lif_reset == "hard":
        decay = layer.coefficients["decay"]
        layer.kind, layer.coefficients = CUBA, coefficients(decay, reset="hard", at_threshold=True)
    if learned is not None:
        layer.delay_kind, layer.delays, layer.delay_rounding = learned.kind, learned.delays, learned.rounding
    return layer


def _check_chain(layers: list[FloatLayer]) -> None:
    for index, layer in enumerate(layers):
        is_last = index == len(layers) - 1
        if (layer.kind.output is None) != is_last:
            raise ConversionError(f"snn.{index}: only the last layer is, and must be, a readout")
        if not index:
            continue
        inputs, below = layer.weights.shape[0], layers[index - 1].weights.shape[1]
        if inputs == 2 * below:
            raise ConversionError(
                f"snn.{index}.W.weight takes {inputs} inputs, twice the {below} neurons of layer {index - 1}:"
                " bidirectional networks cannot run here, their second half starts at the end of the clip"
            )
        if inputs != below:
            raise ConversionError(
                f"snn.{index}.W.weight takes {inputs} inputs, but layer {index - 1} has {below} neurons"
            )


def fold(state: dict[str, np.ndarray], choices: Choices | None = None) -> list[FloatLayer]:
    """All layers, input normalization folded into the first one.

    Raises ConversionError naming the tensor that stands in the way.
    """
    choices = choices or Choices()
    if is_of_s4d(state):
        state = canonical_s4d(state, choices.spike_threshold, choices.norm_epsilon)
    if is_of_blocks(state):
        return fold_blocks(state, choices.norm_epsilon)
    state = canonical(state)
    count = layer_count(state)
    if count > MAXIMUM_LAYERS:
        raise ConversionError(f"snn.{count - 1}: {count} layers; at most {MAXIMUM_LAYERS} run here")
    tensors = [layer_tensors(state, index) for index in range(count)]
    own = tuple(f"snn.{index}." for index in range(count))
    for key in state:
        if not key.startswith(own) and key not in ("input_norm.mean", "input_norm.std"):
            raise ConversionError(f"{key}: only layers named snn.N run here")
    hint = DELAY_KINDS[choices.delays] if choices.delays else common_kind(tensors)
    layers = [
        _layer(each, f"snn.{i}", Source.SPIKES if i else Source.DENSE, choices, hint, i == count - 1)
        for i, each in enumerate(tensors)
    ]
    _check_chain(layers)
    if "input_norm.mean" in state or "input_norm.std" in state:
        first = layers[0]
        mean, deviation = input_norm(state, len(first.weights))
        first.weights = first.weights / deviation[:, None]
        first.bias = first.bias - mean @ first.weights
    return layers
