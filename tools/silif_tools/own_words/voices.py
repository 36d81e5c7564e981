"""Every voice that this machine has: Debian's synthesizers, neural voices that come in PyPI packages, and each of them
again as another speaker (WORLD vocoder: pitch and formants moved apart from each other)."""

import functools
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from ..errors import ConversionError
from ..integer.frontend import FRONT_END
from ..train.voices import ACCENTS, TIMBRES, spoken, trimmed

RATE_HZ = FRONT_END.sample_rate_hz
FLITE_HZ = {"slt": 170, "rms": 95, "awb": 120, "kal16": 105, "kal": 105}  # the pitch of each
# Share of the clips by engine, of those that are there. Many voices of espeak-ng, but all of one synthesizer.
SHARES = {"espeak": 0.36, "flite": 0.30, "festival": 0.08, "piper": 0.10, "hibari": 0.16}
HELD_OUT = 5  # one voice in so many of each engine speaks in no training clip


@dataclass(frozen=True)
class Voice:
    engine: str
    name: str

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept for tuning: of espeak-ng's many voices one in five, by a digest of its name, and the
        plainest of flite and festival. The best are few, and all of them train."""
        if self.engine == "espeak":
            return int(hashlib.sha1(self.name.encode()).hexdigest(), 16) % HELD_OUT == 0
        return self.name in ("kal", "kal16", "ked_diphone")


def is_installed(module: str) -> bool:
    """Whether a Python package is there."""
    return importlib.util.find_spec(module) is not None


@functools.cache
def piper_models() -> dict[str, Path]:
    """Voices for Piper in installed packages whose name ends in `piper_voice`."""
    if not is_installed("piper"):
        return {}
    found: dict[str, Path] = {}
    for folder in (Path(path) for path in sys.path if path.endswith("-packages")):
        for model in folder.glob("*piper_voice*/**/*.onnx"):
            found[model.stem] = model
    return found


def all_voices() -> list[Voice]:
    """The voices of this machine, in one order."""
    found = []
    if shutil.which("espeak-ng"):
        found += [
            Voice("espeak", accent + (f"+{timbre}" if timbre else "")) for accent in ACCENTS for timbre in TIMBRES
        ]
    if shutil.which("flite"):
        listed = subprocess.run(["flite", "-lv"], capture_output=True, text=True).stdout
        found += [Voice("flite", name) for name in FLITE_HZ if name in listed.split()]
    if shutil.which("festival"):
        places = Path("/usr/share/festival/voices/english")
        found += [Voice("festival", path.name) for path in sorted(places.glob("*_diphone"))]
    found += [Voice("piper", name) for name in sorted(piper_models())]
    if is_installed("hibari"):
        found.append(Voice("hibari", "heart"))  # the one that its package carries
    return found


def summary(voices: list[Voice]) -> str:
    """For the card: how many voices of which synthesizer, and whether they speak as others too."""
    counts = {engine: sum(voice.engine == engine for voice in voices) for engine in SHARES}
    names = {"espeak": "espeak-ng"}
    listed = ", ".join(f"{names.get(engine, engine)} {count}" for engine, count in counts.items() if count)
    return listed + ("; many again with pitch and formants moved" if is_installed("pyworld") else "")


def key_of(voices: list[Voice]) -> list[str]:
    """All that decides how a text sounds, but for the seed."""
    return [f"{voice.engine} {voice.name}" for voice in voices] + (["pyworld"] if is_installed("pyworld") else [])


def drawn(voices: list[Voice], rng: np.random.Generator, only: str | None = None) -> Voice:
    """One at random: first the synthesizer by its share, then one of its voices."""
    engines = [engine for engine in SHARES if any(v.engine == engine for v in voices) and only in (None, engine)]
    shares = np.array([SHARES[engine] for engine in engines])
    engine = engines[rng.choice(len(engines), p=shares / shares.sum())]
    among = [voice for voice in voices if voice.engine == engine]
    return among[int(rng.integers(len(among)))]


def _pcm(audio: np.ndarray, rate: int) -> np.ndarray:
    """int16 at 16 kHz of float samples."""
    if rate != RATE_HZ:
        divisor = np.gcd(rate, RATE_HZ)
        audio = resample_poly(audio, RATE_HZ // divisor, rate // divisor)
    return np.clip(np.rint(audio * 32767), -32768, 32767).astype(np.int16)


def _batch(engine: str, asked: list[tuple[str, float, float, str]]) -> list[np.ndarray | None]:
    """Said by batch.py in a process of its own."""
    command = [sys.executable, "-S", "-E", str(Path(__file__).with_name("batch.py")), engine]
    done = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True)
    if done.returncode:
        raise ConversionError(f"{engine}: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}")
    out, at, found = done.stdout, 0, []
    for _ in asked:
        rate, count = np.frombuffer(out, "<i4", 2, at)
        samples = np.frombuffer(out, "<i2", count, at + 8)
        at += 8 + 2 * int(count)
        found.append(_pcm(samples / 32768, int(rate)) if count > rate // 10 else None)
    return found


def _espeak(texts: list[str], names: list[str], rng: np.random.Generator) -> list[np.ndarray | None]:
    how = [(int(rng.integers(115, 210)), int(rng.integers(20, 80))) for _ in texts]
    return _batch("espeak", [(name, *pace, text) for name, pace, text in zip(names, how, texts, strict=True)])


def _flite(texts: list[str], names: list[str], rng: np.random.Generator) -> list[np.ndarray | None]:
    asked = [
        (name, float(np.exp(rng.normal(0, 0.17))), FLITE_HZ[name] * float(np.exp(rng.normal(0, 0.15))), text)
        for name, text in zip(names, texts, strict=True)
    ]
    return _batch("flite", asked)


def _festival(texts: list[str], name: str, rng: np.random.Generator) -> list[np.ndarray | None]:
    """All in one process: it takes a second to start. `text` goes into a string of Scheme."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"(voice_{name})"]
        for k, text in enumerate(texts):
            quoted = text.replace("\\", "").replace('"', "")
            lines.append(f"(Parameter.set 'Duration_Stretch {np.exp(rng.normal(0.05, 0.17)):.3f})")
            lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "{folder}/{k}.wav" \'riff)')
        script = Path(folder) / "say.scm"
        script.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(["festival", "--batch", str(script)], capture_output=True)
        return [spoken(["cat", f"{folder}/{k}.wav"]) for k in range(len(texts))]


