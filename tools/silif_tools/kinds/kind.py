"""What a kind of neuron is to the rest of the tools.

Everything that differs from one kind to the next is a member of `Kind`; whoever has a layer asks `layer.kind`. A new
kind is a module beside this one and a line in `kinds/__init__.py` (CONTRIBUTING.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..fixed_point import round_half_even_to_int
from ..model_file.schema import LayerSchema
from ..model_file.tables import LayerTables, Sampling
from .choices import Choices
from .connection import FloatConnection, FloatLayer
from .golden_case import Case, Spec

Arrays = dict[str, np.ndarray]
# Arrays of NumPy or of PyTorch: the float step is written once for both.
FloatState = tuple[Any, ...]


@dataclass(frozen=True)
class State:
    """One state variable of a neuron, as the report shows it.

    bytes: of an integer in the engine. extra_bits: fractional bits beyond those of the layer's states. threshold: where
    the neuron fires, in real units, or None.
    """

    name: str
    bytes: int = 4
    extra_bits: int = 0
    threshold: float | None = None


@dataclass(frozen=True)
class Folded:
    """A layer's complete input term, and the coefficients [outputs] of its neurons in real units."""

    connection: FloatConnection
    coefficients: Arrays


@dataclass(frozen=True)
class Family:
    """One way in which checkpoints store neurons of a kind.

    tensors: the names (without `snn.N.`) of all the neuron's own tensors. fold(tensors, connection, choices, name):
    their arrays [outputs] in float64 -> what they mean; name: of the layer, for ConversionError.
    """

    tensors: frozenset[str]
    fold: Callable[[Arrays, FloatConnection, Choices, str], Folded]


@dataclass
class Clock:
    """What draws depend on, beside the place of the neuron: the seed, and the number of the step since the reset."""

    sampling: Sampling | None
    step: int = 0


class IntegerNeurons:
    """The neurons of one layer in integers, [clip, output] int64: the definition that the engine must equal.

    counter: a list whose first element counts saturated sums. `spiked` [clip, output] is 0 or 1 after a step.
    """

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        self.layer, self.counter = layer, counter
        self.shape = (clips, layer.outputs)
        self.spiked = np.zeros(self.shape, np.int64)
        # The network's, which places its layers.
        self.clock, self.index = Clock(None), 0

    def read(self, values: np.ndarray) -> np.ndarray:
        """What the weights read of the values that arrive, [clip, input]: the same, but in blocks (`BlockNeurons`)."""
        return values

    @property
    def output(self) -> np.ndarray:
        """What the next layer reads after a step, [clip, output]."""
        return self.spiked

    def made(self) -> tuple[np.ndarray, ...]:
        """What a hidden layer made in a step, as the digest takes it: [clip, output] each, uint8 of spikes, int32 of
        values."""
        return (self.spiked.astype(np.uint8),)

    def step(self, sums: np.ndarray) -> None:
        """One step on the sums of integer weights times inputs, [clip, output]."""
        raise NotImplementedError

    def states(self) -> tuple[np.ndarray, ...]:
        """The state variables in the order of `Kind.states`, [clip, output] each, as integers."""
        raise NotImplementedError


class Kind(LayerSchema):
    """A kind of neuron. `number`, `title`, `output` and `tables` are those of the file (`LayerSchema`).

    slug: its name in the names of files. fraction_bits: of the states, unless the user says otherwise (16 leave ±16384:
    in published networks SiLIF states stay within ±700, C-SiLIF states reach 3000). states: its variables. families:
    the checkpoints it knows. neurons: its step in integers.
    """

    slug: ClassVar[str]
    fraction_bits: ClassVar[int] = 16
    states: ClassVar[tuple[State, ...]]
    families: ClassVar[tuple[Family, ...]] = ()
    neurons: ClassVar[type[IntegerNeurons]]
    # What the report says about its eigenvalues, sentence by sentence, and about those outside the unit circle.
    eigenvalue_notes: ClassVar[tuple[str, ...]] = ()
    unstable_note: ClassVar[str] = ""

    def cases(self) -> tuple[Case, ...]:
        """Its golden models."""
        raise NotImplementedError

    def describe(self, tables: Arrays) -> str:
        """The name that a layer with these tables has in the report."""
        return self.title

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        """Real coefficients [outputs] -> the file's own tables, int64, rounded half to even."""
        units = {table.name: 2.0 ** table.unit_bits(state_fraction_bits) for table in self.tables}
        return {name: round_half_even_to_int(coefficients[name] * unit) for name, unit in units.items()}

    def in_weight_steps(self, coefficients: Arrays, scale: np.ndarray) -> Arrays:
        """The coefficients with those that weights are compared with in steps of the weights, as `quantize` takes them.
        scale [outputs]: what one step of a row is worth."""
        return coefficients

    def rounded_weights(self, layer: FloatLayer, integers: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
        """The integers [inputs, outputs] of a layer's weights, changed where more than sums hangs on them. limit: the
        largest."""
        return integers

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        """The inverse: the coefficients that those integers stand for."""
        units = {table.name: 2.0 ** table.unit_bits(state_fraction_bits) for table in self.tables}
        return {name: tables[name] / unit for name, unit in units.items()}

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        """What one step of each coefficient is, in words, in the order of the report."""
        return {table.name: f"2^-{table.unit_bits(state_fraction_bits)}" for table in self.tables}

    def float_state(self, zeros) -> FloatState:
        """The states before the first step; zeros: real, [..., outputs]. The last one is the layer's output."""
        raise NotImplementedError

    def float_step(self, coefficients: dict[str, Any], state: FloatState, current, fire: Callable) -> FloatState:
        """The states one step later, in the floats of NumPy or PyTorch.

        coefficients [outputs]: those of `Folded`. current [..., outputs]: the complete input term. fire(x): 1 where
        x > 0, else 0.
        """
        raise NotImplementedError

    def float_parts(self, state: FloatState) -> tuple:
        """The real parts of a float state, in the order of `states`."""
        raise NotImplementedError

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """Of a step between spikes, [2, output] complex; the second is NaN where a neuron has one only."""
        raise NotImplementedError

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        """[2, output] as the SiLIF paper's figure 2 has them (figure2_eigenvalues.py of
        github.com/Maxtimer97/SSM-inspired-LIF); None where it has none."""
        raise NotImplementedError

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        """Coefficients [spec.outputs] for a golden model, of integers and IEEE arithmetic only: no machine's library
        of sines may have a say in them."""
        raise NotImplementedError
