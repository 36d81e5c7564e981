"""Learned delays: read from each public layout, rounded, and equal to a convolution with the rounded kernel."""

import itertools

import numpy as np
import pytest
from test_export_fold import arrays, trained_like

from silif_tools.errors import ConversionError
from silif_tools.export.convert import convert
from silif_tools.export.float_network import run_float, weighted
from silif_tools.export.fold import fold
from silif_tools.integer.network import run_model
from silif_tools.kinds.choices import Choices
from silif_tools.model_file.tables import DelayKind, InputKind
from silif_tools.model_file.write import model_bytes

torch = pytest.importorskip("torch")
KERNEL = 9


def positions(*shape, seed=3):
    """Halves, quarters, and values beyond the kernel: what rounding can get wrong."""
    return np.random.default_rng(seed).integers(-20, 21, shape) / 4.0


def convolution(values, weight, at):
    """What the public code computes at evaluation: Dcls1d's kernel with P rounded and clamped, one tap each.

    values [clip, step, input], weight [outputs, inputs], at [outputs, inputs] -> [clip, step, output].
    """
    reach = KERNEL // 2
    rounded = torch.round(torch.tensor(at)).clamp(-reach, reach).long()
    kernel = torch.zeros(*weight.shape, KERNEL, dtype=torch.float64)
    kernel.scatter_(2, (rounded + reach)[..., None], torch.tensor(weight)[..., None])
    padded = torch.nn.functional.pad(torch.tensor(values).transpose(1, 2), (KERNEL - 1, 0))
    return torch.nn.functional.conv1d(padded, kernel).transpose(1, 2).numpy()


def delayed_state(kind, seed=5):
    """A SiLIF network 11-23-17-5 with delays in AxDen's layout in every layer, and its positions [outputs, inputs]."""
    state, full = arrays(trained_like("silif")), []
    state = {key: values for key, values in state.items() if not key.startswith("input_norm")}
    for index in range(3):
        weight = 4 * state[f"snn.{index}.W.weight"]
        outputs, inputs = weight.shape
        name = f"snn.{index}.delay_layer"
        if kind == "synaptic":
            at = positions(outputs, inputs, seed=seed + index)
            del state[f"snn.{index}.W.weight"]
            state |= {f"{name}.weight": weight[:, :, None], f"{name}.P": at[None, :, :, None]}
            full.append(at)
        else:
            state[f"snn.{index}.W.weight"] = weight
            count = inputs if kind == "axonal" else outputs
            at = positions(count, seed=seed + index)
            state |= {f"{name}.weight": np.ones((count, 1, 1)), f"{name}.P": at[None, :, None, None]}
            full.append(np.broadcast_to(at[None, :] if kind == "axonal" else at[:, None], weight.shape))
        state[f"{name}.SIG"] = np.full(state[f"{name}.P"].shape, 0.23)
    return state, full


