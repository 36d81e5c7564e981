"""What the blocks over a stream share: the normalisation of the stream and the diagonal state space behind it (S4D),
in integers and in floats.

    x = input_gain·r + input_bias
    u_n = A_n·u_n + x                  complex, one for each pair n of a channel
    y = Re Σ_n C_n·u_n + D·x           with the new u

Twins: Sources/SiLIF/Kinds/Blocks/StateSpace.swift, docs/NEURONS.md, docs/ARITHMETIC.md
"""

import numpy as np

from ..errors import ConversionError
from ..fixed_point import (
    COEFFICIENT_BITS,
    STATE_LIMIT,
    mantissa_and_shift,
    round_half_even_to_int,
    rounded_shift,
    saturate,
)
from ..model_file.schema import Q30, Source, Table, check_range
from ..model_file.tables import LayerTables
from .connection import FloatLayer
from .golden_case import Spec, cycle
from .kind import Arrays, IntegerNeurons, Kind, State

_INT32 = 2**31 - 1
# The states' bound leaves no pair a part of ±1.
_BELOW_ONE = 1 - 2.0**-30
# In the worst case x and y of every channel are at their limits, all alike: no channel is small beside the others.
INPUT_TABLES = (
    Table(
        "input_mantissa",
        "int32",
        -_INT32,
        _INT32,
        "x = r · mantissa · 2^-shift + bias: the stream's normalisation",
        worst=0,
    ),
    Table("input_shift", "uint8", 0, 62, "0...62"),
    Table("input_bias", "int32", -_INT32, _INT32, "QF", worst=_INT32),
)
SPACE_TABLES = (
    Table("pair_decay", "int32", -_BELOW_ONE, _BELOW_ONE, "Re A and Im A of each pair, Q30, ±(1 - 2^-30)", Q30, each=2),
    Table("pair_gain", "int32", 0, 1, "g of each pair, Q30, 0...1", Q30, each=1),
    Table(
        "pair_output",
        "int16",
        -32767,
        32767,
        "Re C and Im C of each pair, output_shift fractional bits",
        worst=0,
        each=2,
    ),
    Table("output_shift", "uint8", 0, 30, "0...30", worst=0),
    Table("skip", "int32", -_INT32, _INT32, "D, output_shift fractional bits", worst=_INT32),
)


# Of golden models, |A| and a point on the unit circle: a decay with which a large gain just keeps the states in bounds,
# and the slowest one whose states are bounded at all, still and turning.
_JUST, _SLOWEST = 1 - 9 * 2.0**-14, 1 - 2.0**-30
_EXTREME = ((0.0, 1.0, 0.0), (_JUST, 1.0, 0.0), (1 - 2.0**-20, -1.0, 0.0), (_SLOWEST, 1.0, 0.0), (_JUST, 0.6, 0.8),
            (_SLOWEST, 0.0, 1.0))  # fmt: skip


def room(pair_decay: np.ndarray) -> np.ndarray:
    """2^60 - |A|² of pairs [..., 2·pairs], Q60: what keeps their states within bounds."""
    real, imaginary = pair_decay[..., 0::2], pair_decay[..., 1::2]
    return (np.int64(1) << 60) - real * real - imaginary * imaginary


def needed(pair_gain: np.ndarray, limit: int) -> np.ndarray:
    """The least `room` with which |u| stays within 2^30, for |x| ≤ limit.

    |u| ≤ (g·limit + 3/4) / (1 - |A|), where 3/4 is more than two roundings make, and 1 - |A| ≥ (1 - |A|²) / 2.
    """
    return 2 * pair_gain * np.int64(limit) + (np.int64(3) << 29)


