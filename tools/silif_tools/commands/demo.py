"""Make the demo recording: `python -m silif_tools.commands.demo models/demo.flac`. All of it is espeak-ng's speech.

Words of the model between words and a sentence that are none, in a little noise, so that the demo shows both.
"""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from ..sound import to_pcm
from ..streams.compose import RATE_HZ, TruthRow
from ..streams.files import write_stream

# (what is said, espeak-ng voice, the word of the model or None). A demonstration, no measurement: of espeak-ng's voices
# these are some that the network hears well, wherever in its steps a word begins.
SCRIPT = [
    ("yes", "en-us+m2", "yes"),
    ("stop", "en-us+f3", "stop"),
    ("The weather was fine all summer.", "en-gb", None),
    ("left", "en-gb-x-gbclan+f3", "left"),
    ("right", "en-gb-scotland+m3", "right"),
    ("elephant", "en-us+f3", None),
    ("down", "en-us+m2", "down"),
    ("off", "en-us+f5", "off"),
    ("no", "en-us+m3", "no"),
]
_GAP_S = 0.9


def speak(text: str, voice: str, speed: int = 135) -> np.ndarray:
    """float samples at 16 kHz, the voice's silence trimmed, peak 0.4."""
    wave = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text], check=True, capture_output=True
    ).stdout
    audio, rate = soundfile.read(io.BytesIO(wave))
    audio = resample_poly(audio, RATE_HZ // 50, rate // 50)
    loud = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
    audio = audio[loud[0] : loud[-1] + 1]
    return 0.4 * audio / np.abs(audio).max()


def recording() -> tuple[np.ndarray, list[TruthRow]]:
    parts, truth, position = [np.zeros(RATE_HZ)], [], RATE_HZ
    for text, voice, word in SCRIPT:
        audio = speak(text, voice)
        if word:
            truth.append(TruthRow(position / RATE_HZ, (position + len(audio)) / RATE_HZ, word))
        gap = np.zeros(int(_GAP_S * RATE_HZ))
        parts += [audio, gap]
        position += len(audio) + len(gap)
    samples = np.concatenate(parts)
    samples += np.random.default_rng(7).normal(0, 0.0005, len(samples))
    return to_pcm(samples), truth


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m silif_tools.commands.demo OUTPUT.flac", file=sys.stderr)
        return 2
    output = Path(sys.argv[1])
    try:
        samples, truth = recording()
    except FileNotFoundError:
        print("demo: espeak-ng is missing: apt install espeak-ng", file=sys.stderr)
        return 1
    write_stream(output, samples, truth)
    print(f"{output}: {len(samples) / RATE_HZ:.1f} s, {len(truth)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
