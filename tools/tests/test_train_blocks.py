"""The trainer's networks of blocks: the convolution and its gradients, samples, what a recipe may say of them."""

import copy

import pytest
import torch
from torch.nn import functional

from silif_tools.train import block_kernels, blocks, recipe, state_space
from silif_tools.train.blocks import BLOCKS, BlockNetwork, Norm, Step, sampled, ternary
from silif_tools.train.loop import groups
from silif_tools.train.state_space import BLOCK, SHORT, BlockProduct, CausalProduct, StateSpace, block_parts


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


def slow_convolution(kernel, x):
    """Σ_d kernel[h, d]·x[h, t - d], [H, T, B], in the type of its arguments."""
    return torch.stack([sum(kernel[:, d, None] * x[:, t - d] for d in range(t + 1)) for t in range(x.shape[1])], 1)


def a_state_space(width=3, pairs=4):
    """In float64: decays, outputs and skip of a layer whose memories are from 2 to 200 steps."""
    torch.manual_seed(7)
    space = StateSpace(width, pairs)
    space.start([0.01, 1.0])
    return space.double()


def parts_of(space, length):
    """What BlockProduct takes, from the parameters."""
    a_dt, c = space.coefficients()
    return block_parts(a_dt, c, space.D, length)


@pytest.mark.parametrize("steps", [1, 15, 16, 17, 48, 53])
def test_blocks_with_states_between_them_are_the_causal_convolution_with_its_gradients(steps):
    """Lengths that are no multiple of the block, too."""
    space = a_state_space()
    x = torch.randn(3, steps, 2, dtype=torch.double, requires_grad=True)
    found = BlockProduct.apply(*parts_of(space, 16), x)
    slow = slow_convolution(space.kernel(steps), x) + space.D[:, None, None] * x
    assert found.dtype == torch.double and torch.allclose(found, slow, atol=1e-10)
    g, inputs = torch.randn_like(slow), [*space.parameters(), x]
    grads = [torch.autograd.grad(each, inputs, g) for each in (found, slow)]
    for one, other in zip(*grads, strict=True):
        assert torch.allclose(one, other, atol=1e-9 * float(other.abs().max() + 1))


def test_long_sequences_go_through_blocks_and_short_ones_do_not(monkeypatch):
    space, asked = a_state_space(), []
    monkeypatch.setattr(state_space, "block_parts", lambda *a: asked.append(a[-1]) or block_parts(*a))
    for steps, wanted in ((SHORT, []), (SHORT + 1, [BLOCK])):
        x = torch.randn(3, steps, 2, dtype=torch.double)
        expected = slow_convolution(space.kernel(steps), x) + space.D[:, None, None] * x
        asked.clear()
        assert torch.allclose(space(x), expected, atol=1e-9) and asked == wanted


@pytest.mark.parametrize(("steps", "clips", "pairs"), [(1, 1, 1), (16, 16, 2), (37, 21, 8), (90, 5, 3)])
def test_the_recurrence_in_c_is_the_convolution_with_its_gradients(steps, clips, pairs):
    space = a_state_space(pairs=pairs)
    quick = StateSpace(3, pairs)
    quick.load_state_dict(space.state_dict())
    x = torch.randn(3, steps, clips).bfloat16()
    one, other = x.clone().requires_grad_(), x.double().requires_grad_()
    found, slow = quick(one), slow_convolution(space.kernel(steps), other) + space.D[:, None, None] * other
    assert found.dtype == torch.bfloat16
    g = torch.randn(slow.shape).bfloat16()
    found.backward(g)
    slow.backward(g.double())
    pairs_of = [(found, slow), (one.grad, other.grad)]
    for name, parameter in space.named_parameters():
        pairs_of.append((quick.get_parameter(name).grad, parameter.grad))
    for got, want in pairs_of:
        close = 2**-8 if got.dtype == torch.bfloat16 else 1e-4
        assert (got.double() - want).norm() <= close * want.norm() + 1e-5