class IntegerStateSpace:
    """The states [clip, channel, pair] of one layer, F fractional bits, within ±2^30 by proof."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        tables = layer.neuron
        self.tables, self.counter, self.limit = tables, counter, layer.kind.input_limit(layer.state_fraction_bits)
        self.decay, self.turn = tables["pair_decay"][:, 0::2], tables["pair_decay"][:, 1::2]
        self.real = np.zeros((clips, layer.outputs, layer.pairs), np.int64)
        self.imaginary = np.zeros_like(self.real)

    def normalised(self, stream: np.ndarray) -> np.ndarray:
        """x of the stream r [clip, channel]."""
        scaled = rounded_shift(stream * self.tables["input_mantissa"], self.tables["input_shift"])
        return saturate(scaled + self.tables["input_bias"], self.limit, self.counter)

    def step(self, x: np.ndarray) -> np.ndarray:
        """y [clip, channel] of x [clip, channel]."""
        tables = self.tables
        real = self.decay * self.real - self.turn * self.imaginary + tables["pair_gain"] * x[..., None]
        imaginary = self.turn * self.real + self.decay * self.imaginary
        self.real = rounded_shift(real, COEFFICIENT_BITS)
        self.imaginary = rounded_shift(imaginary, COEFFICIENT_BITS)
        output = tables["pair_output"]
        total = (output[:, 0::2] * self.real - output[:, 1::2] * self.imaginary).sum(-1) + tables["skip"] * x
        return saturate(rounded_shift(total, tables["output_shift"]), STATE_LIMIT, self.counter)


class BlockNeurons(IntegerNeurons):
    """A layer that adds to the stream: `read` makes spikes of the stream, `step` takes what weights make of them."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.space = IntegerStateSpace(clips, layer, counter)
        self.stream = np.zeros(self.shape, np.int64)

    @property
    def output(self) -> np.ndarray:
        return self.stream

    def states(self) -> tuple[np.ndarray, ...]:
        return (self.stream,)

    def made(self) -> tuple[np.ndarray, ...]:
        return self.spiked.astype(np.uint8), self.stream.astype(np.int32)

    def branch(self, sums: np.ndarray, index: int) -> np.ndarray:
        """Currents of one branch of the weights, F + 8 fractional bits."""
        layer, own = self.layer, slice(index * self.layer.outputs, (index + 1) * self.layer.outputs)
        scaled = rounded_shift(sums[:, own] * layer.scale_mantissa[own], layer.scale_shift[own])
        return scaled + layer.bias[own]

    def values(self, currents: np.ndarray) -> np.ndarray:
        """Currents as values of F fractional bits."""
        return saturate(rounded_shift(currents, 8), STATE_LIMIT, self.counter)

    def add(self, values: np.ndarray) -> None:
        """To the stream."""
        self.stream = saturate(self.stream + values, STATE_LIMIT, self.counter)


