"""Networks of blocks over a stream: golden models against loops, bounds, curves, long memories, checkpoints."""

import importlib.util
import math
import re

import numpy as np
import pytest
import torch
from slow_network import slow_run

from silif_tools.errors import ConversionError
from silif_tools.export.compare import compare
from silif_tools.export.convert import convert
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold
from silif_tools.fixed_point import STATE_LIMIT
from silif_tools.golden.build import build
from silif_tools.integer.network import IntegerNetwork
from silif_tools.kinds import BLOCK_KINDS, ENCODER, GLU, READOUT, read_model
from silif_tools.kinds.curves import NORMAL, SIGMOID
from silif_tools.kinds.document import ROOT
from silif_tools.kinds.golden_case import Case, Spec
from silif_tools.kinds.s4d_gsu import ternary_weights
from silif_tools.kinds.state_space import interleaved, needed, pair_gains, room
from silif_tools.model_file.bounds import check_model
from silif_tools.model_file.tables import DelayKind, InputKind, Sampler, Sampling, Source
from silif_tools.train.blocks import BLOCKS, BlockNetwork, ternary

CASES = [case for kind in BLOCK_KINDS for case in kind.cases()]
WORDS = ["yes", "no", "_unknown_"]
# The blocks that the engine runs, by their names in recipes.
RUNNING = list(BLOCKS)


def tiny(kind=GLU, bits=8, fraction_bits=16, pairs=3, width=5, seed=1, **options):
    specs = (
        Spec(ENCODER, width, bits, fraction_bits=fraction_bits),
        Spec(kind, width, bits, fraction_bits=fraction_bits, pairs=pairs, **options),
        Spec(READOUT, 3, bits, gain=32.0),
    )
    sampling = Sampling(Sampler.FEEDBACK) if kind.samples else None
    return build(Case("tiny", seed, 3, specs, steps=25, rates=(0.0, 1.0), saturates=None, sampling=sampling))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_models_equal_the_loops(case):
    _, model, trace = build(case)
    steps, operations = slow_run(model, model.self_test_input[:200])
    for index, (frame, spikes, membrane) in enumerate(steps):
        assert trace.frames[0, index].tolist() == frame
        assert [layer[0, index].tolist() for layer in trace.spikes] == spikes
        assert trace.membrane[0, index].tolist() == membrane
    if len(steps) == model.self_test_steps:
        assert int(trace.synaptic_operations[0]) == operations


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize(
    ("fraction_bits", "extreme"),
    # Offsets of 300, which extreme ones have, have no place in 24 fractional bits.
    [(8, False), (8, True), (16, False), (16, True), (24, False)],
)
def test_random_blocks_equal_the_loops(bits, fraction_bits, extreme):
    for seed in range(3):
        gain = 20.0 if fraction_bits < 24 else 0.25
        data, model, trace = tiny(bits=bits, fraction_bits=fraction_bits, seed=seed, extreme=extreme, gain=gain)
        steps, _ = slow_run(read_model(data), model.self_test_input)
        assert [step[2] for step in steps] == trace.membrane[0].tolist()


def test_a_state_comes_near_its_bound_and_no_further():
    _, model, _ = build(next(case for case in CASES if case.name == "s4d-glu-bound"))
    network = IntegerNetwork(model, 1)
    network.run(model.self_test_input[None])
    space = network.neurons[1].space
    largest = np.sqrt(space.real.astype(float) ** 2 + space.imaginary.astype(float) ** 2).max()
    assert 0.75 * STATE_LIMIT < largest <= STATE_LIMIT


