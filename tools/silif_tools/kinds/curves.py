"""The curves of the blocks' gates, in integers: tables of 257 values and straight lines between them.

Both are Q15, and are multiplied by a value: n·σ(m) is a GLU's gate, v·Φ(v) is GELU(v).

Twins: Sources/SiLIF/Kinds/Blocks/Gates.swift, docs/ARITHMETIC.md
"""

import math
from dataclasses import dataclass

import numpy as np

from ..fixed_point import rounded_shift


@dataclass(frozen=True)
class Curve:
    """table: Q15 values at -reach, ..., reach, 257 of them. reach: a power of two."""

    table: np.ndarray
    reach: int

    def at(self, values_q16: np.ndarray) -> np.ndarray:
        """Q15 at values with 16 fractional bits; beyond ±reach that at the end."""
        edge = np.int64(self.reach) << 16
        # 256 intervals over 2·reach: each is so many bits wide.
        bits = self.reach.bit_length() + 8
        position = np.clip(values_q16, -edge, edge - 1) + edge
        index, rest = position >> bits, position & ((1 << bits) - 1)
        return self.table[index] + rounded_shift((self.table[index + 1] - self.table[index]) * rest, bits)


def _table(curve, reach: int) -> np.ndarray:
    # None lies within 5e-4 of a rounding tie (tools/tests/test_blocks.py), so that any correct libm gives the same.
    return np.array([round(32768 * curve(reach * (index - 128) / 128)) for index in range(257)], np.int64)


SIGMOID = Curve(_table(lambda x: 1 / (1 + math.exp(-x)), 8), 8)
_NORMAL = _table(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), 4)
# At the ends GELU is 0 and the identity, whatever the value.
_NORMAL[0], _NORMAL[-1] = 0, 32768
NORMAL = Curve(_NORMAL, 4)


def gated(values: np.ndarray, gate: np.ndarray, curve: Curve, fraction_bits: int) -> np.ndarray:
    """values · curve(gate / 2^fraction_bits), rounded; gate within ±2^38."""
    return rounded_shift(values * curve.at(to_q16(gate, fraction_bits)), 15)


def to_q16(values: np.ndarray, fraction_bits: int) -> np.ndarray:
    """With 16 fractional bits, rounded where there were more."""
    if fraction_bits < 16:
        return values << np.int64(16 - fraction_bits)
    return rounded_shift(values, fraction_bits - 16)