class BlockKind(Kind):
    """What the kinds of blocks share. Coefficients: input_gain, input_bias, skip [H]; decay, output complex [H, pairs],
    2·C·(A - 1)/A' of the S4D code in one factor."""

    output, is_block = Source.STREAM, True
    states = (State("r"),)

    def input_limit(self, state_fraction_bits: int) -> int:
        """Largest |x|, to which it is saturated: 256, or what 30 bits leave of it."""
        return 1 << min(state_fraction_bits + 8, 30)

    def check(self, tables: Arrays, state_fraction_bits: int, name: str) -> None:
        super().check(tables, state_fraction_bits, name)
        left = room(tables["pair_decay"]) - needed(tables["pair_gain"], self.input_limit(state_fraction_bits))
        check_range(left, 0, 2**62, f"{name}.pair_decay and pair_gain: what is left of 2^60 - |A|²,")

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        tables = quantized_space(coefficients, state_fraction_bits, self.input_limit(state_fraction_bits))
        return {table.name: tables[table.name] for table in (*INPUT_TABLES, *SPACE_TABLES)}

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        unit = 2.0**-state_fraction_bits
        gain, scale = tables["pair_gain"] / 2.0**30, 2.0 ** -tables["output_shift"]
        decay, output = tables["pair_decay"], tables["pair_output"]
        return {
            "input_gain": tables["input_mantissa"] * 2.0 ** -tables["input_shift"],
            "input_bias": tables["input_bias"] * unit,
            "decay": (decay[:, 0::2] + 1j * decay[:, 1::2]) / 2.0**30,
            "output": (output[:, 0::2] + 1j * output[:, 1::2]) * gain * scale[:, None],
            "skip": tables["skip"] * scale,
        }

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        return {
            "input_gain": "31 bits each",
            "input_bias": f"2^-{state_fraction_bits}",
            "decay": "2^-30",
            "output": "16 bits a channel",
            "skip": "as output",
        }

    def float_space(self, coefficients: Arrays, state, x):
        """(state, y) of one step on x [..., H]; state: None before the first."""
        state = x[..., None] + (0 if state is None else coefficients["decay"] * state)
        return state, (coefficients["output"] * state).sum(-1).real + coefficients["skip"] * x

    def float_spikes(self, layer: FloatLayer, state, stream):
        """(state, what drives the weights [..., H]) of a step on the stream [..., H]; state: None before the first."""
        raise NotImplementedError

    def float_mixed(self, layer: FloatLayer, state, stream, currents):
        """The stream after the block; state: of `float_spikes`; currents [..., branches · H]: what the weights make."""
        raise NotImplementedError

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """A of every pair; conjugates say the same."""
        factor = coefficients["decay"].reshape(-1)
        return np.stack([factor, np.full(len(factor), np.nan)])

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        return None

    def random_space(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        """The state space of a golden model. `extreme`: decays at the edge of what the states' bound allows."""
        count = spec.outputs * spec.pairs
        radius = 0.6 + 0.39 * rng.random(count)
        slope = 8 * rng.random(count) - 4
        real, imaginary = (1 - slope**2) / (1 + slope**2), 2 * slope / (1 + slope**2)
        if spec.extreme:
            chosen = cycle(rng, np.full(count, -1.0), list(range(len(_EXTREME)))).astype(np.int64)
            edges = np.array(_EXTREME).T[:, chosen]
            radius, real, imaginary = np.where(chosen < 0, (radius, real, imaginary), edges)
        length = np.maximum(np.sqrt(real**2 + imaginary**2), 1.0)
        decay = (radius * (real + 1j * imaginary) / length).reshape(-1, spec.pairs)
        output = (2 * rng.random((2, spec.outputs, spec.pairs)) - 1) / spec.pairs
        bias = 2 * rng.random(spec.outputs) - 1
        if spec.extreme:
            # Beyond the limit of x, whatever the stream.
            bias = cycle(rng, bias, [0.5, 300.0, -300.0])
            # What remembers long takes in little at a time; y would not see it otherwise.
            output *= 4 * pair_gains(interleaved(decay * 2.0**30), self.input_limit(spec.fraction_bits)) / 2.0**30
        return {
            "input_gain": (0.25 + 0.75 * rng.random(spec.outputs)) * np.where(rng.random(spec.outputs) < 0.3, -1, 1),
            "input_bias": bias,
            "decay": decay,
            "output": output[0] + 1j * output[1],
            "skip": 2 * rng.random(spec.outputs) - 1,
        }


def quantized_space(coefficients: Arrays, state_fraction_bits: int, limit: int) -> Arrays:
    """The tables of normalisation and state space, for |x| of at most `limit`. Raises ConversionError where no gain
    keeps the states in bounds."""
    mantissa, shift = mantissa_and_shift(np.abs(coefficients["input_gain"]), 31)
    sign = np.where(coefficients["input_gain"] < 0, -1, 1)
    bias = round_half_even_to_int(coefficients["input_bias"] * 2.0**state_fraction_bits)
    decay = interleaved(coefficients["decay"] * 2.0**30)
    gain = pair_gains(decay, limit)
    output = coefficients["output"] / (gain / 2.0**30)
    largest = np.maximum(np.abs(output.real), np.abs(output.imag)).max(-1)
    largest = np.maximum(largest, np.abs(coefficients["skip"]) / 2**15)
    # As many bits as the largest of a channel leaves, its rounding upwards included.
    exponent = np.frexp(np.maximum(largest, 2.0**-20) / (1 - 2.0**-15))[1]
    output_shift = np.clip(15 - exponent, 0, 30).astype(np.int64)
    if (largest > 32767).any():
        raise ConversionError(f"a state space's output of {largest.max():.3g} is too large: 32767 at most")
    unit = 2.0**output_shift
    return {
        "input_mantissa": sign * mantissa,
        "input_shift": shift,
        "input_bias": bias,
        "pair_decay": decay,
        "pair_gain": gain,
        "pair_output": interleaved(output * unit[:, None]),
        "output_shift": output_shift,
        "skip": round_half_even_to_int(coefficients["skip"] * unit),
    }


def interleaved(values: np.ndarray) -> np.ndarray:
    """Complex [H, pairs] -> integers [H, 2·pairs], real and imaginary parts beside each other."""
    parts = round_half_even_to_int(np.stack([values.real, values.imag], -1))
    return parts.reshape(len(values), -1)


def pair_gains(decay: np.ndarray, limit: int) -> np.ndarray:
    """Powers of two [H, pairs], Q30: near the root of 1 - |A|, where states are as large as their input, or the largest
    that keeps states in bounds where that is less."""
    left = room(decay)
    omega = left / 2.0**61
    # The nearest power of two to the root: comparisons alone, so that every machine finds the same.
    shift = sum((omega < 2.0 ** -(2 * k + 1)).astype(np.int64) for k in range(30))
    for _ in range(30):
        gain = np.int64(1 << 30) >> shift
        shift = np.where((needed(gain, limit) > left) & (shift < 30), shift + 1, shift)
    gain = np.int64(1 << 30) >> shift
    if (needed(gain, limit) > left).any():
        channel, pair = np.argwhere(needed(gain, limit) > left)[0]
        raise ConversionError(
            f"channel {channel}, pair {pair}: it decays by {omega[channel, pair]:.3g} a step, too little for states to"
            " stay within bounds; give fewer --fraction-bits"
        )
    return gain
