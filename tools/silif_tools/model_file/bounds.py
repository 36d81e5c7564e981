"""What the runtime demands of a model's numbers (docs/ARITHMETIC.md, "Bounds").

The writer refuses here what the reader would refuse there, so that an export fails on the host and not on a board.

Twins: Sources/SiLIF/Connection/ConnectionTables.swift, Sources/SiLIF/ModelFile
"""

import numpy as np

from .front_end import parse_front_end
from .schema import CONNECTION, DELAYS, MAXIMUM_PAIRS, RECURRENT, STREAM_LIMIT, check_range
from .tables import DelayKind, InputKind, LayerTables, ModelTables, Scores, Source

MAXIMUM_LAYERS, MAXIMUM_NEURONS, MAXIMUM_CLASSES, MAXIMUM_DELAY = 16, 4096, 256, DELAYS.high
READOUT_FRACTION_BITS = 16
# Of a number that a probability is compared with.
DRAW_BITS = 16
MAXIMUM_CLIP_STEPS, MAXIMUM_STEP_US = 100_000, 10_000_000
MAXIMUM_WINDOW, MAXIMUM_WAIT = 1024, 10_000
MAXIMUM_SELF_TEST_STEPS, MAXIMUM_SELF_TEST_VALUES = 1_000_000, 8_000_000
MAXIMUM_WORD_BYTES = 255


def _scaled(sums: np.ndarray, mantissa: np.ndarray, shift: np.ndarray) -> np.ndarray:
    shift = np.asarray(shift, dtype=np.int64)
    return (sums * np.asarray(mantissa, dtype=np.int64) + ((np.int64(1) << shift) >> 1)) >> shift


def _largest_recurrent(layer: LayerTables, name: str) -> np.ndarray:
    """|bias| and what a layer's own spikes can make, which the engine adds in Int32."""
    bias = np.asarray(layer.bias, dtype=np.int64)
    if layer.recurrent is None:
        return np.abs(bias)
    own = layer.recurrent
    if not layer.kind.fires or layer.source == Source.STREAM:
        raise ValueError(f"{name}.source: {layer.kind.title} behind {layer.source.name} has no spikes to read itself")
    for table, values in zip(RECURRENT, (own.mantissa, own.shift), strict=True):
        check_range(values, *table.bounds(0), f"{name}.{table.name}")
    sums = np.abs(np.asarray(own.weights, dtype=np.int64)).sum(axis=0)
    largest = _scaled(sums, own.mantissa, own.shift)
    both = np.concatenate([bias - largest, bias + largest])
    check_range(both, -(2**31), 2**31 - 1, f"{name}.recurrent_mantissa and bias: a current of")
    return np.abs(bias) + largest


def largest_input(source: Source, is_block: bool, input_limit: int) -> int:
    """Largest |input| in the sums of a layer. A block reads the stream, but its weights take 0 and 1."""
    return 1 if is_block else {Source.DENSE: input_limit, Source.SPIKES: 1, Source.STREAM: STREAM_LIMIT}[source]


def _check_layer(layer: LayerTables, input_limit: int, name: str) -> None:
    check_range(layer.inputs, 1, MAXIMUM_NEURONS, f"{name}.inputs")
    check_range(layer.outputs, 1, MAXIMUM_NEURONS, f"{name}.outputs")
    if layer.weight_bits not in (4, 8, 16):
        raise ValueError(f"{name}.weight_bits {layer.weight_bits} is none of 4, 8 and 16")
    check_range(layer.state_fraction_bits, 8, 24, f"{name}.state_fraction_bits")
    sums = np.abs(np.asarray(layer.weights, dtype=np.int64)).sum(axis=0) * input_limit
    check_range(sums, 0, 2**31 - 1, f"{name}.weights: a row's sum of")
    for table in CONNECTION:
        check_range(getattr(layer, table.name), *table.bounds(layer.state_fraction_bits), f"{name}.{table.name}")
    most = _scaled(sums, layer.scale_mantissa, layer.scale_shift) + _largest_recurrent(layer, name)
    check_range(most, 0, 1 << 38, f"{name}.scale_mantissa and bias: a current of")
    has_pairs = any(table.each for table in layer.kind.tables)
    check_range(layer.pairs, int(has_pairs), MAXIMUM_PAIRS if has_pairs else 0, f"{name}.state_pairs")
    layer.kind.check(layer.neuron, layer.state_fraction_bits, name)
    if layer.delay_kind != DelayKind.NONE:
        check_range(layer.delays, *DELAYS.bounds(0), f"{name}.{DELAYS.name}")


def _check_stream(layer: LayerTables, stream_bits: int, name: str) -> None:
    """stream_bits: fractional bits of the stream, where the layer reads one."""
    if layer.kind.is_block:
        if layer.source != Source.STREAM:
            raise ValueError(f"{name}.source {layer.source}: a block reads a stream")
        check_range(layer.outputs, layer.inputs, layer.inputs, f"{name}.outputs")
        check_range(layer.state_fraction_bits, stream_bits, stream_bits, f"{name}.state_fraction_bits")
    if layer.source == Source.STREAM and layer.delay_kind != DelayKind.NONE:
        raise ValueError(f"{name}.delay_kind {layer.delay_kind}: what reads a stream has no delays")


