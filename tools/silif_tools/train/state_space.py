"""The diagonal state space (S4D) of one layer, as the block networks train it (docs/NEURONS.md).

The parameters bear the names of the S4D code base (state-spaces/s4, models/s4/s4d.py), so that its layers can be read.
"""

import math

import torch
from torch import nn
from torch.nn import functional


class CausalProduct(torch.autograd.Function):
    """(kernel [H, T], x [H, T, B]) -> y[h, t] = Σ_d kernel[h, d]·x[h, t - d], as products with Toeplitz matrices.

    In the type of x: for T = 168 in bfloat16 a fifth of what an FFT takes.
    """

    @staticmethod
    def forward(ctx, kernel: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        matrix = toeplitz(kernel.to(x.dtype))
        ctx.save_for_backward(matrix, x)
        return torch.bmm(matrix, x)

    @staticmethod
    def backward(ctx, g: torch.Tensor):
        matrix, x = ctx.saved_tensors
        g = g.to(x.dtype)
        steps = x.shape[1]
        # Entry (i, j) of g·xᵀ belongs to d = i - j. With j reversed and rows one element shorter than they are padded
        # to, equal d lie in one column.
        pairs = torch.bmm(g, x.flip(1).transpose(1, 2))
        skewed = functional.pad(pairs, (0, steps)).flatten(1)[:, : steps * (2 * steps - 1)]
        g_kernel = skewed.reshape(-1, steps, 2 * steps - 1).float().sum(1)[:, steps - 1 :]
        return g_kernel, torch.bmm(matrix.transpose(1, 2), g)


def toeplitz(kernel: torch.Tensor) -> torch.Tensor:
    """[H, T] -> [H, T, T] with kernel[i - j] at (i, j), 0 above the diagonal."""
    steps = kernel.shape[1]
    return functional.pad(kernel, (steps - 1, 0)).flip(1).unfold(1, steps, 1).flip(1)


class StateSpace(nn.Module):
    """y = 2·Re Σ C·(conv of exp(dt·A)) x + D·x, one state space a channel, of `pairs` complex states each.

    x and y: [H, T, B]. B of the state space is 1 and folded into C, as in the S4D code base.
    """

    def __init__(self, width: int, pairs: int):
        super().__init__()
        self.log_dt = nn.Parameter(torch.empty(width).uniform_(math.log(0.001), math.log(0.1)))
        self.log_A_real = nn.Parameter(torch.full((width, pairs), math.log(0.5)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(pairs).repeat(width, 1).float())
        self.C = nn.Parameter(torch.view_as_real(torch.randn(width, pairs, dtype=torch.cfloat)).contiguous())
        self.D = nn.Parameter(torch.randn(width))

    def start(self, dt: list[float]) -> None:
        """dt: the range of the time steps at first."""
        with torch.no_grad():
            self.log_dt.uniform_(*(math.log(x) for x in dt))

    def slow_parameters(self) -> list[nn.Parameter]:
        """Those that want a lower rate and no decay."""
        return [self.log_dt, self.log_A_real, self.A_imag]

    def kernel(self, steps: int) -> torch.Tensor:
        """[H, steps], float32."""
        a = torch.complex(-self.log_A_real.exp(), self.A_imag)
        a_dt = a * self.log_dt.exp()[:, None]
        c = torch.view_as_complex(self.C) * (a_dt.exp() - 1) / a
        powers = (a_dt[:, :, None] * torch.arange(steps, device=a_dt.device)).exp()
        return 2 * torch.einsum("hn,hnt->ht", c, powers).real

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return CausalProduct.apply(self.kernel(x.shape[1]), x) + self.D.to(x.dtype)[:, None, None] * x
