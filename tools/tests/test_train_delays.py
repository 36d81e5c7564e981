"""Delays that are learned, against sums written out."""

import copy

import pytest
import torch

from silif_tools.train import delays, loop, network, recipe, student
from silif_tools.train.scenes import Batch

KINDS = sorted(delays.KINDS)
SETTINGS = {
    "layers": [0, 1, 2], "max_delay": 8, "initial_delay": 8.0, "rate_factor": 10.0,
    "sigma_from": 2.0, "sigma_until": 0.5, "round_from": 0.8,
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.manual_seed(5)
    torch.set_num_threads(1)


def layer(kind, inputs=5, size=37, **changed):
    return delays.KINDS[kind](inputs, size, SETTINGS | {"kind": kind} | changed)


def net(kind, hidden=(24, 16), **changed):
    return network.Network("silif", 40, list(hidden), 12, 0.1, SETTINGS | {"kind": kind} | changed)


def weight_of_tap(kind, taps, outputs, inputs):
    """Kernel [K, ...] -> [K, outputs, inputs], whatever the kind."""
    shape = {"axonal": (1, inputs), "dendritic": (outputs, 1), "synaptic": (outputs, inputs)}[kind]
    return taps.reshape(len(taps), *shape).expand(-1, outputs, inputs)


def summed(x, weight, taps):
    """z[t] = sum over k of (weight * taps[k]) x[t - k], written out in float64."""
    z = torch.zeros(*x.shape[:2], len(weight), dtype=torch.float64)
    for t in range(len(x)):
        for k in range(min(t + 1, len(taps))):
            z[t] += x[t - k].double() @ (weight.double() * taps[k].double()).T
    return z


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_uses_one_whole_tap(kind):
    made, x, weight = layer(kind).eval(), torch.randn(20, 3, 5), torch.randn(37, 5)
    made.P.data.flatten()[:4] = torch.tensor([4.0, -4.0, 0.5, -5.7])  # half to even; beyond the end
    whole = torch.tensor([min(max(round(p), -4), 4) for p in made.P.data.flatten().tolist()])
    assert made.delays().tolist() == (4 - whole).tolist()
    assert made.delays()[:4].tolist() == [0, 8, 4, 8]
    taps = torch.stack([(4 - whole == k).double() for k in range(9)])
    expected = summed(x, weight, weight_of_tap(kind, taps, 37, 5))
    assert torch.allclose(made(x, weight).double(), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [3, 20, 21])
def test_training_uses_the_gaussian(kind, steps):
    made, x, weight = layer(kind).train(), torch.randn(steps, 3, 5).bfloat16(), torch.randn(37, 5).bfloat16()
    sigma = 2.0 + 0.27
    bell = torch.exp(-0.5 * ((torch.arange(9)[:, None] - (4 - made.P.detach().flatten())) / sigma) ** 2)
    taps = weight_of_tap(kind, bell / (bell.sum(0) + 1e-7), 37, 5)
    got, expected = made(x, weight).double(), summed(x, weight, taps)
    assert (got - expected).abs().max() < 0.02 * expected.abs().max()  # bfloat16 on the way


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_the_positions(kind):
    """The kernel against finite differences, and the filter with its gradients against the sums in float64."""
    made = layer(kind, inputs=3, size=4).double().train()
    made.P.data.uniform_(-3.5, 3.5)
    assert torch.autograd.gradcheck(lambda p: kernel_at(made, p), made.P.detach().clone().requires_grad_(), atol=1e-6)
    made = made.float()
    x = torch.randn(30, 6, 3).bfloat16().requires_grad_()
    weight = torch.randn(4, 3).bfloat16()
    g = torch.randn(30, 6, 4).bfloat16()
    (made(x, weight) * g).sum().backward()
    p64 = made.P.detach().double().requires_grad_()
    x64 = x.detach().double().requires_grad_()
    taps = weight_of_tap(kind, kernel_at(copy.deepcopy(made).double(), p64), 4, 3)
    (summed_with_gradient(x64, weight, taps) * g.double()).sum().backward()
    for got, want in ((made.P.grad, p64.grad), (x.grad, x64.grad)):
        assert (got.double() - want).norm() < 0.02 * want.norm()


def kernel_at(made, p):
    """made.kernel() as a function of its positions."""
    at = copy.copy(made)
    at._parameters = {"P": p}
    return at.kernel()


def summed_with_gradient(x, weight, taps):
    rows = []
    for t in range(len(x)):
        rows.append(sum(x[t - k] @ (weight.double() * taps[k]).T for k in range(min(t + 1, len(taps)))))
    return torch.stack(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_state_dict_has_the_public_layout(kind):
    made = net(kind)
    state = made.state_dict()
    sizes = [(40, 24), (24, 16), (16, 12)]
    for i, (n, m) in enumerate(sizes):
        shape = {"axonal": (1, n, 1, 1), "dendritic": (1, m, 1, 1), "synaptic": (1, m, n, 1)}[kind]
        weight = {"axonal": (n, 1, 1), "dendritic": (m, 1, 1), "synaptic": (m, n, 1)}[kind]
        keys = {k: tuple(v.shape) for k, v in state.items() if k.startswith(f"snn.{i}.delay_layer")}
        assert keys == {f"snn.{i}.delay_layer.{k}": s for k, s in (("P", shape), ("SIG", shape), ("weight", weight))}
        assert (f"snn.{i}.W.weight" in state) == (kind != "synaptic")
    other = net(kind)
    other.load_state_dict(state)
    x = torch.randn(12, 2, 40)
    assert torch.equal(made.eval()(x), other.eval()(x))


@pytest.mark.parametrize("kind", KINDS)
def test_before_the_first_step_the_input_is_zero_before_its_normalisation(kind):
    """As in the engine: frames of raw zeros put in front change nothing but the number of frames."""
    made = net(kind, layers=[0]).eval()
    made.input_norm.mean.uniform_(-9, -3)
    made.input_norm.std.uniform_(1, 4)
    x = torch.randn(10, 2, 40) * 3 - 6
    first = made.snn[0]
    made(x)  # tells the line what zero is
    z = first.product(made.input_norm(x), first.W.weight)
    later = first.product(made.input_norm(torch.cat([torch.zeros(8, 2, 40), x])), first.W.weight)
    assert torch.allclose(z, later[8:], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_running_state_needs_no_more_than_the_past(kind):
    """What comes later changes nothing earlier; what came a whole kernel ago is gone from the line."""
    made, x, weight = layer(kind).eval(), torch.randn(30, 2, 5), torch.randn(37, 5)
    whole = made(x, weight)
    assert torch.allclose(made(x[:17], weight), whole[:17], atol=1e-5)
    assert torch.allclose(made(x[9:], weight)[8:], whole[17:], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_evaluation_agree_once_settled(kind):
    made = net(kind, hidden=(32, 32))
    for part in made.snn[:-1]:
        part.norm.weight.data.fill_(2.0)
    for part in made.snn:
        part.norm.momentum = None
    made.dropout = 0.0
    delays.anneal(made, made, 0.9)
    x = torch.randn(30, 64, 40)
    with torch.no_grad():
        fast = network.scores(made.train()(x))
        slow = network.scores(made.eval()(x))
    assert (fast - slow).abs().mean() < 0.02  # bfloat16 moves single spikes


def test_narrowing_and_settling():
    made = net("axonal").train()
    mean = copy.deepcopy(made)
    part, averaged = made.snn[1].delay_layer, mean.snn[1].delay_layer
    widths = []
    for progress in (0.0, 0.25, 0.5, 0.79, 0.1):  # a further round begins anew: never wider again
        delays.anneal(made, mean, progress)
        widths.append(float(part.SIG.flatten()[0]))
    assert widths == pytest.approx([2.0, (2.0 * 0.23) ** 0.5, 0.23, 0.23, 0.23])
    assert not part.settled
    part.P.data[0, :2, 0, 0] = torch.tensor([1.4, 9.0])
    delays.anneal(made, mean, 0.8)
    assert part.settled and part.P[0, :2, 0, 0].tolist() == [1.0, 4.0]
    assert torch.equal(part.P, averaged.P)
    (made(torch.randn(5, 4, 40))).sum().backward()
    assert part.P.grad is None


class OneBatch:
    """Scenes of one batch."""

    def __init__(self):
        self.rng = None
        self.features, self.labels = torch.randn(40, 8, 40), torch.arange(8)

    def batch(self, size, context):
        return Batch(self.features, self.labels, 0, torch.full((8,), -1))

    def state(self):
        return {}


@pytest.mark.parametrize("kind", KINDS)
def test_positions_learn_at_their_own_rate_and_statistics_see_whole_taps(kind, tmp_path):
    made, scenes = net(kind), OneBatch()
    parts = loop.groups(made, 0.1)
    assert sum(p.numel() for g in parts for p in g["params"]) == sum(p.numel() for p in made.parameters())
    assert [g["factor"] for g in parts if "factor" in g] == [10.0] * 3
    assert all(g["weight_decay"] == 0.0 for g in parts if "factor" in g)
    student.recalibrate(made, scenes, 1, 8)
    with torch.no_grad():
        z = made.snn[0].product(made.input_norm(scenes.features), made.snn[0].W.weight)
    assert torch.allclose(made.snn[0].norm.running_mean, z.mean((0, 1)), atol=0.02)


def test_recipe_names_what_is_wrong(tmp_path):
    text = recipe.find("kws12-silif").read_text()
    good = """
[delay]
kind = "axonal"
layers = [1, 2]
max_delay = 30
initial_delay = 4
rate_factor = 10
sigma_from = 1.5
sigma_until = 0.5
round_from = 0.7
"""
    path = tmp_path / "r.toml"
    path.write_text(text + good)
    assert recipe.load(path)["delay"]["rate_factor"] == 10.0
    for old, new, said in [
        ("axonal", "radial", "kind must be one of"),
        ("max_delay = 30", "max_delay = 31", "even"),
        ("initial_delay = 4", "initial_delay = 31", "initial_delay"),
        ("[1, 2]", "[4]", "0 to 3"),
        ("round_from = 0.7\n", "", "round_from is missing"),
    ]:
        path.write_text(text + good.replace(old, new))
        with pytest.raises(recipe.BadRecipe, match=said):
            recipe.load(path)
