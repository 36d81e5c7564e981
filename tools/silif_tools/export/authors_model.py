"""The authors' networks as their code computes them: float32, nothing folded, batch normalization after the product.

The folded network of `float_network.py` is the same function in another order of operations; spike trains are chaotic,
so a few clips come out differently. This module keeps the order, and with it the published scores. Two things differ
from the authors' code on purpose: states start at zero (theirs at uniform noise), and the readout runs in float64.

Source: models/snns.py of github.com/Maxtimer97/SSM-inspired-LIF at bca1fbe, written anew from docs/NEURONS.md.
"""

from collections.abc import Callable

import numpy as np

from ..errors import ConversionError
from ..kinds.choices import BATCH_NORM_EPSILON
from ..kinds.readout import DECAY_RANGE
from ..kinds.rf import LARGEST_DECAY_RATE, STEP_S
from ..kinds.silif import STORED_RANGES
from .float_network import FloatTrace, softmax
from .layouts import canonical
from .state_dict import layer_count, layer_tensors

# Few enough that a layer's states stay in the second-level cache: three times as fast as all clips at once.
_CLIPS_AT_ONCE = 24

Step = Callable[[np.ndarray], np.ndarray]


def _current(tensors: dict[str, np.ndarray], values: np.ndarray) -> np.ndarray:
    """I [clip, step, output] of values [clip, step, input], all float32."""
    current = values @ tensors["W.weight"].T
    if "W.bias" in tensors:
        current += tensors["W.bias"]
    if "norm.running_mean" in tensors:
        deviation = np.sqrt(tensors["norm.running_var"] + np.float32(BATCH_NORM_EPSILON))
        current -= tensors["norm.running_mean"]
        current *= tensors["norm.weight"] / deviation
        current += tensors["norm.bias"]
    return current


def _silif(al: np.ndarray, be: np.ndarray, a: np.ndarray, b: np.ndarray, clips: int) -> Step:
    u = w = s = np.zeros((clips, len(al)), np.float32)
    gain = 1 - al

    def step(current: np.ndarray) -> np.ndarray:
        nonlocal u, w, s
        w = be * w + a * u + b * s
        u = al * (u - s) + gain * (current - w)
        s = (u > 1).astype(np.float32)
        return s

    return step


def _lif(al: np.ndarray, clips: int) -> Step:
    u = s = np.zeros((clips, len(al)), np.float32)
    gain = 1 - al

    def step(current: np.ndarray) -> np.ndarray:
        nonlocal u, s
        u = al * (u - s) + gain * current
        s = (u > 1).astype(np.float32)
        return s

    return step


def _csilif(decay: np.ndarray, b: np.ndarray, clips: int) -> Step:
    u = np.zeros((clips, len(b)), np.complex64)
    s = np.zeros((clips, len(b)), np.float32)
    half = np.float32(0.5)

    def step(current: np.ndarray) -> np.ndarray:
        nonlocal u, s
        u = decay * (u - half * s) + b * current
        s = (2 * u.real > 1).astype(np.float32)
        return s

    return step


def _rf(rate: np.ndarray, clips: int) -> Step:
    u = np.zeros((clips, len(rate)), np.complex64)
    s = np.zeros((clips, len(rate)), np.float32)
    step_s = np.float32(STEP_S)

    def step(current: np.ndarray) -> np.ndarray:
        nonlocal u, s
        u = u + step_s * (rate * u + current) - s
        s = (u.real > 1).astype(np.float32)
        return s

    return step


def _neurons(tensors: dict[str, np.ndarray], neuron: str, name: str, clips: int) -> Step:
    """The step function of a hidden layer, parameters computed in float32 as the authors do."""
    keys = set(tensors)
    if {"dt", "alpha", "beta", "a", "b"} <= keys:
        step = np.exp(tensors["dt"])
        al, be = (np.exp(-np.exp(tensors[key]) * step) for key in ("alpha", "beta"))
        return _silif(al, be, np.clip(tensors["a"], 0, 1), np.clip(tensors["b"], 0, 2), clips)
    if {"alpha", "beta", "a", "b"} <= keys:
        ranges = [np.float32(limits) for limits in STORED_RANGES[neuron]]
        stored = [tensors[key] for key in ("alpha", "beta", "a", "b")]
        return _silif(*(np.clip(values, *limits) for values, limits in zip(stored, ranges, strict=True)), clips)
    if {"log_dt", "log_log_alpha", "alpha_img", "b"} <= keys:
        rate = -np.exp(tensors["log_log_alpha"]) + np.complex64(1j) * tensors["alpha_img"]
        return _csilif(np.exp(np.exp(tensors["log_dt"]) * rate), tensors["b"], clips)
    if {"alpha_real", "alpha_im"} <= keys:
        real = np.minimum(tensors["alpha_real"], np.float32(LARGEST_DECAY_RATE))
        return _rf(real + np.complex64(1j) * tensors["alpha_im"], clips)
    if "alpha" in keys:
        return _lif(np.clip(tensors["alpha"], *np.float32(DECAY_RANGE)), clips)
    raise ConversionError(f"{name}: no neuron of the authors has the tensors {', '.join(sorted(keys))}")


def _probabilities(tensors: dict[str, np.ndarray], current: np.ndarray) -> np.ndarray:
    """Softmax of the readout, [clip, step, class] float64."""
    al = np.clip(tensors["alpha"].astype(np.float64), *DECAY_RANGE)
    u, found = np.zeros(current[:, 0].shape), np.zeros(current.shape)
    for index in range(current.shape[1]):
        u = al * u + (1 - al) * current[:, index]
        found[:, index] = softmax(u)
    return found


def run_authors(state: dict[str, np.ndarray], inputs: np.ndarray, neuron: str = "cadlif") -> FloatTrace:
    """The network of a state dict on whole clips; states start at zero.

    state: tensors `snn.0.W.weight`, ..., without learned delays. inputs: [clip, step, input] in real units.
    neuron: "cadlif" or "adlif", for layers whose tensors fit both.
    """
    state = canonical(state)
    layers = [
        {key: np.asarray(values, np.float32) for key, values in layer_tensors(state, index).items()}
        for index in range(layer_count(state))
    ]
    for index, tensors in enumerate(layers):
        if any(key.startswith("delay_layer.") for key in tensors):
            raise ConversionError(f"snn.{index}: the authors' float model here has no delays")
    spikes, probabilities = [[] for _ in layers[:-1]], []
    for start in range(0, len(inputs), _CLIPS_AT_ONCE):
        values = np.asarray(inputs[start : start + _CLIPS_AT_ONCE], np.float32)
        if "input_norm.mean" in state:
            values = (values - np.float32(state["input_norm.mean"])) / np.float32(state["input_norm.std"])
        for index, tensors in enumerate(layers[:-1]):
            current = _current(tensors, values)
            step = _neurons(tensors, neuron, f"snn.{index}", len(values))
            values = np.stack([step(current[:, at]) for at in range(current.shape[1])], axis=1)
            spikes[index].append(values.astype(np.uint8))
        probabilities.append(_probabilities(layers[-1], _current(layers[-1], values)))
    return FloatTrace([np.concatenate(parts) for parts in spikes], np.concatenate(probabilities), [])
