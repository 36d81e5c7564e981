"""Rounding to integer tables loses as little as its formats say."""

import numpy as np
import pytest
from test_export_fold import arrays, trained_like

from silif_tools.export.fold import fold
from silif_tools.export.quantize import quantize_layer, quantize_weights

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
    assert saturated == np.count_nonzero(np.abs(np.rint(weights / scale)) > limit)


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


def test_adaptation_leak_keeps_nine_digits():
    layer = fold(arrays(trained_like("silif")))[0]
    layer.adaptation_leak = np.geomspace(5e-9, 1.0, 23)
    tables, _ = quantized(layer)
    leak = tables.adaptation_leak_mantissa * 2.0 ** -(30.0 + tables.adaptation_leak_shift)
    assert leak == pytest.approx(layer.adaptation_leak, rel=2e-9)
    assert tables.adaptation_leak_mantissa.max() <= 2**30


def test_a_bias_out_of_range_is_an_error_and_not_a_wrap():
    layer = fold(arrays(trained_like("silif")))[0]
    layer.bias[0] = 1000
    with pytest.raises(ValueError, match="bias"):
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
