"""What neurons with a complex state share: u turns and shrinks by the complex factor A in every step.

Twins: docs/ARITHMETIC.md
"""

import numpy as np

from ..model_file.schema import Q30, Table
from ..model_file.tables import LayerTables
from .kind import Arrays, IntegerNeurons, Kind

_DRAWN = "Of a complex neuron the factor A that is executed is drawn, and as in the paper its conjugate."


class ComplexNeurons(IntegerNeurons):
    """States [clip, output]: `real`, `imaginary`, with F fractional bits."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.real = np.zeros(self.shape, np.int64)
        self.imaginary = np.zeros(self.shape, np.int64)

    def states(self) -> tuple[np.ndarray, ...]:
        return self.real, self.imaginary

    def rotated(self, real: np.ndarray, imaginary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A·(real + i·imaginary), both parts with F + 30 fractional bits: complete sums, not rounded yet."""
        decay, turn = self.layer.neuron["decay"], self.layer.neuron["decay_imaginary"]
        return decay * real - turn * imaginary, turn * real + decay * imaginary


class ComplexKind(Kind):
    """A kind with the coefficients Re A and Im A, and a complex float state."""

    tables = (
        Table("decay", "int32", -1, 1, "Re A, Q30, ±1", Q30, worst=1 << 30),
        # 0.0034: what it turns away from Re u, with the reset, is less than the largest bias brings, 0.0078 of the
        # limit.
        Table("decay_imaginary", "int32", -1, 1, "Im A, Q30, ±1", Q30, worst=7 << 19),
    )
    eigenvalue_notes = (_DRAWN,)

    def factor(self, coefficients):
        """A, complex [outputs]."""
        return coefficients["decay"] + 1j * coefficients["decay_imaginary"]

    def float_state(self, zeros):
        return zeros + 0j, zeros

    def float_parts(self, state):
        return state[0].real, state[0].imag

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """A alone: its conjugate says the same."""
        factor = self.factor(coefficients)
        return np.stack([factor, np.full(len(factor), np.nan)])

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        """A and its conjugate."""
        factor = self.factor(coefficients)
        return np.stack([factor, factor.conj()])
