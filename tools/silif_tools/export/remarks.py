"""What is odd about a network although it converts: most likely a mistake in how it was saved."""

import numpy as np

from ..kinds.connection import FloatLayer
from .layouts import canonical

# In the published networks the median of exp(dt) is 0.7 to 1.1 steps.
_FAR_FROM_A_STEP = 30


def dt_remarks(state: dict[str, np.ndarray], step_ms: float) -> list[str]:
    """SiLIF neurons whose own step is far from the network's: dt is the natural logarithm of seconds."""
    found = []
    for key, values in canonical(state).items():
        if not key.endswith(".dt"):
            continue
        with np.errstate(over="ignore"):
            own_ms = 1000 * float(np.exp(np.median(values)))
        if not step_ms / _FAR_FROM_A_STEP <= own_ms <= step_ms * _FAR_FROM_A_STEP:
            found.append(
                f"note: {key}: exp(dt) is {own_ms:.3g} ms in the median, a step is {step_ms:g} ms;"
                " dt is the natural logarithm of seconds"
            )
    return found


def deaf_remarks(layers: list[FloatLayer]) -> list[str]:
    """Neurons that no input reaches."""
    found = []
    for index, layer in enumerate(layers):
        deaf = int(np.count_nonzero(~layer.weights.any(axis=0)))
        if deaf:
            found.append(
                f"note: layer {index}: all folded weights of {deaf} of {layer.weights.shape[1]} neurons are zero"
            )
    return found
