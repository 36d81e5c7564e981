"""Reading lists of short recordings, decoded once and kept as int16 samples in a cache outside the repository."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silif_tools.atomic import replacing
from silif_tools.sound import load_pcm
from silif_tools.train.fbank import SAMPLE_RATE


@dataclass
class Clips:
    """Recordings of different lengths, end to end."""

    names: list[str]  # paths relative to their root, '/' between folder and file
    samples: np.ndarray  # int16, all clips one after another, 16 kHz
    ends: np.ndarray  # int64 [clips]: where each clip ends in samples

    def __len__(self) -> int:
        return len(self.names)

    def clip(self, index: int) -> np.ndarray:
        """int16 samples of one clip."""
        return self.samples[self.ends[index - 1] if index else 0 : self.ends[index]]

    def folder(self, index: int) -> str:
        """Name of the folder the clip lies in: its word."""
        return self.names[index].split("/")[-2]

    def chosen(self, indices: Sequence[int]) -> "Clips":
        """A copy of some of the clips."""
        return joined([self.names[i] for i in indices], [self.clip(i) for i in indices])


def joined(names: list[str], parts: list[np.ndarray]) -> Clips:
    """Clips from single arrays of int16 samples."""
    ends = np.cumsum([len(p) for p in parts], dtype=np.int64)
    return Clips(names, np.concatenate(parts) if parts else np.zeros(0, np.int16), ends)


def cache_folder() -> Path:
    """$SILIF_CACHE, or silif in the user's cache folder; made if absent."""
    base = os.environ.get("SILIF_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "silif"
    folder = Path(base)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def load(root: Path, names: Sequence[str]) -> Clips:
    """Decode the named files under root, through the cache. The key is their names, sizes and dates."""
    key = hashlib.sha256(os.fsencode(root.resolve()))
    for name in names:
        stat = (root / name).stat()
        key.update(os.fsencode(f"{name} {stat.st_size} {stat.st_mtime_ns}\n"))
    path = cache_folder() / f"clips-{key.hexdigest()[:24]}.npz"
    if path.exists():
        stored = np.load(path)
        return Clips(list(names), stored["samples"], stored["ends"])
    clips = joined(list(names), [load_pcm(root / name, SAMPLE_RATE, mix=True) for name in names])
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, samples=clips.samples, ends=clips.ends)
    return clips
