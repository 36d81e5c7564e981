"""The Speech Commands archive, unpacked."""

import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack into `folder`, all or nothing, unless that is there already. Returns where the words' folders are."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_suffix(".partial")
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(folder)
    return words_folder(folder)


def words_folder(folder: Path) -> Path:
    """The published archive holds the words' folders themselves; one that was packed anew may wrap them in another."""
    inner = list(folder.iterdir())
    wrapped = len(inner) == 1 and inner[0].is_dir() and any(part.is_dir() for part in inner[0].iterdir())
    return inner[0] if wrapped else folder
