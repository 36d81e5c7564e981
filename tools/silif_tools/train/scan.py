"""scan.c in torch: batch normalisation, neuron recurrence and dropout of one layer as a single differentiable step."""

import ctypes

import torch
from torch.nn import functional

from silif_tools.train.kernels import call, sizes

EPSILON = 1e-5  # of the batch normalisation


def moments(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance [H] of bfloat16 z [T, B, H]."""
    mean, variance = torch.empty(2, z.shape[-1]).unbind()
    call("channel_moments", z, ctypes.c_size_t(z.shape[0] * z.shape[1]), ctypes.c_size_t(z.shape[2]), mean, variance)
    return mean, variance


def gradients(
    kind: str,
    g_spikes: torch.Tensor,
    z: torch.Tensor,
    states: torch.Tensor,
    scale: torch.Tensor,
    shift: torch.Tensor,
    mean: torch.Tensor,
    inv: torch.Tensor,
    parameters: list[torch.Tensor],
    seed: int,
    drop: ctypes.c_uint32,
    frozen: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
    """dL/dz bfloat16 [T, B, H], dL/dgamma, dL/dbeta and dL/dparameters [H] of a layer whose forward pass left states
    float32 [2, T, B, H]. frozen: no gradient through the statistics."""
    threads = torch.get_num_threads()
    grads = torch.zeros(len(parameters) + 2, threads, z.shape[2])
    g_input = torch.empty(z.shape)
    g_spikes = g_spikes.contiguous().clone() if drop.value else g_spikes.contiguous()
    call(f"{kind}_backward", g_spikes, z, states[0], states[1], g_input, scale, shift, *parameters, mean, inv,
         *sizes(z), *grads.unbind(), ctypes.c_uint32(seed), drop, threads)  # fmt: skip
    *g_parameters, sum_g, sum_gx = grads.sum(1).unbind()
    g_z = torch.empty_like(z)
    rows, columns = ctypes.c_size_t(z.shape[0] * z.shape[1]), ctypes.c_size_t(z.shape[2])
    through = (torch.zeros_like(sum_g),) * 2 if frozen else (sum_g, sum_gx)
    call("norm_backward", g_input, z, g_z, rows, columns, scale, mean, inv, *through, threads)
    return g_z, sum_gx, sum_g, tuple(g_parameters)


class NormedScan(torch.autograd.Function):
    """(z bfloat16 [T, B, H], gamma, beta, parameters...) -> spikes bfloat16 [T, B, H], mean and variance [H].

    fixed: mean and variance to normalise with, in place of the batch's.
    kind is "silif" (parameters al, be, a, b) or "csilif" (are, aim, b). The spikes are 0 or 1: with dropout p, scale
    what follows by 1 / (1 - p).
    """

    @staticmethod
    def forward(ctx, kind: str, z, gamma, beta, dropout: float, seed: int, fixed, *parameters):
        if z.shape[2] > 2048 or z.numel() >= 2**32:
            raise ValueError("scan.c: at most 2048 neurons, 2^32 elements")
        z = z.contiguous()
        parameters = [p.detach().contiguous() for p in parameters]
        mean, variance = fixed or moments(z)
        inv = torch.rsqrt(variance + EPSILON)
        scale = gamma.detach() * inv
        shift = beta.detach() - mean * scale
        states = torch.empty(2, *z.shape)
        spikes = torch.empty_like(z)
        drop = ctypes.c_uint32(int(dropout * 2**32))
        threads = torch.get_num_threads()
        call(f"{kind}_forward", z, scale, shift, *parameters, *sizes(z), states[0], states[1], spikes,
              ctypes.c_uint32(seed), drop, threads)  # fmt: skip
        ctx.save_for_backward(z, states, scale, shift, mean, inv, *parameters)
        ctx.kind, ctx.seed, ctx.drop, ctx.fixed = kind, seed, drop, bool(fixed)
        ctx.mark_non_differentiable(mean, variance)
        return spikes, mean, variance

    @staticmethod
    def backward(ctx, g_spikes, *_):
        z, states, scale, shift, mean, inv, *parameters = ctx.saved_tensors
        g_z, g_gamma, g_beta, g_parameters = gradients(
            ctx.kind, g_spikes, z, states, scale, shift, mean, inv, parameters, ctx.seed, ctx.drop, ctx.fixed
        )
        return None, g_z, g_gamma, g_beta, None, None, None, *g_parameters


def for_device(device: torch.device) -> type[torch.autograd.Function]:
    """NormedScan for tensors on this device."""
    if device.type == "cpu":
        return NormedScan
    from silif_tools.train import scan_triton  # comes with PyTorch for GPUs alone

    return scan_triton.NormedScan


BLOCK = 50  # steps of the readout that are one product


def readout(inputs: torch.Tensor, al: torch.Tensor) -> torch.Tensor:
    """Leaky integrators [T, B, H]: within blocks of steps as one product with each class's lower-triangular matrix of
    decays [H, BLOCK, BLOCK], from block to block by what the last state decays to."""
    steps, batch, size = inputs.shape
    count = -(-steps // BLOCK)
    x = functional.pad(inputs, (0, 0, 0, 0, 0, count * BLOCK - steps))
    x = x.reshape(count, BLOCK, batch, size).permute(3, 1, 0, 2)  # [H, BLOCK, count, B]
    step = torch.arange(BLOCK, device=inputs.device)
    age = step[:, None] - step[None, :]
    decay = torch.where(age >= 0, al[:, None, None].pow(age.clamp_min(0)), 0.0) * (1 - al)[:, None, None]
    own = torch.bmm(decay, x.reshape(size, BLOCK, count * batch)).reshape(size, BLOCK, count, batch)
    state, before = torch.zeros_like(own[:, 0, 0]), []
    for block in own[:, -1].unbind(1):
        before.append(state)
        state = al[:, None].pow(BLOCK) * state + block
    later = al[:, None].pow(step + 1)[:, :, None, None] * torch.stack(before, 1)[:, None]
    return (own + later).permute(2, 1, 3, 0).reshape(count * BLOCK, batch, size)[:steps]
