"""What a training run is made of: labelled clips for training, validation and test, noise, other speech, rooms.

Where a folder of --data has an extra_train_list.txt beside its train_list.txt, both are read.
"""

import csv
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from silif_tools.sound import ENDINGS, read_list
from silif_tools.train import clips
from silif_tools.train.clips import Clips
from silif_tools.train.splits import SPLITS, by_speaker

SILENCE, UNKNOWN = "_silence_", "_unknown_"
DATA_HELP = "--data takes the folder that holds gsc, noise, speech and words"
# What is to be credited where a list holds files of a folder.
CREDITS = (
    ("esc10", "ESC-10 (K. Piczak), CC BY 3.0"),
    ("ambience", "ambience by kvgarlic (CC0), gezortenplotz (CC BY) and others"),
    ("coffee_orders", "speech-to-intent and wake-word benchmarks (Picovoice), Apache-2.0"),
    ("arctic_kathleen", "CMU Arctic sentences by Kathleen (rhasspy), CC0"),
    ("asterisk_allison", "Asterisk prompts by Allison Smith (Digium), CC BY-SA 3.0"),
    ("mycroft_wake", "Mycroft Precise community data, public domain"),
    ("arabic", "Arabic speech commands (Ghandoura), CC BY 4.0"),
    ("mandarin_english", "DSPSpeech-20, MIT"),
)
GSC = "Google Speech Commands (P. Warden, arXiv 1804.03209), CC BY 4.0"


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
    texts: dict[str, str] = field(default_factory=dict)  # of some of the speech
    rooms: Clips = field(default_factory=lambda: clips.joined([], []))  # impulse responses, the direct path loudest

    def label(self, folder: str) -> int:
        """Class of a folder's name; any word that is none of the classes is unknown."""
        return self.words.index(folder if folder in self.words else UNKNOWN)

    def fingerprint(self, parts: list) -> str:
        """Of what a network was trained from, for names of files: these parts of a recipe, and the training clips."""
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
        digest.update(os.fsencode("\n".join(self.splits["train"].names)))
        return digest.hexdigest()[:12]

    def labels(self, split: str) -> list[int]:
        part = self.splits[split]
        return [self.label(part.folder(i)) for i in range(len(part))]


def _require(path: Path, what: str) -> Path:
    if not path.exists():
        raise MissingData(f"{path} does not exist: {what}")
    return path


def _table(root: Path) -> list[dict[str, str]]:
    """What is known of recordings, from the table beside them: file, commands in it, text."""
    table = root / "extra.csv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def texts(root: Path) -> dict[str, str]:
    """What is said in the recordings of a folder, where somebody wrote it down."""
    return {row["file"]: row.get("text") or "" for row in _table(root)}


def training_names(root: Path) -> list[str]:
    """The training lists of a folder of recordings without commands."""
    names = read_list(_require(root / "train_list.txt", DATA_HELP))
    extra, told = root / "extra_train_list.txt", {row["file"] for row in _table(root) if row.get("commands")}
    names += read_list(extra) if extra.exists() else []
    return [name for name in names if name not in told]


def _rooms(root: Path) -> Clips:
    """Impulse responses, if there are any."""
    names = sorted(path.name for path in root.glob("*.flac")) if root.is_dir() else []
    return clips.load(root.parent, [f"{root.name}/{name}" for name in names])


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
        extra = root / "extra_train_list.txt"
        names["train"] += read_list(extra) if extra.exists() else []
    elif (root / "testing_list.txt").exists():
        validation = set(read_list(_require(root / "validation_list.txt", "list missing")))
        testing = set(read_list(root / "testing_list.txt"))
        names = {
            "train": [f for f in files if f not in validation and f not in testing],
            "validation": [f for f in files if f in validation],
            "test": [f for f in files if f in testing],
        }
    else:
        names = by_speaker(files, root)
    for split in SPLITS:
        if not names[split]:
            raise MissingData(f"{root}: no recordings for the {split} split; add some from more speakers")
    return {split: clips.load(root, names[split]) for split in SPLITS}


def load(data: Path, words: list[str], folders: Path | None = None) -> Material:
    """folders: labelled recordings to be used in place of data/gsc."""
    parts = {part: data / part for part in ("noise", "speech", "words")}
    found = {part: training_names(root) for part, root in parts.items()}
    noise, speech, others = (clips.load(parts[part], names) for part, names in found.items())
    folders_used = {name.split("/")[0] for names in found.values() for name in names}
    credits = [credit for folder, credit in CREDITS if folder in folders_used]
    splits = folder_splits(folders or _require(data / "gsc", DATA_HELP))
    return Material(words, splits, noise, speech, others, [*credits, GSC], texts(data / "speech"), _rooms(data / "rir"))
