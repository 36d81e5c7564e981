"""The readout: leaky integrators whose potentials are the network's output, u = al·u + I (docs/NEURONS.md)."""

import numpy as np

from ..errors import ConversionError
from ..fixed_point import COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from ..model_file.schema import Q30, Table
from ..model_file.tables import DelayKind, LayerTables
from .choices import Choices
from .connection import FloatConnection, current
from .golden_case import Case, Spec
from .kind import Arrays, Family, Folded, IntegerNeurons, Kind, State

# Of al in the authors' networks.
DECAY_RANGE = (np.exp(-1 / 5), np.exp(-1 / 25))


class ReadoutNeurons(IntegerNeurons):
    """u = al·u + I."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.membrane = np.zeros(self.shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        total = self.layer.neuron["decay"] * self.membrane + current(sums, self.layer)
        self.membrane = saturate(rounded_shift(total, COEFFICIENT_BITS), STATE_LIMIT, self.counter)

    def states(self) -> tuple[np.ndarray, ...]:
        return (self.membrane,)


def leaky(tensors: Arrays, outputs: int, choices: Choices, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(decay, input gain) [outputs] of leaky integrators, which LIF neurons and readouts store alike."""
    if "alpha" in tensors:
        decay = np.clip(tensors["alpha"], *DECAY_RANGE)
        return decay, 1 - decay
    if choices.lif_tau_steps is None:
        raise ConversionError(
            f"{name} has no neuron tensors: LIF neurons of spikingjelly are set in code. Of those with"
            " decay_input=False give --lif-tau, and --reset: hard for v_reset=0, its default, subtract for None"
        )
    return np.full(outputs, 1 - 1 / choices.lif_tau_steps), np.ones(outputs)


def _fold(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    decay, gain = leaky(tensors, len(connection.bias), choices, name)
    return Folded(connection.times(gain), {"decay": decay})


class ReadoutKind(Kind):
    """Twins: Sources/SiLIF/Kinds/Readout, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug, output = 3, "readout", "readout", None
    tables = (Table("decay", "int32", 0, 1, "al, Q30, 0...1", Q30, worst=1 << 30),)
    states = (State("u"),)
    families = (Family(frozenset({"alpha"}), _fold), Family(frozenset(), _fold))
    neurons = ReadoutNeurons

    def float_state(self, zeros):
        return (zeros,)

    def float_step(self, coefficients, state, current, fire):
        (u,) = state
        return (coefficients["decay"] * u + current,)

    def float_parts(self, state):
        return state

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        return {"decay": 0.82 + 0.14 * rng.random(spec.outputs)}

    def cases(self) -> tuple[Case, ...]:
        return (
            Case("readout-only", 110, 11, (Spec(self, 5, 8),)),
            Case("readout-one-class", 111, 3, (Spec(self, 1, 16, DelayKind.DENDRITIC, 3),)),
        )


READOUT = ReadoutKind()


def stack(kind: Kind, *, bits=8, delay=DelayKind.NONE, reach=0, fraction=16, extreme=False, sizes=(37, 21, 5)):
    """Layers of a golden case: two of a kind and a readout, sizes not multiples of 16, every layer delayed the same
    way."""
    return (
        Spec(kind, sizes[0], bits, delay, reach, fraction, extreme),
        Spec(kind, sizes[1], bits, delay, reach, fraction, extreme),
        Spec(READOUT, sizes[2], bits, delay, reach),
    )


def spiking_cases(kind: Kind, *, seed: int, saturating_width: int) -> tuple[Case, ...]:
    """Golden cases of a kind whose sums are those of every kind: each delay, each width of weights, and clamped states.
    seed: of the first of seven. saturating_width: neurons in the last, whose coefficients lie at their edges."""
    sizes, name = (21, 17, 5), kind.slug
    return (
        *(
            Case(
                f"{name}-{delay.name.lower()}-w8",
                seed + delay,
                13,
                stack(kind, delay=delay, reach=30 * bool(delay), sizes=sizes),
            )
            for delay in DelayKind
        ),
        Case(f"{name}-none-w16", seed + 4, 13, stack(kind, bits=16, fraction=20, sizes=sizes)),
        Case(f"{name}-synaptic-w4", seed + 5, 13, stack(kind, bits=4, delay=DelayKind.SYNAPTIC, reach=9, sizes=sizes)),
        Case(
            f"{name}-saturating",
            seed + 6,
            5,
            (Spec(kind, saturating_width, 8, fraction_bits=20, extreme=True, gain=60.0), Spec(READOUT, 4, 8)),
            steps=80,
            rates=(0.02, 0.98),
            saturates=True,
        ),
    )
