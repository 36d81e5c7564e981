"""The voices of Debian's synthesizers (espeak-ng, flite). Nothing here needs PyTorch."""

import io
import subprocess

import numpy as np
import soundfile
from scipy.signal import resample_poly

from silif_tools.integer.frontend import FRONT_END

SAMPLE_RATE = FRONT_END.sample_rate_hz
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan")
TIMBRES = (
    "", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Andrea", "Annie", "Lee", "Mario",
    "Michael", "Gene", "adam", "anika", "aunty", "belinda", "boris", "david", "ed", "grandma", "grandpa", "iven",
    "john", "linda", "max", "miguel", "pablo", "rob", "shelby", "steph", "travis", "victor", "zac", "klatt", "klatt4",
)  # fmt: skip
FLITE = ("slt", "rms", "awb", "kal16")


def spoken(command: list[str]) -> np.ndarray | None:
    """int16 samples that a synthesizer writes to its standard output; None where it fails or says nothing."""
    done = subprocess.run(command, capture_output=True)
    if done.returncode or len(done.stdout) < 1000:
        return None
    audio, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32", always_2d=True)
    audio = audio[:, 0]
    if rate != SAMPLE_RATE:
        divisor = np.gcd(rate, SAMPLE_RATE)
        audio = resample_poly(audio, SAMPLE_RATE // divisor, rate // divisor)
    return np.clip(np.rint(audio * 32767), -32768, 32767).astype(np.int16)


def espeak(text: str, voice: str, rng: np.random.Generator) -> np.ndarray | None:
    """int16 samples at a random speed and pitch; None where there is no such voice."""
    options = ["-s", str(int(rng.integers(115, 210))), "-p", str(int(rng.integers(20, 80)))]
    return spoken(["espeak-ng", "-v", voice, *options, "--stdout", text])


def say(text: str, rng: np.random.Generator, flite_share: float = 0.55) -> np.ndarray | None:
    """int16 samples in a random voice, pitch and speed."""
    if rng.random() < flite_share:
        voice = FLITE[rng.choice(4, p=(0.36, 0.28, 0.28, 0.08))]
        pitch = {"slt": 170, "rms": 95, "awb": 120, "kal16": 105}[voice] * np.exp(rng.normal(0, 0.15))
        stretch = np.exp(rng.normal(0, 0.17))
        options = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch:.1f}"]
        return spoken(["flite", "-voice", voice, *options, "-t", text, "-o", "/dev/stdout"])
    timbre = TIMBRES[rng.integers(len(TIMBRES))]
    return espeak(text, ACCENTS[rng.integers(len(ACCENTS))] + (f"+{timbre}" if timbre else ""), rng)


def trimmed(audio: np.ndarray, around: int = 1600) -> np.ndarray:
    """Without the silence at both ends but for a tenth of a second."""
    loud = np.flatnonzero(np.abs(audio) > 0.02 * max(1, np.abs(audio.astype(np.int32)).max()))
    return audio[max(0, loud[0] - around) : loud[-1] + around] if len(loud) else audio


def centred(audio: np.ndarray) -> np.ndarray:
    """A second with the word in its middle, like a clip."""
    audio = trimmed(audio, 400)
    if len(audio) >= SAMPLE_RATE:
        return audio
    before = (SAMPLE_RATE - len(audio)) // 2
    return np.pad(audio, (before, SAMPLE_RATE - len(audio) - before))
