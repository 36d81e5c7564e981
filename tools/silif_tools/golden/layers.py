"""Random layers for golden models, made with integers and IEEE arithmetic only: the same bytes on every machine."""

import numpy as np

from ..fixed_point import CURRENT_EXTRA_BITS, mantissa_and_shift
from ..kinds.golden_case import Spec
from ..model_file.tables import DelayKind, LayerTables, Recurrent, Source


def make_layer(rng: np.random.Generator, spec: Spec, source: Source, inputs: int, input_limit: int) -> LayerTables:
    """`input_limit`: largest |input|, 1 for spikes. The scale is such that typical sums reach the threshold."""
    count = spec.outputs * spec.kind.branches
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
    tables = LayerTables(spec.kind, source, spec.weight_bits, spec.fraction_bits, weights, mantissa, shift, bias)
    tables.pairs = spec.pairs
    tables.neuron = spec.kind.quantize(spec.kind.random(rng, spec), spec.fraction_bits)
    tables.delay_kind = spec.delay_kind
    if spec.delay_kind != DelayKind.NONE:
        shape = {DelayKind.AXONAL: (inputs,), DelayKind.DENDRITIC: (count,), DelayKind.SYNAPTIC: (inputs, count)}
        delays = rng.integers(0, spec.maximum_delay + 1, size=shape[spec.delay_kind])
        # Both ends of the range always occur.
        delays.flat[0], delays.flat[-1] = spec.maximum_delay, 0
        tables.delays = delays
    if spec.recurrent:
        own = rng.integers(lowest, limit + 1, size=(count, count))
        # As strong as the inputs, each row by itself.
        strength = 9.0 / count**0.5 * min(spec.gain, 1.0) * 2.0 ** (-rng.integers(0, 4, size=count)) / limit
        tables.recurrent = Recurrent(own, *mantissa_and_shift(strength * unit, 31))
    return tables
