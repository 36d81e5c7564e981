"""Golden vectors for the Swift front end, all synthetic.

`python -m silif_tools.integer.frontend_golden` writes Tests/LogMelTests/Golden: for each set of settings a section
(`.frnt`), for each signal its samples (`.pcm`) and its frames (`.logmel`), both little-endian int16.
"""

import argparse
import pathlib
import shutil

import numpy as np

from silif_tools import __version__
from silif_tools.integer.frontend import FrontEndSettings, log_mel

GENERATOR_VERSION = 1

SETTINGS = {
    "kaldi40": FrontEndSettings(),
    # Everything that may differ does; frames do not overlap, and nothing is emphasised.
    "other": FrontEndSettings(
        sample_rate_hz=8_000,
        frame_length_samples=200,
        hop_samples=200,
        band_count=23,
        preemphasis=0.0,
        low_hz=64,
        high_hz=3_700,
        output_fraction_bits=8,
    ),
}


def signals() -> dict[str, np.ndarray]:
    n = np.arange(1_200)
    random = np.random.default_rng(2026)
    # Harmonics that rise and fall, like a vowel between silences.
    voice = sum(np.sin(2 * np.pi * h * 131 * n / 16_000 + h * h) / h for h in range(1, 50)) * np.hanning(len(n)) * 9_000
    sounds = {
        "silence": 0 * n,
        "all_high": 0 * n + 32_767,
        "all_low": 0 * n - 32_768,
        "alternating": np.where(n % 2, 32_767, -32_768),
        "square": np.where(n // 40 % 2, 32_767, -32_768),
        "impulses": np.where(n % 401 == 200, -32_768, 0),
        "step": np.where(n < 600, -32_768, 32_767),
        "least_noise": random.integers(-1, 2, len(n)),
        "quiet_noise": random.normal(0, 20, len(n)),
        "loudest_noise": random.choice([-32_768, 32_767], len(n)),
        "voice": voice + random.normal(0, 5, len(n)),
    }
    return {name: np.clip(np.floor(sound + 0.5), -32_768, 32_767).astype("<i2") for name, sound in sounds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = pathlib.Path(__file__).resolve().parents[3] / "Tests" / "LogMelTests" / "Golden"
    parser.add_argument("--output", type=pathlib.Path, default=default, help="folder, replaced (%(default)s)")
    folder = parser.parse_args().output
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for settings_name, settings in SETTINGS.items():
        (folder / f"{settings_name}.frnt").write_bytes(settings.to_section())
        for name, pcm in signals().items():
            (folder / f"{settings_name}.{name}.logmel").write_bytes(log_mel(pcm, settings).astype("<i2").tobytes())
    for name, pcm in signals().items():
        (folder / f"{name}.pcm").write_bytes(pcm.tobytes())
    (folder / "VERSIONS.txt").write_text(
        f"python -m silif_tools.integer.frontend_golden\n"
        f"generator {GENERATOR_VERSION}, silif-tools {__version__}, numpy {np.__version__}\n"
    )


if __name__ == "__main__":
    main()
