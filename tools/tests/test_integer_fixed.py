"""Fixed-point primitives against unbounded Python integers."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from silif_tools.fixed_point import mantissa_and_shift, rounded_shift, saturate


@pytest.mark.parametrize("bits", range(63))
def test_rounded_shift_is_half_up(bits):
    rng = np.random.default_rng(bits)
    half = (1 << bits) >> 1
    values = [0, 1, -1, half, -half, half - 1, -half - 1, 2**63 - 1 - half, -(2**63), 2**62, -(2**62)]
    values += [int(x) >> int(rng.integers(63)) for x in rng.integers(-(2**62), 2**62, size=200)]
    values = [x for x in values if -(2**63) <= x <= 2**63 - 1 - half]
    expected = [floor(Fraction(x, 2**bits) + Fraction(1, 2)) for x in values]
    assert rounded_shift(np.array(values, dtype=np.int64), bits).tolist() == expected


def test_rounded_shift_takes_a_shift_per_value():
    assert rounded_shift(np.array([5, 5, -5]), np.array([0, 1, 1])).tolist() == [5, 3, -2]


def test_saturate_clamps_and_counts():
    counter = [0]
    values = np.array([-11, -10, 0, 10, 11, 12])
    assert saturate(values, 10, counter).tolist() == [-10, -10, 0, 10, 10, 10]
    assert counter == [3]


@pytest.mark.parametrize("bits", [15, 30, 31])
def test_mantissa_and_shift_is_the_nearest_and_the_finest(bits):
    rng = np.random.default_rng(bits)
    values = np.concatenate(
        [
            2.0 ** rng.uniform(-25, bits - 1, size=500),
            2.0 ** np.arange(-20, bits),
            [2.0 ** (bits - 1) * (1 - 2.0**-40), 1 - 2.0**-53],
        ]
    )
    mantissa, shift = mantissa_and_shift(values, bits)
    for value, m, s in zip(values.tolist(), mantissa.tolist(), shift.tolist(), strict=True):
        assert 0 < m < 2**bits and 0 <= s <= 62
        assert abs(Fraction(value) * 2**s - m) <= Fraction(1, 2)
        # As fine as possible, but for values within a rounding of a power of two.
        assert m >= 2 ** (bits - 1) - 1 or s == 62


def test_mantissa_and_shift_of_edges():
    mantissa, shift = mantissa_and_shift([0.0, 2.0**-70, 1.0], 30)
    assert mantissa.tolist() == [0, 0, 2**29]
    assert shift.tolist() == [0, 62, 29]
    for refused in (-1.0, float("nan"), float("inf"), 2.0**30, 2.0**30 - 0.25):
        with pytest.raises(ValueError):
            mantissa_and_shift(refused, 30)
