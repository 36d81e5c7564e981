"""The encoder: what takes a frame, or spikes, to the stream that blocks add to, r = W·x + b (docs/NEURONS.md)."""

import numpy as np

from ..fixed_point import COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from ..model_file.schema import Source
from ..model_file.tables import LayerTables
from .connection import current
from .golden_case import Case, Spec
from .kind import Arrays, IntegerNeurons, Kind, State


class EncoderNeurons(IntegerNeurons):
    """r = I, of this step alone."""

    def __init__(self, clips: int, layer: LayerTables, counter: list[int]):
        super().__init__(clips, layer, counter)
        self.stream = np.zeros(self.shape, np.int64)

    def step(self, sums: np.ndarray) -> None:
        total = rounded_shift(current(sums, self.layer), COEFFICIENT_BITS)
        self.stream = saturate(total, STATE_LIMIT, self.counter)

    @property
    def output(self) -> np.ndarray:
        return self.stream

    def states(self) -> tuple[np.ndarray, ...]:
        return (self.stream,)

    def made(self) -> tuple[np.ndarray, ...]:
        return (self.stream.astype(np.int32),)


class EncoderKind(Kind):
    """Twins: Sources/SiLIF/Kinds/Encoder, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug, output = 5, "encoder", "encoder", Source.STREAM
    tables = ()
    states = (State("r"),)
    neurons = EncoderNeurons

    def float_state(self, zeros):
        return (zeros,)

    def float_step(self, coefficients, state, current, fire):
        return (current,)

    def float_parts(self, state):
        return state

    def eigenvalues(self, coefficients: Arrays) -> np.ndarray:
        """0: it remembers nothing."""
        return np.array([[0j], [complex(np.nan)]])

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        return None

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        return {}

    def cases(self) -> tuple[Case, ...]:
        """Those of the blocks behind it."""
        return ()


ENCODER = EncoderKind()
