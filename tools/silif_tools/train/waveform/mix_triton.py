"""mix.mixed for a GPU: a program for some samples of one sequence.

Twins: tools/silif_tools/train/waveform/mix.py
"""

import torch
import triton
import triton.language as tl

from silif_tools.train.waveform.plan import Plan

BLOCK = 1024


@triton.jit
def _mix(tape, source, speed, at, length, gain, out, N, FIRST, LAST, SLOTS, BLOCK: tl.constexpr):
    b = tl.program_id(1)
    begin = tl.program_id(0) * BLOCK
    t = begin + tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float32)
    for k in range(FIRST, LAST):
        slot = b * SLOTS + k
        first, n = tl.load(at + slot), tl.load(length + slot)
        if (n > 0) & (first < begin + BLOCK) & (first + n > begin):
            i = t - first
            inside = (i >= 0) & (i < n) & (t < N)
            position = i.to(tl.float32) * tl.load(speed + slot)
            whole = tl.floor(position)
            f = position - whole
            index = tape + tl.load(source + slot) + whole.to(tl.int64)
            y0 = tl.load(index - 1, inside, 0).to(tl.float32)
            y1 = tl.load(index, inside, 0).to(tl.float32)
            y2 = tl.load(index + 1, inside, 0).to(tl.float32)
            y3 = tl.load(index + 2, inside, 0).to(tl.float32)
            value = y1 + 0.5 * f * (y2 - y0 + f * (2 * y0 - 5 * y1 + 4 * y2 - y3 + f * (3 * (y1 - y2) + y3 - y0)))
            fade = tl.minimum(tl.minimum(i + 1, n - i).to(tl.float32) / 64, 1.0)
            total += tl.where(inside, tl.load(gain + slot) / 32768 * fade * value, 0.0)
    tl.store(out + b * N + t, total, t < N)


def mixed(tape: torch.Tensor, plan: Plan, slots: slice, length: int) -> torch.Tensor:
    """float32 [B, length]."""
    size, count = plan.source.shape
    out = torch.empty(size, length, device=tape.device)
    first, last, _ = slots.indices(count)
    grid = (triton.cdiv(length, BLOCK), size)
    parts = (plan.source, plan.speed, plan.at, plan.length, plan.gain)
    _mix[grid](tape, *parts, out, length, first, last, count, BLOCK)
    return out
