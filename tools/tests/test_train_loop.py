"""The training loop: what it does with a gradient that is not finite, what a GPU's course has of its own."""

import dataclasses

import pytest
import torch
from torch import nn

from silif_tools.train import ahead, loop

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


@dataclasses.dataclass
class Some:
    """A batch."""

    features: torch.Tensor
    labels: torch.Tensor
    factor: float | None = 1.0


class Numbers:
    """Random features [T, B, inputs] with labels that can be told from them, by a generator of their own."""

    def __init__(self, steps, inputs, classes):
        self.shape, self.classes, self.random = (steps, inputs), classes, torch.Generator().manual_seed(4)

    def drawn(self, recipe):
        labels = torch.randint(self.classes, (recipe["batch"],), generator=self.random)
        noise = torch.randn(self.shape[0], recipe["batch"], self.shape[1], generator=self.random)
        return Some(noise + labels[None, :, None], labels)

    def state(self):
        return {"random": self.random.get_state()}

    def restore(self, state):
        self.random.set_state(state["random"])


def test_another_process_draws_what_this_one_would_have_drawn():
    here, there = Numbers(3, 2, 4), Numbers(3, 2, 4)
    with ahead.drawn(lambda: there.drawn({"batch": 5}), there.state) as source:
        for _ in range(2 * ahead.BATCHES):
            batch, state = next(source)
            expected = here.drawn({"batch": 5})
            assert torch.equal(batch.features, expected.features) and torch.equal(batch.labels, expected.labels)
            assert torch.equal(state["random"], here.random.get_state())
    assert torch.equal(there.random.get_state(), Numbers(3, 2, 4).random.get_state()), "this process drew nothing"


def course(tmp_path, monkeypatch, devices):
    """25 steps on each of the devices, one after another by --resume; True: as a GPU would. Losses, what came of it."""
    settings, losses = RECIPE | {"batch": 6, "rate": 0.02, "report_every": 25, "rate_steps": 50}, []
    path = tmp_path / f"{devices}.checkpoint"
    for number, on in enumerate(devices):
        monkeypatch.setattr(loop, "is_gpu", lambda device, on=on: on)
        torch.manual_seed(1)
        network = nn.Linear(3, 4)
        run = loop.Run(network, Numbers(2, 3, 4), settings | {"steps": 25 * (number + 1)}, path)
        if number:
            run.resume()
        run.train(
            lambda network, batch: nn.functional.cross_entropy(network(batch.features[0]), batch.labels),
            lambda mean: None, lambda step, loss, *_: losses.append(loss),
        )  # fmt: skip
    state = torch.load(path, weights_only=True)
    return losses, [network.weight.detach(), run.mean.weight.detach(), state["scenes"]["random"].float()]


def test_the_course_of_a_gpu_is_that_of_the_processor(tmp_path, monkeypatch):
    """On the processor: batches from another process, the fused step, the rare look. A checkpoint holds where the
    last batch that was used left the scenes, not where the other process is; the other device goes on from it."""
    expected, wanted = course(tmp_path, monkeypatch, (False, False))
    for devices in ((True, True), (False, True), (True, False)):
        losses, found = course(tmp_path, monkeypatch, devices)
        assert losses == pytest.approx(expected, abs=1e-5)
        assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(found, wanted, strict=True))


class SomeRun(loop.Run):
    own_scenes = False

    def _batch(self):
        return Some(torch.ones(1), torch.zeros(1), next(self.scenes.factors))


def on_gpu(factors, tmp_path, **settings):
    """trained(), as a GPU would."""
    torch.manual_seed(0)
    network = nn.Linear(1, 1)
    run = SomeRun(network, NoScenes(factors), RECIPE | settings, tmp_path / "x.checkpoint")
    run.train(lambda network, batch: loss_of(network, batch.factor), lambda mean: None, lambda *report: None)
    return network


def test_a_gpu_leaves_out_steps_and_notices_a_divergence_within_some(tmp_path, monkeypatch):
    expected = trained([1.0] * 39, tmp_path, steps=39, rate_steps=40)
    monkeypatch.setattr(loop, "is_gpu", lambda device: True)
    for factors in ([1.0] * 39 + [None], [1.0] * 39 + [None] * loop.MOST_REFUSED):
        network = on_gpu(factors, tmp_path, steps=len(factors), rate_steps=40)
        for got, want in zip(network.parameters(), expected.parameters(), strict=True):
            assert torch.allclose(got, want, atol=1e-6)
    with pytest.raises(loop.Diverged, match=f"step {2 * loop.LOOK_EVERY + 1}: .*lower the recipe's rate"):
        on_gpu([1.0] * 25 + [None] * 50, tmp_path, steps=70)
    with pytest.raises(loop.Diverged, match="loss nan"):
        on_gpu([1.0, float("nan"), *[1.0] * 50], tmp_path)
