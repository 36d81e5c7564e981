"""The network in PyTorch, float32, eager, one step at a time."""

import sys

import torch
from network import load_network
from serve import serve

torch.set_num_threads(1)
layers, frames = load_network(sys.argv[1])
layers = [
    {name: value if name == "kind" else torch.from_numpy(value) for name, value in layer.items()} for layer in layers
]
for layer in layers:
    layer["weights"] = layer["weights"].T.contiguous()
inputs = torch.from_numpy(frames).float().unbind()


class Neurons:
    def __init__(self, layer: dict):
        self.layer = layer
        self.u, self.second, self.spikes = (torch.zeros(len(layer["bias"])) for _ in range(3))

    def step(self, values: torch.Tensor) -> torch.Tensor:
        layer, u, s = self.layer, self.u, self.spikes
        current = torch.addmv(layer["bias"], layer["weights"], values)
        if layer["kind"] == "silif":
            self.second = layer["be"] * self.second + layer["subthreshold_coupling"] * u + layer["spike_coupling"] * s
            self.u = layer["decay"] * (u - s) + current - layer["input_gain"] * self.second
            self.spikes = (self.u > 1).float()
            return self.spikes
        if layer["kind"] == "csilif":
            reset, imaginary = u - s / 2, self.second
            self.u = layer["decay"] * reset - layer["decay_imaginary"] * imaginary + current
            self.second = layer["decay_imaginary"] * reset + layer["decay"] * imaginary
            self.spikes = (self.u > 0.5).float()
            return self.spikes
        self.u = layer["decay"] * u + current
        return torch.softmax(self.u, 0)


neurons = [Neurons(layer) for layer in layers]


@torch.inference_mode()
def run() -> None:
    for frame in inputs:
        values = frame
        for layer in neurons:
            values = layer.step(values)


@torch.inference_mode()
def count() -> list[float]:
    fired = [0.0] * (len(layers) - 1)
    for frame in inputs:
        values = frame
        for index, layer in enumerate(neurons):
            values = layer.step(values)
            if index < len(fired):
                fired[index] += float(values.mean())
    return [total / len(inputs) for total in fired]


serve(torch.__version__, len(inputs), run, {"rates": count()})
