"""The runtime's fixed-point primitives on NumPy int64 arrays."""

import numpy as np

STATE_BITS = 30
STATE_LIMIT = 1 << STATE_BITS
ADAPTATION_LIMIT = 1 << 60
COEFFICIENT_BITS = 30
CURRENT_EXTRA_BITS = 8


def rounded_shift(value, bits):
    """(value + 2^(bits-1)) >> bits, half up; bits may be an array and may be 0. `>>` floors here as in Swift."""
    value = np.asarray(value, dtype=np.int64)
    bits = np.asarray(bits, dtype=np.int64)
    return (value + ((np.int64(1) << bits) >> np.int64(1))) >> bits


def saturate(value, limit, counter=None):
    """Clamp complete sums to ±limit; `counter` is a list whose first element counts the values that did not fit."""
    if counter is not None:
        counter[0] += int(np.count_nonzero(np.abs(value) > limit))
    return np.clip(value, -limit, limit)


def round_half_even_to_int(value):
    """Host-side rounding of real coefficients to integers (the runtime itself never rounds this way)."""
    return np.rint(np.asarray(value, dtype=np.float64)).astype(np.int64)


def mantissa_and_shift(value, mantissa_bits):
    """Real values >= 0 as integers m, s: value ~ m * 2^-s, m < 2^mantissa_bits and as large as possible, s in 0...62.

    Raises ValueError where a value needs a left shift (value >= 2^mantissa_bits).
    """
    value = np.atleast_1d(np.asarray(value, dtype=np.float64))
    bad = ~(value >= 0) | ~np.isfinite(value)
    if bad.any():
        raise ValueError(f"{value[bad][0]} has no unsigned mantissa")
    positive = np.where(value > 0, value, 1.0)
    shift = np.clip(mantissa_bits - 1 - np.floor(np.log2(positive)), 0, 62).astype(np.int64)
    # Rounding up may reach the next power of two.
    shift -= (np.rint(np.ldexp(positive, shift)) >= 2.0**mantissa_bits) & (shift > 0)
    mantissa = np.rint(np.ldexp(positive, shift))
    large = mantissa >= 2.0**mantissa_bits
    if large.any():
        raise ValueError(f"{positive[large][0]} is too large for {mantissa_bits} bits")
    return np.where(value > 0, mantissa, 0).astype(np.int64), np.where(value > 0, shift, 0)
