"""S4D with gated spiking units (Stan & Rhodes 2024, arXiv 2401.00955; docs/NEURONS.md): one matrix W for both branches.

y of the state space, behind the stream's normalisation
t = sign(y) where |y| > 0.15·max |y|, else 0          the largest over the channels of this step
Q = sign(W) where |W| > 0.15·max |W|, else 0          once and for all
m = W·t + b    n = Q·y + c
r = r + GELU(product_gain·m·n + product_bias)
"""

import numpy as np

from ..fixed_point import STATE_LIMIT, mantissa_and_shift, round_half_even_to_int, rounded_shift, saturate
from ..model_file.schema import Table
from ..model_file.tables import LayerTables
from .curves import NORMAL, gated
from .encoder import ENCODER
from .golden_case import Case, Spec, cycle
from .kind import Arrays
from .pspike import gelu
from .readout import READOUT
from .state_space import INPUT_TABLES, SPACE_TABLES, BlockKind, BlockNeurons

_INT32 = 2**31 - 1
# Of the largest, what a value must exceed for its ternary one to be no zero.
TERNARY_SHARE = 0.15
SHARE_Q15 = 4915


class GSUNeurons(BlockNeurons):
    """r = r + GELU(gain·m·n + offset), m = W·t + b, n = Q·y + c."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.ternary = ternary_weights(layer.weights, layer.neuron["ternary_threshold"])
        self.values_read, self.signs = np.zeros(self.shape, np.int64), np.zeros(self.shape, np.int64)

    def read(self, values: np.ndarray) -> np.ndarray:
        self.stream = values
        y = self.space.step(self.space.normalised(values))
        threshold = rounded_shift(SHARE_Q15 * np.abs(y).max(-1, keepdims=True), 15)
        signed = np.sign(y) * (np.abs(y) > threshold)
        self.values_read, self.spiked, self.signs = y, np.abs(signed), (signed < 0).astype(np.int64)
        return signed

    def step(self, sums: np.ndarray) -> None:
        own, bits = self.layer.neuron, self.layer.state_fraction_bits
        m = self.values(self.branch(sums, 0))
        n = saturate(self.values_read @ self.ternary + own["ternary_bias"], STATE_LIMIT, self.counter)
        product = saturate(rounded_shift(m * n, bits), STATE_LIMIT, self.counter)
        scaled = rounded_shift(product * own["product_mantissa"], own["product_shift"]) + own["product_bias"]
        v = saturate(scaled, STATE_LIMIT, self.counter)
        self.add(gated(v, v, NORMAL, bits))

    def made(self) -> tuple[np.ndarray, ...]:
        return self.signs.astype(np.uint8), *super().made()


def ternary_weights(weights: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Q [inputs, outputs] of weights [inputs, outputs], integers or not; threshold [outputs], in their unit."""
    return np.sign(weights).astype(np.int64) * (np.abs(weights) > threshold)


