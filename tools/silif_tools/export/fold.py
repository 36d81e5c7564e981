"""State dict -> float layers with everything folded: what the network computes, before any rounding.

Batch normalization, input normalization and the constant input gains (1 - al of SiLIF and readout, b of C-SiLIF, the
step of RF) all act linearly on the current, so they fold exactly into weights and bias.
"""

from dataclasses import dataclass

import numpy as np

from ..model_file.bounds import MAXIMUM_LAYERS
from ..model_file.tables import DelayKind, NeuronKind, Source
from .choices import Choices
from .delays import KINDS, DelayRounding, LearnedDelays, common_kind, read_delays
from .layouts import canonical
from .shapes import checked, input_norm
from .state_dict import ConversionError, layer_count, layer_tensors

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
_NEURON_TENSORS = {
    "silif": {"dt", "alpha", "beta", "a", "b"},
    "stored": {"alpha", "beta", "a", "b"},
    "csilif": {"log_dt", "log_log_alpha", "alpha_img", "b"},
    "rf": {"alpha_real", "alpha_im"},
    "leaky": {"alpha"},
    "without": set(),
}
_NORM_TENSORS = {f"norm.{key}" for key in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")}
_DELAY_TENSORS = {f"delay_layer.{key}" for key in ("weight", "P", "SIG", "bias", "delay_scores", "m")}
_CURRENT_TENSORS = {"W.weight", "W.bias", "W.scale", *_NORM_TENSORS, *_DELAY_TENSORS}
# Beginnings of names, and why what they belong to cannot run.
_REFUSED = {
    "V.": "recurrent weights cannot run here: they make every neuron wait for all others of its own layer",
    "norm_output.": "layer normalization divides by what all neurons do at the moment: it cannot be folded",
    "synapse_filter.": "learnable synapse filters cannot run here",
    "neuron.": "neurons of spikingjelly with tensors of their own (ParametricLIF, SiLIFNode) cannot run here",
}


@dataclass
class FloatLayer:
    """weights [inputs, outputs] and bias [outputs] give the neuron's complete input term; coefficients [outputs].

    delays: steps; [inputs], [outputs] or [inputs, outputs], by kind.
    """

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
    delay_kind: DelayKind = DelayKind.NONE
    delays: np.ndarray | None = None
    delay_rounding: DelayRounding | None = None


@dataclass
class _Current:
    """The input term: weights [inputs, outputs], bias [outputs], scales of trained integers [outputs] or None."""

    weights: np.ndarray
    bias: np.ndarray
    scale: np.ndarray | None

    def times(self, gain: np.ndarray | float) -> "_Current":
        # Rows with a negative gain keep their scale: their integers change sign.
        scale = None if self.scale is None else self.scale * np.abs(gain)
        return _Current(self.weights * gain, self.bias * gain, scale)


def _current(tensors: dict, learned: LearnedDelays | None, name: str) -> _Current:
    """I = BatchNorm(W x + bias)."""
    weight = tensors["W.weight"] if learned is None else learned.weights
    count = len(weight)
    bias = tensors.get("W.bias", np.zeros(count)) if learned is None else learned.bias
    scale = tensors.get("W.scale")
    if scale is not None and (scale.shape != (count,) or not (scale > 0).all()):
        raise ConversionError(f"{name}.W.scale must hold one positive scale for each of the {count} rows")
    current = _Current(weight.T, bias, scale)
    if "norm.running_mean" in tensors:
        gain = tensors.get("norm.weight", np.ones(count)) / np.sqrt(tensors["norm.running_var"] + BATCH_NORM_EPSILON)
        current.bias = current.bias - tensors["norm.running_mean"]
        current = current.times(gain)
        current.bias = current.bias + tensors.get("norm.bias", np.zeros(count))
    return current


def _float_layer(kind: NeuronKind, source: Source, current: _Current, **coefficients) -> FloatLayer:
    return FloatLayer(kind, source, current.weights, current.bias, weight_scale=current.scale, **coefficients)


def _own(tensors: dict) -> str:
    """The names of the neuron's own tensors."""
    return ", ".join(sorted(set(tensors) - _CURRENT_TENSORS))


def _check_names(tensors: dict, name: str) -> str:
    """The neuron's kind, told by the tensors. Refuses by name what is not known."""
    for key in tensors:
        for beginning, reason in _REFUSED.items():
            if key.startswith(beginning):
                raise ConversionError(f"{name}.{key}: {reason}")
    own = set(tensors) - _CURRENT_TENSORS
    for kind, names in _NEURON_TENSORS.items():
        if own == names:
            return kind
    raise ConversionError(f"{name}: no neuron that runs here has the tensors {_own(tensors)}")


def _silif(source, current, decay, gain, leak, a, b) -> FloatLayer:
    """The SiLIF equations with all constants resolved; gain is 1 - decay. The current comes with its own gain."""
    return _float_layer(
        NeuronKind.SILIF,
        source,
        current,
        decay=decay,
        second=gain,
        adaptation_leak=leak,
        subthreshold_coupling=a,
        spike_coupling=b,
    )


def _leaky(tensors: dict, outputs: int, name: str, choices: Choices) -> tuple[np.ndarray, np.ndarray]:
    """(decay, input gain) of leaky integrators."""
    if "alpha" in tensors:
        decay = np.clip(tensors["alpha"], *READOUT_DECAY_RANGE)
        return decay, 1 - decay
    if choices.lif_tau_steps is None:
        raise ConversionError(
            f"{name} has no neuron tensors: LIF neurons of spikingjelly are set in code. With a reset by subtraction"
            " (v_reset=None, decay_input=False) give --lif-tau; its default, a reset to 0, cannot run here"
        )
    return np.full(outputs, 1 - 1 / choices.lif_tau_steps), np.ones(outputs)


def _neurons(tensors: dict, name: str, current: _Current, source: Source, choices: Choices, is_last) -> FloatLayer:
    kind = _check_names(tensors, name)
    if kind == "silif":
        step = np.exp(tensors["dt"])
        rate = np.exp(tensors["alpha"]) * step
        decay, gain = np.exp(-rate), -np.expm1(-rate)
        leak = -np.expm1(-np.exp(tensors["beta"]) * step)
        a, b = np.clip(tensors["a"], 0, 1), np.clip(tensors["b"], 0, 2)
        return _silif(source, current.times(gain), decay, gain, leak, a, b)
    if kind == "stored":
        # cAdLIF and adLIF store the same tensors: the user says which, and cAdLIF is assumed.
        ranges = zip(("alpha", "beta", "a", "b"), STORED_RANGES[choices.neuron], strict=True)
        decay, slow, a, b = (np.clip(tensors[key], *bounds) for key, bounds in ranges)
        return _silif(source, current.times(1 - decay), decay, 1 - decay, 1 - slow, a, b)
    if kind == "csilif":
        step = np.exp(tensors["log_dt"])
        # Phases reach hundreds of radians: the exponential is taken here, in float64.
        decay = np.exp(step * (-np.exp(tensors["log_log_alpha"]) + 1j * tensors["alpha_img"]))
        current = current.times(tensors["b"])
        return _float_layer(NeuronKind.CSILIF, source, current, decay=decay.real, second=decay.imag)
    if kind == "rf":
        rate = np.minimum(tensors["alpha_real"], RF_LARGEST_DECAY_RATE) + 1j * tensors["alpha_im"]
        # Fast neurons grow in Euler steps, |decay| up to 1.004 in the published network: theirs do so too.
        decay, current = 1 + RF_STEP_S * rate, current.times(RF_STEP_S)
        wild = np.maximum(np.abs(decay.real), np.abs(decay.imag)) > 1
        if wild.any():
            raise ConversionError(
                f"{name}.alpha_real and alpha_im: an Euler step of 4 ms multiplies a neuron's state by"
                f" {decay[wild][0]:.4g}; parts beyond ±1 cannot run here"
            )
        return _float_layer(NeuronKind.RF, source, current, decay=decay.real, second=decay.imag)
    # LIF neurons and the readout store the same tensor: the readout is the last layer.
    decay, gain = _leaky(tensors, len(current.bias), name, choices)
    if is_last:
        return _float_layer(NeuronKind.READOUT, source, current.times(gain), decay=decay)
    zero = np.zeros_like(decay)
    return _silif(source, current.times(gain), decay, 1 - decay, zero + 1, zero, zero)


def _layer(tensors: dict, name: str, source: Source, choices: Choices, hint, is_last: bool) -> FloatLayer:
    _check_names(tensors, name)
    tensors = checked(tensors, name)
    has_delays = "delay_layer.P" in tensors
    learned = read_delays(tensors, name, choices.delay_kernel, hint) if has_delays else None
    # exp(dt) may leave float64: a decay of 0 or 1 is right then, and what is not finite is refused below.
    with np.errstate(over="ignore", invalid="ignore"):
        layer = _neurons(tensors, name, _current(tensors, learned, name), source, choices, is_last)
    for values in (layer.weights, layer.bias, layer.decay, layer.second, layer.adaptation_leak):
        if values is not None and not np.isfinite(values).all():
            raise ConversionError(
                f"{name}: its tensors are finite, but not what folds from them; {_own(tensors)} are out of range"
            )
    if learned is not None:
        layer.delay_kind, layer.delays, layer.delay_rounding = learned.kind, learned.delays, learned.rounding
    return layer


def _check_chain(layers: list[FloatLayer]) -> None:
    for index, layer in enumerate(layers):
        is_last = index == len(layers) - 1
        if (layer.kind == NeuronKind.READOUT) != is_last:
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
    choices, state = choices or Choices(), canonical(state)
    count = layer_count(state)
    if count > MAXIMUM_LAYERS:
        raise ConversionError(f"snn.{count - 1}: {count} layers; at most {MAXIMUM_LAYERS} run here")
    tensors = [layer_tensors(state, index) for index in range(count)]
    for key in state:
        if not key.startswith("snn.") and key not in ("input_norm.mean", "input_norm.std"):
            raise ConversionError(f"{key}: only layers named snn.N run here")
    hint = KINDS[choices.delays] if choices.delays else common_kind(tensors)
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
