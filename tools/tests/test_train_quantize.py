"""Quantization-aware training: the engine's integers forward, straight-through gradients backward."""

import copy

import numpy as np
import pytest
import torch

from silif_tools.export.convert import default_detector
from silif_tools.export.quantize import row_scales
from silif_tools.integer.network import run_model
from silif_tools.model_file.tables import InputKind, ModelTables
from silif_tools.train import fixed, network, quantize, reference, scan

BITS = [8, 4]
KINDS = ["silif", "csilif"]
WORDS = ["a", "b", "c", "d", "e"]
STEPS, CLIPS, INPUTS = 60, 5, 40


DELAY = {
    "layers": [0, 1, 2], "max_delay": 14, "rate_factor": 1.0, "sigma_from": 5.0, "sigma_until": 0.5, "round_from": 0.8,
    "initial_delay": 14.0,
}  # fmt: skip


def quantized(kind, bits, delay=None):
    """A network with statistics, gains and scales as after some training, rows with negative gains among them."""
    torch.manual_seed(1)
    net = network.Network(kind, INPUTS, [48, 32], len(WORDS), delay=DELAY | {"kind": delay} if delay else None)
    net.input_norm.mean.uniform_(-9, -4)
    net.input_norm.std.uniform_(1.5, 4)
    for layer in net.snn:
        layer.norm.weight.data.uniform_(2, 5)
        layer.norm.weight.data[::5] *= -1
        layer.norm.bias.data.uniform_(-0.5, 2)
        layer.norm.running_mean.uniform_(-0.3, 0.3)
        layer.norm.running_var.uniform_(0.05, 0.6)
    if kind == "csilif":
        for layer in net.snn[:-1]:
            layer.b.data[::7] *= -1
    net.quantize(bits)
    return net


def frames():
    """log-mel integers [CLIPS, STEPS, INPUTS], some beyond the limit of the model's input."""
    values = np.random.default_rng(2).normal(-6, 4, (CLIPS, STEPS, INPUTS)) * 1024
    values[0, :3] = 20000
    return np.rint(values).astype(np.int16)


def features(integers):
    return torch.from_numpy(integers.astype(np.float32) / 1024).transpose(0, 1)


def as_model(layers):
    return ModelTables(
        input_kind=InputKind.LOG_MEL, input_fraction_bits=10, input_limit=quantize.INPUT_LIMIT, step_us=10000,
        clip_frames=STEPS, layers=layers, words=WORDS, unknown_index=None, silence_index=None,
        detector=default_detector(WORDS),
    )  # fmt: skip


@pytest.mark.parametrize("delay", [None, "axonal", "dendritic", "synaptic"])
@pytest.mark.parametrize(("kind", "bits"), [("silif", 8), ("silif", 4), ("csilif", 8), ("csilif", 4)])
def test_forward_is_the_integer_reference_bit_for_bit(kind, bits, delay):
    """The reference is NumPy in int64, written apart from fixed.c; what it runs are the tables a file would hold."""
    torch.set_num_threads(1)
    net = quantized(kind, bits, delay)
    tables = quantize.tables(net)
    assert max(np.abs(layer.weights).max() for layer in tables) == 2 ** (bits - 1) - 1
    expected = run_model(as_model(tables), frames())
    assert all(0.01 < spikes.mean() < 0.6 for spikes in expected.spikes)
    potentials = net.eval()(features(frames()))
    assert np.array_equal((potentials.numpy() * 65536).transpose(1, 0, 2), expected.membrane)
    # The same through the path with gradients.
    trained = net.train()(features(frames()))
    assert trained.requires_grad
    assert torch.allclose(trained, potentials, atol=1e-5)


@pytest.mark.parametrize("bits", BITS)
def test_every_spike_is_the_reference_s(bits):
    net = quantized("silif", bits)
    layers = quantize.tables(net)
    expected = run_model(as_model(layers), frames())
    x = torch.from_numpy(np.clip(frames(), -quantize.INPUT_LIMIT, quantize.INPUT_LIMIT).astype(np.int32)).transpose(
        0, 1
    )
    for index, layer in enumerate(layers[:-1]):
        weights = torch.from_numpy(layer.weights).T
        sums = fixed.byte_sums(x, weights) if index else fixed.frame_sums(x, weights)
        x, _ = fixed.run_scan("silif", sums, quantize._kernel_table(layer))
        assert np.array_equal(x.float().numpy().transpose(1, 0, 2), expected.spikes[index])