def test_free_decay_follows_the_power_for_a_million_steps():
    """From 2^29 down, without input: the state against A^n, as far as its last bit lets it."""
    radius, steps = 1 - 2.0**-18, 10**6
    angle = np.exp(0.1j)
    for factor in (radius + 0j, radius * angle):
        decay = interleaved(np.array([[factor * 2.0**30]]))[0].tolist()
        held = complex(*decay) / 2**30
        u, v = 1 << 29, 0
        worst = 0.0
        for step in range(1, steps + 1):
            u, v = (
                (decay[0] * u - decay[1] * v + (1 << 29)) >> 30,
                (decay[1] * u + decay[0] * v + (1 << 29)) >> 30,
            )
            if step % 50_000 == 0:
                exact = (1 << 29) * held**step
                worst = max(worst, abs(complex(u, v) - exact))
        # Roundings of at most 0.71 a step, each of which decays as the state does.
        assert worst <= 0.75 / (1 - abs(held)), worst
        print(f"|A| = 1 - 2^-18, phase {np.angle(held):.1f}: largest deviation {worst:.0f} of 2^29")


def test_the_gain_is_the_largest_power_of_two_that_the_bound_allows_or_near_the_root():
    radius = 1 - np.array([[0.5, 5e-3, 5.1e-4, 2.0**-15, 2.0**-20, 2.0**-30]])
    decay = interleaved(radius.astype(complex) * 2.0**30)
    gain = pair_gains(decay, GLU.input_limit(16))
    assert (needed(gain, GLU.input_limit(16)) <= room(decay)).all()
    shift = 30 - np.log2(gain[0])
    root = np.round(-np.log2((1 - radius[0] ** 2) / 2) / 2)
    assert shift[:2].tolist() == root[:2].tolist()
    # The others would leave the bound with a gain twice as large, or have their root.
    tight = needed(2 * gain, GLU.input_limit(16)) > room(decay)
    assert (tight[0] | (shift == root)).all() and tight[0, -1]


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("pair_decay", lambda t: t.__setitem__((0, 0), (1 << 30) - 1), "pair_decay and pair_gain"),
        ("pair_decay", lambda t: t.__setitem__((0, 0), 1 << 30), r"pair_decay 1073741824 is outside"),
        ("pair_gain", lambda t: t.__setitem__((2, 1), (1 << 30) + 1), "pair_gain 1073741825 is outside"),
        ("sign", lambda t: t.__setitem__(1, 2), "sign 2 is outside"),
        ("threshold", lambda t: t.__setitem__(1, 1 << 30), "threshold 1073741824 is outside"),
        ("output_shift", lambda t: t.__setitem__(1, 31), "output_shift 31 is outside"),
    ],
)
def test_broken_bounds_are_refused_by_name(table, change, message):
    _, model, _ = tiny()
    layer = model.layers[1]
    layer.neuron["pair_gain"][0, 0] = 1 << 30
    layer.neuron["pair_decay"][0, :2] = 0
    check_model(model)
    change(layer.neuron[table])
    with pytest.raises(ValueError, match=message):
        check_model(model)


def test_a_share_that_is_none_is_refused_by_name():
    _, model, _ = tiny()
    for share in (0.0, 1.0):
        model.detector.least_share = share
        check_model(model)
    for share in (-0.1, 1.1):
        model.detector.least_share = share
        with pytest.raises(ValueError, match=r"DTCT: least_share_q15 -?[0-9]+ is outside 0\.\.\.32768"):
            check_model(model)


def test_layers_that_do_not_fit_a_stream_are_refused_by_name():
    for change, message in (
        (lambda layers: setattr(layers[1], "source", Source.SPIKES), r"layer 1.source 1"),
        (lambda layers: setattr(layers[1], "state_fraction_bits", 15), "layer 1.state_fraction_bits 15"),
        (lambda layers: setattr(layers[1], "pairs", 0), "layer 1.state_pairs 0"),
        (lambda layers: setattr(layers[0], "pairs", 1), "layer 0.state_pairs 1"),
        (lambda layers: setattr(layers[2], "delay_kind", DelayKind.AXONAL), "layer 2.delay_kind 1"),
        (lambda layers: setattr(layers[2], "source", Source.SPIKES), "layer 2.source 1"),
    ):
        _, model, _ = tiny()
        change(model.layers)
        with pytest.raises(ValueError, match=message):
            check_model(model)


