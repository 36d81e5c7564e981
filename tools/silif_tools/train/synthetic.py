"""Speech from Debian's synthesizers (espeak-ng, flite): sentences without commands, and single words in many voices."""

import hashlib
import io
import shutil
import subprocess

import numpy as np
import soundfile
from scipy.signal import resample_poly

from silif_tools.atomic import replacing
from silif_tools.train.clips import Clips, cache_folder, joined
from silif_tools.train.fbank import SAMPLE_RATE
from silif_tools.train.material import MissingData
from silif_tools.train.synthetic_text import COMMANDS, MORE_NAMES, NEAR, NOUNS, SHORT, sentences

VERSION = 3
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan")
TIMBRES = (
    "", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Andrea", "Annie", "Lee", "Mario",
    "Michael", "Gene", "adam", "anika", "aunty", "belinda", "boris", "david", "ed", "grandma", "grandpa", "iven",
    "john", "linda", "max", "miguel", "pablo", "rob", "shelby", "steph", "travis", "victor", "zac", "klatt", "klatt4",
)  # fmt: skip
FLITE = ("slt", "rms", "awb", "kal16")


def _spoken(command: list[str]) -> np.ndarray | None:
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
    return _spoken(["espeak-ng", "-v", voice, *options, "--stdout", text])


def say(text: str, rng: np.random.Generator, flite_share: float = 0.55) -> np.ndarray | None:
    """int16 samples in a random voice, pitch and speed."""
    if rng.random() < flite_share:
        voice = FLITE[rng.choice(4, p=(0.36, 0.28, 0.28, 0.08))]
        pitch = {"slt": 170, "rms": 95, "awb": 120, "kal16": 105}[voice] * np.exp(rng.normal(0, 0.15))
        stretch = np.exp(rng.normal(0, 0.17))
        options = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch:.1f}"]
        return _spoken(["flite", "-voice", voice, *options, "-t", text, "-o", "/dev/stdout"])
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


def material(sentence_count: int, word_count: int, command_count: int, seed: int) -> tuple[Clips, Clips, Clips]:
    """Sentences; single words that are no commands; command_count recordings of every command. From the cache."""
    for program in ("espeak-ng", "flite"):
        if shutil.which(program) is None:
            raise MissingData(f"{program} is not installed: apt install espeak-ng flite")
    key = repr([VERSION, sentence_count, word_count, command_count, seed, sentences(50, seed), NEAR])
    path = cache_folder() / f"synthetic-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not path.exists():
        rng = np.random.default_rng([seed, 6])
        made: dict[str, tuple[list[str], list[np.ndarray]]] = {
            "sentence": ([], []),
            "word": ([], []),
            "command": ([], []),
        }
        wanted = [("sentence", text) for text in sentences(sentence_count, seed)]
        vocabulary = NEAR * 2 + NOUNS + SHORT + MORE_NAMES
        wanted += [("word", vocabulary[rng.integers(len(vocabulary))]) for _ in range(word_count)]
        wanted += [("command", word) for word in COMMANDS for _ in range(command_count)]
        for kind, text in wanted:
            audio = say(text, rng)
            if audio is None or len(audio) < 2000:
                continue
            names, parts = made[kind]
            names.append(f"{text if kind != 'sentence' else 'sentence'}/{len(names)}")
            parts.append(trimmed(audio) if kind == "sentence" else centred(audio))
        arrays = {}
        for kind, (names, parts) in made.items():
            clips = joined(names, parts)
            arrays |= {f"{kind}_names": np.array(names), f"{kind}_samples": clips.samples, f"{kind}_ends": clips.ends}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
    stored = np.load(path)
    parts = (
        Clips([str(n) for n in stored[f"{k}_names"]], stored[f"{k}_samples"], stored[f"{k}_ends"])
        for k in ("sentence", "word", "command")
    )
    return tuple(parts)
