"""Words and sentences that hold none of the own words: near misses by sound, and what people say otherwise."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from ..atomic import write_atomically
from ..train.synthetic_text import MORE_NAMES, NAMES, NEAR, NOUNS, SHORT, WORD_LIST, any_sentences
from .pronunciation import Phonemes, holds, nearest, phonemes

VERSION = 1


def _pairs(word: str) -> set[str]:
    """Of letters that follow each other."""
    return {word[k : k + 2] for k in range(len(word) - 1)}


def listed(words: list[str]) -> list[str]:
    """The texts among which near misses of the own words are looked for: our own lists, and of the word list what
    shares two pairs of letters with one of them, if it is there. To pronounce all 60,000 takes half a minute."""
    own = {text.lower() for text in (*NEAR, *NOUNS, *SHORT, *NAMES, *MORE_NAMES) if text.isascii()}
    many = WORD_LIST.read_text(encoding="utf-8").splitlines() if WORD_LIST.exists() else []
    wanted = [_pairs(part) for word in words for part in word.split()]
    likely = {word for word in many if any(len(_pairs(word) & pairs) >= min(2, len(pairs)) for pairs in wanted)}
    return sorted(own | {word for word in likely if re.fullmatch("[a-z]{3,12}", word)})


def pronounced(words: list[str], cache: Path) -> dict[str, Phonemes]:
    """The phonemes of a word list. Kept in the cache: they take some seconds."""
    digest = hashlib.sha256("\n".join([str(VERSION), *words]).encode()).hexdigest()[:16]
    path = cache / f"phonemes-{digest}.json"
    if not path.exists():
        write_atomically(path, json.dumps(dict(zip(words, phonemes(words), strict=True))))
    return {word: tuple(sounds) for word, sounds in json.loads(path.read_text(encoding="utf-8")).items()}


class Avoided:
    """Tells whether a text holds an own word, by its letters or by its sounds."""

    def __init__(self, words: list[str], sounds: list[Phonemes]):
        self.words = [_plain(word) for word in words]
        self.sounds = sounds

    def by_letters(self, text: str) -> bool:
        padded = f" {_plain(text)} "
        # "computers" holds "computer"
        return any(f" {word}" in padded for word in self.words)

    def by_sounds(self, sounds: Phonemes) -> bool:
        return any(holds(sounds, word) for word in self.sounds)


def _plain(text: str) -> str:
    return " ".join(re.sub("[^a-z']", " ", text.lower()).split())


def near_misses(avoided: Avoided, known: dict[str, Phonemes], count: int) -> list[list[str]]:
    """For every own word the texts of a word list that sound most like it."""
    others = {text: sounds for text, sounds in known.items() if not avoided.by_letters(text)}
    others = {text: sounds for text, sounds in others.items() if not avoided.by_sounds(sounds)}
    return [nearest(word, others, count) for word in avoided.sounds]


def sentences(avoided: Avoided, count: int, seed: int) -> list[str]:
    """Sentences from the grammar that hold none of the own words."""
    return any_sentences(count, seed, lambda text: not avoided.by_letters(text))


def single_words(avoided: Avoided, known: dict[str, Phonemes], count: int, rng: np.random.Generator) -> list[str]:
    """Any other words, common ones for one half."""
    common = [text for text in (*NEAR, *NOUNS, *SHORT, *MORE_NAMES) if not avoided.by_letters(text)]
    rare = [text for text in known if not avoided.by_letters(text)]
    return [
        among[int(rng.integers(len(among)))] for among in (common if rng.random() < 0.5 else rare for _ in range(count))
    ]
