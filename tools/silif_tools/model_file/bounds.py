"""What the runtime demands of a model's numbers (docs/ARITHMETIC.md, "Bounds"): the twin of LayerBounds.swift.

The writer refuses here what the reader would refuse there, so that an export fails on the host and not on a board.
"""

import numpy as np

from .tables import DelayKind, LayerTables, ModelTables, NeuronKind, Source

MAXIMUM_LAYERS, MAXIMUM_NEURONS, MAXIMUM_CLASSES, MAXIMUM_DELAY = 16, 4096, 256, 255
READOUT_FRACTION_BITS = 16
MAXIMUM_CLIP_STEPS, MAXIMUM_STEP_US = 100_000, 10_000_000
_ONE_Q30 = 1 << 30


def _check(values, low: int, high: int, field: str) -> None:
    values = np.asarray(values)
    bad = (values < low) | (values > high)
    if bad.any():
        raise ValueError(f"{field} {values[bad].flat[0]} is outside {low}...{high}")


def _largest_current(layer: LayerTables, sums: np.ndarray) -> np.ndarray:
    shift = np.asarray(layer.scale_shift, dtype=np.int64)
    product = sums * np.asarray(layer.scale_mantissa, dtype=np.int64)
    return ((product + ((np.int64(1) << shift) >> 1)) >> shift) + np.abs(np.asarray(layer.bias, dtype=np.int64))


def _check_layer(layer: LayerTables, input_limit: int, name: str) -> None:
    _check(layer.inputs, 1, MAXIMUM_NEURONS, f"{name}.inputs")
    _check(layer.outputs, 1, MAXIMUM_NEURONS, f"{name}.outputs")
    if layer.weight_bits not in (4, 8, 16):
        raise ValueError(f"{name}.weight_bits {layer.weight_bits} is none of 4, 8 and 16")
    _check(layer.state_fraction_bits, 8, 24, f"{name}.state_fraction_bits")
    sums = np.abs(np.asarray(layer.weights, dtype=np.int64)).sum(axis=0) * input_limit
    _check(sums, 0, 2**31 - 1, f"{name}.weights: a row's sum of")
    _check(layer.scale_mantissa, 0, 2**31 - 1, f"{name}.scale_mantissa")
    _check(layer.scale_shift, 0, 62, f"{name}.scale_shift")
    _check(_largest_current(layer, sums), 0, 1 << 38, f"{name}.scale_mantissa and bias: a current of")
    lowest = -_ONE_Q30 if layer.kind in (NeuronKind.CSILIF, NeuronKind.RF) else 0
    _check(layer.decay, lowest, _ONE_Q30, f"{name}.decay")
    if layer.kind == NeuronKind.SILIF:
        _check(layer.second, 0, _ONE_Q30, f"{name}.input_gain")
        _check(layer.adaptation_leak_mantissa, 0, _ONE_Q30, f"{name}.adaptation_leak_mantissa")
        _check(layer.adaptation_leak_shift, 0, 62, f"{name}.adaptation_leak_shift")
        _check(layer.subthreshold_coupling, -_ONE_Q30, _ONE_Q30, f"{name}.subthreshold_coupling")
        unit = 1 << layer.state_fraction_bits
        _check(layer.spike_coupling, -4 * unit, 4 * unit, f"{name}.spike_coupling")
    elif layer.kind in (NeuronKind.CSILIF, NeuronKind.RF):
        _check(layer.second, -_ONE_Q30, _ONE_Q30, f"{name}.decay_imaginary")
    if layer.delay_kind != DelayKind.NONE:
        _check(layer.delays, 0, MAXIMUM_DELAY, f"{name}.delays")


def check_model(model: ModelTables) -> None:
    """Raises ValueError naming the field that the runtime would refuse."""
    _check(len(model.layers), 1, MAXIMUM_LAYERS, "layer_count")
    _check(len(model.words), 1, MAXIMUM_CLASSES, "class_count")
    _check(model.input_limit, 1, 32767, "input_limit")
    _check(model.input_fraction_bits, 0, 15, "input_fraction_bits")
    _check(model.step_us, 1, MAXIMUM_STEP_US, "step_us")
    _check(model.clip_frames, 0, MAXIMUM_CLIP_STEPS, "clip_frames")
    width = model.layers[0].inputs
    for index, layer in enumerate(model.layers):
        name = f"layer {index}"
        _check(layer.inputs, width, width, f"{name}.inputs")
        if (layer.source == Source.DENSE) != (index == 0):
            raise ValueError(f"{name}.source: the first layer, and no other, is dense")
        if (layer.kind == NeuronKind.READOUT) != (index == len(model.layers) - 1):
            raise ValueError(f"{name}.kind: the last layer, and no other, is the readout")
        _check_layer(layer, model.input_limit if index == 0 else 1, name)
        width = layer.outputs
    _check(width, len(model.words), len(model.words), "readout outputs")
    last = model.layers[-1].state_fraction_bits
    _check(last, READOUT_FRACTION_BITS, READOUT_FRACTION_BITS, "readout state_fraction_bits")