def _check_calibrations(model: ModelTables) -> None:
    kinds = [calibration.calibrates for calibration in model.calibrations]
    if len(set(kinds)) != len(kinds):
        raise ValueError("CALB: calibrates: two of one kind")
    for calibration in model.calibrations:
        calibration.check()
        check_range(calibration.recent_frames, 0, model.detector.window_frames, "CALB: recent_frames")


def _check_clip_rule(model: ModelTables) -> None:
    if model.clip_rule is not None:
        model.clip_rule.check()
        check_range(len(model.clip_rule.weights_q15), len(model.words), len(model.words), "CLIP: clip_class_count")


def _check_words(model: ModelTables) -> None:
    classes = len(model.words)
    for name, index in (("unknown_index", model.unknown_index), ("silence_index", model.silence_index)):
        if index is not None:
            check_range(index, 0, classes - 1, name)
    for word in model.words:
        text = word.encode()
        if not 1 <= len(text) <= MAXIMUM_WORD_BYTES:
            raise ValueError(f"the word {word!r} must have 1 to {MAXIMUM_WORD_BYTES} bytes")
        if any(byte < 0x20 or byte == 0x7F for byte in text):
            raise ValueError(f"the word {word!r} has a control character")


def _check_detector(model: ModelTables) -> None:
    detector = model.detector
    check_range(detector.window_frames, 1, MAXIMUM_WINDOW, "DTCT: window_frames")
    check_range(detector.warm_up_frames, 0, MAXIMUM_WAIT, "DTCT: warm_up_frames")
    check_range(detector.refractory_frames, 0, MAXIMUM_WAIT, "DTCT: refractory_frames")
    check_range(round(32768 * detector.least_share), 0, 32768, "DTCT: least_share_q15")
    for name, levels in (("threshold_q15", detector.threshold), ("rearm_q15", detector.rearm)):
        check_range(np.rint(np.asarray(levels) * 32768), 0, 32768, f"DTCT: {name}")


def _check_front_end(model: ModelTables) -> None:
    if (model.front_end is not None) != (model.input_kind == InputKind.LOG_MEL):
        raise ValueError("FRNT: a network has a front end where its input is log-mel, and nowhere else")
    if model.front_end is None:
        return
    front_end, inputs, bits = parse_front_end(model.front_end), model.layers[0].inputs, model.input_fraction_bits
    check_range(front_end.band_count, inputs, inputs, "FRNT: band_count")
    check_range(front_end.output_fraction_bits, bits, bits, "FRNT: output_fraction_bits")


def _check_self_test(model: ModelTables) -> None:
    if model.self_test_input is None:
        raise ValueError("TEST: the model has no self-test")
    values, steps = np.asarray(model.self_test_input), model.self_test_steps
    check_range(steps, 1, MAXIMUM_SELF_TEST_STEPS, "self_test_steps")
    check_range(values.size, 1, MAXIMUM_SELF_TEST_VALUES, "self_test_count")
    if values.ndim == 2:
        check_range(values.size, steps * model.layers[0].inputs, steps * model.layers[0].inputs, "self_test_count")
    elif model.front_end is None:
        raise ValueError("self_test_input: samples, where the model has no front end")


def check_model(model: ModelTables) -> None:
    """Raises ValueError naming the field that the runtime would refuse."""
    check_range(len(model.layers), 1, MAXIMUM_LAYERS, "layer_count")
    check_range(len(model.words), 1, MAXIMUM_CLASSES, "class_count")
    check_range(model.input_limit, 1, 32767, "input_limit")
    check_range(model.input_fraction_bits, 0, 15, "input_fraction_bits")
    check_range(model.step_us, 1, MAXIMUM_STEP_US, "step_us")
    check_range(model.clip_frames, 0, MAXIMUM_CLIP_STEPS, "clip_frames")
    _check_words(model)
    _check_detector(model)
    _check_front_end(model)
    width, below, stream_bits = model.layers[0].inputs, Source.DENSE, 0
    for index, layer in enumerate(model.layers):
        name = f"layer {index}"
        check_range(layer.inputs, width, width, f"{name}.inputs")
        if layer.source != below:
            raise ValueError(f"{name}.source {layer.source}: it must read what arrives, {below}")
        is_last = index == len(model.layers) - 1
        if layer.kind.output == Source.STREAM if is_last else layer.kind.output is None:
            raise ValueError(f"{name}.kind: the last layer, and no other, is a readout, or it fires for the classes")
        _check_stream(layer, stream_bits, name)
        _check_layer(layer, largest_input(layer.source, layer.kind.is_block, model.input_limit), name)
        width, below, stream_bits = layer.outputs, layer.kind.output, layer.state_fraction_bits
    if model.scores == Scores.SPIKES and not model.layers[-1].kind.fires:
        raise ValueError(f"scores {model.scores}: the last layer has no spikes")
    if any(layer.kind.samples for layer in model.layers) != (model.sampling is not None):
        raise ValueError("SMPL: a network has a sampler where a layer samples, and nowhere else")
    if model.sampling is not None:
        check_range(model.sampling.seed >> 1, 0, 2**63 - 1, "SMPL: seed / 2")
    _check_clip_rule(model)
    _check_calibrations(model)
    check_range(width, len(model.words), len(model.words), "readout outputs")
    last = model.layers[-1].state_fraction_bits
    check_range(last, READOUT_FRACTION_BITS, READOUT_FRACTION_BITS, "readout state_fraction_bits")
    _check_self_test(model)