@pytest.mark.parametrize("kind", ["axonal", "dendritic", "synaptic"])
def test_a_layer_equals_the_convolution_of_its_rounded_kernel(kind):
    state, full = delayed_state(kind)
    layers = fold(state, Choices(delay_kernel=KERNEL))
    for layer, at in zip(layers, full, strict=True):
        values = np.random.default_rng(1).normal(0, 1, (2, 30, layer.weights.shape[0]))
        expected = convolution(values, layer.weights.T, at)
        assert weighted(layer, values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", ["axonal", "dendritic", "synaptic"])
def test_the_integer_network_follows_the_float_network(kind):
    state, _ = delayed_state(kind)
    conversion = convert(
        state,
        list("abcde"),
        input_kind=InputKind.COUNTS,
        step_us=10_000,
        clip_frames=40,
        weight_bits=16,
        choices=Choices(delay_kernel=KERNEL),
    )
    counts = np.random.default_rng(2).poisson(1.0, (6, 40, 11)).astype(np.int16)
    fixed, real = run_model(conversion.model, counts), run_float(conversion.float_layers, counts)
    assert 0.01 < real.spikes[0].mean() < 0.9
    assert (fixed.spikes[0] == real.spikes[0]).mean() > 0.98
    assert conversion.model.layers[1].delay_kind == DelayKind[kind.upper()]
    conversion.model.self_test_input, conversion.model.self_test_steps = counts[0], 40
    model_bytes(conversion.model)  # the runtime would accept it


def test_rounding_is_half_to_even_then_clamped():
    state, _ = delayed_state("axonal")
    state["snn.0.delay_layer.P"][0, :6, 0, 0] = [0.5, 1.5, -0.5, -2.5, 4.6, -7]
    assert fold(state, Choices(delay_kernel=KERNEL))[0].delays[:6].tolist() == [4, 2, 4, 6, 0, 8]


def test_the_report_says_what_rounding_changed():
    state, _ = delayed_state("axonal")
    at = state["snn.0.delay_layer.P"]
    at[:] = 0
    at[0, :3, 0, 0] = [0.5, 1.25, 5.0]
    rounding = fold(state, Choices(delay_kernel=KERNEL))[0].delay_rounding
    assert (rounding.count, rounding.moved, rounding.clamped) == (11, 3, 1)
    assert rounding.largest_move == 1.0
    assert rounding.mean_move == pytest.approx((0.5 + 0.25 + 1.0) / 11)
    # Deviation 0.23 + 0.27: .787 on the middle tap, .107 on each neighbour (PAPERS 1.5).
    centred = fold(delayed_state("axonal")[0] | {"snn.0.delay_layer.P": 0 * at}, Choices(delay_kernel=KERNEL))[0]
    assert centred.delay_rounding.mean_kept == pytest.approx(0.787, abs=5e-4)
    assert "78.7 % of its kernel" in centred.delay_rounding.line()
    state["snn.0.delay_layer.SIG"] *= 0
    assert fold(state, Choices(delay_kernel=KERNEL))[0].delay_rounding.mean_kept == 1


def test_the_silif_authors_layout_is_read():
    """Dcls1d in the place of W, in every layer (PAPERS 1.5)."""
    state, _ = delayed_state("synaptic")
    theirs = {key.replace(".delay_layer.", ".W."): values for key, values in state.items()}
    for one, other in zip(fold(theirs), fold(state), strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.delays, other.delays)


def sequence_state():
    """Thvnvtos/SNN-delays: Dcls1d, BatchNorm1d, LIF, Dropout in a row; no tensors of the neurons."""
    random, state, sizes = np.random.default_rng(4), {}, [7, 12, 12, 3]
    for block, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        at = f"model.{4 * block}"
        state[f"{at}.weight"] = random.normal(0, 0.7, (outputs, inputs, 1))
        state[f"{at}.P"] = positions(1, outputs, inputs, 1, seed=block)
        state[f"{at}.SIG"] = np.full((1, outputs, inputs, 1), 0.23)
        if block < 2:
            norm = {"weight": 1.5, "bias": 0.3, "running_mean": 0.1, "running_var": 0.8}
            state |= {f"model.{4 * block + 1}.{key}": np.full(outputs, value) for key, value in norm.items()}
    return state


@pytest.mark.parametrize("reset", ["subtract", "hard"])
@pytest.mark.parametrize("is_parametric", [False, True])
def test_the_sequential_layout_runs_with_either_reset(reset, is_parametric):
    """hard, tau 1.5: as SNN-delays and AxDenSynDelaySNN are published. ParametricLIFNode stores 1/tau = sigmoid(w)."""
    state = sequence_state()
    tau = None if is_parametric else 1.5
    if is_parametric:
        state |= {f"model.{4 * block + 2 - (block == 2)}.w": np.log([2.0]) for block in range(3)}
    layers = fold(state, Choices(delay_kernel=KERNEL, lif_tau_steps=tau, lif_reset=reset))
    counts = np.random.default_rng(6).poisson(1.0, (3, 25, 7)).astype(float)
    values = counts
    for block in range(3):
        current = convolution(
            values, state[f"model.{4 * block}.weight"][..., 0], state[f"model.{4 * block}.P"][0, ..., 0]
        )
        if block < 2:
            current = (current - 0.1) / np.sqrt(0.8 + 1e-5) * 1.5 + 0.3
        v, out = np.zeros(current[:, 0].shape), []
        for step in range(25):
            v = v - v / 1.5 + current[:, step]
            spiked = (v >= 1).astype(float) if block < 2 else 0 * v
            out.append(spiked if block < 2 else v.copy())
            v = v - spiked if reset == "subtract" else v * (1 - spiked)
        values = np.stack(out, axis=1)
    softmax = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    trace = run_float(layers, counts)
    assert 0.05 < trace.spikes[1].mean() < 0.95
    assert trace.scores == pytest.approx(softmax.sum(axis=1), abs=1e-9)


def test_neurons_set_in_code_are_refused_without_their_time_constant():
    with pytest.raises(ConversionError, match="give --lif-tau, and --reset: hard for v_reset=0"):
        fold(sequence_state(), Choices(delay_kernel=KERNEL))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"model.2.w": np.ones(1), "model.2.v": np.ones(1)},
            "model.2: a module with v, w is neither a delayed layer, nor",
        ),
        ({"model.2.running_mean": np.ones(12)}, "model.2: a module with running_mean is neither"),
        ({"model.0.filter.w": np.ones(1)}, "model.0.filter.w: only modules named model.N run here"),
        ({"encoder.weight": np.ones(1)}, "encoder.weight: only modules named model.N run here"),
    ],
)
def test_modules_that_are_no_layers_are_not_left_out_in_silence(extra, message):
    with pytest.raises(ConversionError, match=message):
        fold(sequence_state() | extra, Choices(delay_kernel=KERNEL, lif_tau_steps=1.5))


