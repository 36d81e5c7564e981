"""The folded network in float64: what the integers are compared with (accuracy, agreement, firing rates)."""

from dataclasses import dataclass

import numpy as np

from ..model_file.tables import DelayKind, NeuronKind
from .fold import FloatLayer


@dataclass
class FloatTrace:
    """spikes per hidden layer [clip, step, neuron] uint8, scores [clip, class] (softmax summed over steps)."""

    spikes: list[np.ndarray]
    scores: np.ndarray
    state_peak: list[float]


def softmax(values: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _later(values: np.ndarray, delay: int) -> np.ndarray:
    """[clip, step, ...] so many steps later; zeros before."""
    return np.concatenate([np.zeros_like(values[:, :delay]), values[:, : values.shape[1] - delay]], axis=1)


def arriving(layer: FloatLayer, values: np.ndarray) -> np.ndarray:
    """values [clip, step, input] when they arrive; only axonal delays belong to the inputs."""
    if layer.delay_kind != DelayKind.AXONAL:
        return values
    out = np.empty_like(values)
    for delay in np.unique(layer.delays):
        chosen = layer.delays == delay
        out[..., chosen] = _later(values[..., chosen], delay)
    return out


def weighted(layer: FloatLayer, values: np.ndarray) -> np.ndarray:
    """Σ W·x [clip, step, output] of values [clip, step, input], each arriving after its delay."""
    if layer.delay_kind in (DelayKind.NONE, DelayKind.AXONAL):
        return arriving(layer, values) @ layer.weights
    out = np.zeros((*values.shape[:2], layer.weights.shape[1]))
    for delay in np.unique(layer.delays):
        # Of dendritic delays whole columns, of synaptic ones single weights.
        out += _later(values @ np.where(layer.delays == delay, layer.weights, 0.0), delay)
    return out


def _run_layer(layer: FloatLayer, values: np.ndarray, observe=None) -> tuple[np.ndarray, float]:
    """values [clip, step, input] -> (spikes, or a readout's potentials, [clip, step, output]; largest |state|).

    observe(u, w): called after every step, for whoever wants the states ([clip, neuron]; w is 0 except for SiLIF).
    """
    currents = weighted(layer, values) + layer.bias
    clips, steps, width = currents.shape
    is_complex = layer.kind in (NeuronKind.CSILIF, NeuronKind.RF)
    u = np.zeros((clips, width), complex if is_complex else float)
    w, s = np.zeros((clips, width)), np.zeros((clips, width))
    out, peak = np.empty((clips, steps, width)), 0.0
    decay = layer.decay + 1j * layer.second if is_complex else layer.decay
    for step in range(steps):
        if layer.kind == NeuronKind.SILIF:
            w = w - layer.adaptation_leak * w + layer.subthreshold_coupling * u + layer.spike_coupling * s
            u = decay * (u - s) + currents[:, step] - layer.second * w
            s = (u > 1).astype(float)
            peak = max(peak, np.abs(u).max(), np.abs(w).max())
        elif layer.kind == NeuronKind.CSILIF:
            u = decay * (u - s / 2) + currents[:, step]
            s = (2 * u.real > 1).astype(float)
            peak = max(peak, np.abs(u.real).max(), np.abs(u.imag).max())
        elif layer.kind == NeuronKind.RF:
            u = decay * u + currents[:, step] - s
            s = (u.real > 1).astype(float)
            peak = max(peak, np.abs(u.real).max(), np.abs(u.imag).max())
        else:
            u = decay * u + currents[:, step]
            peak = max(peak, np.abs(u).max())
        if observe:
            observe(u, w)
        out[:, step] = u if layer.kind == NeuronKind.READOUT else s
    return out, peak


def run_float(layers: list[FloatLayer], inputs: np.ndarray, observers=None) -> FloatTrace:
    """inputs [clip, step, input] in real units -> FloatTrace. Zero initial state. observers: one per layer, or None."""
    values, spikes, peaks = inputs.astype(np.float64), [], []
    observers = observers or [None] * len(layers)
    for layer, observe in zip(layers[:-1], observers, strict=False):
        values, peak = _run_layer(layer, values, observe)
        spikes.append(values.astype(np.uint8))
        peaks.append(float(peak))
    membrane, peak = _run_layer(layers[-1], values, observers[-1])
    return FloatTrace(spikes, softmax(membrane).sum(axis=1), [*peaks, float(peak)])
