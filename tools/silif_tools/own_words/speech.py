"""What is to be said, by whom, and the saying of it: shared out over processes, kept in a folder as it is done."""

import hashlib
import multiprocessing
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..processes import end_with_parent
from .pronunciation import Phonemes, mistaken, spelled
from .vocabulary import Avoided, near_misses, sentences, single_words
from .voices import RATE_HZ, Voice, drawn, speak

VERSION = 1
AT_ONCE = 32  # texts that one job says
LONGEST_WORD_S = 1.15  # of a rendition of an own word: what the network hears at a time


@dataclass(frozen=True)
class Saying:
    """One thing to be said. part: what it is for; label: the own word, or the text of what is none."""

    part: str
    label: str
    text: str
    voice: Voice


@dataclass(frozen=True)
class Amounts:
    """How much of everything: for each own word so many renditions, near misses of a word list and made-up ones; in
    all so many sentences and single words. The last four are for tuning, in voices that are held out."""

    words: int
    near: int
    made_up: int
    sentences: int
    singles: int
    check_words: int
    check_near: int
    check_sentences: int
    check_singles: int


QUICK = Amounts(200, 150, 120, 350, 150, 40, 30, 150, 50)
THOROUGH = Amounts(900, 800, 600, 2500, 1200, 120, 150, 700, 300)


def plan(
    words: list[str], avoided: Avoided, known: dict[str, Phonemes], voices: list[Voice], amounts: Amounts, seed: int
) -> list[Saying]:
    """Everything that is to be said, in one order for one seed."""
    rng = np.random.default_rng([seed, 41])
    training = [voice for voice in voices if not voice.is_held_out]
    held = [voice for voice in voices if voice.is_held_out] or training
    misses = near_misses(avoided, known, max(amounts.near, 60))
    found: list[Saying] = []

    def add(part: str, label: str, text: str, among: list[Voice], only: str | None = None) -> None:
        found.append(Saying(part, label, text, drawn(among, rng, only)))

    for word, sounds, near in zip(words, avoided.sounds, misses, strict=True):
        for _ in range(amounts.words):
            add("words", word, word, training)
        # The nearest most often: two of three come from the nearest fifth.
        for k in range(amounts.near):
            reach = len(near) if k % 3 == 0 else max(1, len(near) // 5)
            text = near[int(rng.integers(reach))]
            add("near", text, text, training)
        for _ in range(amounts.made_up):
            wrong = mistaken(sounds, rng)
            if not avoided.by_sounds(wrong):
                # Only espeak-ng takes sounds in place of letters.
                add("near", f"like {word}", spelled(wrong), training, "espeak")
        for _ in range(amounts.check_words):
            add("check words", word, word, held)
        for _ in range(amounts.check_near):
            text = near[int(rng.integers(len(near)))]
            add("check near", text, text, held)
    for text in sentences(avoided, amounts.sentences, seed):
        add("sentences", "sentence", text, training)
    for text in single_words(avoided, known, amounts.singles, rng):
        add("singles", text, text, training)
    for text in sentences(avoided, amounts.check_sentences, seed + 1000):
        add("check sentences", "sentence", text, held)
    for text in single_words(avoided, known, amounts.check_singles, rng):
        add("check sentences", "sentence", text, held)
    return found


@dataclass(frozen=True)
class _Job:
    voices: tuple[Voice, ...]
    texts: tuple[str, ...]
    numbers: tuple[int, ...]  # of the sayings
    p_revoiced: float
    seed: int

    @property
    def name(self) -> str:
        key = repr((VERSION, self.voices, self.texts, self.p_revoiced, self.seed))
        return f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.npz"


def _jobs(sayings: list[Saying], seed: int) -> list[_Job]:
    together: dict[tuple, list[int]] = defaultdict(list)
    for number, saying in enumerate(sayings):
        voice = saying.voice
        # A process says things in many voices of espeak-ng and flite, but loads one of the others.
        together[(voice.engine,) if voice.engine in ("espeak", "flite") else (voice.engine, voice.name)].append(number)
    jobs = []
    for (engine, *_), numbers in together.items():
        # There are hundreds of espeak-ng's voices and few of the others, which are the better ones.
        share = 0.1 if engine == "espeak" else 0.4
        for at in range(0, len(numbers), AT_ONCE):
            part = tuple(numbers[at : at + AT_ONCE])
            said = [sayings[n] for n in part]
            jobs.append(_Job(tuple(s.voice for s in said), tuple(s.text for s in said), part, share, seed))
    return jobs


def _said(job: _Job, folder: Path) -> str:
    """Says what is not there yet; returns the file's name. In a process of its own."""
    path = folder / job.name
    if not path.exists():
        seed = [job.seed, int(hashlib.sha256(job.name.encode()).hexdigest()[:8], 16)]
        parts = speak(list(job.voices), list(job.texts), seed, job.p_revoiced)
        sizes = [0 if part is None else len(part) for part in parts]
        samples = [part for part in parts if part is not None]
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, sizes=sizes, samples=np.concatenate(samples) if samples else np.zeros(0, np.int16))
    return job.name


@dataclass
class Said:
    """Sayings that came out, and their int16 samples."""

    sayings: list[Saying]
    samples: list[np.ndarray]

    def part(self, name: str) -> "Said":
        chosen = [k for k, saying in enumerate(self.sayings) if saying.part == name]
        return Said([self.sayings[k] for k in chosen], [self.samples[k] for k in chosen])


def say_all(
    sayings: list[Saying], folder: Path, seed: int, processes: int, at: Callable[[float], None] = lambda share: None
) -> Said:
    """Everything said; what a voice cannot say, and words that came out too long, are left out. What lies in the folder
    from a run that was stopped is not said again. The result does not depend on the number of processes."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(sayings, seed)
    if processes == 1:
        for done, job in enumerate(jobs, 1):
            _said(job, folder)
            at(done / len(jobs))
    else:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), end_with_parent) as pool:
            running = [pool.submit(_said, job, folder) for job in jobs]
            try:
                for done, future in enumerate(as_completed(running), 1):
                    future.result()
                    at(done / len(jobs))
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is being said is said to its end
                raise
    samples: list[np.ndarray | None] = [None] * len(sayings)
    for job in jobs:
        with np.load(folder / job.name) as stored:  # each look into it reads the file anew
            sizes, pcm = stored["sizes"], stored["samples"]
        for number, end, size in zip(job.numbers, np.cumsum(sizes), sizes, strict=True):
            samples[number] = pcm[end - size : end] if size else None
    kept = [
        k
        for k, (saying, pcm) in enumerate(zip(sayings, samples, strict=True))
        if pcm is not None and not (saying.part in ("words", "check words") and len(pcm) > LONGEST_WORD_S * RATE_HZ)
    ]
    return Said([sayings[k] for k in kept], [samples[k] for k in kept])
