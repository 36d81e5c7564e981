"""Writes the golden vectors that Tests/AudioInputTests compares the Swift resampler and mixer with.

    python -m silif_tools.integer.resampler_golden [FILE]     (from tools/; the default is the checked-in file)

The input is full-scale noise from a linear congruential generator, so that only outputs need to be stored: their first
values, and a digest (FNV-1a, 64 bits, over int32 little-endian) of all.
"""

import json
import sys
from pathlib import Path

import numpy as np

from silif_tools import __version__
from silif_tools.integer.resampler import Bank, design, mix, resample

RATES_HZ = (1, 4_000, 7_999, 8_000, 11_025, 12_000, 12_345, 16_000, 16_001, 22_050, 24_000, 32_000, 44_100, 47_999)
RATES_HZ += (48_000, 88_200, 96_000, 176_400, 191_975, 192_000, 384_000, 767_999, 768_000)
CHANNELS = (1, 2, 3, 5, 6, 8)
DEFAULT = Path(__file__).parents[3] / "Tests/AudioInputTests/Golden/resampler.json"


def noise(count: int, seed: int) -> np.ndarray:
    """Full-scale int16 noise: the top bits of a 64-bit linear congruential generator."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & 0xFFFF_FFFF_FFFF_FFFF
        values.append(state >> 48)
    return np.array(values, dtype=np.uint16).view(np.int16)


def digest(values: np.ndarray) -> str:
    """FNV-1a over the values as int32, little-endian."""
    state = 0xCBF2_9CE4_8422_2325
    for byte in np.asarray(values).astype("<i4").tobytes():
        state = ((state ^ byte) * 0x100_0000_01B3) & 0xFFFF_FFFF_FFFF_FFFF
    return f"{state:016x}"


def _case(rate_hz: int) -> dict:
    frames = 3 if rate_hz == 1 else min(6_000, rate_hz)
    samples = noise(frames, rate_hz)
    bank: Bank | None = None if rate_hz == 16_000 else design(rate_hz)
    output = resample(samples, rate_hz, bank)
    case = {"rate_hz": rate_hz, "frames": frames, "count": len(output), "first": output[:8].tolist()}
    case["digest"] = digest(output)
    if bank is not None:
        case |= {"taps": bank.taps, "phases": bank.phases, "blended": bank.blended, "bank": digest(bank.rows_q21)}
    return case


def golden() -> dict:
    """Everything in the file, as plain values."""
    mixes = []
    for channels in CHANNELS:
        output = mix(noise(500 * channels, channels).reshape(-1, channels))
        mixes.append({"channels": channels, "frames": 500, "first": output[:8].tolist(), "digest": digest(output)})
    stamp = f"silif_tools {__version__}, resampler_golden.py, numpy {np.__version__.split('.')[0]}"
    return {"generator": stamp, "resampler": [_case(rate) for rate in RATES_HZ], "mixer": mixes}


def text() -> str:
    """The file, one case a line."""
    values = golden()
    lines = [f' "generator": {json.dumps(values["generator"])}']
    for name in ("resampler", "mixer"):
        lines.append(f' "{name}": [\n  ' + ",\n  ".join(json.dumps(case) for case in values[name]) + "\n ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text())
    print(f"wrote {path}")
