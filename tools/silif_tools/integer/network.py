"""The integer network: frames in, spikes, membrane potentials and probabilities out."""

from dataclasses import dataclass

import numpy as np

from ..fixed_point import rounded_shift, saturate
from ..kinds.connection import DelayedInput, OwnSpikes
from ..kinds.kind import Clock
from ..model_file.schema import STREAM_LIMIT, STREAM_READ_BITS
from ..model_file.tables import InputKind, ModelTables, Scores, Source
from .softmax import softmax_q15


@dataclass
class Trace:
    """Everything a run did.

    frames [clip, step, input] int16; spikes per hidden layer [clip, step, neuron] uint8, of an encoder none; made per
    hidden layer: what the digest takes, [clip, step, neuron] each; membrane [clip, step, class] int32 with 16
    fractional bits: the last layer's potentials; probabilities_q15 [clip, step, class] uint16.
    """

    frames: np.ndarray
    spikes: list[np.ndarray]
    made: list[list[np.ndarray]]
    membrane: np.ndarray
    probabilities_q15: np.ndarray
    synaptic_operations: np.ndarray
    saturations: int

    @property
    def scores_q15(self) -> np.ndarray:
        """Readout summed over the clip, [clip, class]."""
        return self.probabilities_q15.astype(np.int64).sum(axis=1)


def stream_values(stream: np.ndarray, fraction_bits: int) -> np.ndarray:
    """A stream as Int16 values, for a layer that is no block."""
    if fraction_bits < STREAM_READ_BITS:
        raise ValueError(f"a stream of {fraction_bits} fractional bits: at least {STREAM_READ_BITS}")
    return saturate(rounded_shift(stream, fraction_bits - STREAM_READ_BITS), STREAM_LIMIT)


def _driving(made: list[np.ndarray]) -> np.ndarray:
    """Of what a layer made, the spikes that drive weights: the last ones."""
    bitmaps = [values for values in made if values.dtype == np.uint8]
    return bitmaps[-1] if bitmaps else np.zeros(made[0].shape, np.uint8)


class IntegerNetwork:
    """Steps many clips side by side; the state runs on from call to call until `reset`."""

    def __init__(self, model: ModelTables, clips: int):
        self.model, self.clips = model, clips
        self.reset()

    def reset(self) -> None:
        self.counter = [0]
        self.inputs = [DelayedInput(layer) for layer in self.model.layers]
        self.own = [OwnSpikes(layer) if layer.recurrent else None for layer in self.model.layers]
        self.neurons = [layer.kind.neurons(self.clips, layer, self.counter) for layer in self.model.layers]
        self.parts = list(zip(self.model.layers, self.inputs, self.own, self.neurons, strict=True))
        self.clock = Clock(self.model.sampling)
        for index, neurons in enumerate(self.neurons):
            neurons.clock, neurons.index = self.clock, index
        self.operations = np.zeros(self.clips, np.int64)

    def step(self, frame: np.ndarray) -> tuple[np.ndarray, list[tuple[np.ndarray, ...]], np.ndarray, np.ndarray]:
        """(the frame after saturation, what each hidden layer made, membrane, probabilities), [clip, ...] each."""
        limit = self.model.input_limit
        frame = np.clip(frame.astype(np.int64), -limit, limit)
        values, made, stream_bits = frame, [], 0
        for index, (layer, delayed, own, neurons) in enumerate(self.parts):
            if layer.source == Source.STREAM and not layer.kind.is_block:
                values = stream_values(values, stream_bits)
            sums, arrived = delayed.step(neurons.read(values))
            columns = layer.weights.shape[1]
            if layer.kind.is_block or layer.source == Source.SPIKES:
                self.operations += np.count_nonzero(arrived, axis=1) * columns
            elif layer.source == Source.DENSE and self.model.input_kind == InputKind.COUNTS:
                self.operations += np.count_nonzero(frame, axis=1) * columns
            else:
                self.operations += layer.inputs * columns
            if own:
                self.operations += np.count_nonzero(neurons.spiked, axis=1) * columns
                neurons.layer = own.step(neurons.spiked)
            neurons.step(sums)
            if index < len(self.parts) - 1:
                values, stream_bits = neurons.output, layer.state_fraction_bits
                made.append(neurons.made())
        self.clock.step += 1
        last = self.neurons[-1]
        membrane = last.states()[0]
        scores = last.spiked << 15 if self.model.scores == Scores.SPIKES else softmax_q15(membrane)
        return frame, made, membrane, scores

    def run(self, frames: np.ndarray) -> Trace:
        """frames [clip, step, input] -> Trace."""
        return self.trace([self.step(frames[:, index]) for index in range(frames.shape[1])])

    def trace(self, steps: list[tuple]) -> Trace:
        """What `step` returned, step after step -> Trace."""
        made = [
            [np.stack(values, axis=1) for values in zip(*(step[1][layer] for step in steps), strict=True)]
            for layer in range(len(self.model.layers) - 1)
        ]
        return Trace(
            frames=np.stack([step[0] for step in steps], axis=1).astype(np.int16),
            spikes=[_driving(layer) for layer in made],
            made=made,
            membrane=np.stack([step[2] for step in steps], axis=1).astype(np.int32),
            probabilities_q15=np.stack([step[3] for step in steps], axis=1).astype(np.uint16),
            synaptic_operations=self.operations.copy(),
            saturations=self.counter[0],
        )


def run_model(model: ModelTables, frames: np.ndarray) -> Trace:
    """A fresh network over whole clips."""
    return IntegerNetwork(model, len(frames)).run(frames)
