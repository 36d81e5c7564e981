"""Random layers for golden models, made with integers and IEEE arithmetic only: the same bytes on every machine."""

from dataclasses import dataclass

import numpy as np

from ..integer.fixed import CURRENT_EXTRA_BITS, mantissa_and_shift
from ..model_file.tables import DelayKind, LayerTables, NeuronKind, Source

Q30 = 1 << 30


@dataclass(frozen=True)
class Spec:
    """One layer of a case. `extreme` takes coefficients from the edges of their ranges."""

    kind: NeuronKind
    outputs: int
    weight_bits: int = 8
    delay_kind: DelayKind = DelayKind.NONE
    maximum_delay: int = 0
    fraction_bits: int = 16
    extreme: bool = False
    # Multiplies the current; hundreds drive the states into saturation.
    gain: float = 1.0
    # Constant current in units of the threshold.
    drive: float = 0.25


def _q30(values) -> np.ndarray:
    return np.rint(np.asarray(values) * Q30).astype(np.int64)


def _cycle(rng: np.random.Generator, ordinary: np.ndarray, edges: list[float]) -> np.ndarray:
    """Edges for three neurons of four, in turn; ordinary values for the others."""
    values = np.asarray(ordinary, dtype=np.float64).copy()
    offset = int(rng.integers(len(edges)))
    for index in range(len(values)):
        if index % 4:
            values[index] = edges[(index + offset) % len(edges)]
    return values


def _leak(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 - be as mantissa · 2^-(30 + shift), the mantissa at most 2^30."""
    mantissa, shift = mantissa_and_shift(values, 30)
    coarse = shift < 30
    return np.where(coarse, _q30(values), mantissa), np.maximum(shift - 30, 0)


def _silif(rng: np.random.Generator, spec: Spec, tables: LayerTables) -> None:
    count = spec.outputs
    decay = 0.5 + 0.49 * rng.random(count)
    leak = 0.3 * rng.random(count) ** 3
    subthreshold, spike = rng.random(count), 2 * rng.random(count)
    if spec.extreme:
        decay = _cycle(rng, decay, [0.0, 1.0, 2.0**-30, 1 - 2.0**-30, 0.25])
        leak = _cycle(rng, leak, [5e-9, 1.0, 1e-6, 2.0**-40, 1 - 1e-9, 0.0, 1e-3])
        subthreshold = _cycle(rng, subthreshold, [1.0, 0.0, -1.0, 0.5])
        spike = _cycle(rng, spike, [2.0, 0.0, -1.5, 4.0, -4.0])
    tables.decay, tables.second = _q30(decay), _q30(1 - decay)
    tables.adaptation_leak_mantissa, tables.adaptation_leak_shift = _leak(leak)
    tables.subthreshold_coupling = _q30(subthreshold)
    tables.spike_coupling = np.rint(spike * 2.0**spec.fraction_bits).astype(np.int64)


def _csilif(rng: np.random.Generator, spec: Spec, tables: LayerTables) -> None:
    count = spec.outputs
    radius = 0.6 + 0.39 * rng.random(count)
    # A point of the unit circle from its rational parametrization: no sine, whose last bit differs between machines.
    slope = 8 * rng.random(count) - 4
    real, imaginary = (1 - slope**2) / (1 + slope**2), 2 * slope / (1 + slope**2)
    if spec.extreme:
        radius = _cycle(rng, radius, [1 - 5e-9, 1.0, 1 - 2.0**-20, 1.0, 0.0])
        real = _cycle(rng, real, [1.0, -1.0, 0.0, 0.0, 0.6])
        imaginary = _cycle(rng, imaginary, [0.0, 1.0, -1.0, 0.0, 0.8])
        length = np.maximum(np.sqrt(real**2 + imaginary**2), 1.0)
        real, imaginary = real / length, imaginary / length
    tables.decay, tables.second = _q30(radius * real), _q30(radius * imaginary)


def _rf(rng: np.random.Generator, spec: Spec, tables: LayerTables) -> None:
    """1 + dt·alpha: decays of 0.01 to 0.2 a step, up to a quarter of a radian."""
    real = 0.8 + 0.19 * rng.random(spec.outputs)
    imaginary = 0.5 * rng.random(spec.outputs) - 0.25
    if spec.extreme:
        # Not in the unit circle: such a state runs away, and must do so in the same way everywhere.
        real = _cycle(rng, real, [1.0, -1.0, 0.0, 1 - 2.0**-30, 0.9])
        imaginary = _cycle(rng, imaginary, [0.0, 1.0, -1.0, 0.5])
    tables.decay, tables.second = _q30(real), _q30(imaginary)


def make_layer(rng: np.random.Generator, spec: Spec, source: Source, inputs: int, input_limit: int) -> LayerTables:
    """`input_limit`: largest |input|, 1 for spikes. The scale is such that typical sums reach the threshold."""
    count = spec.outputs
    # A row's largest sum must fit Int32, which 16-bit weights behind wide inputs would not.
    limit = min(2 ** (spec.weight_bits - 1) - 1, (2**31 - 1) // (input_limit * inputs))
    # Sums of random signs grow with the square root of the inputs.
    input_scale = 9.0 / (inputs**0.5 * input_limit)
    # Of four bits the sixteenth value occurs too, though the exporter never writes it.
    lowest = -8 if spec.weight_bits == 4 else -limit
    weights = rng.integers(lowest, limit + 1, size=(inputs, count))
    # Rows differ in scale by up to 8:1, as trained ones do by more.
    scale = input_scale * spec.gain * 2.0 ** (-rng.integers(0, 4, size=count)) / limit
    unit = 2.0 ** (spec.fraction_bits + CURRENT_EXTRA_BITS)
    mantissa, shift = mantissa_and_shift(scale * unit, 31)
    bias = np.rint(spec.drive * (2 * rng.random(count) - 0.5) * unit).astype(np.int64)
    tables = LayerTables(
        spec.kind, source, spec.weight_bits, spec.fraction_bits, weights, mantissa, shift, bias, decay=None
    )
    if spec.kind == NeuronKind.SILIF:
        _silif(rng, spec, tables)
    elif spec.kind == NeuronKind.CSILIF:
        _csilif(rng, spec, tables)
    elif spec.kind == NeuronKind.RF:
        _rf(rng, spec, tables)
    else:
        tables.decay = _q30(0.82 + 0.14 * rng.random(count))
    tables.delay_kind = spec.delay_kind
    if spec.delay_kind != DelayKind.NONE:
        shape = {DelayKind.AXONAL: (inputs,), DelayKind.DENDRITIC: (count,), DelayKind.SYNAPTIC: (inputs, count)}
        delays = rng.integers(0, spec.maximum_delay + 1, size=shape[spec.delay_kind])
        # Both ends of the range always occur.
        delays.flat[0], delays.flat[-1] = spec.maximum_delay, 0
        tables.delays = delays
    return tables
