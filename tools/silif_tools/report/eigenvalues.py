"""Eigenvalues of the neurons between spikes, from the coefficients as they are held."""

import numpy as np

from ..export.fold import FloatLayer
from ..integer.fixed import COEFFICIENT_BITS
from ..model_file.tables import LayerTables, NeuronKind


def _two_by_two(top_left, top_right, bottom_left, bottom_right) -> np.ndarray:
    """Eigenvalues [2, neuron], from trace and determinant."""
    half = (top_left + bottom_right) / 2
    root = np.sqrt((half**2 - (top_left * bottom_right - top_right * bottom_left)).astype(complex))
    return np.stack([half + root, half - root])


def silif_eigenvalues(al, gain, leak, a) -> np.ndarray:
    """[2, neuron]. The membrane takes the new w, so with w' = be·w + a·u the step (u, w) -> (u', w') is

    [[al - (1 - al)·a, -(1 - al)·be], [a, be]].
    """
    be = 1 - leak
    return _two_by_two(al - gain * a, -gain * be, a, be)


def paper_eigenvalues(layer: FloatLayer) -> np.ndarray:
    """[2, neuron], as the paper's figure 2 has them (figure2_eigenvalues.py of github.com/Maxtimer97/SSM-inspired-LIF).

    - SiLIF: of [[al, al - 1], [(1 - be)·a, be]], for every neuron
    - C-SiLIF: A and its conjugate
    - RF: exp(0.004·(alpha_real ± i·alpha_im)), where an Euler step has 1 + 0.004·(...)
    """
    if layer.kind == NeuronKind.SILIF:
        leak = layer.adaptation_leak
        return _two_by_two(layer.decay, -layer.second, leak * layer.subthreshold_coupling, 1 - leak)
    factor = layer.decay + 1j * layer.second
    if layer.kind == NeuronKind.RF:
        factor = np.exp(factor - 1)
    return np.stack([factor, factor.conj()])


def has_adaptation(layer: FloatLayer) -> np.ndarray:
    """[neuron]: False for plain LIF neurons (a = b = 0), whose w stays zero."""
    return (layer.subthreshold_coupling != 0) | (layer.spike_coupling != 0)


def float_eigenvalues(layer: FloatLayer) -> np.ndarray:
    """All eigenvalues of a hidden layer [2, neuron]; the second row is NaN where a neuron has one only.

    Complex neurons have A alone: its conjugate says the same."""
    if layer.kind == NeuronKind.SILIF:
        both = silif_eigenvalues(layer.decay, layer.second, layer.adaptation_leak, layer.subthreshold_coupling)
        lone = ~has_adaptation(layer)
        both[:, lone] = np.stack([layer.decay[lone], np.full(lone.sum(), np.nan)])
        return both
    return np.stack([layer.decay + 1j * layer.second, np.full(len(layer.decay), np.nan)])


def fixed_eigenvalues(tables: LayerTables, real: FloatLayer) -> np.ndarray:
    """As `float_eigenvalues`, from the integers of the model file."""
    unit = 2.0**-COEFFICIENT_BITS
    decay, second = tables.decay * unit, tables.second * unit
    held = FloatLayer(tables.kind, tables.source, real.weights, real.bias, decay=decay, second=second)
    if tables.kind == NeuronKind.SILIF:
        held.adaptation_leak = tables.adaptation_leak_mantissa * 2.0 ** -(
            COEFFICIENT_BITS + tables.adaptation_leak_shift.astype(np.float64)
        )
        held.subthreshold_coupling = tables.subthreshold_coupling * unit
        held.spike_coupling = real.spike_coupling
    return float_eigenvalues(held)
