"""The trainer's networks of blocks: the convolution and its gradients, samples, what a recipe may say of them."""

import pytest
import torch

from silif_tools.train import recipe
from silif_tools.train.blocks import BLOCKS, BlockNetwork, Step, sampled, ternary
from silif_tools.train.loop import groups
from silif_tools.train.state_space import CausalProduct, StateSpace


def test_the_product_is_the_causal_convolution_with_its_gradients():
    torch.manual_seed(1)
    kernel = torch.randn(3, 17, dtype=torch.double, requires_grad=True)
    x = torch.randn(3, 17, 4, dtype=torch.double, requires_grad=True)
    found = CausalProduct.apply(kernel, x)
    slow = torch.stack([sum(kernel[:, d, None] * x[:, t - d] for d in range(t + 1)) for t in range(17)], 1)
    assert torch.allclose(found, slow)
    g = torch.randn_like(slow)
    for one, other in zip(
        torch.autograd.grad(found, (kernel, x), g), torch.autograd.grad(slow, (kernel, x), g), strict=True
    ):
        assert torch.allclose(one.double(), other, atol=1e-5)  # the kernel's is summed in float32


def test_the_state_space_is_its_recurrence():
    torch.manual_seed(2)
    space = StateSpace(5, 3)
    space.start([0.05, 0.5])
    x = torch.randn(5, 40, 2)
    a = torch.complex(-space.log_A_real.exp(), space.A_imag)
    decay = (space.log_dt.exp()[:, None] * a).exp()
    c = torch.view_as_complex(space.C) * (decay - 1) / a
    state, found = torch.zeros(5, 3, 2, dtype=torch.cfloat), []
    for step in x.unbind(1):
        state = decay[..., None] * state + step[:, None]
        found.append(2 * (c[..., None] * state).sum(1).real + space.D[:, None] * step)
    assert torch.allclose(space(x), torch.stack(found, 1), atol=1e-4)


def test_a_step_has_the_gradient_of_an_arctangent():
    v = torch.tensor([-1.0, 0.0, 1e-9, 2.0], requires_grad=True)
    s = Step.apply(v)
    s.sum().backward()
    assert s.tolist() == [0, 0, 1, 1]
    assert torch.allclose(v.grad, 1 / (1 + (torch.pi * v.detach()) ** 2))


def test_ternary_values_are_signs_above_their_share_of_the_largest():
    x = torch.tensor([[1.0, -0.16, 0.14, 0.0], [-2.0, 0.31, -0.29, 0.1]])
    assert ternary(x, (1,)).tolist() == [[1, -1, 0, 0], [-1, 1, 0, 0]]
    assert ternary(x, (0, 1)).tolist() == [[1, 0, 0, 0], [-1, 1, 0, 0]]


@pytest.mark.parametrize("sampler", ["draws", "shared", "feedback"])
def test_spikes_have_the_mean_of_their_probabilities(sampler):
    torch.manual_seed(3)
    p = torch.rand(6, 1, 5).expand(6, 4000, 5).clone()
    spikes = sampled(p, sampler)
    assert set(spikes.unique().tolist()) == {0, 1}
    distance = (spikes.mean(1) - p[:, 0]).abs().max()
    assert distance < (1e-3 if sampler == "feedback" else 0.04)
    if sampler == "shared":
        chosen = sampled(torch.full_like(p, 0.5), sampler)
        assert torch.equal(chosen, chosen[:1].expand_as(chosen))
    assert torch.equal(sampled(torch.zeros_like(p), sampler), torch.zeros_like(p))
    assert torch.equal(sampled(torch.ones_like(p), sampler), torch.ones_like(p))


@pytest.mark.parametrize("kind", list(BLOCKS))
def test_every_block_learns(kind):
    torch.manual_seed(4)
    network = BlockNetwork(kind, 6, 16, 2, 4, 3, 0.1)
    network.start(0.7, 0.1, [0.05, 0.5])
    optimiser = torch.optim.AdamW(groups(network, 0.01, 0.25), lr=0.01)
    slow = [group for group in optimiser.param_groups if group.get("factor") == 0.25]
    assert len(slow) == 6 and all(group["weight_decay"] == 0 for group in slow)
    labels = torch.arange(24) % 3
    features = torch.randn(12, 24, 6) + labels[None, :, None]
    losses = []
    for _ in range(25):
        network.train()
        found = network(features).softmax(-1).mean(0)
        loss = torch.nn.functional.cross_entropy(10 * found, labels) + 0.01 * network.activity()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
    network.eval()
    with torch.no_grad():
        assert torch.equal(network(features), network(features)), "an evaluation draws the same numbers every time"


def test_an_evaluation_leaves_the_generators_of_training_as_they_were(monkeypatch):
    """That of a GPU too: its noise would repeat itself from report to report."""
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("the GPU's generator was reseeded"))
    network = BlockNetwork("pspike", 6, 8, 1, 2, 3).eval()
    before = torch.get_rng_state()
    with torch.no_grad():
        network(torch.randn(5, 2, 6, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("width = 128", "width = 0", "width must be 1 or more"),
        ("pairs = 8", "pairs = 65", "pairs must be 1 to 64"),
        ("pairs = 8", "hidden = [4]", "hidden is unknown where kind is s4d-glu"),
        ("blocks = 3\n", "", "blocks is missing where kind is s4d-glu"),
        ('kind = "s4d-glu"', 'kind = "silif"', "hidden is missing where kind is silif"),
        ('kind = "s4d-glu"', 'kind = "s4d"', "kind must be one of: silif, csilif, s4d-glu, s4d-gsu, pspike"),
        ("ssm_rate = 0.25", 'sampler = "dice"', "sampler must be one of: draws, shared, probabilities, feedback"),
        ("ssm_rate = 0.25", 'sampler = "draws"', "sampler is unknown where kind is s4d-glu"),
        ("frozen_statistics = false", "frozen_statistics = true\nweight_bits = 8", "networks of blocks train in float"),
    ],
)
def test_what_a_recipe_cannot_say_is_refused_by_name(tmp_path, old, new, message):
    text = recipe.find("kws12-s4d").read_text()
    assert old in text
    path = tmp_path / "changed.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(recipe.BadRecipe, match=message):
        recipe.load(path)


@pytest.mark.parametrize("key", ["ssm_rate = 0.25", "spike_weight = 0.1", 'sampler = "draws"'])
@pytest.mark.parametrize("section", ["[training]", "[finish.training]"])
def test_keys_of_blocks_are_refused_where_there_are_none(tmp_path, section, key):
    text = recipe.find("kws12-silif").read_text()
    assert section in text
    path = tmp_path / "changed.toml"
    path.write_text(text.replace(section, f"{section}\n{key}", 1))
    with pytest.raises(recipe.BadRecipe, match=f"{key.split()[0]} is unknown where kind is silif"):
        recipe.load(path)


def test_the_bundled_recipes_load():
    assert recipe.load(recipe.find("kws12-s4d"))["hidden"] == [128] * 3
    rounds = recipe.rounds(recipe.load(recipe.find("kws12-pspike")))
    assert [each["training"]["sampler"] for each in rounds] == ["probabilities", "draws"]
