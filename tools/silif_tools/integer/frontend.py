"""Integer log-mel front end: the reference that Sources/LogMel equals bit for bit.

docs/FRONT-END.md explains the arithmetic, says why nothing overflows, and gives the layout of the section.
"""

import dataclasses
import functools

import numpy as np

from silif_tools.fixed_point import rounded_shift
from silif_tools.integer.frontend_tables import LOG_SEGMENTS, log_q24, twiddle_q30
from silif_tools.model_file.front_end import (
    BIN_COUNT,
    FFT_SIZE,
    HEADER,
    LAYOUT_VERSION,
    MAXIMUM_BANDS,
    MAXIMUM_HALF_WINDOW,
    MAXIMUM_OUTPUT_FRACTION_BITS,
    MEL_WEIGHT_FRACTION_BITS,
    WINDOW_FRACTION_BITS,
    FrameTimes,
    FrontEnd,
)

PREEMPHASIS_FRACTION_BITS = 15
# A frame is scaled by a power of two until its largest value is at most 2^PEAK_BITS, before windowing.
PEAK_BITS = 23
# Quiet frames are raised by at most this much: beyond it nothing is gained.
MAX_BLOCK_SHIFT = 8
POWER_SHIFT = 16
_TWIDDLE_SHIFT = 30
_FRAMES_AT_ONCE = 128


def mel(hz):
    return 1127.0 * np.log1p(np.asarray(hz, dtype=np.float64) / 700.0)


@dataclasses.dataclass(frozen=True)
class FrontEndSettings(FrameTimes):
    """The defaults are torchaudio's Kaldi filterbank with 40 bands."""

    sample_rate_hz: int = 16_000
    frame_length_samples: int = 400
    hop_samples: int = 160
    band_count: int = 40
    preemphasis: float = 0.97
    low_hz: int = 20
    high_hz: int = 8_000
    output_fraction_bits: int = 10
    # Float's epsilon, exactly 2^-23; the energy is that of audio scaled to +-1.
    energy_floor: float = 2.0**-23

    def __post_init__(self) -> None:
        """The limits that the Swift reader sets too; docs/FRONT-END.md says what for."""
        if self.frame_length_samples % 2 or not 2 <= self.frame_length_samples <= FFT_SIZE:
            raise ValueError(f"frame_length_samples must be even and 2...{FFT_SIZE}, not {self.frame_length_samples}")
        if not 1 <= self.hop_samples <= self.frame_length_samples:
            raise ValueError(f"hop_samples must be 1...frame_length_samples, not {self.hop_samples}")
        if not 1 <= self.band_count <= MAXIMUM_BANDS:
            raise ValueError(f"band_count must be 1...{MAXIMUM_BANDS}, not {self.band_count}")
        if not 0 <= self.preemphasis <= 1:
            raise ValueError(f"preemphasis must be 0...1, not {self.preemphasis}")
        if not 0 <= self.output_fraction_bits <= MAXIMUM_OUTPUT_FRACTION_BITS:
            most = MAXIMUM_OUTPUT_FRACTION_BITS
            raise ValueError(f"output_fraction_bits must be 0...{most}, not {self.output_fraction_bits}")
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate_hz / 2:
            raise ValueError(
                f"want 0 <= low_hz < high_hz <= half the sample rate, not {self.low_hz} and {self.high_hz}"
            )
        if max(self.window_q24[0::2].sum(), self.window_q24[1::2].sum()) > MAXIMUM_HALF_WINDOW:
            raise ValueError("the window adds up to more than 255: ask for a shorter frame")

    @property
    def input_limit(self) -> int:
        """Of the networks behind it: 16 natural-log units on either side; full-scale audio reaches about +12, silence
        is -15.94."""
        return min(16 << self.output_fraction_bits, 32767)

    def frame_count(self, samples: int) -> int:
        """Frames of a recording of that many samples."""
        missing = samples - self.frame_length_samples
        return 0 if missing < 0 else 1 + missing // self.hop_samples

    @property
    def preemphasis_q15(self) -> int:
        return int(np.floor(self.preemphasis * 2**PREEMPHASIS_FRACTION_BITS + 0.5))

    @property
    def log_floor(self) -> int:
        return int(np.floor(np.log(self.energy_floor) * 2**self.output_fraction_bits + 0.5))

    @functools.cached_property
    def window(self) -> np.ndarray:
        """Povey's window in float64."""
        phase = 2 * np.pi * np.arange(self.frame_length_samples) / (self.frame_length_samples - 1)
        return (0.5 - 0.5 * np.cos(phase)) ** 0.85

    @functools.cached_property
    def window_q24(self) -> np.ndarray:
        return np.floor(self.window * 2**WINDOW_FRACTION_BITS + 0.5).astype(np.int64)

    @functools.cached_property
    def mel_weights(self) -> np.ndarray:
        """[band, bin] in float64: triangles on the mel axis; the bin at half the sample rate has no weight."""
        edges = np.linspace(mel(self.low_hz), mel(self.high_hz), self.band_count + 2)
        at = mel(np.arange(BIN_COUNT) * (self.sample_rate_hz / FFT_SIZE))[None, :]
        left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        return np.maximum(0.0, np.minimum((at - left) / (centre - left), (right - at) / (right - centre)))

    @functools.cached_property
    def mel_bands(self) -> list[tuple[int, np.ndarray]]:
        """For each band its first bin and its weights (Q15), without the zeros at both ends."""
        bands = []
        for row in np.floor(self.mel_weights * 2**MEL_WEIGHT_FRACTION_BITS + 0.5).astype(np.int64):
            used = np.flatnonzero(row)
            if not len(used):
                raise ValueError("a mel band holds no FFT bin: ask for fewer bands")
            bands.append((int(used[0]), row[used[0] : used[-1] + 1]))
        return bands

    def to_section(self) -> bytes:
        """The section FRNT of a model file."""
        weights = np.concatenate([w for _, w in self.mel_bands])
        header = HEADER.pack(
            LAYOUT_VERSION,
            self.sample_rate_hz,
            self.frame_length_samples,
            self.hop_samples,
            FFT_SIZE,
            self.band_count,
            self.preemphasis_q15,
            self.output_fraction_bits,
            WINDOW_FRACTION_BITS,
            MEL_WEIGHT_FRACTION_BITS,
            0,
            self.log_floor,
            self.low_hz,
            self.high_hz,
            len(weights),
            0,
        )
        bands = np.array([(first, len(w)) for first, w in self.mel_bands], dtype="<u2")
        tables = self.window_q24.astype("<i4").tobytes() + bands.tobytes() + weights.astype("<u2").tobytes()
        return header + tables + bytes(-len(tables) % 4)


