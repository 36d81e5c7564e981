"""The folded network in float64: what the integers are compared with (accuracy, agreement, firing rates).

The equations are those of the kinds (`Kind.float_step`); train/reference.py runs the same ones with gradients.
"""

from dataclasses import dataclass, field

import numpy as np

from ..kinds.connection import FloatLayer, weighted
from ..model_file.tables import Scores


@dataclass
class FloatTrace:
    """spikes per hidden layer [clip, step, neuron] uint8, of an encoder none; probabilities [clip, step, class]:
    softmax, or spikes; read per layer: what its weights read, [clip, step, input], where the run kept it."""

    spikes: list[np.ndarray]
    probabilities: np.ndarray
    state_peak: list[float]
    read: list[np.ndarray] = field(default_factory=list)

    @property
    def scores(self) -> np.ndarray:
        """Probabilities summed over the steps, [clip, class]."""
        return self.probabilities.sum(axis=1)


def softmax(values: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _fire(excess: np.ndarray) -> np.ndarray:
    return (excess > 0).astype(float)


def _run_layer(layer: FloatLayer, values: np.ndarray, observe=None) -> tuple[np.ndarray, np.ndarray, float]:
    """values [clip, step, input] -> (what the layer writes, its potentials, [clip, step, output]; largest |state|).

    observe(states): called after every step, for whoever wants the states ([clip, neuron] each, as `Kind.states`).
    """
    currents = weighted(layer, values) + layer.bias
    clips, steps, width = currents.shape
    state = layer.kind.float_state(np.zeros((clips, width)))
    out, peak = np.empty((clips, steps, width)), 0.0
    potentials = np.empty_like(out)
    for step in range(steps):
        current = currents[:, step]
        if layer.recurrent is not None:
            current = current + state[-1] @ layer.recurrent
        state = layer.kind.float_step(layer.coefficients, state, current, _fire)
        parts = layer.kind.float_parts(state)
        peak = max(peak, *(np.abs(part).max() for part in parts))
        if observe:
            observe(parts)
        out[:, step], potentials[:, step] = state[-1], parts[0]
    return out, potentials, peak


def _run_block(layer: FloatLayer, stream: np.ndarray, observe=None) -> tuple[np.ndarray, np.ndarray]:
    """stream [clip, step, channel] -> what the weights read, and the stream after the block, both shaped so."""
    kind, state = layer.kind, None
    driving, out = np.empty_like(stream), np.empty_like(stream)
    for step in range(stream.shape[1]):
        state, driving[:, step] = kind.float_spikes(layer, state, stream[:, step])
        currents = driving[:, step] @ layer.weights + layer.bias
        out[:, step] = kind.float_mixed(layer, state, stream[:, step], currents)
        if observe:
            observe((out[:, step],))
    return driving, out


def run_float(
    layers: list[FloatLayer], inputs: np.ndarray, observers=None, scores: Scores = Scores.POTENTIALS
) -> FloatTrace:
    """inputs [clip, step, input] in real units -> FloatTrace. Zero initial state. observers: one per layer, or None.
    scores: how the last layer is read."""
    values, spikes, peaks, read = inputs.astype(np.float64), [], [], []
    observers = observers or [None] * len(layers)
    for layer, observe in zip(layers[:-1], observers, strict=False):
        if layer.kind.is_block:
            driving, values = _run_block(layer, values, observe)
            peak = np.abs(values).max()
            read.append(driving)
        else:
            read.append(values)
            values, _, peak = _run_layer(layer, values, observe)
            driving = values if layer.kind.fires else np.zeros_like(values)
        spikes.append((driving != 0).astype(np.uint8))
        peaks.append(float(peak))
    fired, membrane, peak = _run_layer(layers[-1], values, observers[-1])
    probabilities = fired if scores == Scores.SPIKES else softmax(membrane)
    return FloatTrace(spikes, probabilities, [*peaks, float(peak)], [*read, values])
