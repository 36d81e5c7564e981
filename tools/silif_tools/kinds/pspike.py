"""P-SpikeSSM (Bal & Sengupta, ICLR 2025, arXiv 2406.02923; docs/NEURONS.md).

s1 ~ p1 = clamp(input_gain·r + input_bias)       a spike with this probability
y of the state space, with s1 for x
s2 ~ p2 = clamp(spike_gain·GELU(y) + spike_bias)
r = r + GELU(W·s2 + b)
"""

import numpy as np
from scipy.special import erf

from ..fixed_point import mantissa_and_shift, round_half_even_to_int, rounded_shift
from ..model_file.schema import Table
from ..model_file.tables import LayerTables, Sampler, Sampling
from .curves import NORMAL, gated
from .encoder import ENCODER
from .golden_case import Case, Spec
from .kind import Arrays
from .philox import draws
from .readout import READOUT
from .state_space import INPUT_TABLES, SPACE_TABLES, BlockKind, BlockNeurons

_INT32 = 2**31 - 1
# A probability of 1: 17 bits, so that 1 is certain and 0 never.
CERTAIN_Q16 = 1 << 16


def sampled(probability_q16, sampling: Sampling, step: int, site: int, error: np.ndarray) -> np.ndarray:
    """Spikes [clip, neuron] int64 of probabilities, which may have a fraction. error: of feedback; updated."""
    if sampling.sampler == Sampler.FEEDBACK:
        error += probability_q16
        spikes = (error >= CERTAIN_Q16 // 2).astype(np.int64)
        error -= spikes * CERTAIN_Q16
        return spikes
    count = probability_q16.shape[-1]
    numbers = draws(sampling.seed, step, site, count if sampling.sampler == Sampler.DRAWS else 1)
    return (numbers < probability_q16).astype(np.int64)


class PSpikeNeurons(BlockNeurons):
    """s1 ~ p1; s2 ~ p2 of the state space on s1; r = r + GELU(W·s2 + b)."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.error = np.zeros((2, *self.shape), np.int64)
        self.taken = np.zeros(self.shape, np.int64)

    def _sampled(self, values: np.ndarray, prefix: str, site: int) -> np.ndarray:
        own = self.layer.neuron
        scaled = rounded_shift(values * own[f"{prefix}_mantissa"], own[f"{prefix}_shift"]) + own[f"{prefix}_bias"]
        probability = np.clip(scaled, 0, CERTAIN_Q16)
        return sampled(probability, self.clock.sampling, self.clock.step, 2 * self.index + site, self.error[site])

    def read(self, values: np.ndarray) -> np.ndarray:
        bits = np.int64(self.layer.state_fraction_bits)
        self.stream = values
        self.taken = self._sampled(values, "input", 0)
        y = self.space.step(self.taken << bits)
        self.spiked = self._sampled(gated(y, y, NORMAL, int(bits)), "spike", 1)
        return self.spiked

    def step(self, sums: np.ndarray) -> None:
        values = self.values(self.branch(sums, 0))
        self.add(gated(values, values, NORMAL, self.layer.state_fraction_bits))

    def made(self) -> tuple[np.ndarray, ...]:
        return self.taken.astype(np.uint8), *super().made()


class PSpikeKind(BlockKind):
    """Twins: Sources/SiLIF/Kinds/Blocks, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug, samples = 8, "P-SpikeSSM", "pspike", True
    tables = (
        *INPUT_TABLES,
        *SPACE_TABLES,
        Table("spike_mantissa", "int32", -_INT32, _INT32, "p = GELU(y) · mantissa · 2^-shift + bias, Q16", worst=0),
        Table("spike_shift", "uint8", 0, 62, "0...62"),
        Table("spike_bias", "int32", -_INT32, _INT32, "Q16", worst=_INT32),
    )
    neurons = PSpikeNeurons

    def input_limit(self, state_fraction_bits: int) -> int:
        """A spike: 1."""
        return 1 << state_fraction_bits

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        tables = super().quantize(coefficients, state_fraction_bits)
        for prefix in ("input", "spike"):
            gain = coefficients[f"{prefix}_gain"] * 2.0 ** (16 - state_fraction_bits)
            mantissa, shift = mantissa_and_shift(np.abs(gain), 31)
            tables[f"{prefix}_mantissa"], tables[f"{prefix}_shift"] = np.where(gain < 0, -1, 1) * mantissa, shift
            tables[f"{prefix}_bias"] = round_half_even_to_int(coefficients[f"{prefix}_bias"] * 2.0**16)
        return {table.name: tables[table.name] for table in self.tables}

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        found = super().dequantize(tables, state_fraction_bits)
        for prefix in ("input", "spike"):
            unit = 2.0 ** (state_fraction_bits - 16 - tables[f"{prefix}_shift"].astype(float))
            found[f"{prefix}_gain"] = tables[f"{prefix}_mantissa"] * unit
            found[f"{prefix}_bias"] = tables[f"{prefix}_bias"] / 2.0**16
        return found

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        own = {"input_bias": "2^-16", "spike_gain": "31 bits each", "spike_bias": "2^-16"}
        return super().units(state_fraction_bits) | own

    def float_spikes(self, layer, state, stream):
        own = layer.coefficients
        pairs, step, error = state or (None, 0, np.zeros((2, *stream.shape)))
        p1 = np.clip(own["input_gain"] * stream + own["input_bias"], 0, 1)
        s1 = sampled(p1 * CERTAIN_Q16, layer.sampling, step, 2 * layer.index, error[0])
        pairs, y = self.float_space(own, pairs, s1.astype(float))
        p2 = np.clip(own["spike_gain"] * gelu(y) + own["spike_bias"], 0, 1)
        s2 = sampled(p2 * CERTAIN_Q16, layer.sampling, step, 2 * layer.index + 1, error[1])
        return (pairs, step + 1, error), s2.astype(float)

    def float_mixed(self, layer, state, stream, currents):
        return stream + gelu(currents)

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        return self.random_space(rng, spec) | {
            "input_bias": 0.8 * rng.random(spec.outputs) - 0.1,
            "spike_gain": 2 * rng.random(spec.outputs) - 0.5,
            "spike_bias": rng.random(spec.outputs) - 0.2,
        }

    def cases(self) -> tuple[Case, ...]:
        def case(name, seed, pairs, width=19, bits=8, fraction=16, sampler=Sampler.DRAWS, **options):
            layers = (
                Spec(ENCODER, width, bits, fraction_bits=fraction),
                *(Spec(self, width, bits, fraction_bits=fraction, pairs=each, **options) for each in pairs),
                Spec(READOUT, 5, bits, gain=32.0),
            )
            sampling = Sampling(sampler, 0x0123456789ABCDEF + seed)
            return Case(f"pspike-{name}", seed, 9, layers, rates=(0.02, 0.98), saturates=None, sampling=sampling)

        return (
            case("w8", 501, (8, 3)),
            case("w4", 502, (5,), bits=4, width=17),
            case("fraction8", 503, (4,), width=9, fraction=8),
            case("fraction24", 504, (9,), width=11, fraction=24),
            case("extreme", 505, (6,), width=13, extreme=True, gain=30.0, drive=10.0),
            case("shared", 506, (2,), width=10, sampler=Sampler.SHARED),
            case("feedback", 507, (2, 2), width=10, sampler=Sampler.FEEDBACK),
        )


def gelu(x: np.ndarray) -> np.ndarray:
    """x · Φ(x), in floats."""
    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


PSPIKE = PSpikeKind()
