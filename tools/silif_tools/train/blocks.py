"""Networks of blocks over a residual stream: binary S4D with GLU or GSU mixing, and P-SpikeSSM (docs/NEURONS.md).

Everything inside is laid out [channels, T, batch]: there every stage is a matrix product or elementwise.
"""

import torch
from torch import nn
from torch.nn import functional

from silif_tools.kinds.s4d_gsu import TERNARY_SHARE
from silif_tools.train import block_kernels, scan
from silif_tools.train.network import READOUT_DECAY, InputNorm
from silif_tools.train.state_space import StateSpace

EVALUATION_SEED = 1  # of the samples that an evaluation draws


class Step(torch.autograd.Function):
    """1 where v > 0, else 0; the gradient is that of an arctangent, 1 / (1 + (π·v)²)."""

    @staticmethod
    def forward(ctx, v: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(v)
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx, g: torch.Tensor) -> torch.Tensor:
        (v,) = ctx.saved_tensors
        return g / (1 + (torch.pi * v) ** 2)


def ternary(x: torch.Tensor, dim: tuple[int, ...]) -> torch.Tensor:
    """-1, 0 or 1: the sign where |x| is above TERNARY_SHARE of the largest over `dim`; the gradient goes straight
    through."""
    hard = x.detach()
    threshold = TERNARY_SHARE * hard.abs().amax(dim, keepdim=True)
    return (torch.sign(hard) * (hard.abs() > threshold)) + (x - hard)


