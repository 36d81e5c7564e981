"""Integer reference of the resampler and the channel mixer (Sources/AudioInput): equal to the Swift code bit for bit.

Everything is an integer, the design of the filter too: a windowed sinc (Kaiser, 80 dB); its sine is a Taylor polynomial
and its Bessel function the series, both in 64-bit fixed point. NumPy's int64 serves as the 64-bit register; `//`
and `>>` floor, as they do in the Swift code.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np

from silif_tools.integer.frontend import FRONT_END

OUTPUT_RATE_HZ = FRONT_END.sample_rate_hz
MAXIMUM_RATE_HZ = 768_000
COEFFICIENT_BITS = 21  # Q21: every row of a bank sums to exactly 1 << 21
EXACT_BANK_COEFFICIENTS = 65_536  # above this, rows lie on a power-of-two grid and neighbours are blended

_PI_HALF_Q30 = 1_686_629_713
_TWO_PI_Q30 = 6_746_518_852
_BETA_HALF_SQUARED_Q24 = 258_924_658  # (beta / 2)^2 of a Kaiser window, beta = 7.857: 80 dB


def sine_q30(turn_q32: np.ndarray) -> np.ndarray:
    """sin(2 pi x) in Q30 of x in turns, Q32, 0 <= x < 1; within 4 units of the last place."""
    half = turn_q32 & ((1 << 31) - 1)
    quarter = np.where(half > 1 << 30, (1 << 31) - half, half)
    angle = (quarter * _PI_HALF_Q30 + (1 << 29)) >> 30
    square = (angle * angle + (1 << 29)) >> 30
    result = np.full_like(angle, 1 << 30)
    for divisor in (210, 156, 110, 72, 42, 20, 6):
        result = (1 << 30) - ((square * result + (1 << 29)) >> 30) // divisor
    magnitude = (angle * result + (1 << 29)) >> 30
    return np.where(turn_q32 >> 31 != 0, -magnitude, magnitude)


def kaiser_q20(k: np.ndarray, half_width: int) -> np.ndarray:
    """I0(beta * sqrt(1 - (k / half_width)^2)) in Q20: a Kaiser window that is not scaled to 1 (the rows are, later)."""
    square = half_width * half_width
    y_q24 = (_BETA_HALF_SQUARED_Q24 * (square - k * k)) // square
    term = np.full_like(y_q24, 1 << 26)
    total = term.copy()
    for m in range(1, 21):
        term = ((term * y_q24) >> 24) // (m * m)
        total = total + term
    return total >> 6


@dataclass(frozen=True)
class Bank:
    """The polyphase filters of one input rate. `rows[p]` serves an output that lies p / phases past an input sample."""

    rate_hz: int
    up: int  # L: output samples per ...
    down: int  # M: ... input samples
    taps: int
    phases: int
    blended: bool
    rows_q21: np.ndarray  # [phases, or phases + 1 when blended, taps] int64


def design(rate_hz: int) -> Bank:
    """The bank for one input rate, 1...MAXIMUM_RATE_HZ, other than 16 kHz (which passes through)."""
    if not 1 <= rate_hz <= MAXIMUM_RATE_HZ or rate_hz == OUTPUT_RATE_HZ:
        raise ValueError(f"no filter for {rate_hz} Hz")
    common = gcd(rate_hz, OUTPUT_RATE_HZ)
    up, down = OUTPUT_RATE_HZ // common, rate_hz // common
    if rate_hz > OUTPUT_RATE_HZ:  # flat to 7 kHz, stops at 8 kHz
        taps = ((rate_hz * 501 + 109_999) // 110_000 + 7) // 8 * 8
        cutoff, cutoff_scale = 7_450, rate_hz
    else:  # flat to 0.447, stops at 0.5 of the input rate
        taps = 96
        cutoff, cutoff_scale = 4_735, 10_000
    blended = up * taps > EXACT_BANK_COEFFICIENTS
    phases = up
    if blended:
        phases = 256
        while phases > 1 and phases * rate_hz > 256 * 32_000:
            phases //= 2

    # One half of the prototype: h(k) = sin(2 pi cutoff k) / k under the window, k in steps of 1 / phases input samples.
    half_width = taps // 2 * phases
    k = np.arange(1, half_width + 1, dtype=np.int64)
    period = cutoff_scale * phases
    sine = sine_q30(((cutoff * k) % period << 32) // period)
    magnitude = np.abs(sine) * phases // k
    sinc_q30 = np.concatenate(
        (
            [(_TWO_PI_Q30 * cutoff + cutoff_scale // 2) // cutoff_scale],
            np.where(sine < 0, -magnitude, magnitude),
        )
    )
    window_q20 = kaiser_q20(np.arange(half_width + 1, dtype=np.int64), half_width)
    prototype = (sinc_q30 * window_q20 + (1 << 23)) >> 24

    rows = []
    for phase in range(phases + blended):
        offset = np.arange(-(taps // 2 - 1), taps // 2 + 1, dtype=np.int64) * phases - phase
        row = prototype[np.abs(offset)]
        # Rounding the running sum, not the terms, makes a row sum to exactly one.
        total = int(row.sum())
        running = ((np.cumsum(row) << COEFFICIENT_BITS) + total // 2) // total
        rows.append(np.diff(running, prepend=0))
    return Bank(rate_hz, up, down, taps, phases, bool(blended), np.array(rows))


def output_length(frames: int, rate_hz: int) -> int:
    """Output samples for so many input samples: those whose time lies before the end of the input (rounded up)."""
    return -(-frames * OUTPUT_RATE_HZ // rate_hz)


def resample(samples: np.ndarray, rate_hz: int, bank: Bank | None = None) -> np.ndarray:
    """A whole recording, int16 at `rate_hz`, at 16 kHz: output 0 falls on input 0, zeros stand before and after."""
    samples = np.asarray(samples, dtype=np.int64)
    if rate_hz == OUTPUT_RATE_HZ:
        return samples.astype(np.int16)
    if len(samples) == 0:
        return samples.astype(np.int16)
    bank = bank or design(rate_hz)
    position = np.arange(output_length(len(samples), rate_hz), dtype=np.int64) * bank.down
    start, phase = position // bank.up, position % bank.up
    half = bank.taps // 2
    padded = np.concatenate((np.zeros(half - 1, np.int64), samples, np.zeros(half, np.int64)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, bank.taps)
    result = np.empty(len(position), np.int16)
    for at in range(0, len(position), 4096):
        part = slice(at, at + 4096)
        result[part] = filtered(bank, windows[start[part]], phase[part])
    return result


def filtered(bank: Bank, windows: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """One output for each window: windows [output, taps], phase [output] in 0...up - 1 -> int16."""
    if bank.blended:
        row, weight = phase * bank.phases // bank.up, phase * bank.phases % bank.up
        first = (windows * bank.rows_q21[row]).sum(axis=1)
        second = (windows * bank.rows_q21[row + 1]).sum(axis=1)
        scale = bank.up << COEFFICIENT_BITS
        result = (first * (bank.up - weight) + second * weight + scale // 2) // scale
    else:
        total = (windows * bank.rows_q21[phase]).sum(axis=1)
        result = (total + (1 << (COEFFICIENT_BITS - 1))) >> COEFFICIENT_BITS
    return np.clip(result, -32_768, 32_767).astype(np.int16)


def mix(frames: np.ndarray) -> np.ndarray:
    """Interleaved channels [frame, channel] int16 to their mean, rounded half up."""
    frames = np.asarray(frames, dtype=np.int64)
    channels = frames.shape[1]
    return ((2 * frames.sum(axis=1) + channels) // (2 * channels)).astype(np.int16)


def int16_from_float(samples: np.ndarray) -> np.ndarray:
    """Decoded samples (1.0 is full scale) to int16: rounded half up, saturated. Not-a-number is refused."""
    samples = np.asarray(samples, dtype=np.float64)
    if np.isnan(samples).any():
        raise ValueError("not a number among the samples")
    return np.clip(np.floor(np.clip(samples, -2, 2) * 32_768 + 0.5), -32_768, 32_767).astype(np.int16)
