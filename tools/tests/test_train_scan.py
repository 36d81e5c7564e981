"""scan.c against the plain loops of reference.py."""

import pytest
import torch

from silif_tools.train import network, reference, scan

T, B, H = 40, 19, 48  # clips of several blocks in scan.c, the last ones incomplete


def tensors(kind):
    torch.manual_seed(3)
    layer = network.KINDS[kind](8, H)
    parameters = [p.detach().clone().requires_grad_() for p in layer.parameters_in_equations()]
    z = (torch.randn(T, B, H) * 2).bfloat16()
    gamma = (torch.rand(H) * 3 + 1).requires_grad_()
    beta = torch.randn(H).requires_grad_()
    return parameters, z, gamma, beta


def by_reference(kind, parameters, z, gamma, beta, fixed=None):
    """Batch normalisation and loop in float64, for gradients without rounding."""
    x = z.double().detach().requires_grad_()
    p64 = [p.detach().double().requires_grad_() for p in (gamma, beta, *parameters)]
    mean, variance = x.mean((0, 1)), x.var((0, 1), correction=0)
    if fixed:
        mean, variance = (v.double() for v in fixed)
    current = (x - mean) * torch.rsqrt(variance + scan.EPSILON) * p64[0] + p64[1]
    return getattr(reference, kind)(current, *p64[2:]), x, p64


@pytest.mark.parametrize("kind", ["silif", "csilif"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("frozen", [False, True])
def test_forward_and_backward_agree(kind, threads, frozen):
    torch.set_num_threads(threads)
    parameters, z, gamma, beta = tensors(kind)
    z.requires_grad_()
    fixed = (torch.randn(H) * 0.3, torch.rand(H) * 3 + 2) if frozen else None
    spikes, mean, variance = scan.NormedScan.apply(kind, z, gamma, beta, 0.0, 1, fixed, *parameters)
    expected, x, p64 = by_reference(kind, parameters, z, gamma, beta, fixed)
    assert 0.02 < expected.mean() < 0.8
    assert (spikes.double() != expected).double().mean() < 1e-3  # only where u is within rounding of the threshold
    if not frozen:
        assert torch.allclose(mean, x.mean((0, 1)).float(), atol=1e-4)
        assert torch.allclose(variance, x.var((0, 1), correction=0).float(), rtol=1e-4)

    weight = torch.randn(T, B, H).bfloat16()
    (spikes * weight).sum().backward()
    (expected * weight.double()).sum().backward()
    for got, want in zip([gamma, beta, *parameters], p64, strict=True):
        error = (got.grad.double() - want.grad).norm() / want.grad.norm()
        assert error < 1e-3, error
    error = (z.grad.double() - x.grad).norm() / x.grad.norm()
    assert error < 5e-3, error  # dL/dz leaves as bfloat16


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_dropout_drops_its_share_and_the_same_gradients(kind):
    torch.set_num_threads(1)
    parameters, z, gamma, beta = tensors(kind)
    whole, *_ = scan.NormedScan.apply(kind, z, gamma, beta, 0.0, 5, None, *parameters)
    dropped, *_ = scan.NormedScan.apply(kind, z, gamma, beta, 0.25, 5, None, *parameters)
    assert set(dropped.float().unique().tolist()) == {0.0, 1.0}
    assert not ((dropped == 1) & (whole == 0)).any()  # the state itself does not see the dropout
    assert abs(float(dropped.detach().float().sum() / whole.detach().float().sum()) - 0.75) < 0.05
    # A spike that was dropped must not pass on its gradient: the mask is recovered where the neuron fired.
    kept = (dropped == 1) | (whole == 0)
    gamma.grad = beta.grad = None
    ones = torch.zeros_like(whole)
    ones[~kept] = 1
    out, *_ = scan.NormedScan.apply(kind, z, gamma, beta, 0.25, 5, None, *parameters)
    (out * ones).sum().backward()
    assert float(gamma.grad.abs().sum() + beta.grad.abs().sum()) == 0.0


def test_readout_matches_its_loop():
    torch.manual_seed(1)
    x = torch.randn(T, B, 12)
    al = torch.empty(12).uniform_(*network.READOUT_DECAY)
    assert torch.allclose(scan.readout(x, al), reference.readout(x, al), atol=1e-5)


def boxcar_matrices(share, al, be, a, b):
    """[H, 2, 2]: derivative of (u, w) of a step by those of the step before while s = u, from the equations."""
    u, w = torch.eye(2, dtype=torch.float64)[:, :, None] * torch.ones_like(al)
    after = be * w + a * u + b * share * u
    return torch.stack([al * (u - share * u) - (1 - al) * after, after]).permute(2, 0, 1)


def test_gradient_through_the_reset_cannot_grow():
    torch.manual_seed(4)
    al, be, a, b = torch.rand(4, 20000, dtype=torch.float64) * torch.tensor([1, 1, 1, 2]).double()[:, None]
    share = reference.reset_share(al, be, a, b)
    size = lambda c: torch.linalg.eigvals(boxcar_matrices(c, al, be, a, b)).abs().amax(-1)  # noqa: E731
    assert (size(torch.ones_like(al)) > 1).double().mean() > 0.1  # the test has neurons that would grow
    assert size(share).max() < 1 + 1e-6
    larger = (share * 1.01).clamp(max=1)
    assert (size(larger) > 1)[share < 0.98].all()  # no more of the gradient is given up than need be
    assert (share[size(torch.ones_like(al)) < 1] > 1 - 1e-6).all()


def test_a_long_sequence_within_the_boxcar_has_a_small_gradient():
    """A neuron as training made them: al = 0, a = 1, b = 2, its potential near the threshold all the time."""
    torch.set_num_threads(1)
    steps = 400
    al, be, a, b = (torch.full((16,), v).requires_grad_() for v in (1e-6, 0.4, 1.0, 2.0))
    z = torch.zeros(steps, 1, 16)
    with torch.no_grad():  # inputs that keep u at 0.9 and w where that leads
        u = w = torch.zeros(16)
        for t in range(steps):
            w = be * w + a * u
            z[t] = (0.9 - al * u) / (1 - al) + w
            u = torch.full((16,), 0.9)
    z = z.bfloat16().requires_grad_()
    fixed = torch.zeros(16), torch.ones(16) - scan.EPSILON
    spikes, *_ = scan.NormedScan.apply("silif", z, torch.ones(16), torch.zeros(16), 0.0, 1, fixed, al, be, a, b)
    spikes[-1].sum().backward()
    assert z.grad.abs().max() > 0.1  # of the last step
    assert all(p.grad.abs().max() < 1e3 for p in (al, be, a, b))
