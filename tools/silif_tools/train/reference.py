"""The neuron recurrences as plain torch loops: what scan.c must compute, and what evaluation uses (DESIGN section 3).

Inputs I are [T, B, H]; every state starts at zero; gradients of the spikes are the authors' boxcar.
"""

import torch


class Spike(torch.autograd.Function):
    """x > 0, with the gradient of a ramp from -0.5 to 0.5."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad * ((x > -0.5) & (x <= 0.5))


def reset_share(al, be, a, b) -> torch.Tensor:
    """How much of the gradient through a SiLIF neuron's reset [H] is kept, 1 or less.

    While u stays within the boxcar, a step's derivative is the matrix of w' = be w + a u + c b s, u' = al (u - c s) +
    (1 - al)(I - w') with ds/du = 1. With c = 1 it has the eigenvalue be - (1 - al)(a + b): below -1 where al is small,
    and the gradient of a sequence grows without end (1.6 times a step in trained networks). The largest c that keeps it
    at -1 is where 1 + trace + determinant = 0, the determinant being al be (1 - c). The authors' initial values stay
    above -0.93.
    """
    both = (1 + be) * (1 + al)
    return ((both - (1 - al) * a) / (al * (1 + be) + (1 - al) * b + 1e-12)).detach().clamp(0, 1)


def silif(inputs: torch.Tensor, al, be, a, b) -> torch.Tensor:
    """Spikes [T, B, H] of SiLIF neurons; parameters [H] as they enter the equations."""
    u = w = s = torch.zeros_like(inputs[0])
    spikes, share = [], reset_share(al, be, a, b)
    for i in inputs:
        reset = share * s + (1 - share) * s.detach()
        w = be * w + a * u + b * reset
        u = al * (u - reset) + (1 - al) * (i - w)
        s = Spike.apply(u - 1)
        spikes.append(s)
    return torch.stack(spikes)


def csilif(inputs: torch.Tensor, are, aim, b) -> torch.Tensor:
    """Spikes [T, B, H] of C-SiLIF neurons; are + i aim is the decay A."""
    re = im = s = torch.zeros_like(inputs[0])
    spikes = []
    for i in inputs:
        v = re - 0.5 * s
        re, im = are * v - aim * im + b * i, are * im + aim * v
        s = Spike.apply(2 * re - 1)
        spikes.append(s)
    return torch.stack(spikes)


def readout(inputs: torch.Tensor, al) -> torch.Tensor:
    """Leaky integrators [T, B, H], the network's output before the softmax."""
    u = torch.zeros_like(inputs[0])
    states = []
    for i in inputs:
        u = al * u + (1 - al) * i
        states.append(u)
    return torch.stack(states)
