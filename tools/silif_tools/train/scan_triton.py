"""scan.c for a GPU: the same recurrences, dropout and sums as Triton kernels, a program for some neurons of some clips.

What is not a recurrence (statistics, the gradient through them) is plain torch. Needs the package triton, which comes
with PyTorch for CUDA; with TRITON_INTERPRET=1 the kernels run on the processor, slowly, for the tests.

Twins: tools/silif_tools/train/scan.c
"""

import torch
import triton
import triton.language as tl

from silif_tools.train.reference import reset_share
from silif_tools.train.scan import EPSILON

BLOCK = 128  # neurons of a program


@triton.jit
def _kept(at, seed, drop_below):
    """Whether an element is kept: the hash of kernels.h of its index and the seed."""
    x = at.to(tl.uint32) + seed.to(tl.uint32)
    x = x ^ (x >> 16)
    x = x * 0x7FEB352D
    x = x ^ (x >> 15)
    x = x * 0x846CA68B
    x = x ^ (x >> 16)
    return x >= drop_below.to(tl.uint32)


@triton.jit
def _silif_forward(z, scale, shift, al, be, a, b, u_out, w_out, s_out, T, N, H, seed, drop_below, BLOCK: tl.constexpr):
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = n < N
    j = n % H
    al, be, a, b = (tl.load(al + j), tl.load(be + j), tl.load(a + j), tl.load(b + j))
    scale, shift = tl.load(scale + j), tl.load(shift + j)
    u = tl.zeros([BLOCK], tl.float32)
    w = tl.zeros([BLOCK], tl.float32)
    for t in range(T):
        at = t * N + n
        spike = tl.where(u > 1.0, 1.0, 0.0)
        current = tl.load(z + at, inside, 0.0).to(tl.float32) * scale + shift
        w = be * w + a * u + b * spike
        u = al * (u - spike) + (1.0 - al) * (current - w)
        tl.store(u_out + at, u, inside)
        tl.store(w_out + at, w, inside)
        out = (u > 1.0) & _kept(at, seed, drop_below)
        tl.store(s_out + at, tl.where(out, 1.0, 0.0).to(tl.bfloat16), inside)


