"""State dicts of networks of blocks (`silif_tools.train.blocks`) -> float layers, everything folded.

Batch normalisation of the stream, and of a gated unit's product, becomes a factor and an offset for each channel; that
before the step a threshold and a sign; that around the readout's weights goes into them.
"""

import re

import numpy as np

from ..errors import ConversionError
from ..kinds import ENCODER, GLU, GSU, PSPIKE, READOUT
from ..kinds.choices import BATCH_NORM_EPSILON
from ..kinds.connection import FloatConnection, FloatLayer
from ..kinds.kind import Arrays
from ..kinds.readout import DECAY_RANGE
from ..kinds.s4d_gsu import TERNARY_SHARE
from ..model_file.bounds import MAXIMUM_LAYERS
from ..model_file.schema import MAXIMUM_PAIRS, Source
from ..model_file.tables import Sampling
from .shapes import BATCH_NORM, input_norm

_SPACE = {f"ssm.{name}" for name in ("log_dt", "log_A_real", "A_imag", "C", "D")}
_OUTSIDE = {
    *("input_norm.mean", "input_norm.std", "enc.weight", "enc.bias", "dec.weight", "alpha"),
    *(f"norm.{key}" for key in BATCH_NORM),
    *(f"dec_norm.{key}" for key in BATCH_NORM),
}
# A number as PyTorch writes it: 00 would be a second block 0.
_BLOCK = re.compile(r"blocks\.(0|[1-9][0-9]{0,5})\.")


def is_of_blocks(state: Arrays) -> bool:
    """Whether a state dict is one of a network of blocks."""
    return any(match and key.startswith("ssm.", match.end()) for key in state for match in [_BLOCK.match(key)])


