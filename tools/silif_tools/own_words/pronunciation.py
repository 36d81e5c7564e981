"""How words sound, by espeak-ng's phonemes: what is near a word, and what one could say by mistake in its place."""

import subprocess
from collections.abc import Sequence

import numpy as np

from ..errors import ConversionError

VOICE = "en-us"
# A phoneme that begins so is a vowel; what follows tells one from another ("eI", "A@").
_VOWELS = tuple("aeiouAEIOUV@03")
_MARKS = "',%=:;#"  # stress, length, and the kind of a flap: not another sound
# What takes another's place in a made-up near miss.
VOWELS = ("I", "E", "a", "0", "V", "U", "i:", "u:", "A:", "O:", "3:", "eI", "aI", "oU", "aU", "@")
CONSONANTS = (*"pbtdkgfvszShmnlrwj", "tS", "dZ", "T")

Phonemes = tuple[str, ...]


def phonemes(texts: Sequence[str]) -> list[Phonemes]:
    """The phonemes of each text, without marks, as American English; all texts in one call of espeak-ng."""
    given = "".join(f"{text}.\n" for text in texts)
    done = subprocess.run(
        ["espeak-ng", "-q", "-x", "--sep=_", "-v", VOICE, "--stdin"], input=given, capture_output=True, text=True
    )
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or len(lines) != len(texts):
        raise ConversionError(
            f"espeak-ng gave {len(lines)} pronunciations for {len(texts)} texts: {done.stderr.strip()}"
        )
    return [_parsed(line) for line in lines]


def _parsed(line: str) -> Phonemes:
    sounds = (sound.strip(_MARKS).rstrip("0123456789") or sound for sound in line.replace(" ", "_").split("_"))
    return tuple(sound.translate({ord(mark): None for mark in _MARKS}) for sound in sounds if sound.strip(_MARKS))


def is_vowel(sound: str) -> bool:
    return sound.startswith(_VOWELS)


def syllables(sounds: Phonemes) -> int:
    return sum(is_vowel(sound) for sound in sounds)


def distances(word: Phonemes, others: Sequence[Phonemes]) -> np.ndarray:
    """Sounds to exchange, add or take away to come from a word to each of the others [others]. An exchange within the
    vowels costs 0.6, within the consonants 0.8, from one to the other 1."""
    longest = max(map(len, others), default=0)
    sounds = np.array([[*each, *[""] * (longest - len(each))] for each in others], dtype=object)
    vowel = np.array([[is_vowel(sound) if sound else False for sound in each] for each in sounds]).reshape(sounds.shape)
    row = np.tile(np.arange(longest + 1, dtype=float), (len(others), 1))
    for i, sound in enumerate(word, 1):
        before = row.copy()
        row[:, 0] = i
        cost = np.where(vowel == is_vowel(sound), 0.6 if is_vowel(sound) else 0.8, 1.0)
        cost = np.where(sounds == sound, 0.0, cost)
        for j in range(1, longest + 1):
            row[:, j] = np.minimum(np.minimum(before[:, j], row[:, j - 1]) + 1, before[:, j - 1] + cost[:, j - 1])
    return row[np.arange(len(others)), [len(each) for each in others]]


def holds(long: Phonemes, short: Phonemes) -> bool:
    """Whether all of a word is in another, as in "computers"."""
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))


def nearest(word: Phonemes, others: dict[str, Phonemes], count: int) -> list[str]:
    """The texts that sound most like a word, the nearest first, without those that hold it. Per sound of the word the
    distance is what counts, so that long and short ones compete."""
    size = len(word)
    # As many sounds, give or take three, and two in common, or one of two: the rest cannot be near, and is most of a
    # word list.
    likely = {
        text: sounds
        for text, sounds in others.items()
        if abs(len(sounds) - size) <= 3 and len(set(sounds) & set(word)) >= min(2, size - 1) and not holds(sounds, word)
    }
    apart = distances(word, list(likely.values()))
    ranked = sorted((d / max(size, len(sounds)), text) for d, (text, sounds) in zip(apart, likely.items(), strict=True))
    return [text for _, text in ranked[:count]]


def _one(rng: np.random.Generator, among: Sequence[str]) -> str:
    return among[int(rng.integers(len(among)))]


def mistaken(word: Phonemes, rng: np.random.Generator) -> Phonemes:
    """A made-up near miss: some sounds exchanged, or a beginning or an end that goes on otherwise. At least a quarter
    of the sounds differ: nearer ones are how people say the word itself."""
    size = len(word)
    least = max(1, round(size / 4))
    kind = rng.random()
    if kind < 0.55 or size < 4:
        sounds = list(word)
        for place in rng.choice(size, min(size, least + int(rng.integers(2))), replace=False):
            among = [s for s in (VOWELS if is_vowel(word[place]) else CONSONANTS) if s != word[place]]
            sounds[place] = _one(rng, among)
        return tuple(sounds)
    kept = int(rng.integers(max(2, size // 3), max(3, size - least) + 1))
    made = [_one(rng, VOWELS if k % 2 else CONSONANTS) for k in range(int(rng.integers(0, 4)))]
    return (*word[:kept], *made) if kind < 0.78 else (*reversed(made), *word[size - kept :])


def spelled(sounds: Phonemes) -> str:
    """As espeak-ng takes phonemes in place of a text."""
    return "[[" + "".join(sounds) + "]]"