@pytest.mark.parametrize(
    ("curve", "exact", "bound"),
    [
        (SIGMOID, lambda x: 1 / (1 + math.exp(-x)), 3.5e-4),
        (NORMAL, lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), 8e-5),
    ],
)
def test_the_curves_are_as_near_as_the_page_says(curve, exact, bound):
    points = [32768 * exact(curve.reach * (index - 128) / 128) for index in range(257)]
    assert min(abs(value % 1 - 0.5) for value in points) > 5e-4, "a tie would round as the machine's libm likes"
    x = np.linspace(-2 * curve.reach, 2 * curve.reach, 40_001)
    found = curve.at(np.rint(x * 65536).astype(np.int64)) / 32768
    assert np.abs(found - np.array([exact(value) for value in x])).max() <= bound


@pytest.mark.parametrize(("bits", "fraction_bits"), [(4, 16), (8, 8), (8, 22)])
@pytest.mark.parametrize("kind", BLOCK_KINDS, ids=lambda kind: kind.slug)
def test_in_the_worst_case_every_channel_fires_and_what_state_spaces_take_and_make_is_clamped(
    kind, bits, fraction_bits, tmp_path
):
    path = ROOT / "tools/scripts/worst_case_model.py"
    spec = importlib.util.spec_from_file_location("worst_case_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data, model, _ = tiny(kind, bits, fraction_bits, width=18, gain=0.25)
    (tmp_path / "model.silif").write_bytes(data)
    module.main(str(tmp_path / "model.silif"), str(tmp_path / "worst.silif"))
    worst = read_model(tmp_path / "worst.silif")
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(model.layers, worst.layers, strict=True))
    network, rng = IntegerNetwork(worst, 1), np.random.default_rng(1)
    network.neurons[1].space.counter = clamped = [0]
    for step in range(40):
        network.step(rng.integers(-500, 500, (1, 3)))
        assert network.neurons[1].spiked.all()
        # y; and x, but where it is made of spikes, which are 0 or 1.
        assert clamped[0] == (step + 1) * 18 * (1 if kind.samples else 2)


def trained(kind, seed=1):
    """A network of blocks with statistics of its own, but no training."""
    torch.manual_seed(seed)
    network = BlockNetwork(kind, 7, 24, 2, 4, len(WORDS))
    network.start(1.0, -0.2, [0.05, 0.5])
    for norm in network.norms():
        norm.momentum = None
    network.train()
    for _ in range(4):
        network(torch.randn(40, 16, 7))
    return network.eval()


@pytest.mark.parametrize("kind", RUNNING)
def test_the_folded_network_is_the_trained_one(kind):
    network = trained(kind)
    # PyTorch's generator is not that of the models; without one both make the same spikes.
    network.evaluation_sampler = "feedback"
    inputs = torch.randn(30, 20, 7)
    with torch.no_grad():
        wanted = network(inputs).double().softmax(-1).sum(0).numpy()
    state = {key: value.double().numpy() for key, value in network.state_dict().items()}
    layers = fold(state)
    for layer in layers:
        layer.sampling = Sampling(Sampler.FEEDBACK)
    trace = run_float(layers, inputs.transpose(0, 1).double().numpy())
    rates = [spikes.mean() for spikes in trace.spikes]
    assert rates[0] == 0 and all(0.1 < rate < 0.9 for rate in rates[1:])
    # A few spikes differ where y is within a rounding of its threshold.
    assert np.median(np.abs(trace.scores - wanted)) < 1e-4


@pytest.mark.parametrize("kind", RUNNING)
def test_integers_hear_what_the_float_network_hears(kind):
    network = trained(kind)
    state = {key: value.double().numpy() for key, value in network.state_dict().items()}
    counts = np.random.default_rng(1).poisson(0.7, (64, 40, 7)).astype(np.int16)
    conversion = convert(
        state, WORDS, input_kind=InputKind.COUNTS, step_us=10_000, clip_frames=40, calibration=counts[:16]
    )
    found = compare(conversion, counts)
    assert found.same_winner > 0.9 and found.saturations == 0
    for real, fixed in zip(found.float_rates, found.fixed_rates, strict=True):
        assert abs(real - fixed) < 0.02


