"""The neurons in plain torch, step by step: what scan.c must compute, and what evaluation uses.

The equations are those of the kinds (`Kind.float_step`); export/float_network.py runs the same ones in NumPy. Inputs I
are [T, B, H]; every state starts at zero; gradients of the spikes are the authors' boxcar.
"""

from collections.abc import Callable

import torch

from silif_tools.kinds import CSILIF, READOUT, SILIF, Kind
from silif_tools.kinds.silif import named


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


def run(kind: Kind, currents: torch.Tensor, coefficients: dict[str, torch.Tensor], reset: Callable | None = None):
    """What the neurons put out, [T, B, H], for their complete input term [T, B, H].

    coefficients [H]: as the kind names them. reset(s): the spikes that the next step gets to see, where their gradient
    must differ from that of the output.
    """
    state, out = kind.float_state(torch.zeros_like(currents[0])), []
    for current in currents:
        state = kind.float_step(coefficients, state, current, Spike.apply)
        out.append(state[-1])
        if reset:
            state = (*state[:-1], reset(state[-1]))
    return torch.stack(out)


def silif(inputs: torch.Tensor, al, be, a, b) -> torch.Tensor:
    """Spikes [T, B, H] of SiLIF neurons; parameters [H] as they enter the equations."""
    share = reset_share(al, be, a, b)
    coefficients = named(al, 1 - al, 1 - be, a, b)
    return run(SILIF, (1 - al) * inputs, coefficients, lambda s: share * s + (1 - share) * s.detach())


def csilif(inputs: torch.Tensor, are, aim, b) -> torch.Tensor:
    """Spikes [T, B, H] of C-SiLIF neurons; are + i aim is the decay A."""
    return run(CSILIF, b * inputs, {"decay": are, "decay_imaginary": aim})


def readout(inputs: torch.Tensor, al) -> torch.Tensor:
    """Leaky integrators [T, B, H], the network's output before the softmax."""
    return run(READOUT, (1 - al) * inputs, {"decay": al})
