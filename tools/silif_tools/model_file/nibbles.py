"""4-bit weights, two a byte: the twin of NibbleRow.swift."""

import numpy as np


def pack_nibbles(weights: np.ndarray, padded_outputs: int) -> np.ndarray:
    """[inputs, outputs] of -8...7 -> bytes [inputs, padded_outputs / 2]: output k in the low nibble of byte k, output
    padded_outputs / 2 + k in its high nibble."""
    weights = np.asarray(weights)
    if weights.size and (weights.min() < -8 or weights.max() > 7):
        raise ValueError(f"a value of {weights.min()}...{weights.max()} does not fit int4")
    padded = np.pad(weights, [(0, 0), (0, padded_outputs - weights.shape[1])])
    low, high = np.split(padded & 0xF, 2, axis=1)
    return low | high << 4


def unpack_nibbles(values: np.ndarray, outputs: int) -> np.ndarray:
    """The inverse: bytes [inputs, padded_outputs / 2] -> [inputs, outputs] of -8...7."""
    nibbles = np.concatenate([values & 0xF, values >> 4], axis=1)[:, :outputs]
    return (nibbles ^ 8) - 8
