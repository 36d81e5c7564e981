"""State dicts with the names of the S4 code base (state-spaces/s4: example.py, models/s4/s4d.py), whose S4D layers make
spikes, under the names of `silif_tools.train.blocks`.

    z = norms.N(r)    y = S4D(z)    s = 1 where y > threshold    r = r + GLU(output_linear(s))

What such a file does not tell, and what cannot run here, is refused by name, with the line to change.
"""

import re

import numpy as np

from ..errors import ConversionError
from ..kinds.choices import BATCH_NORM_EPSILON
from ..kinds.kind import Arrays
from ..kinds.readout import DECAY_RANGE
from .shapes import BATCH_NORM

# A number as PyTorch writes it: 00 would be a second layer 0.
_LAYER = re.compile(r"(s4_layers|norms)\.(0|[1-9][0-9]{0,5})\.(.+)")
_SPACE = {"D": "D", **{f"kernel.{name}": name for name in ("log_dt", "log_A_real", "A_imag", "C")}}
# Names in a layer, and why what they belong to cannot run.
_REFUSED = (
    (
        r"kernel\.(kernel\.)?P$",
        "diagonal plus low rank (S4, DPLR) has no stable diagonal form: train with mode: diag, S4D",
    ),
    (
        r"kernel\.(kernel\.)?(B|inv_dt|inv_A_real|inv_w_real|A_real|w_imag|l_kernel)$",
        "the full S4 kernel stores A and dt through a transform that is not in the file: train with models/s4/s4d.py,"
        " whose kernel has log_dt, log_A_real, A_imag, C",
    ),
    (
        r"(reverse_layer|bidirectional|inp2_|output_linear2)",
        "a second direction begins at the end of the clip: bidirectional=False",
    ),
)


def is_of_s4d(state: Arrays) -> bool:
    """Whether a state dict has the names of the S4 code base."""
    return any(key.startswith("s4_layers.") for key in state)


def _checked(key: str, values: np.ndarray) -> None:
    for pattern, reason in _REFUSED:
        if re.search(pattern, key):
            raise ConversionError(f"{key}: {reason}")
    if key.endswith(".kernel.C") and values.ndim == 4:
        if len(values) == 1:
            raise ConversionError(
                f"{key} has the shape {list(values.shape)}, that of the full S4 kernel: train with"
                f" models/s4/s4d.py, whose kernel.C is {list(values.shape[1:])}"
            )
        raise ConversionError(f"{key} has {len(values)} channels: those of both directions; bidirectional=False")


def _norm(name: str, width: int, epsilon: float, offset=0.0) -> Arrays:
    """A normalisation that adds `offset`."""
    variance = np.full(width, 1 - epsilon)
    values = (np.ones(width), np.broadcast_to(offset, width), np.zeros(width), variance, np.zeros(()))
    return {f"{name}.{key}": each for key, each in zip(BATCH_NORM, values, strict=True)}


def canonical_s4d(state: Arrays, spike_threshold: float | None, epsilon: float = BATCH_NORM_EPSILON) -> Arrays:
    """The names of `silif_tools.train.blocks`. Raises ConversionError naming the tensor that stands in the way."""
    found: Arrays = {}
    for key, values in state.items():
        _checked(key, values)
        match = _LAYER.fullmatch(key)
        if match is None:
            if key not in ("encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"):
                raise ConversionError(f"{key}: a network of s4_layers has no such tensor here")
            continue
        part, index, name = match.groups()
        block = f"blocks.{index}"
        if part == "norms":
            found[f"{block}.norm.{name}"] = values
        elif name in _SPACE:
            found[f"{block}.ssm.{_SPACE[name]}"] = values
        elif name in ("output_linear.0.weight", "output_linear.0.bias"):
            # A convolution over one step.
            found[f"{block}.out.{name.rsplit('.', 1)[1]}"] = values[..., 0] if values.ndim == 3 else values
        else:
            raise ConversionError(f"{key}: an S4D layer here has D, kernel.*, output_linear.0.*")
    for key in ("encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"):
        if key not in state or state[key].ndim != (2 if key.endswith("weight") else 1):
            raise ConversionError(f"{key} is missing or of another shape; encoder and decoder are nn.Linear")
    width, classes = len(state["encoder.weight"]), len(state["decoder.weight"])
    blocks = sorted({key.split(".")[1] for key in found}, key=int)
    for index in blocks:
        if f"blocks.{index}.norm.running_mean" not in found:
            raise ConversionError(
                f"norms.{index} has no running statistics: layer normalization divides by what all channels do at the"
                " moment and cannot be folded; train with prenorm and nn.BatchNorm1d(d_model)"
            )
    if spike_threshold is None:
        raise ConversionError(
            "s4_layers.0: what stands behind the state space is not in the file. A step, 1 where y > 0, runs here:"
            " --spike-threshold 0; the GELU of the S4 code base does not"
        )
    for index in blocks:
        found |= _norm(f"blocks.{index}.pre", width, epsilon, -spike_threshold)
    found |= {"enc.weight": state["encoder.weight"], "enc.bias": state["encoder.bias"]}
    found |= {"dec.weight": state["decoder.weight"]} | _norm("norm", width, epsilon)
    found |= _norm("dec_norm", classes, epsilon, state["decoder.bias"])
    # For the mean over a clip stands the slowest readout that there is.
    return found | {"alpha": np.full(classes, DECAY_RANGE[1])}
