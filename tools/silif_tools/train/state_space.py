"""The diagonal state space (S4D) of one layer, as the block networks train it (docs/NEURONS.md).

The parameters bear the names of the S4D code base (state-spaces/s4, models/s4/s4d.py), so that its layers can be read.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from silif_tools.train import block_kernels

SHORT = 200  # steps up to which one product with the whole Toeplitz matrix is the quickest
BLOCK = 64  # steps of a block of longer sequences


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
        return along_diagonals(torch.bmm(g, x.transpose(1, 2))), torch.bmm(matrix.transpose(1, 2), g)


class BlockProduct(torch.autograd.Function):
    """The same for a kernel Re Σ_n emit·decay^t of complex states, in blocks of L steps with the states between them:
    the work of a step is L and four products a state, not T.

    kernel [H, L]: its first L values. inject [H, S, L]: what the steps of a block leave in the S = 2·N real numbers
    of the states at its end, the N real parts first. emit [H, L, S]: what the states before a block add to its steps.
    decay [H, S]: what a block does to the states between. x [H, T, B]. Products are in the type of x, the states'
    way from block to block in that of decay.
    """

    @staticmethod
    def forward(ctx, kernel, inject, emit, decay, x):
        length, steps = kernel.shape[1], x.shape[1]
        matrix, inject, emit = toeplitz(kernel.to(x.dtype)), inject.to(x.dtype), emit.to(x.dtype)
        blocks = in_blocks(x, length)
        before = passed_on(matmul(inject, blocks), decay)
        out = matmul(matrix, blocks) + matmul(emit, before.to(x.dtype))
        ctx.save_for_backward(matrix, inject, emit, decay, before, x)
        return out.flatten(1, 2)[:, :steps]

    @staticmethod
    def backward(ctx, g):
        matrix, inject, emit, decay, before, x = ctx.saved_tensors
        length, steps = matrix.shape[1], x.shape[1]
        blocks, g = in_blocks(x, length), in_blocks(g.to(x.dtype), length)
        # The same way backwards: from the last block to the first, with the conjugate decay.
        after = passed_on(matmul(emit.transpose(1, 2), g).flip(1), conjugate(decay)).flip(1)
        narrow = after.to(x.dtype)
        g_x = matmul(matrix.transpose(1, 2), g) + matmul(inject.transpose(1, 2), narrow)
        g_kernel = along_diagonals(over_blocks(g, blocks))
        g_inject, g_emit = over_blocks(narrow, blocks), over_blocks(g, before.to(x.dtype))
        g_decay = (as_complex(after, 2) * as_complex(before, 2).conj()).sum((1, 3))
        return g_kernel, g_inject, g_emit, as_real(g_decay, 1), g_x.flatten(1, 2)[:, :steps]


def in_blocks(x: torch.Tensor, length: int) -> torch.Tensor:
    """[H, T, B] -> [H, blocks, length, B], zeros after the last step."""
    count = -(-x.shape[1] // length)
    return functional.pad(x, (0, 0, 0, count * length - x.shape[1])).reshape(len(x), count, length, -1)


def matmul(matrix: torch.Tensor, blocks: torch.Tensor) -> torch.Tensor:
    """[H, I, J] times each block of [H, blocks, J, B]."""
    out = blocks.new_empty(len(blocks), blocks.shape[1], matrix.shape[1], blocks.shape[3])
    for k in range(blocks.shape[1]):  # one product of all blocks would first copy the matrix for each
        torch.bmm(matrix, blocks[:, k], out=out[:, k])
    return out


def over_blocks(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Σ over blocks and clips: [H, blocks, I, B], [H, blocks, J, B] -> [H, I, J]. Each block's sum has the type of the
    factors, the sum over blocks at least float32."""
    found = torch.bmm(one.flatten(0, 1), other.flatten(0, 1).transpose(1, 2)).unflatten(0, one.shape[:2])
    return found.sum(1, dtype=torch.promote_types(found.dtype, torch.float32))


