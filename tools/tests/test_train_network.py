"""Names and shapes of the state dict, equations, and that a small network can learn."""

import math

import pytest
import torch

from silif_tools.train import network, student
from silif_tools.train.rounding import with_rounded_weights
from silif_tools.train.scenes import Batch

NEURON = {"silif": ["dt", "alpha", "beta", "a", "b"], "csilif": ["log_dt", "log_log_alpha", "alpha_img", "b"]}
NORM = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_state_dict_is_the_authors(kind):
    state = network.Network(kind, 40, [16, 24], 12).state_dict()
    expected = {"input_norm.mean": (40,), "input_norm.std": (40,)}
    for layer, (inputs, size) in enumerate([(40, 16), (16, 24), (24, 12)]):
        own = NEURON[kind] if layer < 2 else ["alpha"]
        expected |= {f"snn.{layer}.W.weight": (size, inputs)} | {f"snn.{layer}.{n}": (size,) for n in own}
        expected |= {f"snn.{layer}.norm.{n}": () if n.startswith("num") else (size,) for n in NORM}
    assert {k: tuple(v.shape) for k, v in state.items()} == expected


def test_silif_by_hand():
    """Two steps of one neuron, with the new w in u and the old spike in both."""
    net = network.Network("silif", 1, [1], 1).eval()
    layer = net.snn[0]
    with torch.no_grad():
        layer.W.weight.fill_(1.0)
        layer.norm.running_var.fill_(1.0 - layer.norm.eps)
        layer.dt.fill_(0.0)
        layer.alpha.fill_(math.log(math.log(2.0)))  # al = 0.5
        layer.beta.fill_(math.log(math.log(4.0)))  # be = 0.25
        layer.a.fill_(0.5)
        layer.b.fill_(3.0)  # enters as 2
        currents = torch.tensor([4.0, 7.0, 0.0]).reshape(3, 1, 1)
        spikes = layer(currents, 0.0, 1.0).flatten()
    # u1 = 0.5 * 4 = 2: spike. w2 = 0.5 * 2 + 2 = 3, u2 = 0.5 * (2 - 1) + 0.5 * (7 - 3) = 2.5: spike.
    # w3 = 0.75 + 1.25 + 2 = 4, u3 = 0.75 - 2 = -1.25.
    assert spikes.tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_training_and_evaluation_paths_agree(kind):
    """scan.c with batch statistics against the plain loop with the same statistics as running ones."""
    torch.manual_seed(0)
    net = network.Network(kind, 40, [32, 32], 12)
    for layer in net.snn[:-1]:
        layer.norm.weight.data.fill_(2.0)
    x = torch.randn(30, 64, 40)
    for layer in net.snn:
        layer.norm.momentum = None
    with torch.no_grad():
        fast = network.scores(net.train()(x))
        slow = network.scores(net.eval()(x))
    assert (fast - slow).abs().mean() < 0.02  # bfloat16 moves single spikes


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_learns_to_tell_two_sounds(kind):
    torch.manual_seed(1)
    net = network.Network(kind, 40, [32], 2)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    recipe = {"score_scale": 15.0, "label_smoothing": 0.0, "teacher_weight": 0.0}
    labels = torch.arange(64) % 2
    for _ in range(40):
        x = torch.randn(98, 64, 40)
        x[:, labels == 1, :10] += 0.7
        loss = student.loss_of(net.train()(x), labels, None, recipe)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (network.scores(net(x)).argmax(1) == labels).float().mean() > 0.95


def test_context_loss_looks_only_at_known_contexts():
    torch.manual_seed(3)
    batch = Batch(torch.zeros(0), torch.tensor([0, 1]), 40, torch.tensor([-1, 2]))
    recipe = {"score_scale": 15.0, "label_smoothing": 0.0}
    potentials = torch.zeros(138, 2, 3)
    potentials[:40, 0, 0] = 9.0  # unknown to the loss: a word
    base = student.context_loss(potentials, batch, recipe)
    potentials[student.SETTLED : 40, 1, 2] = 9.0
    assert student.context_loss(potentials, batch, recipe) < 0.01 < base
    potentials[40:] = 5.0 * torch.randn(98, 2, 3)
    assert student.context_loss(potentials, batch, recipe) < 0.01


def test_rounding_keeps_weights_within_half_a_step():
    torch.manual_seed(2)
    net = network.Network("silif", 40, [16], 3)
    net.input_norm.std.uniform_(1, 5)
    rounded = with_rounded_weights(net)
    for index in range(2):
        within = 1 / net.input_norm.std if index == 0 else 1.0
        before, after = net.snn[index].W.weight * within, rounded.snn[index].W.weight * within
        step = before.abs().amax(1, keepdim=True) / 127
        assert ((before - after).abs() <= step * 0.501).all()
        assert torch.allclose(after / step, torch.round(after / step), atol=1e-3)
