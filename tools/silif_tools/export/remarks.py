"""What is odd about a network although it converts, and what a state dict does not say and was assumed."""

import numpy as np

from ..kinds import CUBA, LIF, SILIF
from ..kinds.choices import Choices
from ..kinds.connection import FloatLayer
from ..kinds.readout import DECAY_RANGE
from ..kinds.silif import STORED_RANGES
from ..model_file.tables import Source
from .layouts import canonical
from .remark import Remark
from .s4d_layout import is_of_s4d

# In the published networks the median of exp(dt) is 0.7 to 1.1 steps.
_FAR_FROM_A_STEP = 30
# More than any input limit of counts.
_MOST_COUNTS = 255.0
_STORED = ("alpha", "beta", "a", "b")


def dt_remarks(state: dict[str, np.ndarray], step_ms: float) -> list[Remark]:
    """SiLIF neurons whose own step is far from the network's: dt is the natural logarithm of seconds."""
    found = []
    for key, values in canonical(state).items():
        if not key.endswith(".dt"):
            continue
        with np.errstate(over="ignore"):
            own_ms = 1000 * float(np.exp(np.median(values)))
        if not step_ms / _FAR_FROM_A_STEP <= own_ms <= step_ms * _FAR_FROM_A_STEP:
            found.append(
                Remark.note(
                    f"{key}: exp(dt) is {own_ms:.3g} ms in the median, a step is {step_ms:g} ms;"
                    " dt is the natural logarithm of seconds"
                )
            )
    return found


def s4d_remarks(state: dict[str, np.ndarray]) -> list[Remark]:
    """Where an S4 network normalises, which its tensors do not tell: example.py's default is the other way."""
    if not is_of_s4d(state):
        return []
    return [
        Remark.assumed(
            "each norms.N stands before its layer, as with prenorm=True; a network trained with prenorm=False, the"
            " default of example.py, has the same tensors and computes something else"
        )
    ]


def deaf_remarks(layers: list[FloatLayer]) -> list[Remark]:
    """Neurons that no input reaches."""
    found = []
    for index, layer in enumerate(layers):
        deaf = int(np.count_nonzero(~layer.weights.any(axis=0)))
        if deaf:
            text = f"layer {index}: all folded weights of {deaf} of {layer.weights.shape[1]} neurons are zero"
            found.append(Remark.note(text))
    return found


def _highest(layer: FloatLayer) -> np.ndarray | None:
    """Above every potential that a neuron may reach without being reset, [outputs]; None where nothing bounds it."""
    own = layer.coefficients
    if layer.kind is CUBA:
        decay, synapse, constant = own["decay"], own["synapse_decay"], own["membrane_bias"]
    elif layer.kind is LIF or (layer.kind is SILIF and not own["subthreshold_coupling"].any()):
        decay, synapse, constant = own["decay"], 0.0, 0.0
    else:
        return None
    most = 1.0 if layer.source == Source.SPIKES else _MOST_COUNTS
    with np.errstate(divide="ignore", invalid="ignore"):
        drive = (np.maximum(layer.weights, 0).sum(axis=0) * most + layer.bias) / (1 - synapse) + constant
        return np.where(drive > 0, drive / (1 - decay), 0.0)


def silent_remarks(layers: list[FloatLayer]) -> list[Remark]:
    """Neurons that can never fire, whatever arrives."""
    found = []
    for index, layer in enumerate(layers):
        highest = _highest(layer)
        if highest is None:
            continue
        threshold = layer.coefficients.get("threshold", np.ones(len(highest)))
        silent = highest < threshold
        if silent.any():
            text = (
                f"layer {index}: {np.count_nonzero(silent)} of {silent.size} neurons can never fire: with every input"
                f" on they reach {np.max(highest[silent] / threshold[silent]):.2g} of their threshold at most"
            )
            found.append(Remark.suspect(text))
    return found


def idle_remarks(layers: list[FloatLayer], rates: list[float], source: str) -> list[Remark]:
    """Layers that did not fire on clips; rates: of the hidden layers."""
    return [
        Remark.note(f"layer {index} does not fire at all on {source}")
        for index, (layer, rate) in enumerate(zip(layers, rates, strict=False))
        if rate == 0 and layer.kind.fires
    ]


def _outside(values: np.ndarray, bounds: tuple[float, float]) -> str:
    """How many values a range cuts, in words; nothing where it cuts none."""
    low, high = bounds
    parts = [
        f"{np.count_nonzero(cut)} of {values.size} {side} {limit:.3g}"
        for cut, side, limit in ((values < low - 1e-9, "below", low), (values > high + 1e-9, "above", high))
        if cut.any()
    ]
    return " and ".join(parts)


def _clamped(tensors: dict[str, np.ndarray], name: str, ranges: dict[str, tuple[float, float]]) -> list[str]:
    cut = {key: _outside(tensors[key], bounds) for key, bounds in ranges.items() if key in tensors}
    return [f"{name}.{key}: {text} are clamped" for key, text in cut.items() if text]


def neuron_remarks(state: dict[str, np.ndarray], choices: Choices, is_said: bool) -> list[Remark]:
    """Which neuron was taken where tensors fit several, and the values that its range cuts.

    is_said: whether the user said which (`--neuron`). The ranges are part of the neurons, and the authors' code clamps
    so in every step: where it is sure which neuron it is, clamped values are no assumption.
    """
    found, state = [], canonical(state)
    # These are nobody else's.
    is_sure = is_said or any(key.endswith((".dt", ".log_log_alpha", ".alpha_real")) for key in state)
    names = dict.fromkeys(key.rsplit(".", 1)[0] for key in state if key.endswith(".alpha"))
    for name in names:
        tensors = {key: state[f"{name}.{key}"] for key in ("dt", *_STORED) if f"{name}.{key}" in state}
        if "dt" in tensors:
            found += map(Remark.note, _clamped(tensors, name, {"a": (0, 1), "b": (0, 2)}))
            continue
        change, doubt = (Remark.note, Remark.note) if is_sure else (Remark.changed, Remark.suspect)
        if set(_STORED) <= set(tensors):
            title = {"cadlif": "cAdLIF", "adlif": "adLIF"}[choices.neuron]
            if not is_said:
                text = f"{name}: {title}, whose tensors adLIF stores too (--neuron says which)"
                found.append(Remark.assumed(text))
            if (tensors["alpha"] > 1).all():
                text = f"{name}: every alpha is above 1, as SiLIF stores them; SiLIF has {name}.dt beside them"
                found.append(doubt(text))
            ranges = dict(zip(_STORED, STORED_RANGES[choices.neuron], strict=True))
            found += map(change, _clamped(tensors, name, ranges))
        elif set(tensors) == {"alpha"}:
            found += map(change, _clamped(tensors, name, {"alpha": DECAY_RANGE}))
    return found
