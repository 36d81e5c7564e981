"""Speech from Debian's synthesizers (espeak-ng, flite): sentences without commands, and single words in many voices."""

import hashlib
import shutil

import numpy as np

from silif_tools.atomic import replacing
from silif_tools.train.clips import Clips, cache_folder, joined
from silif_tools.train.material import MissingData
from silif_tools.train.synthetic_text import COMMANDS, MORE_NAMES, NEAR, NOUNS, SHORT, WORD_LIST, listed, sentences
from silif_tools.train.voices import centred, say, trimmed

VERSION = 3


def _listed(count: int, seed: int) -> list[str]:
    if not count:
        return []
    if not WORD_LIST.exists():
        raise MissingData(f"{WORD_LIST} does not exist: apt install wamerican, or set synthetic_listed = 0")
    return listed(WORD_LIST.read_text(encoding="utf-8").splitlines(), count, seed)


def material(
    sentence_count: int, word_count: int, listed_count: int, command_count: int, seed: int
) -> tuple[Clips, Clips, Clips]:
    """Sentences; single words that are no commands, word_count of our own lists, many near a command, and listed_count
    short ones of a word list; command_count recordings of every command. From the cache."""
    for program in ("espeak-ng", "flite"):
        if shutil.which(program) is None:
            raise MissingData(f"{program} is not installed: apt install espeak-ng flite")
    more = _listed(listed_count, seed)
    key = repr([VERSION, sentence_count, word_count, command_count, seed, sentences(50, seed), NEAR, *more])
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
        wanted += [("word", word) for word in more]
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
