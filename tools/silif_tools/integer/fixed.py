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
    mantissa = np.zeros(value.shape, dtype=np.int64)
    shift = np.zeros(value.shape, dtype=np.int64)
    for index, real in np.ndenumerate(value):
        if real < 0 or not np.isfinite(real):
            raise ValueError(f"{real} has no unsigned mantissa")
        if real == 0:
            continue
        bits = int(np.clip(mantissa_bits - 1 - np.floor(np.log2(real)), 0, 62))
        whole = round(real * 2.0**bits)
        if whole >= 1 << mantissa_bits:  # rounding up to the next power of two
            bits -= 1
            whole = round(real * 2.0**bits)
        if bits < 0 or whole >= 1 << mantissa_bits:
            raise ValueError(f"{real} is too large for {mantissa_bits} bits")
        mantissa[index], shift[index] = whole, bits
    return mantissa, shift
