"""One step of each neuron, on [clip, neuron] int64 arrays: the definition that Sources/SiLIF/Neurons must equal."""

import numpy as np

from ..model_file.tables import LayerTables
from .fixed import ADAPTATION_LIMIT, COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from .softmax_table import TABLE


def current(sums: np.ndarray, layer: LayerTables) -> np.ndarray:
    """Sums -> input current with F + 30 fractional bits (scale, bias, alignment)."""
    scaled = rounded_shift(sums * layer.scale_mantissa, layer.scale_shift)
    return (scaled + layer.bias) << np.int64(22)


class SiLIFNeurons:
    """w = be*w + a*u + b*s;  u = al*(u - s) + (1 - al)*(I - w);  s = u > 1."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        self.layer, self.counter = layer, counter
        shape = (clips, layer.outputs)
        self.membrane = np.zeros(shape, np.int64)
        self.adaptation = np.zeros(shape, np.int64)
        self.spiked = np.zeros(shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        layer = self.layer
        one = np.int64(1) << np.int64(layer.state_fraction_bits)
        upper = rounded_shift(self.adaptation, COEFFICIENT_BITS)
        leak = rounded_shift(layer.adaptation_leak_mantissa * upper, layer.adaptation_leak_shift)
        coupled = layer.subthreshold_coupling * self.membrane
        coupled += (layer.spike_coupling * self.spiked) << np.int64(COEFFICIENT_BITS)
        self.adaptation = saturate(self.adaptation - leak + coupled, ADAPTATION_LIMIT, self.counter)
        total = layer.decay * (self.membrane - self.spiked * one)
        total -= layer.second * rounded_shift(self.adaptation, COEFFICIENT_BITS)
        total += current(sums, layer)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.membrane > one).astype(np.int64)


class CSiLIFNeurons:
    """u = A*(u - s/2) + I, complex;  s = 2 Re u > 1."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        self.layer, self.counter = layer, counter
        shape = (clips, layer.outputs)
        self.real = np.zeros(shape, np.int64)
        self.imaginary = np.zeros(shape, np.int64)
        self.spiked = np.zeros(shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        layer = self.layer
        half = np.int64(1) << np.int64(layer.state_fraction_bits - 1)
        real = self.real - self.spiked * half
        new_real = layer.decay * real - layer.second * self.imaginary + current(sums, layer)
        new_imaginary = layer.second * real + layer.decay * self.imaginary
        self.real = saturate(rounded_shift(new_real, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.imaginary = saturate(rounded_shift(new_imaginary, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.real > half).astype(np.int64)


class RFNeurons:
    """u = A*u + I - s, complex, s of the step before;  s = Re u > 1."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        self.layer, self.counter = layer, counter
        shape = (clips, layer.outputs)
        self.real = np.zeros(shape, np.int64)
        self.imaginary = np.zeros(shape, np.int64)
        self.spiked = np.zeros(shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        layer = self.layer
        one = np.int64(1) << np.int64(layer.state_fraction_bits)
        new_real = layer.decay * self.real - layer.second * self.imaginary + current(sums, layer)
        new_real -= (self.spiked * one) << np.int64(COEFFICIENT_BITS)
        new_imaginary = layer.second * self.real + layer.decay * self.imaginary
        self.real = saturate(rounded_shift(new_real, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.imaginary = saturate(rounded_shift(new_imaginary, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.real > one).astype(np.int64)


class ReadoutNeurons:
    """u = al*u + I, then softmax in Q15."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        self.layer, self.counter = layer, counter
        self.membrane = np.zeros((clips, layer.outputs), np.int64)

    def step(self, sums: np.ndarray) -> None:
        total = self.layer.decay * self.membrane + current(sums, self.layer)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)


def softmax_q15(membrane: np.ndarray) -> np.ndarray:
    """Softmax over the last axis; membrane has 16 fractional bits, the result is Q15."""
    distance = membrane.max(axis=-1, keepdims=True) - membrane
    exponent = rounded_shift(distance * 94548, 16)
    whole, fraction = exponent >> 16, exponent & 0xFFFF
    upper = TABLE[fraction >> 8]
    value = upper - (((upper - TABLE[(fraction >> 8) + 1]) * (fraction & 0xFF) + 128) >> 8)
    weights = np.where(whole > 16, 0, rounded_shift(value, np.minimum(whole, 16)))
    total = weights.sum(axis=-1, keepdims=True)
    return ((weights << 15) + (total >> 1)) // total