def test_sums_are_exact():
    rng = np.random.default_rng(3)
    x = torch.from_numpy(rng.integers(-32512, 32513, (7, 3, 40))).int()
    weights = torch.from_numpy(rng.integers(-127, 128, (12, 40)))
    assert torch.equal(fixed.frame_sums(x, weights).long(), x.long() @ weights.T)
    ones = torch.ones(4, 2, 300)
    assert torch.equal(fixed.byte_sums(ones, torch.full((5, 300), 127)), torch.full((4, 2, 5), 300 * 127).int())


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("kind", KINDS)
def test_stored_weights_and_scales_give_the_trained_integers(kind, bits):
    """The contract with the exporter: integers = W_eff / scale, with the features' deviations folded into W_eff."""
    net = quantized(kind, bits)
    stored = {key: value.double().numpy() for key, value in net.result().items()}
    for index, layer in enumerate(quantize.tables(net)):
        effective = stored[f"snn.{index}.W.weight"] / (stored["input_norm.std"] if index == 0 else 1.0)
        ratio = effective / stored[f"snn.{index}.W.scale"][:, None]
        integers = np.rint(ratio)
        assert np.abs(ratio - integers).max() < 1e-3
        assert np.array_equal(np.abs(integers.T), np.abs(layer.weights))
    float_network = network.Network(kind, INPUTS, [48, 32], len(WORDS))
    float_network.load_result(net.result())
    assert float_network.bits == 0


@pytest.mark.parametrize("kind", KINDS)
def test_close_to_the_float_network_of_its_own_weights(kind):
    """What folding and formats do is rounding, not another network: spike counts and winners stay."""
    net = quantized(kind, 8).eval()
    plain = network.Network(kind, INPUTS, [48, 32], len(WORDS)).eval()
    plain.load_result(net.result())
    x = features(np.clip(frames(), -quantize.INPUT_LIMIT, quantize.INPUT_LIMIT))
    with torch.no_grad():
        difference = (network.scores(net(x)) - network.scores(plain(x))).abs()
    assert difference.max() < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_plain_loop(kind):
    """With fine weights, straight-through gradients through rounded states equal autograd's through the float loop."""
    torch.manual_seed(3)
    torch.set_num_threads(1)
    steps, clips, size, inputs = 40, 6, 24, 16
    layer = network.KINDS[kind](inputs, size)
    layer.norm.weight.data.uniform_(2, 5)
    layer.norm.bias.data.uniform_(0, 2)
    layer.norm.running_var.uniform_(0.05, 0.2)
    spikes_in = (torch.rand(steps, clips, inputs) < 0.3).float()
    net = network.Network(kind, inputs, [size], 3)
    net.snn[0] = layer
    net.quantize(8)
    _, weight = quantize.weights(net, 0)
    # Layer 0 takes frames: tables for a layer of spikes are made by the unit of one input step.
    table = quantize.tables(net)[0]
    table.scale_shift = table.scale_shift - quantize.INPUT_FRACTION_BITS
    sums = fixed.byte_sums(spikes_in, torch.from_numpy(table.weights).T)

    def parameters():
        return [p.detach().clone().double().requires_grad_() for p in layer.parameters_in_equations()]

    got, want = [p.detach().float().requires_grad_() for p in parameters()], parameters()
    gamma, beta = (p.detach().clone().requires_grad_() for p in (layer.norm.weight, layer.norm.bias))
    statistics = (layer.norm.running_mean, layer.norm.running_var)
    z = (spikes_in @ weight.T).detach().bfloat16().requires_grad_()
    out = fixed.FixedScan.apply(kind, z, sums, quantize._kernel_table(table), 0.0, 1, statistics, gamma, beta, *got)

    x = (spikes_in @ weight.T).detach().double().requires_grad_()
    gamma64, beta64 = (p.detach().double().requires_grad_() for p in (gamma, beta))
    mean, variance = (v.double() for v in statistics)
    current = (x - mean) * torch.rsqrt(variance + scan.EPSILON) * gamma64 + beta64
    expected = getattr(reference, kind)(current, *want)
    assert 0.02 < float(expected.detach().mean()) < 0.8
    assert (out.double() != expected).double().mean() < 1e-3

    factor = torch.randn(out.shape).bfloat16()
    (out * factor).sum().backward()
    (expected * factor.double()).sum().backward()
    pairs = [(z, x), (gamma, gamma64), (beta, beta64), *zip(got, want, strict=True)]
    for ours, theirs in pairs:
        error = (ours.grad.double() - theirs.grad).norm() / theirs.grad.norm()
        assert error < 1e-2, error  # z and what flows back are bfloat16


