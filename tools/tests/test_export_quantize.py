"""Rounding to integer tables loses as little as its formats say."""

import numpy as np
import pytest
from test_export_fold import arrays, trained_like

from silif_tools.errors import ConversionError
from silif_tools.export.fold import fold
from silif_tools.export.quantize import quantize_layer, quantize_weights, round_to_trained_scales, row_scales

pytest.importorskip("torch")


def quantized(layer, bits=8, **options):
    inputs = layer.weights.shape[0]
    defaults = dict(
        name="layer",
        bits=bits,
        input_unit=2.0**-10,
        input_limit=16384,
        input_mean=np.zeros(inputs),
        input_covariance=np.eye(inputs),
    )
    return quantize_layer(layer, **{**defaults, **options})


@pytest.mark.parametrize("bits", [8, 16])
def test_weights_are_within_half_a_step_or_clipped(bits):
    weights = np.random.default_rng(1).normal(0, 1, (50, 30)) * np.geomspace(1e-3, 10, 30)
    integers, scale, saturated = quantize_weights(weights, bits, np.eye(50))
    limit = 2 ** (bits - 1) - 1
    assert np.abs(integers).max() <= limit
    inside = np.abs(weights) <= limit * scale
    assert np.abs(weights - integers * scale)[inside].max() <= (0.5 * scale.max()) * (1 + 1e-9)
    assert saturated.tolist() == np.count_nonzero(np.abs(np.rint(weights / scale)) > limit, axis=0).tolist()


def test_a_row_of_zeros_stays_zero():
    weights = np.zeros((4, 3))
    weights[:, 1] = 1
    integers, _, _ = quantize_weights(weights, 8, np.eye(4))
    assert integers[:, 0].tolist() == [0, 0, 0, 0]


def test_scales_and_bias_reproduce_the_current():
    layer = fold(arrays(trained_like("silif")))[0]
    tables, _ = quantized(layer)
    unit = 2.0 ** (tables.state_fraction_bits + 8)
    scale = tables.scale_mantissa * 2.0 ** -tables.scale_shift.astype(float) / unit
    frame = np.random.default_rng(3).integers(-16000, 10000, 11)
    fixed = (frame @ tables.weights) * scale + tables.bias / unit
    real = (frame / 1024) @ layer.weights + layer.bias
    steps = np.abs(frame).sum() * scale * 0.75
    assert np.all(np.abs(fixed - real) <= steps + 1e-6)


def test_bias_takes_back_the_mean_of_the_rounding_error():
    layer = fold(arrays(trained_like("silif")))[0]
    mean = np.random.default_rng(4).normal(-8, 2, 11)
    tables, _ = quantized(layer, input_mean=mean)
    unit = 2.0 ** (tables.state_fraction_bits + 8)
    scale = tables.scale_mantissa * 2.0 ** -tables.scale_shift.astype(float) / unit
    fixed = (mean * 1024) @ tables.weights * scale + tables.bias / unit
    assert fixed == pytest.approx(mean @ layer.weights + layer.bias, abs=1e-5)


def test_heavy_rows_of_16_bit_weights_stay_within_their_sums():
    layer = fold(arrays(trained_like("silif")))[0]
    layer.weights = np.ones((400, 23)) * 0.37
    tables, _ = quantized(layer, bits=16)
    assert np.abs(tables.weights).sum(axis=0).max() * 16384 <= 2**31 - 1


