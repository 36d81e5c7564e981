"""What a layer's section holds: the one description that writer, reader, bounds and the table in docs/MODEL-FORMAT.md
follow. A kind of neuron (`silif_tools.kinds`) is a `LayerSchema` with the tables of its own.

Twins: Sources/SiLIF/ModelFile, docs/MODEL-FORMAT.md
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

import numpy as np

ROW_ALIGNMENT = 16
Q30 = 30
# A table's unit where it has as many fractional bits as the layer's states.
STATE = "F"


# Pairs of a state space.
MAXIMUM_PAIRS = 64
# A readout takes the stream as Int16 of so many fractional bits, saturated to ±STREAM_LIMIT.
STREAM_READ_BITS, STREAM_LIMIT = 8, 32767


class Source(IntEnum):
    """What a layer reads."""

    DENSE = 0
    SPIKES = 1
    STREAM = 2


# Added to a layer's source in the file where it reads its own spikes of the step before, too.
RECURRENT_SOURCE = 4


def padded(outputs: int) -> int:
    """Elements of a row in the file: outputs rounded up to a multiple of 16."""
    return -(-outputs // ROW_ALIGNMENT) * ROW_ALIGNMENT


@dataclass(frozen=True)
class Table:
    """One value for each output: `name` [P] in the file, `name` [outputs] in memory. Or several: see `each`.

    low, high: the range, in the unit 2^-fraction_bits; fraction_bits: a number, or STATE for those of the states.
    worst: the value with which a step has all the work that it can have; None leaves what is there.
    each: values for each pair of a state space, beside each other: [P · pairs · each] in the file, in memory
    [outputs, pairs · each]; 0 for one value an output.
    """

    name: str
    dtype: str
    low: float
    high: float
    meaning: str
    fraction_bits: int | str = 0
    # Not part of what a table is: two kinds may share one and not this.
    worst: int | None = field(default=None, compare=False)
    each: int = 0

    def shape(self, outputs: int, pairs: int) -> tuple[int, ...]:
        """In memory; with P for outputs, in the file."""
        return (outputs, pairs * self.each) if self.each else (outputs,)

    def bounds(self, state_fraction_bits: int) -> tuple[int, int]:
        """The range as integers, both ends included."""
        unit = 1 << self.unit_bits(state_fraction_bits)
        return int(self.low * unit), int(self.high * unit)

    def unit_bits(self, state_fraction_bits: int) -> int:
        return state_fraction_bits if self.fraction_bits == STATE else self.fraction_bits


# The connection: what stands in every layer before the tables of its kind. Between bias and those lie the delays.
CONNECTION = (
    Table("scale_mantissa", "int32", 0, 2**31 - 1, "0...2^31 - 1", worst=0),
    Table("scale_shift", "uint8", 0, 62, "0...62"),
    Table("bias", "int32", -(2**31), 2**31 - 1, "Q(F+8)", worst=2**31 - 1),
)
# Of the connection from a layer's own spikes, behind its weights; all three stand behind the delays.
RECURRENT = (
    Table("recurrent_mantissa", "int32", 0, 2**31 - 1, "0...2^31 - 1", worst=0),
    Table("recurrent_shift", "uint8", 0, 62, "0...62"),
)
DELAYS = Table("delays", "uint8", 0, 255, "axonal [inputs], dendritic [P], synaptic [inputs · P]; ≤ maximum_delay")


class LayerSchema:
    """The part of a kind of neuron that the file knows.

    number: `kind` in the file. title: its name in print. tables: its own, in the file's order. output: what its layers
    write for the next one to read; None of the readout. is_block: whether it adds to the stream that it reads; its
    weights then read spikes of its own, made from the stream. branches: columns of its weights for each output.
    samples: whether its spikes are drawn.
    """

    number: ClassVar[int]
    title: ClassVar[str]
    tables: ClassVar[tuple[Table, ...]]
    output: ClassVar[Source | None] = Source.SPIKES
    is_block: ClassVar[bool] = False
    branches: ClassVar[int] = 1
    samples: ClassVar[bool] = False

    @property
    def fires(self) -> bool:
        """Whether the next layer reads its spikes."""
        return self.output == Source.SPIKES

    def check(self, tables: dict[str, np.ndarray], state_fraction_bits: int, name: str) -> None:
        """Raises ValueError naming the first value of its own tables that the runtime would refuse."""
        for table in self.tables:
            check_range(tables[table.name], *table.bounds(state_fraction_bits), f"{name}.{table.name}")


def check_range(values, low: int, high: int, field: str) -> None:
    """Raises ValueError where a value is not in low...high."""
    values = np.asarray(values)
    bad = (values < low) | (values > high)
    if bad.any():
        raise ValueError(f"{field} {values[bad].flat[0]} is outside {low}...{high}")
