"""What a training run is made of: labelled clips for training, validation and test, noise, other speech."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from silif_tools.sound import ENDINGS, read_list
from silif_tools.train import clips
from silif_tools.train.clips import Clips

SILENCE, UNKNOWN = "_silence_", "_unknown_"
DATA_HELP = "--data takes the folder that holds gsc, noise, speech and words"
SPLITS = ("train", "validation", "test")


class MissingData(Exception):
    """Data that a run needs and that are not there; the message says what to do."""


@dataclass
class Material:
    words: list[str]
    splits: dict[str, Clips]  # labelled by their folders
    noise: Clips  # train list only
    speech: Clips  # train list only
    other_words: Clips  # train list only; all unknown
    credits: list[str]

    def label(self, folder: str) -> int:
        """Class of a folder's name; any word that is none of the classes is unknown."""
        return self.words.index(folder if folder in self.words else UNKNOWN)

    def labels(self, split: str) -> list[int]:
        part = self.splits[split]
        return [self.label(part.folder(i)) for i in range(len(part))]


def _require(path: Path, what: str) -> Path:
    if not path.exists():
        raise MissingData(f"{path} does not exist: {what}")
    return path


def _by_list(root: Path, name: str) -> Clips:
    names = read_list(_require(root / name, DATA_HELP))
    return clips.load(root, names)


def _split_of(name: str) -> str:
    """Split of a recording without lists: by its speaker, the part of the file name before the first '_', so that no
    speaker is in two splits (Speech Commands does the same)."""
    speaker = Path(name).stem.split("_")[0]
    part = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % 10
    return {0: "validation", 1: "test"}.get(part, "train")


def _sound_files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.glob("*/*") if p.suffix.lower() in ENDINGS)


def folder_splits(root: Path) -> dict[str, Clips]:
    """One folder a word. Uses the lists of Speech Commands (validation_list.txt, testing_list.txt) or of this project
    (train_, validation_, test_list.txt) where they lie beside the folders, else splits by speaker."""
    _require(root, "no such folder")
    files = [f for f in _sound_files(root) if not f.startswith("_background_noise_/")]
    if not files:
        raise MissingData(f"{root} holds no folders with sound files")
    if (root / "train_list.txt").exists():
        names = {split: read_list(_require(root / f"{split}_list.txt", "list missing")) for split in SPLITS}
    elif (root / "testing_list.txt").exists():
        validation = set(read_list(_require(root / "validation_list.txt", "list missing")))
        testing = set(read_list(root / "testing_list.txt"))
        names = {
            "train": [f for f in files if f not in validation and f not in testing],
            "validation": [f for f in files if f in validation],
            "test": [f for f in files if f in testing],
        }
    else:
        names = {split: [f for f in files if _split_of(f) == split] for split in SPLITS}
    for split in SPLITS:
        if not names[split]:
            raise MissingData(f"{root}: no recordings for the {split} split; add some from more speakers")
    return {split: clips.load(root, names[split]) for split in SPLITS}


def load(data: Path, words: list[str], folders: Path | None = None) -> Material:
    """folders: labelled recordings to be used in place of data/gsc."""
    noise, speech, others = (_by_list(data / part, "train_list.txt") for part in ("noise", "speech", "words"))
    credits = [
        "ESC-10 (K. Piczak), CC BY 3.0",
        "speech-to-intent and wake-word benchmarks (Picovoice), Apache-2.0",
        "Arabic speech commands (Ghandoura), CC BY 4.0",
        "DSPSpeech-20, MIT",
        "Google Speech Commands (P. Warden, arXiv 1804.03209), CC BY 4.0",
    ]
    splits = folder_splits(folders or _require(data / "gsc", DATA_HELP))
    return Material(words, splits, noise, speech, others, credits)