@triton.jit
def _silif_backward(
    gs, z, u_in, w_in, gi, scale, shift, al, be, a, b, share, mean, inv, sums, T, N, H, seed, drop_below,
    BLOCK: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = n < N
    j = n % H
    al, be, a, b = (tl.load(al + j), tl.load(be + j), tl.load(a + j), tl.load(b + j))
    scale, shift, share = tl.load(scale + j), tl.load(shift + j), tl.load(share + j)
    mean, inv = tl.load(mean + j), tl.load(inv + j)
    gu = tl.zeros([BLOCK], tl.float32)  # dL/d{u, w, s} of the step before
    gw = tl.zeros([BLOCK], tl.float32)
    gc = tl.zeros([BLOCK], tl.float32)
    p_al = tl.zeros([BLOCK], tl.float32)
    p_be = tl.zeros([BLOCK], tl.float32)
    p_a = tl.zeros([BLOCK], tl.float32)
    p_b = tl.zeros([BLOCK], tl.float32)
    sum_g = tl.zeros([BLOCK], tl.float32)
    sum_gx = tl.zeros([BLOCK], tl.float32)
    for back in range(T):
        t = T - 1 - back
        at = t * N + n
        later = inside & (at >= N)
        u, w = tl.load(u_in + at, inside, 0.0), tl.load(w_in + at, inside, 0.0)
        up, wp = tl.load(u_in + at - N, later, 0.0), tl.load(w_in + at - N, later, 0.0)
        x = tl.load(z + at, inside, 0.0).to(tl.float32)
        g_spike = tl.load(gs + at, inside, 0.0).to(tl.float32)
        g_spike = tl.where(_kept(at, seed, drop_below), g_spike, 0.0)
        box = tl.where((u - 1.0 > -0.5) & (u - 1.0 <= 0.5), 1.0, 0.0)
        spike = tl.where(up > 1.0, 1.0, 0.0)
        g = gu + (g_spike + gc) * box
        i = g * (1.0 - al)
        h = gw - i
        p_al += g * ((up - spike) - (x * scale + shift - w))
        p_be += h * wp
        p_a += h * up
        p_b += h * spike
        sum_g += i
        sum_gx += i * (x - mean) * inv
        gu = g * al + h * a
        gc = share * (h * b - g * al)
        gw = h * be
        tl.store(gi + at, i, inside)
    tl.store(sums + n, p_al, inside)
    tl.store(sums + N + n, p_be, inside)
    tl.store(sums + 2 * N + n, p_a, inside)
    tl.store(sums + 3 * N + n, p_b, inside)
    tl.store(sums + 4 * N + n, sum_g, inside)
    tl.store(sums + 5 * N + n, sum_gx, inside)


@triton.jit
def _csilif_forward(
    z, scale, shift, are, aim, b, re_out, im_out, s_out, T, N, H, seed, drop_below, BLOCK: tl.constexpr
):
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = n < N
    j = n % H
    are, aim, b = tl.load(are + j), tl.load(aim + j), tl.load(b + j)
    scale, shift = tl.load(scale + j), tl.load(shift + j)
    re = tl.zeros([BLOCK], tl.float32)
    im = tl.zeros([BLOCK], tl.float32)
    for t in range(T):
        at = t * N + n
        v = re - tl.where(2.0 * re > 1.0, 0.5, 0.0)
        current = tl.load(z + at, inside, 0.0).to(tl.float32) * scale + shift
        re = are * v - aim * im + b * current
        im = are * im + aim * v
        tl.store(re_out + at, re, inside)
        tl.store(im_out + at, im, inside)
        out = (2.0 * re > 1.0) & _kept(at, seed, drop_below)
        tl.store(s_out + at, tl.where(out, 1.0, 0.0).to(tl.bfloat16), inside)


@triton.jit
def _csilif_backward(
    gs, z, re_in, im_in, gi, scale, shift, are, aim, b, mean, inv, sums, T, N, H, seed, drop_below, BLOCK: tl.constexpr
):
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = n < N
    j = n % H
    are, aim, b = tl.load(are + j), tl.load(aim + j), tl.load(b + j)
    scale, shift = tl.load(scale + j), tl.load(shift + j)
    mean, inv = tl.load(mean + j), tl.load(inv + j)
    g_re = tl.zeros([BLOCK], tl.float32)  # dL/d{Re u, Im u, s} of the step before
    g_im = tl.zeros([BLOCK], tl.float32)
    gc = tl.zeros([BLOCK], tl.float32)
    p_are = tl.zeros([BLOCK], tl.float32)
    p_aim = tl.zeros([BLOCK], tl.float32)
    p_b = tl.zeros([BLOCK], tl.float32)
    sum_g = tl.zeros([BLOCK], tl.float32)
    sum_gx = tl.zeros([BLOCK], tl.float32)
    for back in range(T):
        t = T - 1 - back
        at = t * N + n
        later = inside & (at >= N)
        re = tl.load(re_in + at, inside, 0.0)
        rp, ip = tl.load(re_in + at - N, later, 0.0), tl.load(im_in + at - N, later, 0.0)
        x = tl.load(z + at, inside, 0.0).to(tl.float32)
        g_spike = tl.load(gs + at, inside, 0.0).to(tl.float32)
        g_spike = tl.where(_kept(at, seed, drop_below), g_spike, 0.0)
        d = 2.0 * re - 1.0
        box = tl.where((d > -0.5) & (d <= 0.5), 2.0, 0.0)
        v = rp - tl.where(2.0 * rp > 1.0, 0.5, 0.0)
        r = g_re + (g_spike + gc) * box
        i = r * b
        p_are += r * v + g_im * ip
        p_aim += g_im * v - r * ip
        p_b += r * (x * scale + shift)
        sum_g += i
        sum_gx += i * (x - mean) * inv
        g_v = r * are + g_im * aim
        g_im = g_im * are - r * aim
        g_re = g_v
        gc = -0.5 * g_v
        tl.store(gi + at, i, inside)
    tl.store(sums + n, p_are, inside)
    tl.store(sums + N + n, p_aim, inside)
    tl.store(sums + 2 * N + n, p_b, inside)
    tl.store(sums + 3 * N + n, sum_g, inside)
    tl.store(sums + 4 * N + n, sum_gx, inside)


KERNELS = {"silif": (_silif_forward, _silif_backward), "csilif": (_csilif_forward, _csilif_backward)}


class NormedScan(torch.autograd.Function):
    """scan.NormedScan on a GPU."""

    @staticmethod
    def forward(ctx, kind: str, z, gamma, beta, dropout: float, seed: int, fixed, *parameters):
        if z.numel() >= 2**31:
            raise ValueError("scan_triton.py: at most 2^31 elements")
        z = z.contiguous()
        parameters = [p.detach().contiguous() for p in parameters]
        steps, size = z.shape[0], z.shape[1] * z.shape[2]
        wide = z.float()
        mean, variance = fixed or (wide.mean((0, 1)), wide.var((0, 1), correction=0))
        inv = torch.rsqrt(variance + EPSILON)
        scale = gamma.detach() * inv
        shift = beta.detach() - mean * scale
        states = torch.empty(2, *z.shape, device=z.device)
        spikes = torch.empty_like(z)
        ctx.extra = [reset_share(*parameters).contiguous()] if kind == "silif" else []
        ctx.run = steps, size, z.shape[2], seed, int(dropout * 2**32)
        grid = (triton.cdiv(size, BLOCK),)
        KERNELS[kind][0][grid](z, scale, shift, *parameters, states[0], states[1], spikes, *ctx.run, BLOCK)
        ctx.save_for_backward(z, states, scale, shift, mean, inv, *parameters)
        ctx.kind, ctx.fixed = kind, bool(fixed)
        ctx.mark_non_differentiable(mean, variance)
        return spikes, mean, variance

    @staticmethod
    def backward(ctx, g_spikes, *_):
        z, states, scale, shift, mean, inv, *parameters = ctx.saved_tensors
        steps, size, neurons, *_ = ctx.run
        sums = torch.zeros(len(parameters) + 2, size, device=z.device)
        g_input = torch.empty(z.shape, device=z.device)
        grid = (triton.cdiv(size, BLOCK),)
        KERNELS[ctx.kind][1][grid](
            g_spikes.contiguous(), z, states[0], states[1], g_input, scale, shift, *parameters, *ctx.extra, mean, inv,
            sums, *ctx.run, BLOCK,
        )  # fmt: skip
        *g_parameters, sum_g, sum_gx = sums.reshape(len(sums), -1, neurons).sum(1).unbind()
        g_z = g_input * scale
        if not ctx.fixed:
            count = steps * (size // neurons)
            g_z -= scale * (sum_g / count + (z.float() - mean) * inv * (sum_gx / count))
        return None, g_z.to(z.dtype), sum_gx, sum_g, None, None, None, *g_parameters
