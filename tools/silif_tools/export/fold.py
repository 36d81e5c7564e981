"""State dict -> float layers with everything folded: what the network computes, before any rounding.

Batch normalization, input normalization and the constant input gains (1 - al of SiLIF and readout, b of C-SiLIF) all
act linearly on the current, so they fold exactly into weights and bias.
"""

from dataclasses import dataclass

import numpy as np

from ..model_file.tables import NeuronKind, Source
from .state_dict import ConversionError, layer_count

BATCH_NORM_EPSILON = 1e-5
READOUT_DECAY_RANGE = (np.exp(-1 / 5), np.exp(-1 / 25))
# Ranges of al, be, a, b in the networks that store their decays as they are (DESIGN section 3).
STORED_RANGES = {
    "cadlif": ((0.36, 0.96), (0.96, 0.99), (0, 1), (0, 2)),
    "adlif": (READOUT_DECAY_RANGE, (np.exp(-1 / 30), np.exp(-1 / 120)), (-1, 1), (0, 2)),
}
# RF neurons: Euler steps of this length, also where a network's own step is another; its largest decay rate.
RF_STEP_S = 0.004
RF_LARGEST_DECAY_RATE = -0.1


@dataclass
class FloatLayer:
    """weights [inputs, outputs] and bias [outputs] give the neuron's complete input term; coefficients [outputs]."""

    kind: NeuronKind
    source: Source
    weights: np.ndarray
    bias: np.ndarray
    decay: np.ndarray
    second: np.ndarray | None = None
    # SiLIF: 1 - be, kept as the complement because be comes within 5e-9 of 1
    adaptation_leak: np.ndarray | None = None
    subthreshold_coupling: np.ndarray | None = None
    spike_coupling: np.ndarray | None = None
    # [outputs], where the network was trained with rounded weights: the weights are integers times this
    weight_scale: np.ndarray | None = None


@dataclass
class _Current:
    """The input term: weights [inputs, outputs], bias [outputs], and by what each stored row was multiplied."""

    weights: np.ndarray
    bias: np.ndarray
    row_gain: np.ndarray

    def times(self, gain: np.ndarray | float) -> "_Current":
        return _Current(self.weights * gain, self.bias * gain, self.row_gain * gain)


def _current(state: dict, prefix: str) -> _Current:
    """I = BatchNorm(W x)."""
    weight = state[f"{prefix}W.weight"]
    bias = state.get(f"{prefix}W.bias", np.zeros(weight.shape[0]))
    gain = np.ones(weight.shape[0])
    if f"{prefix}norm.running_mean" in state:
        gain = state[f"{prefix}norm.weight"] / np.sqrt(state[f"{prefix}norm.running_var"] + BATCH_NORM_EPSILON)
        bias = state[f"{prefix}norm.bias"] + gain * (bias - state[f"{prefix}norm.running_mean"])
        weight = weight * gain[:, None]
    elif f"{prefix}norm.weight" in state:
        raise ConversionError(f"{prefix}norm has no running statistics: layer normalization cannot be folded")
    return _Current(weight.T, bias, gain)


def _float_layer(kind, source, state: dict, prefix: str, current: _Current, **coefficients) -> FloatLayer:
    scale = state.get(f"{prefix}W.scale")
    if scale is not None:
        if scale.shape != current.bias.shape or not (scale > 0).all():
            raise ConversionError(
                f"{prefix}W.scale must hold one positive scale for each of the {len(current.bias)} rows"
            )
        # Rows with a negative gain keep their scale: their integers change sign.
        coefficients["weight_scale"] = scale * np.abs(current.row_gain)
    return FloatLayer(kind, source, current.weights, current.bias, **coefficients)


def _silif(source, state, prefix, current, decay, gain, leak, a, b) -> FloatLayer:
    """The SiLIF equations with all constants resolved; gain is 1 - decay."""
    return _float_layer(
        NeuronKind.SILIF,
        source,
        state,
        prefix,
        current.times(gain),
        decay=decay,
        second=gain,
        adaptation_leak=leak,
        subthreshold_coupling=a,
        spike_coupling=b,
    )