def as_complex(x: torch.Tensor, dim: int) -> torch.Tensor:
    """N real parts, then N imaginary parts, along a dimension."""
    return torch.complex(*x.chunk(2, dim))


def as_real(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The inverse of as_complex."""
    return torch.cat([x.real, x.imag], dim)


def conjugate(x: torch.Tensor) -> torch.Tensor:
    return as_real(as_complex(x, 1).conj(), 1)


def passed_on(own: torch.Tensor, decay: torch.Tensor) -> torch.Tensor:
    """What every block adds to the states [H, blocks, S, B] -> the states before every block, in the type of decay."""
    by = as_complex(decay, 1)[..., None]
    state, before = torch.zeros_like(own[:, 0], dtype=decay.dtype), []
    for block in own.unbind(1):
        before.append(state)
        state = as_real(by * as_complex(state, 1), 1) + block
    return torch.stack(before, 1)


def along_diagonals(pairs: torch.Tensor) -> torch.Tensor:
    """Sums of the diagonals of [H, T, T] from the middle downwards: [H, T]; entry (i, j) belongs to i - j."""
    # With j reversed and rows one element shorter than they are padded to, equal i - j lie in one column.
    steps = pairs.shape[1]
    skewed = functional.pad(pairs.flip(2), (0, steps)).flatten(1)[:, : steps * (2 * steps - 1)]
    skewed = skewed.reshape(-1, steps, 2 * steps - 1)
    return skewed.sum(1, dtype=torch.promote_types(pairs.dtype, torch.float32))[:, steps - 1 :]


def toeplitz(kernel: torch.Tensor) -> torch.Tensor:
    """[H, T] -> [H, T, T] with kernel[i - j] at (i, j), 0 above the diagonal."""
    steps = kernel.shape[1]
    return functional.pad(kernel, (steps - 1, 0)).flip(1).unfold(1, steps, 1).flip(1)


def powers(a_dt: torch.Tensor, steps: int) -> torch.Tensor:
    """The decays to the power 0 to steps - 1: [H, pairs, steps]."""
    return (a_dt[:, :, None] * torch.arange(steps, device=a_dt.device)).exp()


def block_parts(a_dt: torch.Tensor, c: torch.Tensor, d: torch.Tensor, length: int) -> tuple[torch.Tensor, ...]:
    """kernel, inject, emit and decay of BlockProduct, from StateSpace.coefficients and the skip d [H]."""
    decays = powers(a_dt, length + 1)
    kernel = torch.einsum("hn,hnt->ht", c, decays[..., :length]).real
    kernel = torch.cat([kernel[:, :1] + d[:, None], kernel[:, 1:]], 1)
    inject = as_real(decays[..., :length].flip(2), 1)
    emit = as_real((c[..., None] * decays[..., 1:]).conj(), 1).transpose(1, 2)  # Re (e·u) = Re e·Re u - Im e·Im u
    return kernel, inject, emit, as_real(decays[..., length], 1)


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

    def coefficients(self) -> tuple[torch.Tensor, torch.Tensor]:
        """dt·A, of which a step's decay is the exponential, and 2·C with the hold's gain: complex [H, pairs]."""
        a = torch.complex(-self.log_A_real.exp(), self.A_imag)
        a_dt = a * self.log_dt.exp()[:, None]
        return a_dt, 2 * torch.view_as_complex(self.C) * (a_dt.exp() - 1) / a

    def kernel(self, steps: int) -> torch.Tensor:
        """[H, steps], float32."""
        a_dt, c = self.coefficients()
        return torch.einsum("hn,hnt->ht", c, powers(a_dt, steps)).real

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dtype == torch.bfloat16 and x.device.type == "cpu":
            a_dt, c = self.coefficients()
            return block_kernels.recurrence(a_dt.exp(), c, self.D, x)
        if x.shape[1] <= SHORT:
            return CausalProduct.apply(self.kernel(x.shape[1]), x) + self.D.to(x.dtype)[:, None, None] * x
        return BlockProduct.apply(*block_parts(*self.coefficients(), self.D, BLOCK), x)
