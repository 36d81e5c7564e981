"""blocks.c in torch: what the networks of blocks do between matrix products, on the processor, in training.

Each function's forward and backward pass is one pass over a channel. blocks.py and state_space.py hold the same in
plain torch: what a GPU and evaluations use, and what the tests compare with. Arrays are [H, T, B]; the stream is
float32, all else bfloat16. `norm`: a blocks.Norm; its statistics are the batch's, or the running ones where it is
frozen. keep: [H, B], the factor of a channel in each clip.
"""

import ctypes

import torch
from torch import nn

from silif_tools.train.kernels import call, sizes


def _threads() -> int:
    return torch.get_num_threads()


def _rows(x: torch.Tensor) -> tuple[ctypes.c_size_t, ctypes.c_size_t]:
    """Channels, and elements of one."""
    return ctypes.c_size_t(len(x)), ctypes.c_size_t(x[0].numel())


def _statistics(norm: nn.BatchNorm1d, size: int) -> tuple[bool, torch.Tensor, torch.Tensor]:
    """Fixed?, mean and variance [H], to be filled in where they are not."""
    if norm.frozen:
        return True, norm.running_mean, norm.running_var
    return False, torch.empty(size), torch.empty(size)


@torch.no_grad()
def _track(norm: nn.BatchNorm1d, fixed: bool, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
    """Running statistics as nn.BatchNorm1d keeps them (momentum None: the plain average)."""
    if fixed:
        return
    norm.num_batches_tracked += 1
    rate = norm.momentum if norm.momentum is not None else 1.0 / float(norm.num_batches_tracked)
    norm.running_mean.lerp_(mean, rate)
    norm.running_var.lerp_(variance * (count / (count - 1)), rate)


class _Normed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, fixed, mean, variance):
        x, gamma, beta = (v.detach().contiguous() for v in (x, gamma, beta))
        out = torch.empty(x.shape, dtype=torch.bfloat16)
        call("row_norm", x, *_rows(x), gamma, beta, int(fixed), mean, variance, out, _threads())
        ctx.save_for_backward(x, gamma, beta, mean, variance)
        ctx.fixed = fixed
        return out

    @staticmethod
    def backward(ctx, g):
        x, gamma, beta, mean, variance = ctx.saved_tensors
        g_x, g_gamma, g_beta = torch.empty_like(x), torch.empty_like(gamma), torch.empty_like(beta)
        call("row_norm_backward", g.contiguous(), x, *_rows(x), gamma, beta, int(ctx.fixed), mean, variance,
             g_x, g_gamma, g_beta, _threads())  # fmt: skip
        return g_x, g_gamma, g_beta, None, None, None


def normed(x: torch.Tensor, norm: nn.BatchNorm1d) -> torch.Tensor:
    """norm(x) of a stream."""
    statistics = _statistics(norm, len(x))
    out = _Normed.apply(x, norm.weight, norm.bias, *statistics)
    _track(norm, *statistics, x[0].numel())
    return out


class _NormedStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y, gamma, beta, fixed, mean, variance, keep):
        y, gamma, beta = (v.detach().contiguous() for v in (y, gamma, beta))
        out, rate = torch.empty_like(y), torch.empty(len(y))
        call("norm_step", y, *sizes(y), gamma, beta, int(fixed), mean, variance, keep, out, rate, _threads())
        ctx.save_for_backward(y, gamma, beta, mean, variance, keep)
        ctx.fixed = fixed
        return out, rate

    @staticmethod
    def backward(ctx, g, g_rate):
        y, gamma, beta, mean, variance, keep = ctx.saved_tensors
        g_y, g_gamma, g_beta = torch.empty_like(y), torch.empty_like(gamma), torch.empty_like(beta)
        call("norm_step_backward", g.contiguous(), y, *sizes(y), gamma, beta, int(ctx.fixed), mean, variance, keep,
             g_rate.contiguous(), g_y, g_gamma, g_beta, _threads())  # fmt: skip
        return g_y, g_gamma, g_beta, None, None, None, None