def _tensor(state: Arrays, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of this shape. Raises ConversionError naming it, and both shapes."""
    if key not in state:
        raise ConversionError(f"{key} is missing")
    if state[key].shape != shape:
        raise ConversionError(f"{key} has the shape {list(state[key].shape)}; {list(shape)} is wanted")
    return state[key]


def _norm(state: Arrays, name: str, width: int, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Batch normalisation as factor and offset [width]."""
    weight, bias, mean, variance = (_tensor(state, f"{name}.{key}", (width,)) for key in BATCH_NORM[:4])
    if (variance < 0).any():
        raise ConversionError(f"{name}.running_var is negative; a variance is not")
    gain = weight / np.sqrt(variance + epsilon)
    return gain, bias - mean * gain


def _space(state: Arrays, name: str, width: int) -> Arrays:
    """decay and output [width, pairs], skip [width]."""
    poles = state.get(f"{name}.ssm.log_A_real")
    if poles is None or poles.ndim != 2 or len(poles) != width or not 1 <= poles.shape[1] <= MAXIMUM_PAIRS:
        shape = "is missing" if poles is None else f"has the shape {list(poles.shape)}"
        raise ConversionError(f"{name}.ssm.log_A_real {shape}; [{width}, 1 to {MAXIMUM_PAIRS} pairs] is wanted")
    pairs = poles.shape[1]
    c = _tensor(state, f"{name}.ssm.C", (width, pairs, 2))
    a = -np.exp(poles) + 1j * _tensor(state, f"{name}.ssm.A_imag", (width, pairs))
    decay = np.exp(np.exp(_tensor(state, f"{name}.ssm.log_dt", (width,)))[:, None] * a)
    return {
        "decay": decay,
        # 2·Re of half of the conjugate pairs; B = 1 and the hold's gain are in it.
        "output": 2 * (c[..., 0] + 1j * c[..., 1]) * (decay - 1) / a,
        "skip": _tensor(state, f"{name}.ssm.D", (width,)),
    }


def _glu(state: Arrays, name: str, width: int, epsilon: float) -> FloatLayer:
    gain, offset = _norm(state, f"{name}.norm", width, epsilon)
    slope, level = _norm(state, f"{name}.pre", width, epsilon)
    sign = np.sign(slope)
    # slope·y + level > 0; of a slope of zero the level decides, whatever y.
    threshold = np.divide(-level, np.abs(slope), out=-np.sign(level), where=slope != 0)
    coefficients = {"input_gain": gain, "input_bias": offset, **_space(state, name, width)}
    return FloatLayer(
        GLU,
        Source.STREAM,
        _tensor(state, f"{name}.out.weight", (2 * width, width)).T,
        _tensor(state, f"{name}.out.bias", (2 * width,)),
        coefficients | {"threshold": threshold, "sign": sign},
    )


def _gsu(state: Arrays, name: str, width: int, epsilon: float) -> FloatLayer:
    gain, offset = _norm(state, f"{name}.norm", width, epsilon)
    product_gain, product_bias = _norm(state, f"{name}.after", width, epsilon)
    weights = _tensor(state, f"{name}.W.weight", (width, width)).T
    # As the training compares, in its floats: which weights are above must not hang on a rounding.
    threshold = np.float32(TERNARY_SHARE) * np.abs(weights).max().astype(np.float32)
    own = {
        "ternary_threshold": np.full(width, float(threshold)),
        "ternary_bias": _tensor(state, f"{name}.c", (width,)),
        "product_gain": product_gain,
        "product_bias": product_bias,
    }
    return FloatLayer(
        GSU,
        Source.STREAM,
        weights,
        _tensor(state, f"{name}.W.bias", (width,)),
        {"input_gain": gain, "input_bias": offset, **_space(state, name, width), **own},
    )


def _pspike(state: Arrays, name: str, width: int, epsilon: float) -> FloatLayer:
    gain, offset = _norm(state, f"{name}.norm", width, epsilon)
    own = {
        "spike_gain": _tensor(state, f"{name}.out_a", (width,)),
        "spike_bias": _tensor(state, f"{name}.out_b", (width,)),
    }
    return FloatLayer(
        PSPIKE,
        Source.STREAM,
        _tensor(state, f"{name}.out.weight", (width, width)).T,
        _tensor(state, f"{name}.out.bias", (width,)),
        {"input_gain": gain, "input_bias": offset, **_space(state, name, width), **own},
        sampling=Sampling(),
    )


def _norms(*names: str) -> set[str]:
    return {f"{name}.{key}" for name in names for key in BATCH_NORM}


# The tensors of a block (without `blocks.N.`) and what makes a layer of them.
_BLOCKS = (
    (_SPACE | _norms("norm", "pre") | {"out.weight", "out.bias"}, _glu),
    (_SPACE | _norms("norm", "after") | {"W.weight", "W.bias", "c"}, _gsu),
    (_SPACE | _norms("norm") | {"out.weight", "out.bias", "out_a", "out_b"}, _pspike),
)


def _block(state: Arrays, name: str, width: int, epsilon: float) -> FloatLayer:
    own = {key.removeprefix(f"{name}.") for key in state if key.startswith(f"{name}.")}
    for tensors, make in _BLOCKS:
        if own == tensors:
            return make(state, name, width, epsilon)
    nearest = min(_BLOCKS, key=lambda pair: len(pair[0] ^ own))[0]
    strange, missing = sorted(own - nearest), sorted(nearest - own)
    what = f"has {strange[0]}, which no block that runs here has" if strange else f"lacks {missing[0]}"
    raise ConversionError(f"{name} {what}")


def fold_blocks(state: Arrays, epsilon: float = BATCH_NORM_EPSILON) -> list[FloatLayer]:
    """Encoder, blocks, readout. epsilon: what normalization adds to variances.

    Raises ConversionError naming the tensor that stands in the way.
    """
    encoder = state.get("enc.weight")
    if encoder is None or encoder.ndim != 2:
        raise ConversionError("enc.weight, the encoder's [width, inputs], is missing")
    width, inputs = encoder.shape
    count = 1 + max(int(match[1]) for match in map(_BLOCK.match, state) if match)
    if count + 2 > MAXIMUM_LAYERS:
        raise ConversionError(f"blocks.{count - 1}: {count} blocks; at most {MAXIMUM_LAYERS - 2} run here")
    for key in state:
        if _BLOCK.match(key) is None and key not in _OUTSIDE:
            raise ConversionError(f"{key}: a network of blocks has no such tensor")
    weights, bias = encoder.T, _tensor(state, "enc.bias", (width,))
    if "input_norm.mean" in state or "input_norm.std" in state:
        mean, deviation = input_norm(state, inputs)
        weights = weights / deviation[:, None]
        bias = bias - mean @ weights
    with np.errstate(over="ignore", invalid="ignore"):
        blocks = [_block(state, f"blocks.{index}", width, epsilon) for index in range(count)]
        layers = [FloatLayer(ENCODER, Source.DENSE, weights, bias), *blocks, _readout(state, width, epsilon)]
    for index, layer in enumerate(layers):
        layer.index = index
        for values in (layer.weights, layer.bias, *layer.coefficients.values()):
            if not np.isfinite(values).all():
                raise ConversionError(f"layer {index}: its tensors are finite, but not what folds from them")
    return layers


def _readout(state: Arrays, width: int, epsilon: float) -> FloatLayer:
    decoder = state.get("dec.weight")
    if decoder is None or decoder.ndim != 2 or decoder.shape[1] != width:
        raise ConversionError(f"dec.weight, the readout's [classes, {width}], is missing or of another shape")
    classes = len(decoder)
    gain, offset = _norm(state, "norm", width, epsilon)
    after, level = _norm(state, "dec_norm", classes, epsilon)
    connection = FloatConnection((decoder * gain).T, decoder @ offset).times(after)
    decay = np.clip(_tensor(state, "alpha", (classes,)), *DECAY_RANGE)
    connection = FloatConnection(connection.weights, connection.bias + level).times(1 - decay)
    return FloatLayer(READOUT, Source.STREAM, connection.weights, connection.bias, {"decay": decay})
