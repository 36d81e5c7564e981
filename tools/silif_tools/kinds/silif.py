"""SiLIF: a membrane u and an adaptation w, which feels the membrane between spikes and each spike (docs/NEURONS.md):

w = be·w + a·u + b·s;  u = al·(u - s) + (1 - al)·(I - w);  s = u > 1.

cAdLIF and adLIF store the same coefficients in other ranges; LIF is the case a = b = 0. They are families of this kind.

Source: Fabre et al., SiLIF; models/snns.py of github.com/Maxtimer97/SSM-inspired-LIF at bca1fbe.
"""

import numpy as np

from ..fixed_point import (
    ADAPTATION_LIMIT,
    COEFFICIENT_BITS,
    STATE_LIMIT,
    mantissa_and_shift,
    round_half_even_to_int,
    rounded_shift,
    saturate,
)
from ..model_file.schema import Q30, STATE, Table
from ..model_file.tables import DelayKind, LayerTables
from .choices import Choices
from .connection import FloatConnection, current
from .golden_case import Case, Spec, cycle
from .kind import Arrays, Family, Folded, IntegerNeurons, Kind, State
from .readout import DECAY_RANGE, READOUT, leaky, stack

# Ranges of al, be, a, b in the networks that store their decays as they are.
STORED_RANGES = {
    "cadlif": ((0.36, 0.96), (0.96, 0.99), (0, 1), (0, 2)),
    "adlif": (DECAY_RANGE, (np.exp(-1 / 30), np.exp(-1 / 120)), (-1, 1), (0, 2)),
}