@pytest.mark.parametrize("kind", RUNNING)
def test_a_stream_far_from_zero_is_read_as_well_without_calibration(kind):
    """P-SpikeSSM's blocks add what is hardly ever negative: after training on psMNIST the stream's mean was 14, and the
    readout's weights of 8 bits cost 11 points."""
    state = {key: value.double().numpy() for key, value in trained(kind).state_dict().items()}
    offset = np.random.default_rng(3).uniform(20, 40, 24)
    state["enc.bias"] = state["enc.bias"] + offset
    for norm in ("norm", "blocks.0.norm", "blocks.1.norm"):
        state[f"{norm}.running_mean"] = state[f"{norm}.running_mean"] + offset
    counts = np.random.default_rng(1).poisson(0.7, (64, 40, 7)).astype(np.int16)
    options = {"input_kind": InputKind.COUNTS, "step_us": 10_000, "clip_frames": 40}
    assert compare(convert(state, WORDS, **options), counts).same_winner > 0.9


@pytest.mark.parametrize("bits", [4, 8, 16])
def test_the_ternary_matrix_is_that_of_the_training_whatever_the_bits(bits):
    """One W serves both branches: its integers are rounded to neither side of the threshold."""
    network = trained("s4d-gsu")
    with torch.no_grad():
        for block in network.blocks:
            block.W.weight[0] *= 0.2  # a row in which few are large enough
            block.W.weight[1, :3] = 0.0
    state = {key: value.double().numpy() for key, value in network.state_dict().items()}
    counts = np.random.default_rng(2).poisson(0.7, (16, 40, 7)).astype(np.int16)
    options = {"input_kind": InputKind.COUNTS, "step_us": 10_000, "clip_frames": 40, "calibration": counts}
    model = convert(state, WORDS, weight_bits=bits, **options).model
    for block, layer in zip(network.blocks, model.layers[1:], strict=False):
        wanted = ternary(block.W.weight, (0, 1)).detach().T.numpy()
        found = ternary_weights(layer.weights, layer.neuron["ternary_threshold"])
        assert np.array_equal(found, np.rint(wanted))
        assert 0.3 < np.abs(found).mean() < 0.95 and np.abs(found[:, 0]).mean() < 0.3


@pytest.mark.parametrize("kind", RUNNING)
def test_a_checkpoint_that_lacks_something_is_refused_by_name(kind):
    whole = {key: value.double().numpy() for key, value in trained(kind).state_dict().items()}
    for key in whole:
        if key.endswith("num_batches_tracked"):
            continue
        state = {name: value for name, value in whole.items() if name != key}
        block = re.match(r"blocks\.\d\.", key)
        # Of a block that lacks the poles nothing else says how many pairs there are.
        wanted = f"{block[0][:-1]} lacks {key[block.end() :]}" if block else key
        with pytest.raises(ConversionError, match="^" + re.escape(wanted) + r"(,|$| is missing)"):
            fold(state)
    for key, message in (
        ("blocks.1.ssm.P", r"^blocks\.1 has ssm\.P, which no block that runs here has"),
        ("blocks.0.inp2_a", r"^blocks\.0 has inp2_a, which no block that runs here has"),
        ("nonsense", "^nonsense: a network of blocks has no such tensor"),
        ("blocks.extra", r"^blocks\.extra: a network of blocks has no such tensor"),
        ("blocks.00.ssm.D", r"^blocks\.00\.ssm\.D: a network of blocks has no such tensor"),
        ("blocks.1234567.ssm.D", r"^blocks\.1234567\.ssm\.D: a network of blocks has no such tensor"),
        ("blocks.\N{ARABIC-INDIC DIGIT ONE}.ssm.D", "ssm.D: a network of blocks has no such tensor"),
    ):
        with pytest.raises(ConversionError, match=message):
            fold(whole | {key: np.zeros(24)})
    with pytest.raises(ConversionError, match=r"blocks\.1\.ssm\.C has the shape \[24, 4\]; \[24, 4, 2\] is wanted"):
        fold(whole | {"blocks.1.ssm.C": np.zeros((24, 4))})
