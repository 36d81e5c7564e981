"""LIF whose reset does not decay: u = al·u + I - s, s of the step before; s = u > 1 (docs/NEURONS.md).

snnTorch's Leaky is this (reset_mechanism="subtract"). The LIF of the SiLIF authors takes the spike before the decay,
u = al·(u - s) + I: that is SiLIF without adaptation, and a family of that kind.

SiLIF with be = 0, a = 0, b = 1 computes the same with three times the state and five times the tables, RF with
Im A = 0 with twice of each; so it is a kind of its own.
"""

import numpy as np

from ..fixed_point import COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from ..model_file.schema import Q30, Table
from ..model_file.tables import LayerTables
from .connection import current
from .golden_case import Case, Spec, cycle
from .kind import Arrays, IntegerNeurons, Kind, State
from .readout import spiking_cases


class LIFNeurons(IntegerNeurons):
    """u = al·u + I - s, s of the step before; s = u > 1."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.membrane = np.zeros(self.shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        one = np.int64(1) << np.int64(self.layer.state_fraction_bits)
        total = self.layer.neuron["decay"] * self.membrane + current(sums, self.layer)
        total -= (self.spiked * one) << np.int64(COEFFICIENT_BITS)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.membrane > one).astype(np.int64)

    def states(self) -> tuple[np.ndarray, ...]:
        return (self.membrane,)


class LIFKind(Kind):
    """No checkpoint tells it by its tensors; `export.nir_graph` makes it.

    Twins: Sources/SiLIF/Kinds/LIF, docs/NEURONS.md, docs/ARITHMETIC.md
    """

    number, title, slug = 9, "LIF", "lif"
    tables = (Table("decay", "int32", 0, 1, "al, Q30, 0...1", Q30, worst=1 << 30),)
    states = (State("u", threshold=1.0),)
    neurons = LIFNeurons
    eigenvalue_notes = ("LIF neurons have one eigenvalue, al.",)

    def describe(self, tables: Arrays) -> str:
        """A SiLIF layer without adaptation is LIF too."""
        return "LIF, undecayed reset"

    def float_state(self, zeros):
        return zeros, zeros

    def float_step(self, coefficients, state, current, fire):
        u, s = state
        u = coefficients["decay"] * u + current - s
        return u, fire(u - 1)

    def float_parts(self, state):
        return state[:1]

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        return np.stack([coefficients["decay"] + 0j, np.full(len(coefficients["decay"]), np.nan)])

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        return None

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        decay = 0.5 + 0.49 * rng.random(spec.outputs)
        return {"decay": cycle(rng, decay, [0.0, 1.0, 2.0**-30, 1 - 2.0**-30, 0.25]) if spec.extreme else decay}

    def cases(self) -> tuple[Case, ...]:
        return spiking_cases(self, seed=301, saturating_width=19)


LIF = LIFKind()
