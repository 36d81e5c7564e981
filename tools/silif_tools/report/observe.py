"""Runs the float and the integer network side by side and keeps what the page shows of them."""

from dataclasses import dataclass, field

import numpy as np

from ..export.convert import Conversion
from ..export.float_network import run_float
from ..export.remark import Remark
from ..fixed_point import STATE_BITS
from ..integer.network import IntegerNetwork, Trace
from ..kinds.kind import IntegerNeurons, State
from .histogram import SignedHistogram

_CLIPS_AT_ONCE = 64


@dataclass
class EvaluationData:
    """frames [clip, step, input] input integers, labels [clip] or None, and where they come from, in words.

    real: the same in real units, where the integers do not hold what was given. remarks: what they do not hold.
    """

    frames: np.ndarray
    labels: np.ndarray | None
    source: str
    # False for generated input: its winners and rates say nothing about what the network was trained for.
    is_real: bool = True
    real: np.ndarray | None = None
    remarks: list[Remark] = field(default_factory=list)

    def real_part(self, part: slice, unit: float) -> np.ndarray:
        """What float reads of these clips; unit: the real value of one input integer."""
        return self.frames[part] * unit if self.real is None else self.real[part]


@dataclass
class StatePair:
    """Histogram of one state variable of one layer, float and fixed, in real units."""

    state: State
    real: SignedHistogram
    fixed: SignedHistogram


@dataclass
class LayerActivity:
    """One hidden layer. Spikes per step: `*_by_neuron` [neuron] and `*_by_step` [step], means over all clips."""

    float_by_neuron: np.ndarray
    fixed_by_neuron: np.ndarray
    float_by_step: np.ndarray
    fixed_by_step: np.ndarray
    # [step]: spikes of both networks at once / spikes of either
    overlap_by_step: np.ndarray

    @property
    def float_rate(self) -> float:
        return float(self.float_by_neuron.mean())

    @property
    def fixed_rate(self) -> float:
        return float(self.fixed_by_neuron.mean())


@dataclass
class Observation:
    """float_scores and fixed_scores [clip, class]: softmax summed over the steps."""

    data: EvaluationData
    float_scores: np.ndarray
    fixed_scores: np.ndarray
    layers: list[LayerActivity]
    states: list[list[StatePair]]
    saturations: int
    spikes_per_clip: float
    synaptic_operations_per_clip: float
    # The clip with the median number of spikes, and its spikes per hidden layer [step, neuron].
    typical_clip: int
    typical_float_spikes: list[np.ndarray]
    typical_fixed_spikes: list[np.ndarray]

    @property
    def float_winners(self) -> np.ndarray:
        return self.float_scores.argmax(axis=1)

    @property
    def fixed_winners(self) -> np.ndarray:
        return self.fixed_scores.argmax(axis=1)


def _fixed_states(neurons: IntegerNeurons) -> list[np.ndarray]:
    """The integer states in real units, in the order of `Kind.states`."""
    layer = neurons.layer
    units = [2.0 ** -(layer.state_fraction_bits + state.extra_bits) for state in layer.kind.states]
    return [values * unit for values, unit in zip(neurons.states(), units, strict=True)]


def _float_observer(pairs: list[StatePair]):
    def observe(states):
        for pair, values in zip(pairs, states, strict=True):
            pair.real.add(values)

    return observe


def _run_fixed(network: IntegerNetwork, frames: np.ndarray, states: list[list[StatePair]]) -> Trace:
    """`network.run`, with a look at the states after every step."""
    steps = []
    for index in range(frames.shape[1]):
        steps.append(network.step(frames[:, index]))
        for neurons, pairs in zip(network.neurons, states, strict=True):
            for pair, values in zip(pairs, _fixed_states(neurons), strict=True):
                pair.fixed.add(values)
    return network.trace(steps)


def observe(conversion: Conversion, data: EvaluationData) -> Observation:
    """Both networks over all clips of `data`, from zero state each."""
    model = conversion.model
    clips, steps = data.frames.shape[:2]
    states = [
        [
            StatePair(state, SignedHistogram(limit), SignedHistogram(limit))
            for limit in [2.0 ** (STATE_BITS - layer.state_fraction_bits)]
            for state in layer.kind.states
        ]
        for layer in model.layers
    ]
    observers = [_float_observer(pairs) for pairs in states]
    widths = [layer.outputs for layer in model.layers[:-1]]
    by_neuron = [np.zeros((2, width)) for width in widths]
    by_step = [np.zeros((2, steps)) for _ in widths]
    both, either = [np.zeros(steps) for _ in widths], [np.zeros(steps) for _ in widths]
    float_scores, fixed_scores, spikes, operations, saturations = [], [], [], [], 0
    for start in range(0, clips, _CLIPS_AT_ONCE):
        clips_now = slice(start, start + _CLIPS_AT_ONCE)
        part = data.frames[clips_now]
        values = data.real_part(clips_now, conversion.input_unit)
        real = run_float(conversion.float_layers, values, observers, conversion.model.scores)
        fixed = _run_fixed(IntegerNetwork(model, len(part)), part, states)
        float_scores.append(real.scores)
        fixed_scores.append(fixed.scores_q15 / 32768)
        spikes.append(sum(train.sum(axis=(1, 2), dtype=np.int64) for train in fixed.spikes))
        operations.append(fixed.synaptic_operations)
        saturations += fixed.saturations
        for index, pair in enumerate(zip(real.spikes, fixed.spikes, strict=True)):
            for row, train in enumerate(pair):
                by_neuron[index][row] += train.sum(axis=(0, 1), dtype=np.int64)
                by_step[index][row] += train.sum(axis=(0, 2), dtype=np.int64)
            both[index] += (pair[0] & pair[1]).sum(axis=(0, 2), dtype=np.int64)
            either[index] += (pair[0] | pair[1]).sum(axis=(0, 2), dtype=np.int64)
    spikes, operations = np.concatenate(spikes), np.concatenate(operations)
    typical = int(np.argsort(spikes, kind="stable")[len(spikes) // 2])
    chosen = slice(typical, typical + 1)
    typical_float = run_float(conversion.float_layers, data.real_part(chosen, conversion.input_unit))
    layers = [
        LayerActivity(
            *(by_neuron[index] / (clips * steps)),
            *(by_step[index] / (clips * width)),
            np.divide(both[index], either[index], out=np.full(steps, np.nan), where=either[index] > 0),
        )
        for index, width in enumerate(widths)
    ]
    return Observation(
        data=data,
        float_scores=np.concatenate(float_scores),
        fixed_scores=np.concatenate(fixed_scores),
        layers=layers,
        states=states,
        saturations=saturations,
        spikes_per_clip=float(spikes.mean()),
        synaptic_operations_per_clip=float(operations.mean()),
        typical_clip=typical,
        typical_float_spikes=[train[0] for train in typical_float.spikes],
        typical_fixed_spikes=[train[0] for train in IntegerNetwork(model, 1).run(data.frames[chosen]).spikes],
    )