class SiLIFNeurons(IntegerNeurons):
    """Membrane with F, adaptation with F + 30 fractional bits."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.membrane = np.zeros(self.shape, np.int64)
        self.adaptation = np.zeros(self.shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        layer, own = self.layer, self.layer.neuron
        one = np.int64(1) << np.int64(layer.state_fraction_bits)
        upper = rounded_shift(self.adaptation, COEFFICIENT_BITS)
        leak = rounded_shift(own["adaptation_leak_mantissa"] * upper, own["adaptation_leak_shift"])
        coupled = own["subthreshold_coupling"] * self.membrane
        coupled += (own["spike_coupling"] * self.spiked) << np.int64(COEFFICIENT_BITS)
        self.adaptation = saturate(self.adaptation - leak + coupled, ADAPTATION_LIMIT, self.counter)
        total = own["decay"] * (self.membrane - self.spiked * one)
        total -= own["input_gain"] * rounded_shift(self.adaptation, COEFFICIENT_BITS)
        total += current(sums, layer)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.membrane > one).astype(np.int64)

    def states(self) -> tuple[np.ndarray, ...]:
        return self.membrane, self.adaptation


def named(decay, gain, leak, a, b) -> dict:
    """al, 1 - al, 1 - be, a, b under their names, [outputs] each. 1 - be is kept as the complement because be comes
    within 5e-9 of 1."""
    return {
        "decay": decay,
        "input_gain": gain,
        "adaptation_leak": leak,
        "subthreshold_coupling": a,
        "spike_coupling": b,
    }


def lif(decay: np.ndarray) -> Arrays:
    """Coefficients of LIF neurons: no adaptation."""
    zero = np.zeros_like(decay)
    return named(decay, 1 - decay, zero + 1, zero, zero)


def _fold_silif(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    step = np.exp(tensors["dt"])
    rate = np.exp(tensors["alpha"]) * step
    decay, gain = np.exp(-rate), -np.expm1(-rate)
    leak = -np.expm1(-np.exp(tensors["beta"]) * step)
    a, b = np.clip(tensors["a"], 0, 1), np.clip(tensors["b"], 0, 2)
    return Folded(connection.times(gain), named(decay, gain, leak, a, b))


def _fold_stored(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    """cAdLIF and adLIF: the user says which, and cAdLIF is assumed."""
    ranges = zip(("alpha", "beta", "a", "b"), STORED_RANGES[choices.neuron], strict=True)
    decay, slow, a, b = (np.clip(tensors[key], *bounds) for key, bounds in ranges)
    return Folded(connection.times(1 - decay), named(decay, 1 - decay, 1 - slow, a, b))


def _fold_lif(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    decay, gain = leaky(tensors, len(connection.bias), choices, name)
    return Folded(connection.times(gain), lif(decay))


def _two_by_two(top_left, top_right, bottom_left, bottom_right) -> np.ndarray:
    """Eigenvalues [2, neuron], from trace and determinant."""
    half = (top_left + bottom_right) / 2
    root = np.sqrt((half**2 - (top_left * bottom_right - top_right * bottom_left)).astype(complex))
    return np.stack([half + root, half - root])


class SiLIFKind(Kind):
    """Twins: Sources/SiLIF/Kinds/SiLIF, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug = 1, "SiLIF", "silif"
    tables = (
        Table("decay", "int32", 0, 1, "al, Q30, 0...1", Q30, worst=1 << 30),
        # Without a gain the adaptation grows to its limit too, and holds nobody back.
        Table("input_gain", "int32", 0, 1, "1 - al, Q30, 0...1", Q30, worst=0),
        Table("adaptation_leak_mantissa", "int32", 0, 1, "1 - be = mantissa·2^-(30 + shift); 0...2^30", Q30, worst=0),
        Table("adaptation_leak_shift", "uint8", 0, 62, "0...62"),
        Table("subthreshold_coupling", "int32", -1, 1, "a, Q30, ±1", Q30, worst=1 << 30),
        Table("spike_coupling", "int32", -4, 4, "b, QF, ±4", STATE, worst=0),
    )
    states = (State("u", threshold=1.0), State("w", bytes=8, extra_bits=COEFFICIENT_BITS))
    families = (
        Family(frozenset({"dt", "alpha", "beta", "a", "b"}), _fold_silif),
        Family(frozenset({"alpha", "beta", "a", "b"}), _fold_stored),
        Family(frozenset({"alpha"}), _fold_lif),
        Family(frozenset(), _fold_lif),
    )
    neurons = SiLIFNeurons
    eigenvalue_notes = (
        "As executed: [[al - (1 - al)·a, -(1 - al)·be], [a, be]], because the membrane takes the new w and w takes"
        " a·u. The paper's figure 2 draws [[al, al - 1], [(1 - be)·a, be]]. Plain LIF neurons (a = b = 0) have one"
        " eigenvalue, al.",
    )

    def describe(self, tables: Arrays) -> str:
        """A SiLIF layer without adaptation is a LIF layer."""
        adapts = tables["subthreshold_coupling"].any() or tables["spike_coupling"].any()
        return self.title if adapts else "LIF"

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        # 1 - be = mantissa * 2^-(30 + shift), the mantissa at most 2^30.
        leak = coefficients["adaptation_leak"]
        mantissa, shift = mantissa_and_shift(leak, COEFFICIENT_BITS)
        coarse = shift < COEFFICIENT_BITS
        own = {
            "adaptation_leak_mantissa": np.where(coarse, round_half_even_to_int(leak * 2.0**30), mantissa),
            "adaptation_leak_shift": np.maximum(shift - COEFFICIENT_BITS, 0),
        }
        for table in self.tables:
            if table.name not in own:
                unit = 2.0 ** table.unit_bits(state_fraction_bits)
                own[table.name] = round_half_even_to_int(coefficients[table.name] * unit)
        return {table.name: own[table.name] for table in self.tables}

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        held = super().dequantize(tables, state_fraction_bits)
        shift = np.asarray(tables["adaptation_leak_shift"], np.float64)
        held["adaptation_leak"] = tables["adaptation_leak_mantissa"] * 2.0 ** -(COEFFICIENT_BITS + shift)
        return {name: held[name] for name in self.units(state_fraction_bits)}

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        q30 = f"2^-{COEFFICIENT_BITS}"
        return named(q30, q30, "own exponent", q30, f"2^-{state_fraction_bits}")

    def float_state(self, zeros):
        return zeros, zeros, zeros

    def float_step(self, coefficients, state, current, fire):
        u, w, s = state
        leak, a, b = (coefficients[key] for key in ("adaptation_leak", "subthreshold_coupling", "spike_coupling"))
        w = w - leak * w + a * u + b * s
        u = coefficients["decay"] * (u - s) + current - coefficients["input_gain"] * w
        return u, w, fire(u - 1)

    def float_parts(self, state):
        return state[:2]

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """The membrane takes the new w, so with w' = be·w + a·u the step (u, w) -> (u', w') is

        [[al - (1 - al)·a, -(1 - al)·be], [a, be]]. Neurons without adaptation, whose w stays zero, have al alone.
        """
        al, gain, a = (coefficients[key] for key in ("decay", "input_gain", "subthreshold_coupling"))
        be = 1 - coefficients["adaptation_leak"]
        both = _two_by_two(al - gain * a, -gain * be, a, be)
        lone = ~self._adapts(coefficients)
        both[:, lone] = np.stack([al[lone], np.full(lone.sum(), np.nan)])
        return both

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        """Of [[al, al - 1], [(1 - be)·a, be]], for every neuron. LIF neurons have no w, so nothing that the paper's
        figure could draw beside al."""
        if not self._adapts(coefficients).any():
            return None
        leak = coefficients["adaptation_leak"]
        return _two_by_two(
            coefficients["decay"], -coefficients["input_gain"], leak * coefficients["subthreshold_coupling"], 1 - leak
        )

    @staticmethod
    def _adapts(coefficients: Arrays) -> np.ndarray:
        """[output]: False for plain LIF neurons (a = b = 0)."""
        return (coefficients["subthreshold_coupling"] != 0) | (coefficients["spike_coupling"] != 0)

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        count = spec.outputs
        decay = 0.5 + 0.49 * rng.random(count)
        leak = 0.3 * rng.random(count) ** 3
        subthreshold, spike = rng.random(count), 2 * rng.random(count)
        if spec.extreme:
            decay = cycle(rng, decay, [0.0, 1.0, 2.0**-30, 1 - 2.0**-30, 0.25])
            leak = cycle(rng, leak, [5e-9, 1.0, 1e-6, 2.0**-40, 1 - 1e-9, 0.0, 1e-3])
            subthreshold = cycle(rng, subthreshold, [1.0, 0.0, -1.0, 0.5])
            spike = cycle(rng, spike, [2.0, 0.0, -1.5, 4.0, -4.0])
        return named(decay, 1 - decay, leak, subthreshold, spike)

    def cases(self) -> tuple[Case, ...]:
        return (
            *(
                Case(
                    f"silif-{delay.name.lower()}-w{bits}",
                    4 * delay + (1 if bits == 8 else 2),
                    13,
                    stack(self, bits=bits, delay=delay, reach=(30 if bits == 8 else 7) * bool(delay)),
                )
                for delay in DelayKind
                for bits in (8, 16)
            ),
            # a = -1 with al near 1 runs away, and must do so in the same way everywhere.
            Case(
                "silif-extreme",
                102,
                13,
                stack(self, extreme=True, sizes=(45, 33, 5)),
                steps=200,
                rates=(0.02, 0.9),
                saturates=True,
            ),
            Case("silif-fraction24", 104, 13, stack(self, bits=16, fraction=24), steps=80),
            Case(
                "silif-saturating",
                106,
                5,
                (Spec(self, 19, 8, fraction_bits=20, extreme=True, gain=60.0), Spec(READOUT, 4, 8, gain=400.0)),
                steps=80,
                rates=(0.02, 0.98),
                saturates=True,
            ),
            # More than 255 spikes in one step: the Int16 tile is flushed in between.
            Case(
                "silif-crowded",
                108,
                3,
                (Spec(self, 401, 8, gain=0.2, drive=80.0), Spec(self, 17, 8, drive=0.5), Spec(READOUT, 2, 8)),
                steps=40,
                rates=(0.05, 0.99),
                crowd=256,
            ),
            Case("input-limit", 109, 13, stack(self), input_limit=1000),
            Case("one-neuron", 112, 1, (Spec(self, 1, 8, drive=0.9), Spec(READOUT, 2, 8)), rates=(0.02, 0.98)),
            # Rows of 48, 32 and 16 outputs: whole and half vectors of nibbles, and padding in the high ones.
            *(
                Case(
                    f"silif-{delay.name.lower()}-w4",
                    211 + delay,
                    13,
                    stack(self, bits=4, delay=delay, reach=9 * bool(delay)),
                )
                for delay in DelayKind
            ),
        )


SILIF = SiLIFKind()
