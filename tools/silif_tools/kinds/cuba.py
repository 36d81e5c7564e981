"""CUBA-LIF, current-based leaky integrate and fire: a synapse i and a membrane u, with a reset of any sort
(docs/NEURONS.md):

i = be·i + I;  u = (d·u + o where s, else al·u) + (0 where s and k = 0, else i) + c;  s = u > threshold.

snnTorch's Synaptic, Norse's LIF, spikingjelly's CUBALIFNode and rockpool's LIF are this; with be = 0 it is LIF with a
hard reset, or with a threshold of its own for each neuron.
"""

import numpy as np

from ..fixed_point import (
    COEFFICIENT_BITS,
    CURRENT_EXTRA_BITS,
    STATE_LIMIT,
    round_half_even_to_int,
    rounded_shift,
    saturate,
)
from ..model_file.schema import Q30, Table
from ..model_file.tables import LayerTables
from .connection import current
from .golden_case import Case, Spec, cycle
from .kind import Arrays, IntegerNeurons, Kind, State
from .readout import spiking_cases

_LARGEST = STATE_LIMIT - 1
# With this no sum passes 2^62.
_OFFSET = STATE_LIMIT // 2
_INT32 = 2**31 - 1
# What a spike does in the step after it, p being the threshold, r the reset potential. As `u = ...`:
RESETS = {
    "subtract": "al·(u - s·p) + i",
    "subtract-undecayed": "al·u + i - s·p",
    "hard": "al·(r where s, else u) + i",
    "hard-late": "r where s, else al·u + i",
    "none": "al·u + i",
}


def coefficients(
    decay: np.ndarray,
    *,
    reset: str,
    synapse_decay: np.ndarray | float = 0.0,
    threshold: np.ndarray | float = 1.0,
    v_reset: np.ndarray | float = 0.0,
    membrane_bias: np.ndarray | float = 0.0,
    at_threshold: bool = False,
) -> Arrays:
    """Coefficients of neurons with one of `RESETS`. decay [outputs]: al; the others one for all, or [outputs].

    at_threshold: whether a potential that equals the threshold fires (spikingjelly, sinabs).
    """
    al = np.asarray(decay, np.float64)
    threshold, v_reset = np.broadcast_to(threshold, al.shape), np.broadcast_to(v_reset, al.shape)
    spike_decay, offset, keeps_input = {
        "subtract": (al, -al * threshold, 1),
        "subtract-undecayed": (al, -threshold, 1),
        "hard": (0 * al, al * v_reset, 1),
        "hard-late": (0 * al, v_reset, 0),
        "none": (al, 0 * al, 1),
    }[reset]
    return {
        "decay": al,
        "synapse_decay": np.broadcast_to(synapse_decay, al.shape).astype(np.float64),
        "spike_decay": spike_decay,
        "spike_offset": np.array(offset, np.float64),
        "input_after_spike": np.full(al.shape, float(keeps_input)),
        "threshold": np.nextafter(threshold, -np.inf) if at_threshold else np.array(threshold, np.float64),
        "membrane_bias": np.broadcast_to(membrane_bias, al.shape).astype(np.float64),
    }