def square_state(kind):
    state, count = {}, 6
    for index in range(2):
        name = f"snn.{index}"
        state |= {f"{name}.W.weight": np.eye(count), f"{name}.alpha": np.full(count, 0.9)}
        state |= {
            f"{name}.delay_layer.weight": np.ones((count, 1, 1)),
            f"{name}.delay_layer.P": positions(1, count, 1, 1),
        }
    return state


def test_square_layers_need_to_be_told_axonal_from_dendritic():
    with pytest.raises(ConversionError, match="--delays axonal"):
        fold(square_state("axonal"))
    assert fold(square_state("axonal"), Choices(delays="axonal"))[0].delay_kind == DelayKind.AXONAL
    assert fold(square_state("axonal"), Choices(delays="dendritic"))[0].delay_kind == DelayKind.DENDRITIC


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update({"snn.0.delay_layer.P": np.zeros((1, 4, 1, 1))}), "one delay a weight"),
        (lambda s: s.update({"snn.0.delay_layer.delay_scores": np.zeros(11)}), "masked delays"),
        (
            lambda s: s.update(
                {f"snn.0.delay_layer.{key}": np.zeros((*one, 4, 1, 1)) for key, one in (("P", [1]), ("SIG", [1]))}
                | {"snn.0.delay_layer.weight": np.zeros((4, 1, 1))}
            ),
            "axonal delays of this layer",
        ),
    ],
)
def test_delays_that_cannot_be_read_are_refused_by_name(change, message):
    state, _ = delayed_state("axonal")
    change(state)
    with pytest.raises(ConversionError, match=message):
        fold(state, Choices(delay_kernel=KERNEL))


@pytest.mark.parametrize("kernel", [4, 1, 257])
def test_kernels_are_odd_and_fit_the_runtime(kernel):
    with pytest.raises(ConversionError, match="odd length"):
        fold(delayed_state("axonal")[0], Choices(delay_kernel=kernel))


@pytest.mark.parametrize("kind", ["axonal", "dendritic", "synaptic"])
def test_what_the_trainer_saves_computes_the_same_here(kind):
    from silif_tools.train.network import Network

    torch.manual_seed(2)
    settings = {
        "kind": kind,
        "layers": [0, 1],
        "max_delay": 8,
        "initial_delay": 8,
        "rate_factor": 1.0,
        "sigma_from": 2.0,
    }
    network = Network("silif", 11, [23, 17], 5, delay=settings | {"sigma_until": 0.5, "round_from": 0.7})
    for layer in network.snn:
        layer.norm.running_var.uniform_(0.2, 2)
        layer.norm.bias.data.uniform_(-0.5, 1)
    network.input_norm.mean.normal_(-7, 2)
    network.eval()
    inputs = np.random.default_rng(2).normal(-7, 3, (20, 15, 11)).astype(np.float32)
    with torch.no_grad():
        membrane = network(torch.from_numpy(inputs.transpose(1, 0, 2).copy())).numpy()
    expected = (np.exp(membrane) / np.exp(membrane).sum(axis=-1, keepdims=True)).sum(axis=0)
    trace = run_float(fold(arrays(network), Choices(delay_kernel=9)), inputs)
    assert np.median(np.abs(trace.scores - expected).max(axis=1)) < 1e-4
    assert (trace.scores.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.8