class Norm(nn.BatchNorm1d):
    """Batch normalisation of [channels, ...], over everything but the channels."""

    frozen = False  # train with the running statistics as they are

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(1, len(x), -1)
        if self.training and self.frozen:
            found = functional.batch_norm(
                flat, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        else:
            found = super().forward(flat)
        return found.reshape(x.shape)


def linear(layer: nn.Linear, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """[inputs, T, B] -> [outputs, T, B] in float32; the product in `dtype`."""
    out = (layer.weight.to(dtype) @ x.to(dtype).flatten(1)).float().reshape(-1, *x.shape[1:])
    return out if layer.bias is None else out + layer.bias[:, None, None]


def product(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    """[inputs, T, B] -> [outputs, T, B] without bias, in the type of x."""
    return (layer.weight.to(x.dtype) @ x.flatten(1)).unflatten(1, x.shape[1:])


def on_kernels(network: nn.Module, r: torch.Tensor) -> bool:
    """Does blocks.c compute? It trains on the processor."""
    return network.training and r.device.type == "cpu"


class Block(nn.Module):
    """What all blocks have: the normalisation of the stream, the state space. `activity`: the mean rate of what drives
    the mixing in the last training step."""

    def __init__(self, width: int, pairs: int):
        super().__init__()
        self.norm = Norm(width, eps=scan.EPSILON)
        self.ssm = StateSpace(width, pairs)
        self.activity = torch.zeros(())

    def start(self, norm_weight: float, norm_bias: float) -> None:
        """Initial values of the normalisation before what fires."""
        raise NotImplementedError

    def keep(self, x: torch.Tensor, dropout: float) -> torch.Tensor:
        """What dropout multiplies whole channels of a clip with, the same in every step: [H, B]."""
        if not dropout:
            return torch.ones(x.shape[0], x.shape[2], device=x.device)
        return (torch.rand(x.shape[0], x.shape[2], device=x.device) >= dropout) / (1 - dropout)

    def tied(self, x: torch.Tensor, dropout: float) -> torch.Tensor:
        """x [H, T, B] with that dropout."""
        if not self.training or not dropout:
            return x
        return x * self.keep(x, dropout)[:, None].to(x.dtype)

    @property
    def dtype(self) -> torch.dtype:
        """Of the large products."""
        return torch.bfloat16 if self.training else torch.float32


class GLUBlock(Block):
    """r + n·σ(m), (n, m) = out(s), s = pre(S4D(norm(r))) > 0."""

    def __init__(self, width: int, pairs: int):
        super().__init__(width, pairs)
        self.pre = Norm(width, eps=scan.EPSILON)
        self.out = nn.Linear(width, 2 * width)

    def start(self, norm_weight: float, norm_bias: float) -> None:
        nn.init.constant_(self.pre.weight, norm_weight)
        nn.init.constant_(self.pre.bias, norm_bias)

    def forward(self, r: torch.Tensor, dropout: float, sampler: str) -> torch.Tensor:
        if on_kernels(self, r):
            y = self.ssm(block_kernels.normed(r, self.norm))
            s, rate = block_kernels.normed_step(y, self.pre, self.keep(r, dropout))
            self.activity = rate.mean()
            pairs = product(self.out, s)
            return block_kernels.gated(r, pairs, self.out.bias, self.keep(r, dropout))
        y = self.ssm(self.norm(r).to(self.dtype)).float()
        s = Step.apply(self.pre(y))
        self.activity = s.mean()
        n, m = linear(self.out, self.tied(s, dropout), self.dtype).chunk(2)
        return r + self.tied(n * m.sigmoid(), dropout)


class GSUBlock(Block):
    """r + GELU(after(m·n)), m = W·Ter(y) + b, n = Ter(W)·y + c, y = S4D(norm(r)): one W for both."""

    def __init__(self, width: int, pairs: int):
        super().__init__(width, pairs)
        self.W = nn.Linear(width, width)
        self.c = nn.Parameter(torch.zeros(width))
        self.after = Norm(width, eps=scan.EPSILON)

    def start(self, norm_weight: float, norm_bias: float) -> None:
        nn.init.constant_(self.after.weight, norm_weight)
        nn.init.constant_(self.after.bias, norm_bias)

    def forward(self, r: torch.Tensor, dropout: float, sampler: str) -> torch.Tensor:
        y = self.ssm(self.norm(r).to(self.dtype)).float()
        t = ternary(y, (0,))
        self.activity = t.abs().mean()
        m = linear(self.W, self.tied(t, dropout), self.dtype)
        q = ternary(self.W.weight, (0, 1)).to(self.dtype)
        n = (q @ y.to(self.dtype).flatten(1)).float().reshape(y.shape) + self.c[:, None, None]
        return r + self.tied(functional.gelu(self.after(m * n)), dropout)


def sigma_delta(p: torch.Tensor) -> torch.Tensor:
    """p [H, T, B] in 0...1 -> spikes whose running sum stays within a half of that of p: e += p, a spike where
    e >= 1/2, which is taken off e."""
    error, out = torch.zeros_like(p[:, 0]), torch.empty_like(p)
    for step in range(p.shape[1]):
        error = error + p[:, step]
        out[:, step] = (error >= 0.5).to(p.dtype)
        error = error - out[:, step]
    return out


SAMPLERS = ("draws", "shared", "probabilities", "feedback")


def sampled(p: torch.Tensor, sampler: str) -> torch.Tensor:
    """Spikes with probabilities p [H, T, B], by one of SAMPLERS; the gradient is that of p."""
    if sampler == "probabilities":
        return p
    hard = p.detach()
    if sampler == "feedback":
        spikes = sigma_delta(hard)
    else:
        shape = hard.shape if sampler == "draws" else (1, *hard.shape[1:])
        spikes = (torch.rand(shape, device=p.device) < hard).to(p.dtype)
    return spikes + (p - hard)


class PSpikeBlock(Block):
    """r + GELU(out(s2)), s2 ~ out_a·GELU(S4D(s1)) + out_b, s1 ~ norm(r), probabilities clamped to 0...1."""

    def __init__(self, width: int, pairs: int):
        super().__init__(width, pairs)
        self.out_a = nn.Parameter(torch.ones(width))
        self.out_b = nn.Parameter(torch.full((width,), 0.1))
        self.out = nn.Linear(width, width)

    def start(self, norm_weight: float, norm_bias: float) -> None:
        nn.init.constant_(self.norm.weight, norm_weight)
        nn.init.constant_(self.norm.bias, norm_bias)

    def forward(self, r: torch.Tensor, dropout: float, sampler: str) -> torch.Tensor:
        if on_kernels(self, r) and sampler in ("draws", "probabilities"):
            draws = sampler == "draws"
            s1, rate1 = block_kernels.normed_sample(r, self.norm, draws)
            y = self.ssm(s1)
            s2, rate2 = block_kernels.gelu_sample(y, self.out_a, self.out_b, self.keep(r, dropout), draws)
            self.activity = rate2.mean() + rate1.mean()
            return block_kernels.gelu_added(r, product(self.out, s2), self.out.bias, self.keep(r, dropout))
        s1 = sampled(self.norm(r).clamp(0, 1), sampler)
        y = functional.gelu(self.ssm(s1.to(self.dtype)).float())
        p = (self.out_a[:, None, None] * y + self.out_b[:, None, None]).clamp(0, 1)
        s2 = sampled(p, sampler)
        self.activity = s2.mean() + s1.mean()
        return r + self.tied(functional.gelu(linear(self.out, self.tied(s2, dropout), self.dtype)), dropout)


BLOCKS = {"s4d-glu": GLUBlock, "s4d-gsu": GSUBlock, "pspike": PSpikeBlock}


class BlockNetwork(nn.Module):
    """Features [T, B, inputs] -> readout potentials [T, B, classes]: encoder, blocks, readout of the stream."""

    bits = 0  # of a weight; these networks train in float

    def __init__(self, kind: str, inputs: int, width: int, blocks: int, pairs: int, classes: int, dropout: float = 0.0):
        super().__init__()
        self.kind, self.dropout = kind, dropout
        # Of P-SpikeSSM, in training and in evaluation: one of SAMPLERS.
        self.sampler, self.evaluation_sampler = "draws", "draws"
        self.input_norm = InputNorm(inputs)
        self.enc = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(BLOCKS[kind](width, pairs) for _ in range(blocks))
        self.norm = Norm(width, eps=scan.EPSILON)
        self.dec = nn.Linear(width, classes, bias=False)
        self.dec_norm = Norm(classes, eps=scan.EPSILON)
        self.alpha = nn.Parameter(torch.empty(classes).uniform_(*READOUT_DECAY))

    def start(self, norm_weight: float, norm_bias: float, dt: list[float]) -> None:
        """Initial values: of the normalisation before what fires, and the range of the time steps, if given."""
        for block in self.blocks:
            block.start(norm_weight, norm_bias)
            if dt:
                block.ssm.start(dt)

    def norms(self) -> list[nn.BatchNorm1d]:
        """Every batch normalisation, in the order of computation."""
        return [layer for layer in self.modules() if isinstance(layer, Norm)]

    def freeze(self, frozen: bool) -> None:
        """Train with fixed normalisation from here on, or with each batch's own statistics again."""
        for norm in self.norms():
            norm.frozen = frozen

    def slow_parameters(self) -> list[nn.Parameter]:
        """Those of the state spaces, which want a lower rate and no decay."""
        return [parameter for block in self.blocks for parameter in block.ssm.slow_parameters()]

    def matrices(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Every weight matrix that the exporter rounds row by row, with the factors of its columns that stand before it
        and differ within a row."""
        gain = self.norm.weight * torch.rsqrt(self.norm.running_var + self.norm.eps)
        inner = [block.W if isinstance(block, GSUBlock) else block.out for block in self.blocks]
        plain = [(layer.weight, torch.ones(())) for layer in inner]
        return [(self.enc.weight, 1.0 / self.input_norm.std), *plain, (self.dec.weight, gain)]

    def activity(self) -> torch.Tensor:
        """The blocks' mean rate of spikes into the mixing in the last training step, with its gradient."""
        return torch.stack([block.activity for block in self.blocks]).mean()

    def result(self) -> dict[str, torch.Tensor]:
        """The state dict to be exported."""
        return self.state_dict()

    def load_result(self, state: dict[str, torch.Tensor]) -> None:
        """A state dict that `result` made."""
        self.load_state_dict(state)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.run(self.input_norm(features.to(self.input_norm.mean.device)))

    def run(self, x: torch.Tensor) -> torch.Tensor:
        """The same from normalised features."""
        if self.training:
            return self._run(x, self.sampler)
        # Evaluations compare networks and moments: each draws the same numbers. torch.manual_seed would reseed every
        # GPU's generator, which fork_rng would not put back.
        on_gpu = x.device.type == "cuda"
        with torch.random.fork_rng(devices=[x.device] if on_gpu else []):
            generator = torch.cuda.default_generators[x.device.index] if on_gpu else torch.default_generator
            generator.manual_seed(EVALUATION_SEED)
            return self._run(x, self.evaluation_sampler)

    def _run(self, x: torch.Tensor, sampler: str) -> torch.Tensor:
        dtype = torch.bfloat16 if self.training else torch.float32
        r = linear(self.enc, x.permute(2, 0, 1), dtype)
        for block in self.blocks:
            r = block(r, self.dropout, sampler)
        if on_kernels(self, r):
            z = product(self.dec, block_kernels.normed(r, self.norm)).float()
        else:
            z = linear(self.dec, self.norm(r), torch.float32)
        return scan.readout(self.dec_norm(z).permute(1, 2, 0), self.alpha.clamp(*READOUT_DECAY))