class GSUKind(BlockKind):
    """Twins: Sources/SiLIF/Kinds/Blocks, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug = 7, "S4D-GSU", "s4d-gsu"
    tables = (
        *INPUT_TABLES,
        *SPACE_TABLES,
        Table("ternary_threshold", "int16", 0, 32767, "Q = sign(weight) where |weight| exceeds this, else 0"),
        Table("ternary_bias", "int32", -_INT32, _INT32, "c, QF"),
        Table("product_mantissa", "int32", -_INT32, _INT32, "v = m · n · mantissa · 2^-shift + bias", worst=0),
        Table("product_shift", "uint8", 0, 62, "0...62"),
        Table("product_bias", "int32", -_INT32, _INT32, "QF", worst=_INT32),
    )
    neurons = GSUNeurons

    def in_weight_steps(self, coefficients: Arrays, scale: np.ndarray) -> Arrays:
        threshold = np.divide(coefficients["ternary_threshold"], scale, out=np.zeros_like(scale), where=scale > 0)
        return coefficients | {"ternary_threshold": np.minimum(np.floor(threshold), 32767)}

    def rounded_weights(self, layer, integers: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
        # The ternary matrix is read off the integers: none may lie on the other side of the threshold.
        real, threshold = np.abs(layer.weights) > layer.coefficients["ternary_threshold"], self._steps(layer, scale)
        size = np.where(real, np.maximum(np.abs(integers), threshold + 1), np.minimum(np.abs(integers), threshold))
        return (np.sign(layer.weights) * np.minimum(size, limit)).astype(np.int64)

    def _steps(self, layer, scale: np.ndarray) -> np.ndarray:
        return self.in_weight_steps(layer.coefficients, scale)["ternary_threshold"].astype(np.int64)

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        unit, gain = 2.0**state_fraction_bits, coefficients["product_gain"]
        mantissa, shift = mantissa_and_shift(np.abs(gain), 31)
        return super().quantize(coefficients, state_fraction_bits) | {
            "ternary_threshold": coefficients["ternary_threshold"].astype(np.int64),
            "ternary_bias": round_half_even_to_int(coefficients["ternary_bias"] * unit),
            "product_mantissa": np.where(gain < 0, -1, 1) * mantissa,
            "product_shift": shift,
            "product_bias": round_half_even_to_int(coefficients["product_bias"] * unit),
        }

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        unit = 2.0**-state_fraction_bits
        return super().dequantize(tables, state_fraction_bits) | {
            "ternary_threshold": tables["ternary_threshold"].astype(float),
            "ternary_bias": tables["ternary_bias"] * unit,
            "product_gain": tables["product_mantissa"] * 2.0 ** -tables["product_shift"],
            "product_bias": tables["product_bias"] * unit,
        }

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        unit = f"2^-{state_fraction_bits}"
        own = {"ternary_threshold": "a step of the weights", "ternary_bias": unit, "product_gain": "31 bits each"}
        return super().units(state_fraction_bits) | own | {"product_bias": unit}

    def float_spikes(self, layer, state, stream):
        own, (pairs, _) = layer.coefficients, state or (None, None)
        pairs, y = self.float_space(own, pairs, own["input_gain"] * stream + own["input_bias"])
        signed = np.sign(y) * (np.abs(y) > TERNARY_SHARE * np.abs(y).max(-1, keepdims=True))
        return (pairs, y), signed

    def float_mixed(self, layer, state, stream, currents):
        own = layer.coefficients
        n = state[1] @ ternary_weights(layer.weights, own["ternary_threshold"]) + own["ternary_bias"]
        return stream + gelu(own["product_gain"] * currents * n + own["product_bias"])

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        space = self.random_space(rng, spec)
        # In steps of the weights, up to a third of the largest.
        threshold = rng.integers(0, 2 ** (spec.weight_bits - 1) // 3 + 1, spec.outputs).astype(float)
        if spec.extreme:
            threshold = cycle(rng, threshold, [0.0, 2.0 ** (spec.weight_bits - 1) - 2, 32767.0])
        return space | {
            "ternary_threshold": threshold,
            "ternary_bias": 2 * rng.random(spec.outputs) - 1,
            "product_gain": (0.1 + 0.4 * rng.random(spec.outputs)) * np.where(rng.random(spec.outputs) < 0.3, -1, 1),
            "product_bias": rng.random(spec.outputs) - 0.5,
        }

    def cases(self) -> tuple[Case, ...]:
        def case(name, seed, pairs, width=19, bits=8, fraction=16, steps=60, saturates=False, **options):
            layers = (
                Spec(ENCODER, width, bits, fraction_bits=fraction, gain=2.0),
                *(Spec(self, width, bits, fraction_bits=fraction, pairs=each, **options) for each in pairs),
                Spec(READOUT, 5, bits, gain=32.0),
            )
            return Case(f"s4d-gsu-{name}", seed, 9, layers, steps=steps, rates=(0.02, 0.98), saturates=saturates)

        return (
            case("w8", 601, (8, 3)),
            case("w4", 602, (5,), bits=4, width=18),
            case("w16", 603, (1,), bits=16, width=7),
            case("64-pairs", 604, (64,), width=3, steps=40),
            case("fraction8", 605, (4,), width=9, fraction=8),
            case("fraction24", 606, (9,), width=11, fraction=24, saturates=None),
            case("extreme", 607, (6, 7), width=13, steps=120, saturates=True, extreme=True, gain=60.0, drive=30.0),
        )


GSU = GSUKind()
