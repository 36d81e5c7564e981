"""What was asked for, and whether it can be done: everything that can be told before anything long begins."""

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from .models import DEFAULT
from .models import find as find_model
from .place import check_place
from .pronunciation import Phonemes, distances, phonemes, syllables
from .recordings import Given, Recorded, Shares, load_all
from .voices import Voice, all_voices, is_installed

MOST_WORDS = 20
MOST_SYLLABLES = 6
_TOO_NEAR = 0.12  # of the sounds: two words that one cannot tell apart


@dataclass
class Request:
    words: list[str]
    output: Path
    recordings: Path | None = None
    thorough: bool = False
    seed: int = 1
    start: str = DEFAULT
    alarms_per_hour: float = 1.0


@dataclass
class Checked:
    """A request that can be carried out. remarks: what the reader should know."""

    words: list[str]
    sounds: list[Phonemes]
    voices: list[Voice]
    model: Path
    given: Given
    remarks: list[str] = field(default_factory=list)


def _word(text: str) -> str:
    word = " ".join(text.split()).lower()
    if not re.fullmatch(r"[a-z][a-z' ]*", word):
        raise ConversionError(
            f"{text!r}: words are spoken as English and may have letters, apostrophes and spaces; write it as it sounds"
        )
    return word


def free_cores() -> int:
    """Processors that nobody uses at the moment, at least one."""
    able = len(os.sched_getaffinity(0))
    return max(1, min(able, round(able - os.getloadavg()[0])))


def check(request: Request) -> Checked:
    """Raises ConversionError saying what to do."""
    for program, package in (("espeak-ng", "espeak-ng"), (os.environ.get("CC", "cc"), "gcc libc6-dev")):
        if shutil.which(program) is None:
            raise ConversionError(f"{program} is not installed: sudo apt install {package}")
    words = [_word(text) for text in request.words]
    twice = next((word for index, word in enumerate(words) if word in words[:index]), None)
    if twice:
        raise ConversionError(f"{twice!r} is given twice")
    if not 1 <= len(words) <= MOST_WORDS:
        raise ConversionError(f"{len(words)} words: give 1 to {MOST_WORDS}")
    model = find_model(request.start)
    check_place(request.output, model)
    sounds = phonemes(words)
    remarks = []
    for word, own in zip(words, sounds, strict=True):
        if syllables(own) > MOST_SYLLABLES:
            raise ConversionError(
                f"{word!r} has {syllables(own)} syllables; at most {MOST_SYLLABLES} are heard as one word (1.1 s)"
            )
        if len(own) < 2:
            raise ConversionError(
                f"{word!r} is a single sound, which is in every sentence: say more, as in 'hey {word}'"
            )
        if any(not set(part) & set("aeiouy") for part in word.split()):
            remarks.append(f"{word!r}: what has no vowel is spelled, letter by letter; write it as it sounds")
        if syllables(own) < 2 or len(own) < 4:
            remarks.append(f"{word!r} is short: many words sound like it. Two syllables and more are heard better")
    for index, word in enumerate(words[1:], 1):
        apart = distances(sounds[index], sounds[:index]) / len(sounds[index])
        if apart.min() < _TOO_NEAR:
            raise ConversionError(f"{words[int(np.argmin(apart))]!r} and {word!r} sound alike: choose another word")
    voices = all_voices()
    engines = {voice.engine for voice in voices}
    if engines == {"espeak"}:
        remarks.append("espeak-ng is the only synthesizer here: sudo apt install flite festival")
    if not engines & {"piper", "hibari"}:
        remarks.append("no neural voice is installed: tools[voices] of docs/OWN-WORDS.md adds two")
    if is_installed("pyworld") and not is_installed("pkg_resources"):
        raise ConversionError("pyworld imports pkg_resources, which newer setuptools lack: pip install 'setuptools<81'")
    if not is_installed("pyworld"):
        remarks.append("pyworld is not installed: with it (tools[voices]) every voice is many speakers")
    given = Given(Shares([], []), Recorded(), Recorded(), [])
    if request.recordings:
        given = load_all(request.recordings, words)
        remarks += given.remarks
        missing = [word for word in words if word not in given.learned.words]
        if missing:
            remarks.append(f"no recordings of {', '.join(missing)}: learned from synthetic voices alone")
    return Checked(words, sounds, voices, model, given, remarks)