# The one that every network here was trained with; training, streams and reports take their numbers from it.
FRONT_END = FrontEndSettings()
# Frames of a clip of one second.
CLIP_FRAMES = FRONT_END.frame_count(FRONT_END.sample_rate_hz)


def log_mel(pcm: np.ndarray, settings: FrontEndSettings | FrontEnd | None = None) -> np.ndarray:
    """int16 samples to int16 frames [frame, band]; samples that fill no whole frame are left over, as in a stream.

    settings: those of `FrontEndSettings`, unless others are given; of a model's front end what `parse_front_end` reads.
    """
    settings = settings or FrontEndSettings()
    if pcm.dtype != np.int16 or pcm.ndim != 1:
        raise TypeError(f"want a one-dimensional int16 array, got {pcm.ndim}-dimensional {pcm.dtype}")
    count = frame_count(len(pcm), settings)
    if not count:
        return np.zeros((0, settings.band_count), dtype=np.int16)
    frames = np.lib.stride_tricks.sliding_window_view(pcm, settings.frame_length_samples)[:: settings.hop_samples]
    # In pieces that stay in the cache.
    return np.concatenate(
        [_log_mel_frames(frames[i : i + _FRAMES_AT_ONCE], settings) for i in range(0, count, _FRAMES_AT_ONCE)]
    )