def test_gradients_of_weights_and_scales():
    """Straight through where a weight is inside its range; a clipped one moves its row's scale alone (LSQ)."""
    net = quantized("silif", 4)
    with torch.no_grad():
        net.snn[1].W.weight[0, 0] = 50 * net.snn[1].W.weight[0].abs().max()
    integers, stored = quantize.weights(net, 1)
    assert integers[0, 0] == 7 and integers.abs().max() == 7
    g = torch.randn(stored.shape)
    (stored * g).sum().backward()
    layer, scale = net.snn[1].W, net.snn[1].W.log_scale.detach().exp()[:, None]
    steps = layer.weight.detach() / scale
    inside = steps.abs() <= 7
    assert torch.allclose(layer.weight.grad, g * inside, atol=1e-6)
    expected = (g * torch.where(inside, integers - steps, integers) * scale).sum(1)
    assert torch.allclose(layer.log_scale.grad, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bits", BITS)
def test_the_nearest_weights_are_those_that_the_exporter_would_choose(bits):
    """Within what fewer candidates for the scale cost; gradients pass."""
    torch.manual_seed(5)
    weight, std = torch.randn(24, 40, requires_grad=True), torch.rand(40) + 0.5
    found = quantize.nearest(weight, bits, std)
    rows, limit = (weight / std).detach().double().numpy(), 2 ** (bits - 1) - 1
    scales = row_scales(rows.T, bits, np.ones(40))[:, None]
    best = np.clip(np.rint(rows / scales), -limit, limit) * scales
    error = ((found.detach() / std).double().numpy() - rows) ** 2
    assert (error.sum(1) <= 1.1 * ((best - rows) ** 2).sum(1) + 1e-12).all()
    if bits == 4:
        assert max(len(row.unique()) for row in (found / std).detach().round(decimals=4)) <= 15
    assert torch.equal(torch.autograd.grad(found.sum(), weight)[0], torch.ones(24, 40))


@pytest.mark.parametrize("kind", KINDS)
def test_four_bits_train_back_what_rounding_cost(kind):
    """A task learned in float, rounded to 4 bits, and trained on in integers."""
    torch.manual_seed(4)
    net = network.Network(kind, INPUTS, [32], 2)

    def batch():
        labels = torch.randint(2, (64,))
        x = torch.randn(50, 64, INPUTS)
        x[:, labels == 1, :10] += 0.35
        return x, labels

    def loss():
        x, labels = batch()
        return torch.nn.functional.cross_entropy(network.scores(net.train()(x)).log(), labels)

    def train(steps, rate):
        optimiser = torch.optim.AdamW(net.parameters(), lr=rate)
        for _ in range(steps):
            optimiser.zero_grad()
            loss().backward()
            optimiser.step()

    train(30, 1e-2)
    net.quantize(4)
    before = copy.deepcopy(net)
    with torch.no_grad():
        rounded = float(sum(loss() for _ in range(5)) / 5)
    train(30, 5e-3)
    with torch.no_grad():
        trained = float(sum(loss() for _ in range(5)) / 5)
    assert trained < rounded
    changed = [(quantize.weights(net, i)[0] != quantize.weights(before, i)[0]).float().mean() for i in range(2)]
    assert min(changed) > 0
    assert not torch.equal(net.snn[0].W.log_scale, before.snn[0].W.log_scale)
    assert torch.equal(net.snn[0].norm.running_mean, before.snn[0].norm.running_mean)
