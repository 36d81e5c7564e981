"""Sound of any rate and channel count to 16 kHz and one channel, in blocks: the bits of kws-listen."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silif import _resampler
from silif._errors import InputError

_RATES_HZ = (4_000, 192_000)
_CHANNELS = (1, 8)
#: Samples of 16 bits, and of 32 that are rounded to 16.
_WIDTHS = {2: "<i2", 4: "<i4"}
#: So many windows are laid out at a time.
_PART_OUTPUTS = 2048


@lru_cache(maxsize=16)
def bank_of(rate_hz: int) -> _resampler.Bank:
    """The filters for a rate. To make them takes up to a second."""
    return _resampler.design(rate_hz)


class Resampler:
    """Resamples a stream in blocks of any size: the same bits as `kws-listen`, some samples later."""

    def __init__(self, rate_hz: int):
        self._bank = None if rate_hz == _resampler.OUTPUT_RATE_HZ else bank_of(rate_hz)
        # What the next output's window begins with; zeros stand before the first sample. Sums of products stay far
        # below 2**53, so that float64, which NumPy adds up faster, holds them exactly.
        self._rows_q21 = self._bank.rows_q21.astype(np.float64) if self._bank else np.empty((0, 2))
        self._held = np.zeros(self._rows_q21.shape[1] // 2 - 1)
        self._inputs = self._dropped = self._outputs = 0

    def process(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Takes one channel at the rate; gives what is ready at 16 kHz."""
        if self._bank is None:
            return samples
        self._inputs += len(samples)
        self._held = np.concatenate((self._held, samples))
        last = self._dropped + len(self._held) - self._bank.taps
        return self._made(((last + 1) * self._bank.up - 1) // self._bank.down + 1 if last >= 0 else 0)

    def finish(self) -> NDArray[np.int16]:
        """After the last block: what is left, with zeros after the end."""
        if self._bank is None:
            return np.empty(0, np.int16)
        self._held = np.concatenate((self._held, np.zeros(self._bank.taps // 2)))
        return self._made(_resampler.output_length(self._inputs, self._bank.rate_hz))

    def _made(self, end: int) -> NDArray[np.int16]:
        """The outputs up to `end`, those before it not counted."""
        bank = self._bank
        if bank is None or end <= self._outputs:
            return np.empty(0, np.int16)
        windows = np.lib.stride_tricks.sliding_window_view(self._held, bank.taps)
        parts = []
        for first in range(self._outputs, end, _PART_OUTPUTS):
            position = np.arange(first, min(end, first + _PART_OUTPUTS), dtype=np.int64) * bank.down
            parts.append(self._filtered(bank, windows[position // bank.up - self._dropped], position % bank.up))
        self._outputs = end
        # All before the next window.
        start = min(end * bank.down // bank.up - self._dropped, len(self._held))
        self._held, self._dropped = self._held[start:], self._dropped + start
        return np.concatenate(parts)

    def _filtered(
        self, bank: _resampler.Bank, windows: NDArray[np.float64], phase: NDArray[np.int64]
    ) -> NDArray[np.int16]:
        """As the reference's `filtered`."""

        def totals(row: NDArray[np.int64]) -> NDArray[np.int64]:
            total: NDArray[np.float64] = np.einsum("ot,ot->o", windows, self._rows_q21[row])
            return total.astype(np.int64)

        if bank.blended:
            row, weight = phase * bank.phases // bank.up, phase * bank.phases % bank.up
            scale = bank.up << _resampler.COEFFICIENT_BITS
            result = (totals(row) * (bank.up - weight) + totals(row + 1) * weight + scale // 2) // scale
        else:
            half = 1 << (_resampler.COEFFICIENT_BITS - 1)
            result = (totals(phase) + half) >> _resampler.COEFFICIENT_BITS
        clamped: NDArray[np.int64] = np.clip(result, -32_768, 32_767)
        return clamped.astype(np.int16)


def mixed(frames: NDArray[np.int16]) -> NDArray[np.int16]:
    """[frame, channel] to the mean of the channels, rounded half up."""
    return frames[:, 0] if frames.shape[1] == 1 else _resampler.mix(frames)


class Conditioner:
    """Mixes and resamples a stream in blocks of any size: the same bits as `kws-listen`, some samples later."""

    def __init__(self, rate_hz: int, width_bytes: int, channels: int):
        """
        Args:
            rate_hz: 4000 to 192000.
            width_bytes: of a sample: 2, or 4, which is rounded to 16 bits. Signed, little-endian.
            channels: 1 to 8, interleaved; their mean is heard.

        Raises:
            InputError: another one.
        """
        for name, value, (low, high) in (("rate", rate_hz, _RATES_HZ), ("channels", channels, _CHANNELS)):
            if type(value) is not int or not low <= value <= high:
                raise InputError(name, f"{value!r} is out of range", f"send {low} to {high}")
        if type(width_bytes) is not int or width_bytes not in _WIDTHS:
            raise InputError("width", f"{width_bytes!r} bytes are not taken", "send samples of 2 or 4 bytes")
        self._element, self._channels = np.dtype(_WIDTHS[width_bytes]), channels
        self._rest = b""
        self._resampler = Resampler(rate_hz)

    def process(self, content: bytes) -> NDArray[np.int16]:
        """Takes raw sound, also where it ends in the middle of a sample; the rest comes with the next block."""
        content = self._rest + content
        frame_bytes = self._element.itemsize * self._channels
        end = len(content) // frame_bytes * frame_bytes
        self._rest = content[end:]
        values = np.frombuffer(content[:end], self._element)
        if self._element.itemsize == 4:
            # The upper half, rounded half up; only the topmost values need saturation.
            values = (np.minimum(values >> 15, 65_534) + 1) >> 1
        samples = values.astype(np.int16).reshape(-1, self._channels)
        return self._resampler.process(mixed(samples))
