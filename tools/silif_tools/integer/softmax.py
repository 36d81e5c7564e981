"""The softmax of the readout's potentials in integers (docs/ARITHMETIC.md).

Twins: Sources/SiLIF/Kinds/Readout/Softmax.swift
"""

import numpy as np

from ..fixed_point import rounded_shift
from .softmax_table import TABLE


def softmax_q15(membrane: np.ndarray) -> np.ndarray:
    """Softmax over the last axis; membrane has 16 fractional bits, the result is Q15."""
    distance = membrane.max(axis=-1, keepdims=True) - membrane
    exponent = rounded_shift(distance * 94548, 16)
    whole, fraction = exponent >> 16, exponent & 0xFFFF
    upper = TABLE[fraction >> 8]
    value = upper - (((upper - TABLE[(fraction >> 8) + 1]) * (fraction & 0xFF) + 128) >> 8)
    weights = np.where(whole > 16, 0, rounded_shift(value, np.minimum(whole, 16)))
    total = weights.sum(axis=-1, keepdims=True)
    return ((weights << 15) + (total >> 1)) // total
