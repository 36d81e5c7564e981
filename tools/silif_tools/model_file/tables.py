"""What a model file holds, as plain NumPy tables: the one description that writer, reader and reference model share."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from .calibration import Calibrates, Calibration
from .clip_rule import ClipRule
from .schema import LayerSchema, Source

__all__ = [
    "DelayKind",
    "Detector",
    "InputKind",
    "LayerTables",
    "ModelTables",
    "Recurrent",
    "Sampler",
    "Sampling",
    "Scores",
    "Source",
]


class DelayKind(IntEnum):
    NONE = 0
    AXONAL = 1
    DENDRITIC = 2
    SYNAPTIC = 3


class Sampler(IntEnum):
    """What makes spikes of probabilities: a draw for each neuron, one for all of a layer and step, or none: what a
    probability and its spikes differ by is carried on (error feedback)."""

    DRAWS = 1
    SHARED = 2
    FEEDBACK = 3


@dataclass(frozen=True)
class Sampling:
    """Section SMPL. seed: 64 bits."""

    sampler: Sampler = Sampler.DRAWS
    seed: int = 1


class InputKind(IntEnum):
    COUNTS = 0
    LOG_MEL = 1


class Scores(IntEnum):
    """What the probabilities of a step are: the softmax of the last layer's potentials, or its spikes, 1 where the
    class's neuron fires."""

    POTENTIALS = 0
    SPIKES = 1


@dataclass
class Recurrent:
    """The connection from a layer's own spikes of the step before. weights [outputs, outputs], from and to; mantissa
    and shift [outputs]: its scale."""

    weights: np.ndarray
    mantissa: np.ndarray
    shift: np.ndarray


@dataclass
class LayerTables:
    """One layer, quantized. Arrays are unpadded: [outputs], weights and synaptic delays [inputs, outputs].

    neuron: the tables of its kind by name, as `kind.tables` lists them. Where a kind has branches, the columns of
    weights and the connection's tables are those of one branch after those of the other, [branches · outputs]. pairs:
    of each state space, 0 where the kind has none.
    """

    kind: LayerSchema
    source: Source
    weight_bits: int
    state_fraction_bits: int
    weights: np.ndarray
    scale_mantissa: np.ndarray
    scale_shift: np.ndarray
    bias: np.ndarray
    neuron: dict[str, np.ndarray] = field(default_factory=dict)
    delay_kind: DelayKind = DelayKind.NONE
    delays: np.ndarray | None = None
    pairs: int = 0
    recurrent: Recurrent | None = None

    @property
    def inputs(self) -> int:
        return self.weights.shape[0]

    @property
    def outputs(self) -> int:
        return self.weights.shape[1] // self.kind.branches

    @property
    def maximum_delay(self) -> int:
        return int(self.delays.max()) if self.delays is not None and self.delays.size else 0


@dataclass
class Detector:
    """Detector defaults; thresholds are probabilities 0...1. least_share: of the keywords' means together that the
    largest must have to be scored by them together, 0...1; 0: every word is scored by its own mean. All else frames."""

    window_frames: int
    warm_up_frames: int
    refractory_frames: int
    threshold: np.ndarray
    rearm: np.ndarray
    is_keyword: np.ndarray
    least_share: float = 0.0


@dataclass
class ModelTables:
    """A whole model file."""

    input_kind: InputKind
    input_fraction_bits: int
    input_limit: int
    step_us: int
    clip_frames: int
    layers: list[LayerTables]
    words: list[str]
    unknown_index: int | None
    silence_index: int | None
    detector: Detector
    front_end: bytes | None = None
    # Present exactly where a layer samples.
    sampling: Sampling | None = None
    scores: Scores = Scores.POTENTIALS
    # Without, clips are scored by the mean over their steps.
    clip_rule: ClipRule | None = None
    # At most one of each kind; without, clips or events have no probability.
    calibrations: list[Calibration] = field(default_factory=list)
    provenance: dict[str, str] = field(default_factory=dict)
    # int16 samples (1-D) or frames (2-D)
    self_test_input: np.ndarray | None = None
    self_test_digest: int = 0
    self_test_steps: int = 0

    def calibration(self, of: Calibrates) -> Calibration | None:
        return next((each for each in self.calibrations if each.calibrates == of), None)