def _piper(texts: list[str], name: str, rng: np.random.Generator) -> list[np.ndarray | None]:
    import onnxruntime
    from piper import PiperConfig, PiperVoice, SynthesisConfig

    # The model draws its own random numbers: from this seed on, in the order of the texts.
    onnxruntime.set_seed(int(rng.integers(2**31)))
    model = piper_models()[name]
    config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    voice = PiperVoice(onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"]), config)
    found = []
    for text in texts:
        how = SynthesisConfig(
            length_scale=float(np.exp(rng.normal(0, 0.17))),
            noise_scale=float(rng.uniform(0.3, 1.0)),
            noise_w_scale=float(rng.uniform(0.4, 1.1)),
        )
        chunks = list(voice.synthesize(text, how))
        audio = np.concatenate([chunk.audio_float_array for chunk in chunks]) if chunks else np.zeros(0)
        found.append(_pcm(audio, chunks[0].sample_rate) if len(audio) > 500 else None)
    return found


def _hibari(texts: list[str], name: str, rng: np.random.Generator) -> list[np.ndarray | None]:
    from hibari import SAMPLE_RATE, Hibari

    voice = Hibari(name)
    made = [voice(text, float(np.exp(rng.normal(0, 0.17))), int(rng.integers(2**31))) for text in texts]
    return [_pcm(audio, SAMPLE_RATE) if len(audio) else None for audio in made]


def revoiced(pcm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same words from another throat: pitch by up to an octave, formants by up to 20 %, apart from each other, and
    the voice a little breathier or less lively. As it was where `pyworld` is not installed."""
    if not is_installed("pyworld"):
        return pcm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Of pkg_resources, which it asks for its own version.
        import pyworld

    audio = pcm.astype(np.float64) / 32768
    pitch, times = pyworld.dio(audio, RATE_HZ)
    pitch = pyworld.stonemask(audio, pitch, times, RATE_HZ)
    envelope = pyworld.cheaptrick(audio, pitch, times, RATE_HZ)
    breath = pyworld.d4c(audio, pitch, times, RATE_HZ)
    formants, higher = np.exp(rng.uniform(-0.18, 0.2)), np.exp(rng.uniform(-0.5, 0.6))
    bins = np.arange(envelope.shape[1])
    moved = np.stack([np.interp(bins / formants, bins, frame) for frame in envelope])
    voiced = pitch > 0
    if voiced.any():
        mean = np.exp(np.log(pitch[voiced]).mean())
        lively = rng.uniform(0.5, 1.6)
        pitch[voiced] = np.clip(mean * higher * (pitch[voiced] / mean) ** lively, 60, 500)
    breath = np.clip(breath ** rng.uniform(0.6, 1.2), 0, 1)
    return _pcm(pyworld.synthesize(pitch, moved, breath, RATE_HZ), RATE_HZ)


def speak(voices: list[Voice], texts: list[str], seed: list[int], p_revoiced: float) -> list[np.ndarray | None]:
    """int16 samples of each text at a random pace, pitch and liveliness, trimmed; None where a voice cannot say it.

    voices: one for each text, all of one engine; of festival, piper and hibari all the same one. p_revoiced: the share
    that is said by another throat. The same seed, voices and texts give the same samples.
    """
    rng = np.random.default_rng(seed)
    engine, names = voices[0].engine, [voice.name for voice in voices]
    if engine in ("espeak", "flite"):
        found = (_espeak if engine == "espeak" else _flite)(texts, names, rng)
    else:
        of = {"festival": _festival, "piper": _piper, "hibari": _hibari}[engine]
        found = of(texts, names[0], rng)
    out: list[np.ndarray | None] = []
    for pcm in found:
        if pcm is None or len(pcm) < RATE_HZ // 10:
            out.append(None)
            continue
        pcm = trimmed(pcm, 400)
        out.append(revoiced(pcm, rng) if rng.random() < p_revoiced else pcm)
    return out
