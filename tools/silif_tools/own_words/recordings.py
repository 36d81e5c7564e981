"""Recordings of own words: a folder for each word, shared out between learning and checking by speaker."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from ..errors import ConversionError
from ..sound import ENDINGS, read_sound, to_pcm
from ..train.voices import trimmed
from .voices import RATE_HZ

_FAINT = 200  # of 32767: no recording of anything
_LONGEST_S = 5.0


@dataclass(frozen=True)
class Found:
    """A sound file of a word. speaker: the part of its name before the first "_", empty where there is none."""

    word: str
    speaker: str
    path: Path


@dataclass
class Shares:
    """What is learned from, what is kept for the check, and what the reader should know about that."""

    learned: list[Found]
    checked: list[Found]
    remarks: list[str] = field(default_factory=list)


@dataclass
class Recorded:
    """Recordings of the own words: the word and the int16 samples of each."""

    words: list[str] = field(default_factory=list)
    samples: list[np.ndarray] = field(default_factory=list)


def _key(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def find(folder: Path, words: list[str]) -> list[Found]:
    """The recordings of the words. Raises ConversionError where there is no folder for any of them."""
    if not folder.is_dir():
        raise ConversionError(f"--recordings {folder}: no such folder")
    folders = {_key(path.name): path for path in sorted(folder.iterdir()) if path.is_dir()}
    found = []
    for word in words:
        place = folders.get(_key(word))
        for path in sorted(place.iterdir()) if place else []:
            if path.suffix.lower() in ENDINGS:
                speaker = path.stem.split("_")[0] if "_" in path.stem else ""
                found.append(Found(word, speaker, path))
    if not found:
        empty = [str(folders[_key(word)]) for word in words if _key(word) in folders]
        if empty:
            raise ConversionError(f"--recordings {folder}: no sound files in {', '.join(empty)}")
        have = ", ".join(sorted(path.name for path in folders.values())) or "nothing"
        raise ConversionError(
            f"--recordings {folder}: no folder is named for a word ({', '.join(words)}); there is: {have}"
        )
    return found


def _digest(text: str) -> str:
    return hashlib.sha1(os.fsencode(text)).hexdigest()


def shared_out(found: list[Found]) -> Shares:
    """One speaker in five, but at least one, is kept for the check where there are two or more; of one speaker, or of
    speakers whom the names do not tell, one recording in five of each word."""
    speakers = sorted({each.speaker for each in found if each.speaker}, key=_digest)
    unnamed = [each for each in found if not each.speaker]
    named = [each for each in found if each.speaker]
    remarks, kept = [], set()
    if len(speakers) >= 2:
        count = max(1, round(len(speakers) / 5))
        by_size = sorted(speakers, key=lambda s: sum(each.speaker == s for each in named))
        # Of two, the one who said less; else whom the digest says.
        aside = set(by_size[:1] if len(speakers) == 2 else speakers[:count])
        kept |= {each for each in named if each.speaker in aside}
        remarks.append(f"{len(speakers)} speakers; {', '.join(sorted(aside))} kept for the check")
    elif speakers:
        unnamed = unnamed + named
        remarks.append(
            f"all named recordings are of one speaker ({speakers[0]}): the check cannot show how well others are heard"
        )
    elif unnamed:
        remarks.append(
            "no file name tells its speaker (as in anna_01.wav): the check may hear whom the network learned from"
        )
    for word in sorted({each.word for each in unnamed}):
        of_word = sorted((each for each in unnamed if each.word == word), key=lambda each: _digest(each.path.name))
        if len(of_word) >= 5:
            kept |= set(of_word[: len(of_word) // 5])
    return Shares([each for each in found if each not in kept], [each for each in found if each in kept], remarks)


def load(path: Path) -> np.ndarray | None:
    """int16 samples at 16 kHz, trimmed; None where there is nothing to be heard.

    Raises ConversionError where it is no sound or longer than a word can be.
    """
    try:
        audio, rate = read_sound(path)
    except ConversionError as error:
        raise ConversionError(f"{error}, or take it out of the folder") from None
    if not len(audio):
        return None
    audio = audio.mean(1)
    if rate != RATE_HZ:
        divisor = int(np.gcd(rate, RATE_HZ))
        audio = resample_poly(audio, RATE_HZ // divisor, rate // divisor)
    pcm = to_pcm(audio)
    if np.abs(pcm.astype(int)).max() < _FAINT:
        return None
    pcm = trimmed(pcm)
    if len(pcm) > _LONGEST_S * RATE_HZ:
        raise ConversionError(
            f"{path}: {len(pcm) / RATE_HZ:.1f} s of sound; a recording holds one word, {_LONGEST_S:g} s"
        )
    return pcm


@dataclass
class Given:
    """All recordings that can be heard: by shares, and their sound. remarks: what the reader should know."""

    shares: Shares
    learned: Recorded
    checked: Recorded
    remarks: list[str]


def load_all(folder: Path, words: list[str]) -> Given:
    """The recordings of the words in a folder. Raises ConversionError where there are none, or nothing can be heard in
    any."""
    sounds = {each: load(each.path) for each in find(folder, words)}
    heard = [each for each, pcm in sounds.items() if pcm is not None]
    if not heard:
        raise ConversionError(
            f"--recordings {folder}: all {len(sounds)} recordings are silent; is the microphone the right one, and on?"
        )
    shares = shared_out(heard)
    learned, checked = (
        Recorded([each.word for each in part], [sounds[each] for each in part])
        for part in (shares.learned, shares.checked)
    )
    silent = [f"{each.path}: silent, left out" for each, pcm in sounds.items() if pcm is None]
    return Given(shares, learned, checked, shares.remarks + silent)
