"""SiLIF and C-SiLIF networks with the parameter names and shapes of the authors' state dicts (docs/NEURONS.md)."""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from silif_tools.train import delays, quantize, reference, scan

READOUT_DECAY = (math.exp(-1 / 5), math.exp(-1 / 25))
DT_S = 0.004  # the authors' initial time step, also for 10 ms frames


class InputNorm(nn.Module):
    """Fixed statistics of the features, folded into the first layer by the exporter."""

    def __init__(self, bands: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(bands))
        self.register_buffer("std", torch.ones(bands))

    def fix(self, mean: torch.Tensor, std: torch.Tensor) -> None:
        """The statistics to normalise with from here on, [bands] each."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


class Layer(nn.Module):
    """Weights and normalisation common to all layers: I = norm(W x), statistics pooled over batch and time."""

    def __init__(self, inputs: int, size: int, delay: dict | None = None):
        """delay: the recipe's [delay], if this layer has it."""
        super().__init__()
        self.W = nn.Linear(inputs, size, bias=False)
        self.delay_layer = delays.of_layer(self, inputs, size, delay) if delay else None
        self.norm = nn.BatchNorm1d(size, eps=scan.EPSILON)
        self.frozen = False  # train with the running statistics as they are
        self.rounded_to: tuple[int, torch.Tensor] | None = None  # bits, and quantize.nearest's within_row

    def update_statistics(self, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
        """Running statistics as nn.BatchNorm1d keeps them (momentum None: the plain average)."""
        if self.frozen:
            return
        norm = self.norm
        norm.num_batches_tracked += 1
        rate = norm.momentum if norm.momentum is not None else 1.0 / float(norm.num_batches_tracked)
        norm.running_mean.lerp_(mean, rate)
        norm.running_var.lerp_(variance * (count / (count - 1)), rate)

    def fixed_statistics(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Mean and variance to be used in training, if they are frozen."""
        return (self.norm.running_mean, self.norm.running_var) if self.frozen else None

    def weight(self) -> torch.Tensor:
        """The weights [size, inputs] to compute with."""
        return quantize.nearest(self.W.weight, *self.rounded_to) if self.rounded_to else self.W.weight

    def product(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Weights [size, inputs] times x [T, B, inputs], delayed if the layer has delays."""
        return self.delay_layer(x, weight) if self.delay_layer is not None else functional.linear(x, weight)

    def normed(self, x: torch.Tensor) -> torch.Tensor:
        """I of x [T, B, inputs] in float32 with running statistics."""
        norm, z = self.norm, self.product(x, self.weight())
        return (z - norm.running_mean) * torch.rsqrt(norm.running_var + norm.eps) * norm.weight + norm.bias


class Spiking(Layer):
    """A layer of spiking neurons. Training runs scan.c in bfloat16, evaluation the plain loop in float32."""

    kind = ""

    def parameters_in_equations(self) -> tuple[torch.Tensor, ...]:
        raise NotImplementedError

    def forward(self, x: torch.Tensor, dropout: float, input_scale: float) -> torch.Tensor:
        if not self.training:
            return getattr(reference, self.kind)(self.normed(x), *self.parameters_in_equations())
        z = self.product(x, (self.weight() * input_scale).bfloat16())
        seed = int(torch.randint(2**31, ()))
        spikes, mean, variance = scan.for_device(z.device).apply(
            self.kind, z, self.norm.weight, self.norm.bias, dropout, seed, self.fixed_statistics(),
            *self.parameters_in_equations(),
        )  # fmt: skip
        with torch.no_grad():
            self.update_statistics(mean, variance, z.shape[0] * z.shape[1])
        return spikes


class SiLIF(Spiking):
    kind = "silif"

    def __init__(self, inputs: int, size: int, delay: dict | None = None):
        super().__init__(inputs, size, delay)
        self.dt = nn.Parameter(torch.full((size,), math.log(DT_S)))
        self.alpha = nn.Parameter(torch.empty(size).uniform_(math.log(10), math.log(250)))
        self.beta = nn.Parameter(torch.empty(size).uniform_(math.log(2.5), math.log(10)))
        self.a = nn.Parameter(torch.rand(size))
        self.b = nn.Parameter(torch.rand(size) * 2)

    def parameters_in_equations(self) -> tuple[torch.Tensor, ...]:
        """al, be, a, b."""
        dt = self.dt.exp()
        al, be = (torch.exp(-p.exp() * dt) for p in (self.alpha, self.beta))
        return al, be, self.a.clamp(0, 1), self.b.clamp(0, 2)


class CSiLIF(Spiking):
    kind = "csilif"

    def __init__(self, inputs: int, size: int, delay: dict | None = None):
        super().__init__(inputs, size, delay)
        self.log_dt = nn.Parameter(torch.empty(size).uniform_(math.log(0.01), math.log(0.5)))
        self.log_log_alpha = nn.Parameter(torch.full((size,), math.log(0.5)))
        self.alpha_img = nn.Parameter(torch.full((size,), math.pi))
        self.b = nn.Parameter(torch.rand(size))

    def parameters_in_equations(self) -> tuple[torch.Tensor, ...]:
        """Re A, Im A, b."""
        dt = self.log_dt.exp()
        size = torch.exp(-self.log_log_alpha.exp() * dt)
        return size * torch.cos(self.alpha_img * dt), size * torch.sin(self.alpha_img * dt), self.b


class Readout(Layer):
    """Leaky integrators without spikes."""

    def __init__(self, inputs: int, size: int, delay: dict | None = None):
        super().__init__(inputs, size, delay)
        self.alpha = nn.Parameter(torch.empty(size).uniform_(*READOUT_DECAY))

    def forward(self, x: torch.Tensor, input_scale: float) -> torch.Tensor:
        al = self.alpha.clamp(*READOUT_DECAY)
        if not self.training:
            return reference.readout(self.normed(x), al)
        z = self.product(x, (self.weight() * input_scale).bfloat16()).float()
        mean, variance = self.fixed_statistics() or (z.mean((0, 1)), z.var((0, 1), correction=0))
        with torch.no_grad():
            self.update_statistics(mean, variance, z.shape[0] * z.shape[1])
        return self.integrated(z, (mean, variance))

    def integrated(self, z: torch.Tensor, statistics: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Potentials of products z [T, B, classes] with given mean and variance, differentiable."""
        mean, variance = statistics
        current = (z - mean) * torch.rsqrt(variance + self.norm.eps) * self.norm.weight + self.norm.bias
        return scan.readout(current, self.alpha.clamp(*READOUT_DECAY))


KINDS = {"silif": SiLIF, "csilif": CSiLIF}


class Network(nn.Module):
    """Features [T, B, inputs] -> readout potentials [T, B, classes]."""

    def __init__(
        self, kind: str, inputs: int, hidden: list[int], classes: int, dropout: float = 0.0, delay: dict | None = None
    ):
        """delay: the recipe's [delay]; None for a network without delays."""
        super().__init__()
        self.kind, self.hidden, self.dropout = kind, list(hidden), dropout
        self.bits = 0  # of a weight; 0 for a float network
        self.input_norm = InputNorm(inputs)
        classes_of_layers = [*[KINDS[kind]] * len(hidden), Readout]
        shapes = itertools.pairwise([inputs, *hidden, classes])
        settings = [delay if delay and index in delay["layers"] else None for index in range(len(hidden) + 1)]
        layers = zip(classes_of_layers, shapes, settings, strict=True)
        self.snn = nn.ModuleList(of(*shape, setting) for of, shape, setting in layers)

    @torch.no_grad()
    def start(self, norm_weight: float, norm_bias: float, dt: list[float]) -> None:
        """Initial values other than the authors', of all spiking layers; dt: range for C-SiLIF, if given.

        With the authors' values 60 % of the SiLIF neurons are silent at first, and C-SiLIF neurons remember and turn
        too slowly for steps of 10 ms; both learn in the end, but take longer.
        """
        for layer in self.snn[:-1]:
            layer.norm.weight.fill_(norm_weight)
            layer.norm.bias.fill_(norm_bias)
            if dt and isinstance(layer, CSiLIF):
                layer.log_dt.uniform_(*(math.log(x) for x in dt))

    def norms(self) -> list[nn.BatchNorm1d]:
        """Every batch normalisation, in the order of computation."""
        return [layer.norm for layer in self.snn]

    def slow_parameters(self) -> list[nn.Parameter]:
        """Those that want a lower rate and no decay: none."""
        return []

    def freeze(self, frozen: bool) -> None:
        """Train with fixed normalisation from here on, or with each batch's own statistics again."""
        for layer in self.snn:
            layer.frozen = frozen

    def round_weights(self, bits: int) -> None:
        """Compute with weights rounded to so many bits from here on, which gradients pass straight through; 0: as they
        are. Without delays alone."""
        for index, layer in enumerate(self.snn):
            within_row = self.input_norm.std if index == 0 else torch.ones((), device=self.input_norm.std.device)
            layer.rounded_to = (bits, within_row) if bits else None

    def quantize(self, bits: int) -> None:
        """Compute as the engine does from here on, with weights of so many bits and frozen normalisation."""
        self.freeze(True)
        if not self.bits:
            self.bits = bits
            quantize.start(self, bits)

    def result(self) -> dict[str, torch.Tensor]:
        """The state dict to be exported."""
        return quantize.state(self) if self.bits else self.state_dict()

    def load_result(self, state: dict[str, torch.Tensor]) -> None:
        """A state dict that `result` made, as a float network."""
        self.load_state_dict({key: value for key, value in state.items() if not key.endswith(".W.scale")})

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.run(self.input_norm(features.to(self.input_norm.mean.device)))

    def run(self, x: torch.Tensor) -> torch.Tensor:
        """The same from normalised features."""
        if self.snn[0].delay_layer is not None:
            self.snn[0].delay_layer.before = self.input_norm(torch.zeros_like(self.input_norm.mean))
        if self.bits:
            return quantize.run(self, x)
        x = x.bfloat16() if self.training else x
        scale = 1.0
        for layer in self.snn[:-1]:
            x = layer(x, self.dropout, scale)
            scale = 1.0 / (1.0 - self.dropout) if self.training else 1.0
        return self.snn[-1](x, scale)


def scores(potentials: torch.Tensor) -> torch.Tensor:
    """Mean over time of the softmax: [T, B, classes] -> [B, classes], probabilities."""
    # Over the first dimension it runs along the steps, several times faster than over ten classes side by side.
    return potentials.permute(2, 0, 1).softmax(0).mean(1).t()
