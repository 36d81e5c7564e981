"""What one golden model is made of. Each kind lists its own cases; `silif_tools.golden` makes the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..model_file.tables import DelayKind, Sampling, Scores

if TYPE_CHECKING:
    from .kind import Kind


@dataclass(frozen=True)
class Spec:
    """One layer of a case. `extreme` takes coefficients from the edges of their ranges."""

    kind: Kind
    outputs: int
    weight_bits: int = 8
    delay_kind: DelayKind = DelayKind.NONE
    maximum_delay: int = 0
    fraction_bits: int = 16
    extreme: bool = False
    # Multiplies the current; hundreds drive the states into saturation.
    gain: float = 1.0
    # Constant current in units of the threshold.
    drive: float = 0.25
    # Of each state space, where the kind has one.
    pairs: int = 0
    # Whether it reads its own spikes of the step before, too.
    recurrent: bool = False


@dataclass(frozen=True)
class Case:
    """One golden model: NAME.silif. seed: of everything random in it; no two cases share one."""

    name: str
    seed: int
    inputs: int
    layers: tuple[Spec, ...]
    steps: int = 60
    input_limit: int = 32767
    # Firing rates of the hidden layers must lie in this range, so that the case shows something.
    rates: tuple[float, float] = (0.05, 0.60)
    # Whether sums must leave their range, or None where it does not matter.
    saturates: bool | None = False
    # The first layer must fire this many spikes in some step.
    crowd: int = 0
    # Where a layer samples.
    sampling: Sampling | None = None
    scores: Scores = Scores.POTENTIALS


def cycle(rng: np.random.Generator, ordinary: np.ndarray, edges: list[float]) -> np.ndarray:
    """[outputs]: `edges` for three neurons of four, in turn; the ordinary values for the others."""
    values = np.asarray(ordinary, dtype=np.float64).copy()
    offset = int(rng.integers(len(edges)))
    for index in range(len(values)):
        if index % 4:
            values[index] = edges[(index + offset) % len(edges)]
    return values
