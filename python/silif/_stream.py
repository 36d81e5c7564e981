"""Sound of any rate and channel count, as it comes over a network, to 16 kHz and one channel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silif import _resampler
from silif._errors import InputError

_RATES_HZ = (4_000, 192_000)
_CHANNELS = (1, 8)
#: Samples of 16 bits, and of 32 whose upper half is taken.
_WIDTHS = {2: "<i2", 4: "<i4"}


@lru_cache(maxsize=16)
def bank_of(rate_hz: int) -> _resampler.Bank:
    """The filters for a rate. To make them takes up to a second."""
    return _resampler.design(rate_hz)


class Conditioner:
    """Mixes and resamples a stream in blocks of any size: the same bits as `kws-listen`, some samples later."""

    def __init__(self, rate_hz: int, width_bytes: int, channels: int):
        """
        Raises:
            InputError: a format that is not taken.
        """
        for name, value, (low, high) in (("rate", rate_hz, _RATES_HZ), ("channels", channels, _CHANNELS)):
            if type(value) is not int or not low <= value <= high:
                raise InputError(name, f"{value!r} is out of range", f"send {low} to {high}")
        if type(width_bytes) is not int or width_bytes not in _WIDTHS:
            raise InputError("width", f"{width_bytes!r} bytes are not taken", "send samples of 2 or 4 bytes")
        self._element, self._channels = np.dtype(_WIDTHS[width_bytes]), channels
        self._rest = b""
        self._bank = None if rate_hz == _resampler.OUTPUT_RATE_HZ else bank_of(rate_hz)
        # What the next output's window begins with; zeros stand before the first sample.
        taps = self._bank.taps if self._bank else 2
        self._held = np.zeros(taps // 2 - 1, np.int64)
        self._dropped = 0
        self._outputs = 0

    def process(self, content: bytes) -> NDArray[np.int16]:
        """Takes raw sound, also where it ends in the middle of a sample; the rest comes with the next block."""
        content = self._rest + content
        frame_bytes = self._element.itemsize * self._channels
        end = len(content) // frame_bytes * frame_bytes
        self._rest = content[end:]
        values = np.frombuffer(content[:end], self._element)
        if self._element.itemsize == 4:
            values = values >> 16
        samples = values.astype(np.int16)
        if self._channels > 1:
            samples = _resampler.mix(samples.reshape(-1, self._channels))
        return samples if self._bank is None else self._resampled(self._bank, samples)

    def _resampled(self, bank: _resampler.Bank, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        self._held = np.concatenate((self._held, samples.astype(np.int64)))
        last = self._dropped + len(self._held) - bank.taps
        end = ((last + 1) * bank.up - 1) // bank.down + 1 if last >= 0 else 0
        if end <= self._outputs:
            return np.empty(0, np.int16)
        position = np.arange(self._outputs, end, dtype=np.int64) * bank.down
        windows = np.lib.stride_tricks.sliding_window_view(self._held, bank.taps)
        result = _resampler.filtered(bank, windows[position // bank.up - self._dropped], position % bank.up)
        self._outputs = end
        # All before the next window.
        start = min(end * bank.down // bank.up - self._dropped, len(self._held))
        self._held, self._dropped = self._held[start:], self._dropped + start
        return np.asarray(result, np.int16)
