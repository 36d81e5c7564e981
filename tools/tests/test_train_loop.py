"""The training loop: what it does with a gradient that is not finite."""

import pytest
import torch
from torch import nn

from silif_tools.train import loop

RECIPE = {"steps": 40, "batch": 1, "rate": 0.1, "weight_decay": 0.0, "clip_gradient": 1.0, "average": 0.9,
          "report_every": 40, "context_frames": [0, 0], "p_context": 0.0}  # fmt: skip


class NoScenes:
    """A sequence of losses' factors instead of sound."""

    def __init__(self, factors):
        self.factors = iter(factors)

    def state(self):
        return {}


class FactorRun(loop.Run):
    def _batch(self):
        return next(self.scenes.factors)


def loss_of(network, factor):
    """Without a factor: a finite loss with an infinite gradient."""
    out = network(torch.ones(1))
    if factor is None:
        out.register_hook(lambda gradient: gradient * float("inf"))
    return (out * (factor or 1.0)).square().sum()


def trained(factors, tmp_path, **settings):
    torch.manual_seed(0)
    network = nn.Linear(1, 1)
    run = FactorRun(network, NoScenes(factors), RECIPE | settings, tmp_path / "x.checkpoint")
    run.train(loss_of, lambda mean: None, lambda *report: None)
    return network


def test_a_step_without_a_finite_gradient_changes_nothing(tmp_path):
    expected = trained([1.0] * 39, tmp_path, steps=39, rate_steps=40)
    network = trained([1.0] * 39 + [None], tmp_path)
    for got, want in zip(network.parameters(), expected.parameters(), strict=True):
        assert torch.isfinite(got).all() and torch.equal(got, want)


def test_training_that_diverges_stops_and_says_so(tmp_path):
    with pytest.raises(
        loop.Diverged, match=r"step 3: training diverged .*lower the recipe's rate \(0.1\).*x.checkpoint"
    ):
        trained([1.0, 1.0, float("nan"), 1.0], tmp_path)


def test_many_steps_without_a_finite_gradient_are_a_divergence(tmp_path):
    trained([1.0] * 5 + [None] * loop.MOST_REFUSED + [1.0], tmp_path, steps=6 + loop.MOST_REFUSED)
    with pytest.raises(loop.Diverged, match=f"step {5 + loop.MOST_REFUSED + 1}"):
        trained([1.0] * 5 + [None] * 30, tmp_path)
