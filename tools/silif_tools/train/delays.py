"""Delays that are learned: one for every presynaptic neuron, for every postsynaptic neuron, or for every weight.

A delay is the position of one tap in a kernel of K taps (dilated convolutions with learnable spacings, Hammouamri et
al., ICLR 2024). While it is learned, the tap is a gaussian around the position P, so that P has a gradient; its width
shrinks from half the kernel to less than a tap. Evaluation uses one tap: P = +K//2 is no delay, P = -K//2 is K - 1
steps, between them d = K//2 - round_half_even(P) (docs/NEURONS.md). Names and shapes in the state dict are those of
AxDenSynDelaySNN (Bouhadjar & Neftci 2026). What lies before the first step is zero, as in the engine.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from silif_tools.train import kernels

NARROWEST = 0.23  # of SIG, where learning ends; the gaussian is wider by WIDER
WIDER = 0.27


class Filter(torch.autograd.Function):
    """(x bfloat16 [T, B, H], taps float32 [K, H]) -> bfloat16 [T, B, H]: y[t] = sum over k of taps[k] x[t - k]."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
        x, taps = x.contiguous(), taps.detach().contiguous()
        ctx.save_for_backward(x, taps)
        y = torch.empty_like(x)
        kernels.call("filter_forward", x, taps, *kernels.sizes(taps)[:1], *kernels.sizes(x), y, torch.get_num_threads())
        return y

    @staticmethod
    def backward(ctx, g: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        x, taps = ctx.saved_tensors
        g, threads, shape = g.contiguous(), torch.get_num_threads(), (*kernels.sizes(taps)[:1], *kernels.sizes(x))
        g_x = g_taps = None
        if ctx.needs_input_grad[0]:
            g_x = torch.empty_like(x)
            kernels.call("filter_backward_input", g, taps, *shape, g_x, threads)
        if ctx.needs_input_grad[1]:
            g_taps = torch.zeros(threads, *taps.shape)
            kernels.call("filter_backward_taps", g, x, *shape, g_taps, threads)
            g_taps = g_taps.sum(0)
        return g_x, g_taps


def shifted(x: torch.Tensor, delays: torch.Tensor) -> torch.Tensor:
    """x [T, B, H], each channel later by its own delay [H] of whole steps; zeros before the first step."""
    longest = int(delays.max())
    padded = torch.cat([x.new_zeros(longest, *x.shape[1:]), x])
    when = torch.arange(len(x))[:, None, None] + (longest - delays)
    return padded.gather(0, when.expand_as(x))


class Delay(nn.Module):
    """The product of a layer's weights with its inputs, delayed. settings: the recipe's [delay].

    P and SIG have the shape of the delays with a one before them. SIG = 0 says that the positions are whole and no
    longer learned.
    """

    def __init__(self, shape: tuple[int, ...], settings: dict):
        super().__init__()
        self.settings = settings
        self.reach = settings["max_delay"] // 2  # K//2
        self.P = nn.Parameter(self.reach - torch.empty(1, *shape).uniform_(0, settings["initial_delay"]))
        self.register_buffer("SIG", torch.full((1, *shape), settings["sigma_from"]))
        # What comes in before the first step [inputs]: zero, or for normalised features what a zero became.
        self.before: torch.Tensor | None = None

    @property
    def settled(self) -> bool:
        """Learning is over."""
        return float(self.SIG.flatten()[0]) == 0.0

    def delays(self) -> torch.Tensor:
        """Steps [...], int64: rounded half to even, then clamped."""
        return (self.reach - torch.round(self.P.detach()).clamp(-self.reach, self.reach)).long().flatten(1)[0]

    def kernel(self) -> torch.Tensor:
        """[K, ...]: what arrives after 0, 1, ... K - 1 steps; sums to one."""
        steps = torch.arange(2 * self.reach + 1).reshape(-1, *(1,) * (self.P.ndim - 1))
        if self.settled or not self.training:
            return (steps == self.reach - torch.round(self.P.detach()).clamp(-self.reach, self.reach)).float()
        bell = torch.exp(-0.5 * ((steps - (self.reach - self.P)) / (self.SIG.abs() + WIDER)) ** 2)
        return bell / (bell.sum(0) + 1e-7)

    def forward(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """x [T, B, inputs], weight [outputs, inputs] -> [T, B, outputs]; both bfloat16 in training."""
        if self.before is None:
            return self.product(x, weight)
        before = self.before.to(x.dtype)
        return self.product(x - before, weight) + functional.linear(before, weight)

    def product(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def exact(self, x: torch.Tensor, weight: torch.Tensor, product: Callable) -> torch.Tensor:
        """product(x, weight), delayed by whole steps, in whatever numbers these are; zeros before the first step."""
        raise NotImplementedError

    @torch.no_grad()
    def settle(self) -> None:
        """Whole positions from here on."""
        self.P.copy_(torch.round(self.P).clamp(-self.reach, self.reach))
        self.SIG.zero_()

    def lines(self, x: torch.Tensor) -> torch.Tensor:
        """x with every channel in its delay line."""
        taps = self.kernel().flatten(1)
        return Filter.apply(x, taps) if self.training else shifted(x, self.delays())

    @torch.no_grad()
    def anneal(self, mean: "Delay", progress: float) -> None:
        """Width for the next step, progress in 0...1 of a round, never wider than it was; from round_from on, whole
        positions for good. mean: the same layer of the averaged network."""
        self.P.clamp_(-self.reach, self.reach)
        if self.settled:
            return
        if progress >= self.settings["round_from"]:
            self.settle()
            mean.P.copy_(self.P)
        else:
            widest, until = self.settings["sigma_from"], self.settings["sigma_until"]
            self.SIG.clamp_(max=widest * (NARROWEST / widest) ** min(1.0, progress / until))


class Axonal(Delay):
    """One delay for every presynaptic neuron."""

    def __init__(self, inputs: int, size: int, settings: dict):
        super().__init__((inputs, 1, 1), settings)
        self.register_buffer("weight", torch.ones(inputs, 1, 1))

    def product(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.lines(x), weight)

    def exact(self, x: torch.Tensor, weight: torch.Tensor, product: Callable) -> torch.Tensor:
        return product(shifted(x, self.delays()), weight)


class Dendritic(Delay):
    """One delay for every postsynaptic neuron."""

    def __init__(self, inputs: int, size: int, settings: dict):
        super().__init__((size, 1, 1), settings)
        self.register_buffer("weight", torch.ones(size, 1, 1))

    def product(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return self.lines(functional.linear(x, weight))

    def exact(self, x: torch.Tensor, weight: torch.Tensor, product: Callable) -> torch.Tensor:
        return shifted(product(x, weight), self.delays())


class Synaptic(Delay):
    """One delay for every weight. The state dict holds the weights as delay_layer.weight [size, inputs, 1]."""

    def __init__(self, inputs: int, size: int, settings: dict):
        super().__init__((size, inputs, 1), settings)

    def product(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return self.exact(x, weight, functional.linear)
        # K products in one: a convolution over time is a product at each frequency.
        taps = self.kernel().squeeze(-1) * weight.float()
        length = 16 * -(-(len(x) + len(taps)) // 16)
        seen, response = torch.fft.rfft(x.float(), length, 0), torch.fft.rfft(taps, length, 0)
        return torch.fft.irfft(seen @ response.transpose(1, 2), length, 0)[: len(x)].bfloat16()

    def exact(self, x: torch.Tensor, weight: torch.Tensor, product: Callable) -> torch.Tensor:
        delays = self.delays().reshape(weight.shape)
        total = None
        for d in delays.unique().tolist():
            part = functional.pad(product(x[: len(x) - d], weight * (delays == d)), (0, 0, 0, 0, min(d, len(x)), 0))
            total = part if total is None else total.add_(part)
        return total


def _to_axden(layer: nn.Module, state: dict, prefix: str, _: dict) -> None:
    """The weights of synaptic delays belong to the delays in the public layout."""
    state[f"{prefix}delay_layer.weight"] = state.pop(f"{prefix}W.weight").unsqueeze(-1)


def _from_axden(layer: nn.Module, state: dict, prefix: str, *_) -> None:
    if f"{prefix}delay_layer.weight" in state:
        state[f"{prefix}W.weight"] = state.pop(f"{prefix}delay_layer.weight").squeeze(-1)


KINDS = {"axonal": Axonal, "dendritic": Dendritic, "synaptic": Synaptic}


def of_layer(layer: nn.Module, inputs: int, size: int, settings: dict) -> Delay:
    """The delays of a layer whose weights are layer.W."""
    made = KINDS[settings["kind"]](inputs, size, settings)
    if isinstance(made, Synaptic):
        layer.register_state_dict_post_hook(_to_axden)
        layer.register_load_state_dict_pre_hook(_from_axden)
    return made


def pairs(network: nn.Module, mean: nn.Module) -> list[tuple[Delay, Delay]]:
    """The delayed layers of a network and of its average."""
    both = zip(network.modules(), mean.modules(), strict=True)
    return [(d, m) for d, m in both if isinstance(d, Delay)]


def positions(network: nn.Module) -> list[tuple[nn.Parameter, float]]:
    """The learned positions, with the factor on their learning rate."""
    return [(m.P, m.settings["rate_factor"]) for m in network.modules() if isinstance(m, Delay)]


def anneal(network: nn.Module, mean: nn.Module, progress: float) -> None:
    """To be called before every step of training."""
    for layer, averaged in pairs(network, mean):
        layer.anneal(averaged, progress)


def use_rounded(network: nn.Module) -> None:
    """One tap in every layer until the next network.train(): for statistics of what evaluation computes."""
    for layer in network.modules():
        if isinstance(layer, Delay):
            layer.eval()
