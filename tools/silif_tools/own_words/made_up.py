"""Noise, sentences and single words made on this machine: for who trains a network and has nothing else to be told
from."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic import write_atomically
from ..errors import ConversionError
from ..streams.files import write_sound
from ..train.clips import cache_folder
from . import noises
from .pronunciation import phonemes
from .speech import Saying, say_all
from .vocabulary import Avoided, listed, pronounced, sentences, single_words
from .voices import Voice, all_voices, drawn, key_of

VERSION = 2
SEED = 1


@dataclass(frozen=True)
class Amounts:
    """How many of each; seconds of a noise."""

    noises: int = 120
    noise_s: float = 10.0
    sentences: int = 600
    words: int = 400


AMOUNTS = Amounts()


def _sayings(commands: list[str], voices: list[Voice], amounts: Amounts) -> list[Saying]:
    """Sentences for `speech`, and single words for `words`, none of which holds a command."""
    rng = np.random.default_rng([SEED, 51])
    avoided = Avoided(commands, phonemes(commands))
    texts = [("speech", text) for text in sentences(avoided, amounts.sentences, SEED)]
    known = pronounced(listed(commands), cache_folder())
    texts += [("words", text) for text in single_words(avoided, known, amounts.words, rng)]
    return [Saying(part, text, text, drawn(voices, rng)) for part, text in texts]


def make(
    folder: Path,
    commands: list[str],
    amounts: Amounts,
    processes: int = 1,
    at: Callable[[float], None] = lambda share: None,
) -> dict[str, Path]:
    """The folders noise, speech and words, by name; made anew only for other commands, voices or amounts. The same
    whatever the number of processes.

    Raises ConversionError where no voice is installed, or where `folder` is somebody else's.
    """
    if shutil.which("espeak-ng") is None:
        raise ConversionError("--made-up: espeak-ng is not installed: sudo apt install espeak-ng")
    voices, found = all_voices(), {part: folder / f"made-up-{part}" for part in ("noise", "speech", "words")}
    key = json.dumps([VERSION, commands, repr(amounts), key_of(voices)])
    stamp = folder / "made-up.json"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        return found
    if folder.exists() and not stamp.exists():
        raise ConversionError(f"{folder}: is in the way of what --made-up makes; move it")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_atomically(stamp, "begun")
    for place in found.values():
        place.mkdir(parents=True)
    for number in range(amounts.noises):
        write_sound(found["noise"] / f"{number:04}.flac", noises.noise(number, amounts.noise_s, SEED))
    said = say_all(_sayings(commands, voices, amounts), folder / "said", SEED, processes, at)
    for number, (saying, pcm) in enumerate(zip(said.sayings, said.samples, strict=True)):
        write_sound(found[saying.part] / f"{number:04}.flac", pcm)
    shutil.rmtree(folder / "said")
    write_atomically(stamp, key)
    return found
