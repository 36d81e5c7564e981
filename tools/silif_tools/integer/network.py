"""The integer network: frames in, spikes, membrane potentials and probabilities out."""

from dataclasses import dataclass

import numpy as np

from ..kinds.connection import DelayedInput
from ..model_file.tables import InputKind, ModelTables, Source
from .softmax import softmax_q15


@dataclass
class Trace:
    """Everything a run did. frames [clip, step, input] int16; spikes per hidden layer [clip, step, neuron] uint8;
    membrane [clip, step, class] int32 with 16 fractional bits; probabilities_q15 [clip, step, class] uint16."""

    frames: np.ndarray
    spikes: list[np.ndarray]
    membrane: np.ndarray
    probabilities_q15: np.ndarray
    synaptic_operations: np.ndarray
    saturations: int

    @property
    def scores_q15(self) -> np.ndarray:
        """Readout summed over the clip, [clip, class]."""
        return self.probabilities_q15.astype(np.int64).sum(axis=1)


class IntegerNetwork:
    """Steps many clips side by side; the state runs on from call to call until `reset`."""

    def __init__(self, model: ModelTables, clips: int):
        self.model, self.clips = model, clips
        self.reset()

    def reset(self) -> None:
        self.counter = [0]
        self.inputs = [DelayedInput(layer) for layer in self.model.layers]
        self.neurons = [layer.kind.neurons(self.clips, layer, self.counter) for layer in self.model.layers]
        self.operations = np.zeros(self.clips, np.int64)

    def step(self, frame: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, np.ndarray]:
        limit = self.model.input_limit
        frame = np.clip(frame.astype(np.int64), -limit, limit)
        values, spikes = frame, []
        for layer, delayed, neurons in zip(self.model.layers, self.inputs, self.neurons, strict=True):
            sums, arrived = delayed.step(values)
            if layer.source == Source.DENSE and self.model.input_kind == InputKind.LOG_MEL:
                self.operations += layer.inputs * layer.outputs
            elif layer.source == Source.DENSE:
                self.operations += np.count_nonzero(frame, axis=1) * layer.outputs
            else:
                self.operations += np.count_nonzero(arrived, axis=1) * layer.outputs
            neurons.step(sums)
            if layer.kind.fires:
                values = neurons.spiked
                spikes.append(values.astype(np.uint8))
        (membrane,) = self.neurons[-1].states()
        return frame, spikes, membrane, softmax_q15(membrane)

    def run(self, frames: np.ndarray) -> Trace:
        """frames [clip, step, input] -> Trace."""
        return self.trace([self.step(frames[:, index]) for index in range(frames.shape[1])])

    def trace(self, steps: list[tuple]) -> Trace:
        """What `step` returned, step after step -> Trace."""
        return Trace(
            frames=np.stack([step[0] for step in steps], axis=1).astype(np.int16),
            spikes=[np.stack([step[1][i] for step in steps], axis=1) for i in range(len(self.model.layers) - 1)],
            membrane=np.stack([step[2] for step in steps], axis=1).astype(np.int32),
            probabilities_q15=np.stack([step[3] for step in steps], axis=1).astype(np.uint16),
            synaptic_operations=self.operations.copy(),
            saturations=self.counter[0],
        )


def run_model(model: ModelTables, frames: np.ndarray) -> Trace:
    """A fresh network over whole clips."""
    return IntegerNetwork(model, len(frames)).run(frames)
