"""The resampler's reference: what it does to tones, its bounds, and that the golden vectors are its own."""

import json

import numpy as np
import pytest

from silif_tools.integer import resampler_golden
from silif_tools.integer.resampler import design, int16_from_float, kaiser_q20, mix, output_length, resample, sine_q30

RATES_HZ = (8_000, 11_025, 12_000, 12_345, 16_001, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


def tone(rate_hz: int, frequency_hz: float, seconds: float = 0.5, peak: float = 29_000) -> np.ndarray:
    """A tone, dithered by its own rounding, as int16."""
    time_s = np.arange(int(rate_hz * seconds)) / rate_hz
    return np.round(peak * np.sin(2 * np.pi * frequency_hz * time_s + 0.3)).astype(np.int16)


def level_db(samples: np.ndarray, peak: float = 29_000) -> float:
    """RMS against a tone of that peak, the edges left out (they hold the tone's start and end)."""
    middle = samples[400:-400].astype(float)
    return 20 * np.log10(np.sqrt(np.mean(middle**2)) * np.sqrt(2) / peak + 1e-12)


@pytest.mark.parametrize("rate_hz", [rate for rate in RATES_HZ if rate > 16_000])
def test_aliases_are_75_db_down(rate_hz: int) -> None:
    bank = design(rate_hz)
    top = rate_hz / 2
    for frequency_hz in [*np.linspace(8_000, top, 25), 8_000 + 0.1 * (top - 8_000), 0.999 * top]:
        assert level_db(resample(tone(rate_hz, frequency_hz), rate_hz, bank)) < -75, frequency_hz


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_pass_band_is_flat_and_nothing_else_comes_out(rate_hz: int) -> None:
    """A tone keeps its level within 0.1 dB; what is left beside it (images, noise) is 75 dB down."""
    bank = design(rate_hz)
    edge = min(7_000, 0.447 * rate_hz, 0.44 * rate_hz if rate_hz > 16_000 else 7_000)
    for frequency_hz in np.linspace(50, edge, 15):
        output = resample(tone(rate_hz, frequency_hz), rate_hz, bank)[400:-400].astype(float)
        time_s = (np.arange(len(output)) + 400) / 16_000
        basis = np.stack([np.sin(2 * np.pi * frequency_hz * time_s), np.cos(2 * np.pi * frequency_hz * time_s)], axis=1)
        weights, *_ = np.linalg.lstsq(basis, output, rcond=None)
        assert abs(20 * np.log10(np.hypot(*weights) / 29_000)) < 0.1, frequency_hz
        # The delay is taken out: the tone comes out in phase.
        phase = np.arctan2(weights[1], weights[0])
        assert abs(phase - 0.3) < 2e-4, frequency_hz
        rest = output - basis @ weights
        assert 20 * np.log10(np.sqrt(np.mean(rest**2)) * np.sqrt(2) / 29_000) < -75, frequency_hz


@pytest.mark.parametrize("rate_hz", [*RATES_HZ, 1, 100, 3_999, 191_975, 767_999, 768_000])
def test_bank_bounds(rate_hz: int) -> None:
    """What the Swift code's 16-bit halves and 32-bit sums rely on; unity gain; the stated bound on memory."""
    rows = design(rate_hz).rows_q21
    assert (rows.sum(axis=1) == 1 << 21).all()
    high = (rows + 64) >> 7
    low = rows - (high << 7)
    assert np.abs(high).sum(axis=1).max() < 1 << 16
    assert np.abs(high).max() < 1 << 15
    assert low.min() >= -64 and low.max() <= 63
    assert rows.size <= 65_536


@pytest.mark.parametrize("rate_hz", [8_000, 12_345, 44_100, 48_000])
def test_constant_stays_and_length_is_rounded_up(rate_hz: int) -> None:
    for frames in (0, 1, 2, 1_000, 1_001):
        assert len(resample(np.zeros(frames, np.int16), rate_hz)) == output_length(frames, rate_hz)
        assert output_length(frames, rate_hz) == int(np.ceil(frames * 16_000 / rate_hz))
    middle = resample(np.full(4_000, -12_345, np.int16), rate_hz)[200:-200]
    assert (middle == -12_345).all()


def test_sine_and_window_agree_with_floating_point() -> None:
    turn = np.linspace(0, (1 << 32) - 1, 100_001).astype(np.int64)
    assert np.abs(sine_q30(turn) - np.sin(2 * np.pi * turn / 2**32) * 2**30).max() < 4
    k = np.arange(1_001)
    window = kaiser_q20(k, 1_000) / 2**20
    expected = np.i0(7.857 * np.sqrt(1 - (k / 1_000) ** 2))
    assert np.abs(window - expected).max() < 2e-5


def test_mixer_rounds_half_up() -> None:
    values = np.array([-32_768, -32_767, -3, -2, -1, 0, 1, 2, 3, 32_766, 32_767], np.int16)
    pairs = np.stack(np.meshgrid(values, values), axis=-1).reshape(-1, 2)
    expected = np.floor(pairs.astype(float).mean(axis=1) + 0.5)
    assert (mix(pairs) == expected).all()


def test_float_samples_are_rounded_half_up_and_saturated() -> None:
    samples = np.array([0.0, 0.5, 1.0, -1.0, 2.0, -2.0, np.inf, -np.inf, 0.5 / 32_768, -0.5 / 32_768, -1.5 / 32_768])
    assert int16_from_float(samples).tolist() == [
        0,
        16_384,
        32_767,
        -32_768,
        32_767,
        -32_768,
        32_767,
        -32_768,
        1,
        0,
        -1,
    ]
    with pytest.raises(ValueError, match="not a number"):
        int16_from_float(np.array([0.0, np.nan]))


def test_golden_vectors_are_up_to_date() -> None:
    assert json.loads(resampler_golden.DEFAULT.read_text()) == resampler_golden.golden()