@pytest.mark.parametrize(("dropout", "frozen"), [(0.0, False), (0.25, False), (0.25, True)])
@pytest.mark.parametrize("kind", ["s4d-glu", "pspike"])
def test_what_c_computes_between_products_is_what_torch_computes(kind, dropout, frozen, monkeypatch):
    """A whole network without chance, its loss and every gradient, and the running statistics."""
    torch.manual_seed(5)
    network = BlockNetwork(kind, 3, 24, 2, 4, 5, dropout)
    network.start(0.7, 0.1, [0.05, 0.5])
    network.sampler = "probabilities"
    network.freeze(frozen)
    for norm in network.norms():
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.5, 1.5)
    network.train()
    features, labels, found = torch.randn(30, 21, 3), torch.arange(21) % 5, []
    before = copy.deepcopy(network.state_dict())
    for on in (True, False):
        monkeypatch.setattr(blocks, "on_kernels", lambda *_, on=on: on)
        chance = torch.Generator().manual_seed(1)  # the kernels draw other numbers between those of dropout

        def keep(_, x, share, chance=chance):
            return (torch.rand(x.shape[0], x.shape[2], generator=chance) >= share) / (1 - share)

        monkeypatch.setattr(blocks.Block, "keep", keep)
        network.load_state_dict(before)
        network.zero_grad()
        loss = torch.nn.functional.cross_entropy(10 * network(features).softmax(-1).mean(0), labels)
        (loss + 0.3 * network.activity()).backward()
        grads = {name: p.grad.clone() for name, p in network.named_parameters()}
        buffers = {name: b.clone().double() for name, b in network.named_buffers()}
        found.append((loss.detach(), network.activity().detach(), grads, buffers))
    (loss, rate, grads, buffers), (loss_too, rate_too, grads_too, buffers_too) = found
    assert torch.allclose(loss, loss_too, atol=2e-3) and torch.allclose(rate, rate_too, atol=2e-3)
    assert all(torch.allclose(buffers[k], buffers_too[k], rtol=0.01, atol=0.01) for k in buffers)
    largest = max(float(g.norm()) for g in grads_too.values())
    for name, g in grads.items():  # what a normalisation undoes has no gradient but rounding
        assert (g - grads_too[name]).norm() <= 0.03 * grads_too[name].norm() + 0.002 * largest, name


def test_the_kernels_drop_channels_of_a_clip_and_spikes_have_their_probabilities():
    torch.manual_seed(6)
    norm = Norm(6)
    torch.nn.init.constant_(norm.bias, 0.3)
    x = torch.randn(6, 400, 20)
    spikes, rate = block_kernels.normed_sample(x, norm, True)
    assert set(spikes.unique().tolist()) == {0, 1}
    p, expected = block_kernels.normed_sample(x, norm, False)
    assert torch.allclose(rate, expected, atol=0.03) and torch.allclose(spikes.float().mean((1, 2)), rate, atol=1e-5)
    assert torch.allclose(p.float(), functional.batch_norm(x.reshape(1, 6, -1), None, None, norm.weight, norm.bias,
                          True).reshape(x.shape).clamp(0, 1), atol=0.01)  # fmt: skip
    again, _ = block_kernels.normed_sample(x, norm, True)
    assert not torch.equal(again, spikes), "every step draws anew"
    keep = torch.tensor([[0.0, 2.0] * 10] * 6)
    for made, rate in (
        block_kernels.normed_step(x.bfloat16(), norm, keep),
        block_kernels.gelu_sample(x.bfloat16(), torch.ones(6), torch.full((6,), 0.5), keep, True),
    ):
        assert not made[..., ::2].any() and set(made[..., 1::2].unique().tolist()) == {0, 2}
        assert torch.allclose((made[..., 1::2] > 0).float().mean((1, 2)), rate, atol=0.03)
    frozen = copy.deepcopy(norm)
    frozen.frozen = True
    before = frozen.running_mean.clone()
    block_kernels.normed(x + 1, frozen)
    assert torch.equal(frozen.running_mean, before)


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
    assert len(slow) == 1 and len(slow[0]["params"]) == 6 and slow[0]["weight_decay"] == 0
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
        ("blocks = 4\n", "", "blocks is missing where kind is s4d-glu"),
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
    assert recipe.load(recipe.find("kws12-s4d"))["hidden"] == [128] * 4
    rounds = recipe.rounds(recipe.load(recipe.find("kws12-pspike")))
    assert [each["training"]["sampler"] for each in rounds] == ["probabilities", "draws", "draws"]
