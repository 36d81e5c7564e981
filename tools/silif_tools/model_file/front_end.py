"""Section FRNT: the front end's settings and tables as they travel in a model file (docs/FRONT-END.md).

Twins: Sources/LogMel/LogMelSettings.swift, Sources/LogMel/LogMelLimits.swift, docs/FRONT-END.md
"""

import struct
from dataclasses import dataclass

import numpy as np

from .schema import check_range

LAYOUT_VERSION = 1
FFT_SIZE = 512
BIN_COUNT = 256
WINDOW_FRACTION_BITS = 24
MEL_WEIGHT_FRACTION_BITS = 15
SAMPLE_RATES_HZ = (1_000, 384_000)
MAXIMUM_BANDS, MAXIMUM_OUTPUT_FRACTION_BITS = 128, 11
# Of a window's even samples, and of its odd ones.
MAXIMUM_HALF_WINDOW = 255 << (WINDOW_FRACTION_BITS - 1)
HEADER = struct.Struct("<IIHHHHHBBBBhIIII")


class FrameTimes:
    """In seconds, of whatever has a rate, a hop and a frame length."""

    sample_rate_hz: int
    frame_length_samples: int
    hop_samples: int

    @property
    def hop_s(self) -> float:
        return self.hop_samples / self.sample_rate_hz

    @property
    def frame_length_s(self) -> float:
        return self.frame_length_samples / self.sample_rate_hz


@dataclass(frozen=True)
class FrontEnd(FrameTimes):
    """What a section says. `log_mel` (silif_tools.integer.frontend) computes with it as with `FrontEndSettings`.

    window_q24 [frame_length_samples]; mel_bands: of each band its first bin and its weights, Q15.
    """

    sample_rate_hz: int
    frame_length_samples: int
    hop_samples: int
    band_count: int
    preemphasis_q15: int
    output_fraction_bits: int
    log_floor: int
    window_q24: np.ndarray
    mel_bands: list[tuple[int, np.ndarray]]


def _check_header(fields: dict[str, int]) -> None:
    length, rate = fields["frame_length_samples"], fields["sample_rate_hz"]
    for name, low, high in (
        ("layout_version", LAYOUT_VERSION, LAYOUT_VERSION),
        ("sample_rate_hz", *SAMPLE_RATES_HZ),
        ("frame_length_samples", 2, FFT_SIZE),
        ("hop_samples", 1, length),
        ("fft_size", FFT_SIZE, FFT_SIZE),
        ("band_count", 1, MAXIMUM_BANDS),
        ("preemphasis_q15", 0, 32768),
        ("output_fraction_bits", 0, MAXIMUM_OUTPUT_FRACTION_BITS),
        ("window_fraction_bits", WINDOW_FRACTION_BITS, WINDOW_FRACTION_BITS),
        ("mel_weight_fraction_bits", MEL_WEIGHT_FRACTION_BITS, MEL_WEIGHT_FRACTION_BITS),
        ("reserved", 0, 0),
        ("log_floor", -32768, 0),
        ("low_hz", 0, rate // 2),
        ("high_hz", fields["low_hz"], rate // 2),
        ("mel_weight_count", 1, fields["band_count"] * BIN_COUNT),
        ("reserved_2", 0, 0),
    ):
        check_range(fields[name], low, high, f"FRNT: {name}")
    check_range(length % 2, 0, 0, "FRNT: frame_length_samples: an odd one of")


_FIELDS = (
    "layout_version",
    "sample_rate_hz",
    "frame_length_samples",
    "hop_samples",
    "fft_size",
    "band_count",
    "preemphasis_q15",
    "output_fraction_bits",
    "window_fraction_bits",
    "mel_weight_fraction_bits",
    "reserved",
    "log_floor",
    "low_hz",
    "high_hz",
    "mel_weight_count",
    "reserved_2",
)


def parse_front_end(section: bytes) -> FrontEnd:
    """Raises ValueError naming what the runtime would refuse."""
    if len(section) < HEADER.size:
        raise ValueError(f"FRNT: {len(section)} bytes")
    fields = dict(zip(_FIELDS, HEADER.unpack_from(section), strict=True))
    _check_header(fields)
    length, bands, weights = fields["frame_length_samples"], fields["band_count"], fields["mel_weight_count"]
    used = HEADER.size + 4 * length + 4 * bands + 2 * weights
    padding = section[used:]
    if len(section) != used + -used % 4 or any(padding):
        raise ValueError(f"FRNT: {len(section)} bytes, where its fields say {used}, and zeros up to a multiple of 4")
    window = np.frombuffer(section, "<i4", length, HEADER.size).astype(np.int64)
    check_range(window, 0, 1 << WINDOW_FRACTION_BITS, "FRNT: window_q24")
    for first in (0, 1):
        check_range(window[first::2].sum(), 0, MAXIMUM_HALF_WINDOW, "FRNT: window_q24: a sum of")
    places = np.frombuffer(section, "<u2", 2 * bands, HEADER.size + 4 * length).astype(np.int64).reshape(bands, 2)
    check_range(places.sum(axis=1), 0, BIN_COUNT, "FRNT: mel_bands: a last bin before")
    check_range(places[:, 1].sum(), weights, weights, "FRNT: mel_bands: numbers of bins, together")
    values = np.frombuffer(section, "<u2", weights, used - 2 * weights).astype(np.int64)
    check_range(values, 0, 1 << MEL_WEIGHT_FRACTION_BITS, "FRNT: mel_weights_q15")
    ends = np.cumsum(places[:, 1])
    names = ("sample_rate_hz", "hop_samples", "preemphasis_q15", "output_fraction_bits", "log_floor")
    return FrontEnd(
        frame_length_samples=length,
        band_count=bands,
        window_q24=window,
        mel_bands=[(int(first), values[end - count : end]) for (first, count), end in zip(places, ends, strict=True)],
        **{name: fields[name] for name in names},
    )