def _layer(state: dict, prefix: str, source: Source, neuron: str, is_last: bool) -> FloatLayer:
    current = _current(state, prefix)
    keys = {key[len(prefix) :] for key in state if key.startswith(prefix)}
    if any(key.startswith("V.") for key in keys):
        raise ConversionError(f"{prefix}V: recurrent weights cannot run here")
    if {"dt", "alpha", "beta", "a", "b"} <= keys:
        step = np.exp(state[f"{prefix}dt"])
        rate = np.exp(state[f"{prefix}alpha"]) * step
        decay, gain = np.exp(-rate), -np.expm1(-rate)
        leak = -np.expm1(-np.exp(state[f"{prefix}beta"]) * step)
        a, b = np.clip(state[f"{prefix}a"], 0, 1), np.clip(state[f"{prefix}b"], 0, 2)
        return _silif(source, state, prefix, current, decay, gain, leak, a, b)
    if {"alpha", "beta", "a", "b"} <= keys:
        # cAdLIF and adLIF store the same tensors: the user says which, and cAdLIF is assumed.
        ranges = zip(("alpha", "beta", "a", "b"), STORED_RANGES[neuron], strict=True)
        decay, slow, a, b = (np.clip(state[prefix + key], *bounds) for key, bounds in ranges)
        return _silif(source, state, prefix, current, decay, 1 - decay, 1 - slow, a, b)
    if {"log_dt", "log_log_alpha", "alpha_img", "b"} <= keys:
        step = np.exp(state[f"{prefix}log_dt"])
        # Phases reach hundreds of radians: the exponential is taken here, in float64.
        decay = np.exp(step * (-np.exp(state[f"{prefix}log_log_alpha"]) + 1j * state[f"{prefix}alpha_img"]))
        current = current.times(state[f"{prefix}b"])
        return _float_layer(NeuronKind.CSILIF, source, state, prefix, current, decay=decay.real, second=decay.imag)
    if {"alpha_real", "alpha_im"} <= keys:
        rate = np.minimum(state[f"{prefix}alpha_real"], RF_LARGEST_DECAY_RATE) + 1j * state[f"{prefix}alpha_im"]
        # Fast neurons grow in Euler steps, |decay| up to 1.004 in the published network: theirs do so too.
        decay, current = 1 + RF_STEP_S * rate, current.times(RF_STEP_S)
        return _float_layer(NeuronKind.RF, source, state, prefix, current, decay=decay.real, second=decay.imag)
    if "alpha" in keys and not keys & {"beta", "dt", "a", "b"}:
        # LIF neurons and the readout store the same tensor: the readout is the last layer.
        decay = np.clip(state[f"{prefix}alpha"], *READOUT_DECAY_RANGE)
        if is_last:
            return _float_layer(NeuronKind.READOUT, source, state, prefix, current.times(1 - decay), decay=decay)
        zero = np.zeros_like(decay)
        return _silif(source, state, prefix, current, decay, 1 - decay, zero + 1, zero, zero)
    raise ConversionError(f"{prefix[:-1]}: no neuron that runs here has the tensors {', '.join(sorted(keys))}")


def fold(state: dict[str, np.ndarray], neuron: str = "cadlif") -> list[FloatLayer]:
    """All layers, input normalization folded into the first one.

    neuron: "cadlif" or "adlif", for layers whose tensors fit both.

    Raises ConversionError naming the tensor that stands in the way.
    """
    count = layer_count(state)
    layers = [
        _layer(state, f"snn.{i}.", Source.DENSE if i == 0 else Source.SPIKES, neuron, i == count - 1)
        for i in range(count)
    ]
    for index, layer in enumerate(layers):
        is_last = index == len(layers) - 1
        if (layer.kind == NeuronKind.READOUT) != is_last:
            raise ConversionError(f"snn.{index}: only the last layer is, and must be, a readout")
        if index and layers[index - 1].weights.shape[1] != layer.weights.shape[0]:
            raise ConversionError(
                f"snn.{index}.W.weight takes {layer.weights.shape[0]} inputs,"
                f" but layer {index - 1} has {layers[index - 1].weights.shape[1]} neurons"
            )
    if "input_norm.mean" in state:
        mean, deviation = state["input_norm.mean"], state["input_norm.std"]
        first = layers[0]
        first.weights = first.weights / deviation[:, None]
        first.bias = first.bias - mean @ first.weights
    return layers
