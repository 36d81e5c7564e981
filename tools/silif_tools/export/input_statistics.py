"""Means and covariances of every layer's inputs: what rounding its weights should respect.

Rounding a weight by e shifts a neuron's current by e times the input's mean, for good; the bias takes that back. The
covariance tells which inputs can make up for each other (`quantize.quantize_weights`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ..kinds.choices import DEFAULT_KERNEL
from ..kinds.connection import FloatLayer, arriving
from ..model_file.tables import DelayKind
from .blocks import is_of_blocks
from .delays import read_delays
from .float_network import run_float
from .layouts import canonical
from .s4d_layout import is_of_s4d
from .state_dict import layer_tensors

# Share of the running means' squares that recovered means may leave open.
_MOST_UNEXPLAINED = 0.1
_CLIPS_AT_ONCE = 32


@dataclass
class InputStatistics:
    """mean [inputs], covariance [inputs, inputs], in real units."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def alike(cls, inputs: int) -> "InputStatistics":
        """Nothing is known: no bias is corrected, and all inputs weigh the same."""
        return cls(np.zeros(inputs), np.eye(inputs))


def measured_statistics(layers: list[FloatLayer], inputs: np.ndarray) -> list[InputStatistics]:
    """From clips, inputs [clip, step, input] in real units, run through the float network."""
    sizes = [layer.weights.shape[0] for layer in layers]
    sums, products, count = [np.zeros(size) for size in sizes], [np.zeros((size, size)) for size in sizes], 0
    for start in range(0, len(inputs), _CLIPS_AT_ONCE):
        part = inputs[start : start + _CLIPS_AT_ONCE]
        count += part.shape[0] * part.shape[1]
        for index, values in enumerate(run_float(layers, part).read):
            flat = arriving(layers[index], values).reshape(-1, sizes[index]).astype(np.float64)
            sums[index] += flat.sum(axis=0)
            products[index] += flat.T @ flat
    found = []
    for layer, total, product in zip(layers, sums, products, strict=True):
        mean = total / count
        # Inputs that never moved in calibration still count a little.
        covariance = product / count - np.outer(mean, mean) + 1e-6 * np.eye(len(mean))
        if layer.delay_kind == DelayKind.SYNAPTIC:
            # Every neuron hears its inputs at times of its own: what is correlated differs from one to the next.
            covariance = np.diag(np.diag(covariance))
        found.append(InputStatistics(mean, covariance))
    return found


def _mean_of_inputs(tensors: dict[str, np.ndarray], weights: np.ndarray) -> np.ndarray | None:
    """The inputs' means that explain best what batch normalization saw, W·mean = running_mean; counts and spikes are
    not negative. None where they cannot be known: without running statistics, with fewer neurons than inputs, or where
    no such means explain what was seen.
    """
    if "norm.running_mean" not in tensors or weights.shape[0] < weights.shape[1]:
        return None
    deviation = np.sqrt(tensors["norm.running_var"] + 1e-12)
    system = weights / deviation[:, None]
    target = (tensors["norm.running_mean"] - tensors.get("W.bias", 0.0)) / deviation
    # As many unknowns as equations, and statistics that lag behind the weights: a little ridge.
    ridge = 1e-4 * np.linalg.norm(system, 2) * np.eye(system.shape[1])
    mean, _ = nnls(np.vstack([system, ridge]), np.concatenate([target, np.zeros(len(ridge))]))
    unexplained = np.sum((system @ mean - target) ** 2) / max(np.sum(target**2), 1e-12)
    # Rounded, so that every machine's linear algebra gives the same model file.
    return np.round(mean, 4) if unexplained < _MOST_UNEXPLAINED else None


def recovered_statistics(state: dict[str, np.ndarray], layers: list[FloatLayer]) -> list[InputStatistics]:
    """Without data: normalization knows the mean of what it normalized, and with it the mean of the inputs.

    On the authors' networks the means so found correlate with those on spoken words at 0.997 (first layer) and 0.98
    (second). Covariances cannot be found so; the inputs are taken to be independent.
    """
    if is_of_blocks(state) or is_of_s4d(state):
        # The frames' are in the state dict, and those of the stream that the readout reads; the rest wants --calibrate.
        known = [InputStatistics.alike(layer.weights.shape[0]) for layer in layers]
        if "input_norm.mean" in state:
            known[0] = InputStatistics(state["input_norm.mean"], np.diag(state["input_norm.std"] ** 2))
        if is_of_blocks(state):
            known[-1] = InputStatistics(state["norm.running_mean"], np.diag(state["norm.running_var"]))
        return known
    state = canonical(state)
    found = []
    for index, layer in enumerate(layers):
        inputs = layer.weights.shape[0]
        known = InputStatistics.alike(inputs)
        if index == 0 and "input_norm.mean" in state:
            known = InputStatistics(state["input_norm.mean"], np.diag(state["input_norm.std"] ** 2))
        else:
            tensors = layer_tensors(state, index)
            weights = tensors.get("W.weight")
            if weights is None:
                weights = read_delays(tensors, f"snn.{index}", DEFAULT_KERNEL, None).weights
            mean = _mean_of_inputs(tensors, weights)
            if mean is not None:
                known = InputStatistics(mean, np.eye(inputs))
        found.append(known)
    return found