def frame_count(sample_count: int, settings: FrontEndSettings | FrontEnd) -> int:
    return max(0, 1 + (sample_count - settings.frame_length_samples) // settings.hop_samples)


def _log_mel_frames(frames: np.ndarray, settings: FrontEndSettings | FrontEnd) -> np.ndarray:
    emphasised = _remove_dc_and_emphasise(frames.astype(np.int64), settings)
    windowed, block_shift = _window(emphasised, settings)
    power = _power(*_real_fft_input(windowed))
    energy = np.stack([power[:, f : f + len(w)] @ w for f, w in settings.mel_bands], axis=1)
    return _logarithm(energy, block_shift, settings)


def _remove_dc_and_emphasise(x: np.ndarray, settings: FrontEndSettings | FrontEnd) -> np.ndarray:
    """Q15: x[i] - c x[i-1] - (1 - c) mean, with x[-1] = x[0]; exact but for the rounding of the mean's term."""
    one, c, length = 1 << PREEMPHASIS_FRACTION_BITS, settings.preemphasis_q15, settings.frame_length_samples
    # NumPy's // floors, so adding half the divisor first rounds half up.
    mean_term = (2 * (one - c) * x.sum(axis=1, keepdims=True) + length) // (2 * length)
    before = np.concatenate([x[:, :1], x[:, :-1]], axis=1)
    return one * x - c * before - mean_term


def _window(x: np.ndarray, settings: FrontEndSettings | FrontEnd) -> tuple[np.ndarray, np.ndarray]:
    """Scale each frame by 2^shift, so that |x| is at most 2^23, and window it, with a single rounding."""
    magnitude = np.bitwise_or.reduce(x ^ (x >> 63), axis=1, keepdims=True)
    bits = np.zeros_like(magnitude)
    for b in range(31):
        bits += (magnitude >> b) > 0
    shift = np.minimum(MAX_BLOCK_SHIFT, PEAK_BITS - bits)
    return rounded_shift(x * settings.window_q24, WINDOW_FRACTION_BITS - shift), shift


def _real_fft_input(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Even samples are the real parts and odd ones the imaginary parts of half as many complex numbers."""
    padded = np.zeros((len(y), FFT_SIZE), dtype=np.int64)
    padded[:, : y.shape[1]] = y
    return padded[:, 0::2], padded[:, 1::2]


@functools.cache
def _stage_twiddles(blocks: int) -> list[tuple[np.ndarray, np.ndarray]]:
    p = np.arange(blocks)
    return [tuple(t[:, None] for t in twiddle_q30(128 // blocks * k * p % 512)) for k in (1, 2, 3)]


@functools.cache
def _split_twiddles() -> tuple[np.ndarray, np.ndarray]:
    return twiddle_q30(np.arange(1, 128))


def _complex_fft_256(re: np.ndarray, im: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Four Stockham stages of radix 4, decimation in frequency, unscaled; one rounding a stage."""
    count = len(re)
    for blocks in (64, 16, 4, 1):
        run = 64 // blocks
        a, b, c, d = (re.reshape(count, 4, blocks, run)[:, i] for i in range(4))
        e, f, g, h = (im.reshape(count, 4, blocks, run)[:, i] for i in range(4))
        sum_re, sum_im, difference_re, difference_im = a + c, e + g, a - c, e - g
        sum2_re, sum2_im, difference2_re, difference2_im = b + d, f + h, b - d, f - h
        out_re = [sum_re + sum2_re]
        out_im = [sum_im + sum2_im]
        rotated = (
            (difference_re + difference2_im, difference_im - difference2_re),
            (sum_re - sum2_re, sum_im - sum2_im),
            (difference_re - difference2_im, difference_im + difference2_re),
        )
        for (r, i), (cosine, sine) in zip(rotated, _stage_twiddles(blocks), strict=True):
            out_re.append(rounded_shift(r * cosine - i * sine, _TWIDDLE_SHIFT))
            out_im.append(rounded_shift(r * sine + i * cosine, _TWIDDLE_SHIFT))
        # Output k of block p goes to place 4p + k.
        re = np.stack(out_re, axis=2).reshape(count, 256)
        im = np.stack(out_im, axis=2).reshape(count, 256)
    return re, im


def _power(re: np.ndarray, im: np.ndarray) -> np.ndarray:
    """|X|^2 / 2^16 for bins 0...255 of the real sequence whose even and odd samples are given."""
    re, im = _complex_fft_256(re, im)
    cosine, sine = _split_twiddles()
    low_re, low_im, high_re, high_im = re[:, 1:128], im[:, 1:128], re[:, :128:-1], im[:, :128:-1]
    # Twice the transforms of the even and of the odd samples.
    even_re, even_im = low_re + high_re, low_im - high_im
    odd_re, odd_im = low_im + high_im, high_re - low_re
    turned_re = odd_re * cosine - odd_im * sine
    turned_im = odd_re * sine + odd_im * cosine
    one = np.int64(1) << _TWIDDLE_SHIFT

    def squared(r, i):
        return rounded_shift(r * r + i * i, POWER_SHIFT)

    def halved(x):
        return rounded_shift(x, _TWIDDLE_SHIFT + 1)

    power = np.empty((len(re), BIN_COUNT), dtype=np.int64)
    zero = np.zeros_like(re[:, 0])
    power[:, 0] = squared(re[:, 0] + im[:, 0], zero)
    power[:, 1:128] = squared(halved(even_re * one + turned_re), halved(even_im * one + turned_im))
    power[:, 128] = squared(re[:, 128], im[:, 128])
    power[:, :128:-1] = squared(halved(even_re * one - turned_re), halved(turned_im - even_im * one))
    return power


def _logarithm(energy: np.ndarray, block_shift: np.ndarray, settings: FrontEndSettings | FrontEnd) -> np.ndarray:
    """Natural logarithm of the energy of +-1-scaled audio, in output units, no lower than the floor."""
    table = np.array(log_q24(), dtype=np.int64)
    safe = np.maximum(energy, 1)
    exponent = np.zeros_like(safe)
    rest = safe.copy()
    for step in (32, 16, 8, 4, 2, 1):
        big = (rest >> step) > 0
        exponent += step * big
        rest = np.where(big, rest >> step, rest)
    # 18 bits below the leading one: 6 choose the segment, 12 interpolate in it.
    below = np.where(exponent >= 18, safe >> np.maximum(exponent - 18, 0), safe << np.maximum(18 - exponent, 0))
    index, fraction = (below >> 12) & (LOG_SEGMENTS - 1), below & 0xFFF
    mantissa = table[index] + rounded_shift((table[index + 1] - table[index]) * fraction, 12)
    # Fractional bits of the energy: twice those of the windowed samples (30 + shift), the power's shift, the weights'.
    fraction_bits = 2 * (30 + block_shift) - POWER_SHIFT + MEL_WEIGHT_FRACTION_BITS
    log = rounded_shift((exponent - fraction_bits) * table[LOG_SEGMENTS] + mantissa, 24 - settings.output_fraction_bits)
    return np.where(energy > 0, np.maximum(log, settings.log_floor), settings.log_floor).astype(np.int16)
