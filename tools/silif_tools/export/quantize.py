"""Float layers -> integer tables: weights per row, coefficients in Q30, scales and leaks with their own exponents."""

from dataclasses import dataclass

import numpy as np

from ..fixed_point import CURRENT_EXTRA_BITS, mantissa_and_shift, round_half_even_to_int
from ..kinds.connection import FloatLayer
from ..model_file.tables import LayerTables, Recurrent

# Candidates for the row scale, as a fraction of the one that maps the largest weight to the largest integer.
_SHRINKS = np.linspace(1.0, 0.7, 13)
# With so few steps a row's best scale clips far more: 0.65 of the full one on average in the published networks.
_SHRINKS_4_BITS = np.linspace(1.0, 0.3, 36)


@dataclass
class TensorReport:
    """How one tensor survived rounding."""

    name: str
    scale: str
    signal_to_noise_db: float
    saturated: int


def signal_to_noise_db(reference: np.ndarray, rounded: np.ndarray) -> float:
    noise = float(np.sum(np.abs(reference - rounded) ** 2))
    signal = float(np.sum(np.abs(reference) ** 2))
    return float("inf") if noise == 0 else 10 * np.log10(signal / noise) if signal > 0 else 0.0


def row_scales(weights: np.ndarray, bits: int, importance: np.ndarray) -> np.ndarray:
    """Per output, the scale with the least squared error, each input weighted by its mean square (`importance`
    [inputs]): a clipped outlier can be worth finer steps for all others."""
    limit = 2 ** (bits - 1) - 1
    largest = np.abs(weights).max(axis=0)
    full = np.where(largest > 0, largest, 1.0) / limit
    best_error = np.full(weights.shape[1], np.inf)
    scale = full.copy()
    for shrink in _SHRINKS_4_BITS if bits == 4 else _SHRINKS:
        candidate = full * shrink
        rounded = np.clip(np.rint(weights / candidate), -limit, limit) * candidate
        error = importance @ (weights - rounded) ** 2
        better = error < best_error
        best_error = np.where(better, error, best_error)
        scale = np.where(better, candidate, scale)
    return scale


