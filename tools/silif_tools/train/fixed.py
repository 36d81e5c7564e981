"""Layers that compute in the engine's integers, with straight-through gradients: fixed.c forward, scan.c backward.

What rounding and saturation did is taken as it is; gradients pass as though neither had happened. The states that the
backward pass sees are the rounded ones.
"""

import ctypes

import torch

from silif_tools.train import scan
from silif_tools.train.kernels import call, sizes


def byte_sums(x: torch.Tensor, integers: torch.Tensor) -> torch.Tensor:
    """Exact sums, int32 [T, B, H], of integer weights [H, inputs] in ±127 over x [T, B, inputs], integers in ±127."""
    sums = torch._int_mm(x.flatten(0, 1).to(torch.int8), integers.to(torch.int8).T.contiguous())
    return sums.unflatten(0, x.shape[:2])


def frame_sums(frames: torch.Tensor, integers: torch.Tensor) -> torch.Tensor:
    """The same over int32 frames in ±32512, as two products of bytes: x = 256 · high + low."""
    high = (frames + 128) >> 8
    return byte_sums(high, integers) * 256 + byte_sums(frames - (high << 8), integers)


def run_scan(
    kind: str, sums: torch.Tensor, table: torch.Tensor, dropout: float = 0.0, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes bfloat16 [T, B, H], 0 or 1, and states float32 [2, T, B, H] of sums int32 [T, B, H].

    kind: "silif" or "csilif"; table int64 [rows, H]: see fixed.c.
    """
    if sums.shape[2] > 2048 or sums.numel() >= 2**32:
        raise ValueError("fixed.c: at most 2048 neurons, 2^32 elements")
    states = torch.empty(2, *sums.shape)
    spikes = torch.empty(sums.shape, dtype=torch.bfloat16)
    call(f"{kind}_fixed", sums.contiguous(), table, *sizes(sums), states[0], states[1], spikes,
         ctypes.c_uint32(seed), _threshold(dropout), torch.get_num_threads())  # fmt: skip
    return spikes, states


def run_readout(sums: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Potentials float32 [T, B, classes] of sums int32 [T, B, classes]."""
    potentials = torch.empty(sums.shape)
    call("readout_fixed", sums.contiguous(), table, *sizes(sums), potentials)
    return potentials


def _threshold(dropout: float) -> ctypes.c_uint32:
    return ctypes.c_uint32(int(dropout * 2**32))


class FixedScan(torch.autograd.Function):
    """run_scan with the gradients of scan.NormedScan with frozen statistics.

    z bfloat16 [T, B, H] is what the sums stand for, W x: the forward pass does not look at it, gradients go there.
    statistics: mean and variance [H]; gamma, beta and parameters as in NormedScan, and what the table was made of.
    """

    @staticmethod
    def forward(ctx, kind: str, z, sums, table, dropout: float, seed: int, statistics, gamma, beta, *parameters):
        spikes, states = run_scan(kind, sums, table, dropout, seed)
        mean, variance = statistics
        inv = torch.rsqrt(variance + scan.EPSILON)
        scale = gamma.detach() * inv
        shift = beta.detach() - mean * scale
        parameters = [p.detach().contiguous() for p in parameters]
        ctx.save_for_backward(z.contiguous(), states, scale, shift, mean, inv, *parameters)
        ctx.kind, ctx.seed, ctx.dropout = kind, seed, dropout
        return spikes

    @staticmethod
    def backward(ctx, g_spikes):
        z, states, scale, shift, mean, inv, *parameters = ctx.saved_tensors
        g_z, g_gamma, g_beta, g_parameters = scan.gradients(
            ctx.kind, g_spikes, z, states, scale, shift, mean, inv, parameters, ctx.seed, _threshold(ctx.dropout), True
        )
        return None, g_z, None, None, None, None, None, g_gamma, g_beta, *g_parameters
