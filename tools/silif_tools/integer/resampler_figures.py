"""Prints what the resampler's filters do at a number of input rates: the table in docs/AUDIO-INPUT.md.

python -m silif_tools.integer.resampler_figures [RATE_HZ ...]     (from tools/)
"""

import sys

import numpy as np

from silif_tools.integer.resampler import OUTPUT_RATE_HZ, design

RATES_HZ = (8_000, 11_025, 12_000, 12_345, 16_001, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


def figures(rate_hz: int) -> tuple[float, float, int]:
    """Highest response in the stop band (dB), end of the ±0.1 dB pass band (Hz), bytes of the bank."""
    bank = design(rate_hz)
    impulse = np.zeros((bank.taps + 1) * bank.phases)
    for phase in range(bank.phases):
        impulse[(np.arange(bank.taps) + 1) * bank.phases - phase] = bank.rows_q21[phase]
    size = 1 << int(np.ceil(np.log2(len(impulse) * 8)))
    response_db = 20 * np.log10(np.abs(np.fft.rfft(impulse, size)) / (bank.phases << 21) + 1e-12)
    frequency_hz = np.arange(len(response_db)) * rate_hz * bank.phases / size
    stop_db = response_db[frequency_hz >= min(rate_hz, OUTPUT_RATE_HZ) / 2].max()
    return stop_db, frequency_hz[np.argmax(np.abs(response_db) > 0.1)], 4 * bank.rows_q21.size


if __name__ == "__main__":
    print("| input | taps | stop band | ±0.1 dB up to | bank |\n|---|---|---|---|---|")
    for rate_hz in [int(text) for text in sys.argv[1:]] or RATES_HZ:
        stop_db, pass_hz, size = figures(rate_hz)
        taps = design(rate_hz).taps
        print(f"| {rate_hz} Hz | {taps} | {stop_db:.1f} dB | {pass_hz:.0f} Hz | {size:,} bytes |")