def quantize_weights(
    weights: np.ndarray, bits: int, covariance: np.ndarray, coarser: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights [inputs, outputs] -> integers, scale per output, clipped weights per output.

    Error-aware: inputs are rounded one after another, and what rounding one of them does to a neuron's current is made
    up for by those that come later, as far as they are correlated with it (GPTQ, Frantar et al., arXiv 2210.17323).
    `covariance` [inputs, inputs] is that of the layer's inputs; with a diagonal one this is plain rounding.
    coarser: factor on all scales, for other draws of the rounding errors (`agreement`).
    """
    limit = 2 ** (bits - 1) - 1
    power = np.diag(covariance)
    scale = coarser * row_scales(weights, bits, power)
    damped = covariance + np.diag(np.full(len(power), 0.01 * power.mean() + 1e-12))
    # The inputs that matter most are rounded first, while there is most left to make up for them.
    order = np.argsort(-power, kind="stable")
    if np.count_nonzero(covariance - np.diag(power)):
        # Upper Cholesky factor of the inverse: row i says how later inputs make up for input i.
        factor = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    else:
        order, factor = np.arange(len(power)), np.diag(np.ones(len(power)))
    rest = weights[order].copy()
    integers = np.zeros_like(rest)
    saturated = np.zeros(weights.shape[1], np.int64)
    for index in range(len(rest)):
        unclipped = np.rint(rest[index] / scale)
        integers[index] = np.clip(unclipped, -limit, limit)
        saturated += unclipped != integers[index]
        error = (rest[index] - integers[index] * scale) / factor[index, index]
        rest[index + 1 :] -= factor[index, index + 1 :, None] * error
    unsorted = np.empty_like(integers)
    unsorted[order] = integers
    return unsorted.astype(np.int64), scale, saturated


def _lightened(
    weights: np.ndarray, integers: np.ndarray, scale: np.ndarray, saturated: np.ndarray, limit: int, room: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integers, scales and clipped weights whose rows' sums have room: those that would not get coarser steps, no finer
    than without clipping, and are rounded anew."""
    while (heavy := (sums := np.abs(integers).sum(axis=0)) > room).any():
        part = weights[:, heavy]
        scale[heavy] = np.maximum(scale[heavy] * sums[heavy] / room * (1 + 1e-3), np.abs(part).max(axis=0) / limit)
        unclipped = np.rint(part / scale[heavy])
        integers[:, heavy] = np.clip(unclipped, -limit, limit)
        saturated[heavy] = np.count_nonzero(np.abs(unclipped) > limit, axis=0)
    return integers, scale, saturated


def round_to_trained_scales(weights: np.ndarray, bits: int, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [inputs, outputs] of a network that was trained with rounded weights -> the integers of its training,
    clipped weights per output. scale [outputs]; 0 where a row counts for nothing."""
    limit = 2 ** (bits - 1) - 1
    unclipped = np.rint(np.divide(weights, scale, out=np.zeros_like(weights), where=scale > 0))
    integers = np.clip(unclipped, -limit, limit)
    return integers.astype(np.int64), np.count_nonzero(unclipped != integers, axis=0)


def quantize_layer(
    layer: FloatLayer,
    *,
    name: str,
    bits: int,
    input_unit: float,
    input_limit: int,
    input_mean: np.ndarray,
    input_covariance: np.ndarray,
    fraction_bits: int | None = None,
    coarser: float = 1.0,
) -> tuple[LayerTables, list[TensorReport]]:
    """One layer.

    - input_unit: real value of one input integer (2^-10 for log-mel, 1 for spikes and counts)
    - input_limit: largest |input integer|; the sums' Int32 bound rests on it
    - input_mean [inputs], input_covariance [inputs, inputs]: of the real inputs on calibration data. Rounding a weight
      by e shifts the current by e·mean; the bias takes that back.
    - fraction_bits: of the states; None: those of the layer's kind
    - coarser: factor on the scales of all rows, 1 or a little more

    A layer that brings the scales of its training gets those and plain rounding, and keeps its bias: it was trained so.
    """
    report = []
    if layer.weight_scale is None:
        integers, scale, saturated = quantize_weights(layer.weights, bits, input_covariance, coarser)
    else:
        scale = layer.weight_scale.copy()
        integers, saturated = round_to_trained_scales(layer.weights, bits, scale)
    # Σ|W|·limit must fit Int32: rows that would not (16-bit weights behind wide inputs) get coarser steps.
    room = (2**31 - 1) // input_limit
    limit = 2 ** (bits - 1) - 1
    if layer.weight_scale is None:
        integers, scale, saturated = _lightened(layer.weights, integers, scale, saturated, limit, room)
    elif (np.abs(integers).sum(axis=0) > room).any():
        raise ValueError(f"{name}: with its trained scales a row's largest sum leaves Int32")
    integers = layer.kind.rounded_weights(layer, integers, scale, limit)
    rounded = integers * scale
    report.append(
        TensorReport(
            f"{name}.weights",
            f"{scale.min():.3g}...{scale.max():.3g} per row",
            signal_to_noise_db(layer.weights, rounded),
            int(saturated.sum()),
        )
    )
    bias = layer.bias if layer.weight_scale is not None else layer.bias + input_mean @ (layer.weights - rounded)
    tables, lines = integer_tables(
        layer, integers, scale, bias, name=name, bits=bits, input_unit=input_unit, fraction_bits=fraction_bits
    )
    return tables, report + lines


def integer_tables(
    layer: FloatLayer,
    integers: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    *,
    name: str,
    bits: int,
    input_unit: float,
    fraction_bits: int | None = None,
) -> tuple[LayerTables, list[TensorReport]]:
    """A layer's tables for given weights: integers [inputs, outputs] that stand for integers * scale [outputs], and
    the bias [outputs] that goes with them. Everything else is rounded to its own format."""
    report = []
    fraction_bits = fraction_bits or layer.kind.fraction_bits
    current_unit = 2.0 ** (fraction_bits + CURRENT_EXTRA_BITS)
    unit_of_sums = np.where(np.abs(integers).sum(axis=0) > 0, scale * input_unit * current_unit, 0.0)
    remedy = "; give fewer --fraction-bits" if layer.kind.output is not None else ""
    if unit_of_sums.max() >= 2.0**31 - 1:
        raise ValueError(f"{name}: folded weights of {np.abs(layer.weights).max():.4g} are too large{remedy}")
    scale_mantissa, scale_shift = mantissa_and_shift(unit_of_sums, 31)
    # Before rounding: what leaves 64 bits would wrap.
    if not np.abs(bias * current_unit).max(initial=0) < 2**31 - 0.5:
        raise ValueError(f"{name}: a folded bias of {np.abs(bias).max():.4g} leaves its 32-bit range{remedy}")
    bias_integers = round_half_even_to_int(bias * current_unit)
    report.append(
        TensorReport(
            f"{name}.bias", f"2^-{fraction_bits + 8}", signal_to_noise_db(bias, bias_integers / current_unit), 0
        )
    )

    recurrent = None
    if layer.recurrent is not None:
        own, own_scale, saturated = quantize_weights(layer.recurrent, bits, np.eye(len(layer.recurrent)))
        unit_of_own = np.where(own.any(axis=0), own_scale * current_unit, 0.0)
        if unit_of_own.max() >= 2.0**31 - 1:
            largest = np.abs(layer.recurrent).max()
            raise ValueError(f"{name}: recurrent weights of {largest:.4g} are too large{remedy}")
        recurrent = Recurrent(own, *mantissa_and_shift(unit_of_own, 31))
        ratio = signal_to_noise_db(layer.recurrent, own * own_scale)
        report.append(TensorReport(f"{name}.recurrent", "per row", ratio, int(saturated.sum())))
    coefficients = layer.kind.in_weight_steps(layer.coefficients, scale)
    neuron = layer.kind.quantize(coefficients, fraction_bits)
    held = layer.kind.dequantize(neuron, fraction_bits)
    report += [
        TensorReport(f"{name}.{label}", unit, signal_to_noise_db(coefficients[label], held[label]), 0)
        for label, unit in layer.kind.units(fraction_bits).items()
    ]
    tables = LayerTables(
        kind=layer.kind,
        source=layer.source,
        weight_bits=bits,
        state_fraction_bits=fraction_bits,
        weights=integers,
        scale_mantissa=scale_mantissa,
        scale_shift=scale_shift,
        bias=bias_integers,
        neuron=neuron,
        delay_kind=layer.delay_kind,
        delays=layer.delays,
        pairs=layer.coefficients["decay"].shape[1] if layer.kind.is_block else 0,
        recurrent=recurrent,
    )
    return tables, report