def normed_step(y: torch.Tensor, norm: nn.BatchNorm1d, keep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes where norm(y) > 0, times keep; and each channel's rate [H] before that. The gradient of a spike is that
    of an arctangent."""
    statistics = _statistics(norm, len(y))
    spikes, rate = _NormedStep.apply(y, norm.weight, norm.bias, *statistics, keep)
    _track(norm, *statistics, y[0].numel())
    return spikes, rate


class _NormedSample(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, fixed, mean, variance, seed, draws):
        x, gamma, beta = (v.detach().contiguous() for v in (x, gamma, beta))
        out, rate = torch.empty(x.shape, dtype=torch.bfloat16), torch.empty(len(x))
        call("norm_sample", x, *_rows(x), gamma, beta, int(fixed), mean, variance, ctypes.c_uint32(seed), int(draws),
             out, rate, _threads())  # fmt: skip
        ctx.save_for_backward(x, gamma, beta, mean, variance)
        ctx.fixed = fixed
        return out, rate

    @staticmethod
    def backward(ctx, g, g_rate):
        x, gamma, beta, mean, variance = ctx.saved_tensors
        g_x, g_gamma, g_beta = torch.empty_like(x), torch.empty_like(gamma), torch.empty_like(beta)
        call("norm_sample_backward", g.contiguous(), x, *_rows(x), gamma, beta, int(ctx.fixed), mean, variance,
             g_rate.contiguous(), g_x, g_gamma, g_beta, _threads())  # fmt: skip
        return g_x, g_gamma, g_beta, None, None, None, None, None


def normed_sample(x: torch.Tensor, norm: nn.BatchNorm1d, draws: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """norm(x) of a stream, limited to 0...1, or spikes with those probabilities; and each channel's rate [H]."""
    statistics = _statistics(norm, len(x))
    spikes, rate = _NormedSample.apply(x, norm.weight, norm.bias, *statistics, _seed(), draws)
    _track(norm, *statistics, x[0].numel())
    return spikes, rate


class _GeluSample(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y, a, b, keep, seed, draws):
        y, a, b = (v.detach().contiguous() for v in (y, a, b))
        out, rate = torch.empty_like(y), torch.empty(len(y))
        call("gelu_sample", y, *sizes(y), a, b, keep, ctypes.c_uint32(seed), int(draws), out, rate, _threads())
        ctx.save_for_backward(y, a, b, keep)
        return out, rate

    @staticmethod
    def backward(ctx, g, g_rate):
        y, a, b, keep = ctx.saved_tensors
        g_y, g_a, g_b = torch.empty_like(y), torch.empty_like(a), torch.empty_like(b)
        call("gelu_sample_backward", g.contiguous(), y, *sizes(y), a, b, keep, g_rate.contiguous(), g_y, g_a, g_b,
             _threads())  # fmt: skip
        return g_y, g_a, g_b, None, None, None


def gelu_sample(
    y: torch.Tensor, a: torch.Tensor, b: torch.Tensor, keep: torch.Tensor, draws: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """a·GELU(y) + b, a and b [H], limited to 0...1, or spikes with those probabilities, times keep; and each channel's
    rate [H] before that."""
    return _GeluSample.apply(y, a, b, keep, _seed(), draws)


def _seed() -> int:
    return int(torch.randint(2**31, ()))


class _Added(torch.autograd.Function):
    """r + keep times something of values and bias, by two functions of blocks.c."""

    @staticmethod
    def forward(ctx, name, r, values, bias, keep):
        r, values, bias = (v.detach().contiguous() for v in (r, values, bias))
        out = torch.empty_like(r)
        call(name, r, values, bias, keep, *sizes(r), out, _threads())
        ctx.save_for_backward(values, bias, keep)
        ctx.name, ctx.sizes = name, sizes(r)
        return out

    @staticmethod
    def backward(ctx, g):
        values, bias, keep = ctx.saved_tensors
        g_values, g_bias = torch.empty_like(values), torch.empty_like(bias)
        call(f"{ctx.name}_backward", g.contiguous(), values, bias, keep, *ctx.sizes, g_values, g_bias, _threads())
        return None, g, g_values, g_bias, None


def gated(r: torch.Tensor, pairs: torch.Tensor, bias: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """r + keep·n·σ(m); n and m, each [H, T, B], are the halves of pairs + bias."""
    return _Added.apply("gate", r, pairs, bias, keep)


def gelu_added(r: torch.Tensor, z: torch.Tensor, bias: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """r + keep·GELU(z + bias)"""
    return _Added.apply("gelu_add", r, z, bias, keep)


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx, decay, c, d, x):
        decay, c, d, x = (v.detach().contiguous() for v in (decay, c, d, x))
        y = torch.empty_like(x)
        call("recurrence", x, *sizes(x), ctypes.c_size_t(decay.shape[1]), decay, c, d, y, _threads())
        ctx.save_for_backward(decay, c, d, x)
        return y

    @staticmethod
    def backward(ctx, g):
        decay, c, d, x = ctx.saved_tensors
        g_decay, g_c, g_d, g_x = (torch.empty_like(v) for v in (decay, c, d, x))
        call("recurrence_backward", g.contiguous(), x, *sizes(x), ctypes.c_size_t(decay.shape[1]), decay, c, d, g_x,
             g_decay, g_c, g_d, _threads())  # fmt: skip
        return g_decay, g_c, g_d, g_x


def recurrence(decay: torch.Tensor, c: torch.Tensor, d: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """y = Re Σ c·u + d·x, u = decay·u + x step by step: decay, c complex [H, N], d [H], x [H, T, B]."""
    return _Recurrence.apply(torch.view_as_real(decay), torch.view_as_real(c), d, x)
