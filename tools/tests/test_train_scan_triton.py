"""The kernels for a GPU, interpreted on the processor, against scan.c."""

import os

import pytest
import torch

os.environ["TRITON_INTERPRET"] = "1"  # before the package is imported
pytest.importorskip("triton", reason="pip install triton")

from test_train_scan import tensors

from silif_tools.train import scan, scan_triton


@pytest.mark.parametrize("kind", ["silif", "csilif"])
@pytest.mark.parametrize("frozen", [False, True])
def test_forward_and_backward_are_those_of_the_processor(kind, frozen):
    """Dropout included: an element is kept by the same hash."""
    torch.set_num_threads(1)
    parameters, z, gamma, beta = tensors(kind)
    fixed = (torch.randn(z.shape[2]) * 0.3, torch.rand(z.shape[2]) * 3 + 2) if frozen else None
    weight = torch.randn(z.shape).bfloat16()

    def run(function):
        x = z.clone().requires_grad_()
        leaves = [p.detach().clone().requires_grad_() for p in (gamma, beta, *parameters)]
        spikes, mean, variance = function.apply(kind, x, *leaves[:2], 0.2, 5, fixed, *leaves[2:])
        (spikes * weight).sum().backward()
        return spikes.detach().float(), mean, variance, [x.grad, *(p.grad for p in leaves)]

    spikes, mean, variance, gradients = run(scan_triton.NormedScan)
    expected, want_mean, want_variance, want = run(scan.NormedScan)
    assert 0.02 < expected.mean() < 0.8
    assert (spikes != expected).float().mean() < 1e-3  # only where u is within rounding of the threshold
    assert torch.allclose(mean, want_mean, atol=1e-5) and torch.allclose(variance, want_variance, rtol=1e-4)
    for got, wanted in zip(gradients, want, strict=True):
        assert (got.float() - wanted.float()).norm() < 5e-3 * wanted.float().norm()