class CubaNeurons(IntegerNeurons):
    """Membrane and synapse. The membrane takes the synapse's complete sum; what is kept of that is rounded."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.membrane = np.zeros(self.shape, np.int64)
        self.synapse = np.zeros(self.shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        own, bits = self.layer.neuron, np.int64(COEFFICIENT_BITS)
        synapse = own["synapse_decay"] * self.synapse + current(sums, self.layer)
        after = own["spike_decay"] * self.membrane + (own["spike_offset"] << bits)
        total = np.where(self.spiked == 1, after, own["decay"] * self.membrane)
        total += np.where(self.spiked > own["input_after_spike"], 0, synapse)
        total += own["membrane_bias"] << (bits - np.int64(CURRENT_EXTRA_BITS))
        self.synapse = saturate(rounded_shift(synapse, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.membrane > own["threshold"]).astype(np.int64)

    def states(self) -> tuple[np.ndarray, ...]:
        return self.membrane, self.synapse


class CubaKind(Kind):
    """No checkpoint tells it by its tensors; who reads another library's format makes it with `coefficients`.

    Twins: Sources/SiLIF/Kinds/CUBA, docs/NEURONS.md, docs/ARITHMETIC.md
    """

    number, title, slug = 10, "CUBA-LIF", "cuba"
    tables = (
        Table("decay", "int32", 0, 1, "al, Q30, 0...1", Q30, worst=1 << 30),
        Table("synapse_decay", "int32", 0, 1, "be, Q30, 0...1", Q30, worst=1 << 30),
        Table("spike_decay", "int32", 0, 1, "d, al of the step after a spike, Q30, 0...1", Q30, worst=1 << 30),
        Table("spike_offset", "int32", -_OFFSET, _OFFSET, "o, QF, ±2^29", worst=0),
        Table("input_after_spike", "uint8", 0, 1, "k: whether the membrane takes i in the step after a spike", worst=1),
        Table("threshold", "int32", -_LARGEST, _LARGEST, "QF, ±(2^30 - 1)", worst=0),
        Table("membrane_bias", "int32", -_INT32, _INT32, "c, Q(F+8)", worst=0),
    )
    states = (State("u"), State("i"))
    neurons = CubaNeurons
    eigenvalue_notes = ("CUBA-LIF neurons have two eigenvalues, al and be; with be = 0 one.",)

    def describe(self, tables: Arrays) -> str:
        neuron = self.title if tables["synapse_decay"].any() else "LIF"
        if not tables["input_after_spike"].all():
            return f"{neuron}, hard reset a step late"
        if not tables["spike_decay"].any():
            return f"{neuron}, hard reset"
        return f"{neuron}, reset by subtraction" if tables["spike_offset"].any() else f"{neuron}, no reset"

    def _bits(self, state_fraction_bits: int) -> dict[str, int]:
        own = {"spike_offset": state_fraction_bits, "threshold": state_fraction_bits}
        own["membrane_bias"] = state_fraction_bits + CURRENT_EXTRA_BITS
        return {table.name: own.get(table.name, table.fraction_bits) for table in self.tables}

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        own = {}
        for name, bits in self._bits(state_fraction_bits).items():
            # An integer is above the real threshold where it is above the largest integer that is not.
            whole = np.floor if name == "threshold" else round_half_even_to_int
            own[name] = whole(np.asarray(coefficients[name], np.float64) * 2.0**bits)
        own["threshold"] = np.clip(own["threshold"], -_LARGEST, _LARGEST).astype(np.int64)
        return own

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        return {name: tables[name] * 2.0**-bits for name, bits in self._bits(state_fraction_bits).items()}

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        return {name: f"2^-{bits}" for name, bits in self._bits(state_fraction_bits).items()}

    def float_state(self, zeros):
        return zeros, zeros, zeros

    def float_step(self, coefficients, state, current, fire):
        u, i, s = state
        own = coefficients
        i = own["synapse_decay"] * i + current
        kept = s * (own["spike_decay"] * u + own["spike_offset"]) + (1 - s) * own["decay"] * u
        u = kept + i * (1 - s * (1 - own["input_after_spike"])) + own["membrane_bias"]
        return u, i, fire(u - own["threshold"])

    def float_parts(self, state):
        return state[:2]

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """The synapse drives the membrane and feels nothing of it: al and be."""
        be = coefficients["synapse_decay"]
        return np.stack([coefficients["decay"] + 0j, np.where(be != 0, be, np.nan)])

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        return None

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        """Every sort of reset, side by side."""
        count = spec.outputs
        decay, synapse = 0.5 + 0.49 * rng.random(count), 0.9 * rng.random(count)
        threshold, v_reset = 0.5 + rng.random(count), 0.5 * rng.random(count) - 0.4
        bias = 0.1 * rng.random(count)
        if spec.extreme:
            decay = cycle(rng, decay, [0.0, 1.0, 2.0**-30, 1 - 2.0**-30, 0.25])
            synapse = cycle(rng, synapse, [0.0, 1.0, 2.0**-30, 1 - 2.0**-30])
            unit = 2.0**-spec.fraction_bits
            threshold = cycle(rng, threshold, [0.0, _OFFSET * unit, -_OFFSET * unit, 1.0, -1.0])
            v_reset = cycle(rng, v_reset, [0.0, -_OFFSET * unit, _OFFSET * unit, 0.5])
            bias = cycle(rng, bias, [_INT32 * unit / 256, 0.0, -_INT32 * unit / 256])
        options = {"synapse_decay": synapse, "threshold": threshold, "v_reset": v_reset, "membrane_bias": bias}
        made = [coefficients(decay, reset=reset, **options) for reset in RESETS]
        chosen = rng.integers(len(RESETS), size=count)
        return {name: np.choose(chosen, [one[name] for one in made]) for name in made[0]}

    def cases(self) -> tuple[Case, ...]:
        return spiking_cases(self, seed=311, saturating_width=35)


CUBA = CubaKind()