def test_a_heavy_row_whose_scale_clips_gets_steps_that_do_not():
    """Where the sum has little too much, the step that the sum asks for would leave the outlier beyond 16 bits."""
    layer = fold(arrays(trained_like("silif")))[0]
    weights = np.zeros((5, 23))
    weights[:, :] = np.array([[1.0], [0.7], [0.68], [0.66], [0.64]])
    layer.weights = weights
    # All else is rounded without an error at 0.7 of the full scale, so the outlier is clipped there.
    power = np.diag([1e-12, 1.0, 1.0, 1.0, 1.0])
    clipped, scale, saturated = quantize_weights(weights, 16, power)
    assert saturated.tolist() == [1] * 23 and scale.max() < 1.0 / 32767
    limit = int((2**31 - 1) // np.abs(clipped).sum(axis=0).max()) + 1
    tables, report = quantized(layer, bits=16, input_covariance=power, input_limit=limit)
    assert np.abs(tables.weights).max() <= 32767 and report[0].saturated == 0
    assert np.abs(tables.weights).sum(axis=0).max() * limit <= 2**31 - 1


def test_recurrent_weights_out_of_range_are_named():
    layer = fold(arrays(trained_like("silif")))[1]
    layer.recurrent = np.full((17, 17), 1e12)
    with pytest.raises(ValueError, match=r"layer: recurrent weights of 1e\+12 are too large; give fewer --fraction"):
        quantized(layer, input_unit=1.0, input_limit=1)


def test_adaptation_leak_keeps_nine_digits():
    layer = fold(arrays(trained_like("silif")))[0]
    layer.coefficients["adaptation_leak"] = exact = np.geomspace(5e-9, 1.0, 23)
    tables, _ = quantized(layer)
    mantissa, shift = (tables.neuron[f"adaptation_leak_{part}"] for part in ("mantissa", "shift"))
    assert mantissa * 2.0 ** -(30.0 + shift) == pytest.approx(exact, rel=2e-9)
    assert mantissa.max() <= 2**30


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bias", [1000, -1000, 1e13, -1e18, 1e300])
def test_a_bias_out_of_range_is_an_error_and_not_a_wrap(bias):
    layer = fold(arrays(trained_like("silif")))[0]
    layer.bias[0] = bias
    with pytest.raises(ValueError, match=r"layer: a folded bias of .* leaves its 32-bit range"):
        quantized(layer)


def test_error_aware_rounding_beats_plain_rounding_on_correlated_inputs():
    random = np.random.default_rng(6)
    inputs = random.normal(0, 1, (2000, 4)) @ random.normal(0, 1, (4, 40)) + random.normal(0, 0.1, (2000, 40))
    weights = random.normal(0, 1, (40, 20))
    errors = []
    for covariance in (np.cov(inputs, rowvar=False), np.diag(inputs.var(axis=0))):
        integers, scale, _ = quantize_weights(weights, 8, covariance)
        errors.append(np.mean((inputs @ (weights - integers * scale)) ** 2))
    assert errors[0] < 0.7 * errors[1]


def trained_with_rounded_weights(kind, bits, seed=1):
    """A state dict as training with rounded weights leaves it, and the integers it was trained with, [inputs, outputs]
    a layer: some rows with negative gains, which turn their integers round."""
    random = np.random.default_rng(seed)
    state = arrays(trained_like(kind))
    expected = []
    for index in range(3):
        rows, inputs = state[f"snn.{index}.W.weight"].shape
        integers = random.integers(-(2 ** (bits - 1) - 1), 2 ** (bits - 1), (rows, inputs))
        scale = np.float32(0.02 / 2 ** (bits - 4) * np.exp(random.normal(0, 1, rows)))
        columns = state["input_norm.std"] if index == 0 else np.ones(inputs)
        stored = integers.astype(np.float32) * scale[:, None] * columns.astype(np.float32)
        gain = state[f"snn.{index}.norm.weight"]
        gain[::3] *= -1
        if kind == "csilif" and index < 2:
            gain = gain * state[f"snn.{index}.b"]
        state[f"snn.{index}.W.weight"], state[f"snn.{index}.W.scale"] = stored.astype(np.float64), scale.astype(float)
        expected.append((integers * np.sign(gain)[:, None].astype(int)).T)
    return state, expected


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_a_network_trained_with_rounded_weights_is_exported_as_trained(kind, bits):
    state, expected = trained_with_rounded_weights(kind, bits)
    random = np.random.default_rng(5)
    for layer, integers in zip(fold(state), expected, strict=True):
        inputs = len(integers)
        # Whatever the calibration says about means and correlations.
        mean, covariance = random.normal(0, 1, inputs), np.cov(random.normal(0, 1, (3 * inputs, inputs)), rowvar=False)
        tables, _ = quantized(layer, bits, input_unit=1.0, input_mean=mean, input_covariance=covariance)
        assert np.array_equal(tables.weights, integers)
        unit = 2.0 ** (tables.state_fraction_bits + 8)
        stored = tables.weights * tables.scale_mantissa * 2.0 ** -tables.scale_shift.astype(float) / unit
        assert stored == pytest.approx(layer.weights, rel=1e-6, abs=1e-12)
        assert np.abs(tables.bias - layer.bias * unit).max() <= 0.5


def test_weights_between_the_trained_steps_are_rounded_half_to_even_and_clipped():
    integers, clipped = round_to_trained_scales(
        np.array([[0.25, -0.75, 0.26], [3.6, -9.0, 0.0]]), 4, np.array([0.5, 0.5, 0.0])
    )
    assert integers.tolist() == [[0, -2, 0], [7, -7, 0]]
    assert clipped.tolist() == [0, 1, 0]


@pytest.mark.parametrize("scale", [np.ones(22), np.zeros(23), -np.ones(23)])
def test_scales_that_fit_no_row_are_refused(scale):
    state = arrays(trained_like("silif"))
    state["snn.0.W.scale"] = scale
    with pytest.raises(ConversionError, match=r"snn\.0\.W\.scale must hold one positive scale for each of the 23 rows"):
        fold(state)


def test_with_4_bits_a_rows_scale_has_the_least_error_of_all():
    random = np.random.default_rng(8)
    weights = random.standard_t(4, (200, 12))
    importance = random.random(200)

    def error(scale):
        rounded = np.clip(np.rint(weights / scale), -7, 7) * scale
        return importance @ (weights - rounded) ** 2

    chosen = row_scales(weights, 4, importance)
    largest = np.abs(weights).max(axis=0)
    best = np.min([error(largest * share / 7) for share in np.linspace(0.02, 1.2, 600)], axis=0)
    assert (error(chosen) <= 1.03 * best).all()
    # Clipping pays: without it the error is larger by far.
    assert error(chosen).sum() < 0.6 * error(largest / 7).sum()
