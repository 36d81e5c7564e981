"""The network in NumPy, float32, one step at a time, into buffers made beforehand."""

import sys

import numpy as np
from network import load_network
from serve import serve

layers, frames = load_network(sys.argv[1])
inputs = frames.astype(np.float32)


class Neurons:
    def __init__(self, layer: dict):
        self.layer = layer
        width = len(layer["bias"])
        self.current, self.scratch, self.u, self.second = (np.zeros(width, np.float32) for _ in range(4))
        self.spikes = np.zeros(width, np.float32)

    def step(self, values: np.ndarray) -> np.ndarray:
        layer, current, scratch, u, s = self.layer, self.current, self.scratch, self.u, self.spikes
        np.dot(values, layer["weights"], out=current)
        current += layer["bias"]
        if layer["kind"] == "silif":
            w = self.second
            w *= layer["be"]
            w += np.multiply(layer["subthreshold_coupling"], u, out=scratch)
            w += np.multiply(layer["spike_coupling"], s, out=scratch)
            u -= s
            u *= layer["decay"]
            u += current
            u -= np.multiply(layer["input_gain"], w, out=scratch)
            np.greater(u, 1.0, out=s, casting="unsafe")
            return s
        if layer["kind"] == "csilif":
            imaginary = self.second
            u -= np.multiply(s, np.float32(0.5), out=scratch)
            current += layer["decay"] * u
            current -= np.multiply(layer["decay_imaginary"], imaginary, out=scratch)
            imaginary *= layer["decay"]
            imaginary += np.multiply(layer["decay_imaginary"], u, out=scratch)
            u[:] = current
            np.greater(u, 0.5, out=s, casting="unsafe")
            return s
        u *= layer["decay"]
        u += current
        weights = np.exp(u - u.max())
        return weights / weights.sum()


neurons = [Neurons(layer) for layer in layers]
fired = np.zeros(len(layers) - 1)


def run() -> None:
    for frame in inputs:
        values = frame
        for layer in neurons:
            values = layer.step(values)


def count() -> None:
    for frame in inputs:
        values = frame
        for index, layer in enumerate(neurons):
            values = layer.step(values)
            if index < len(fired):
                fired[index] += values.mean()


count()
serve(np.__version__, len(inputs), run, {"rates": (fired / len(inputs)).tolist()})
