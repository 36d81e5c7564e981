"""The Speech Commands archive, unpacked."""

import contextlib
import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

from silif_tools.errors import ConversionError


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack into `folder`, all or nothing, unless that is there already. Returns where the words' folders are.

    Raises ConversionError where the archive is none, or broken off."""
    if not folder.exists():
        is_new = not folder.parent.exists()
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_suffix(".partial")
        try:
            with tarfile.open(archive) as tar:
                partial.mkdir()
                for member in tar:
                    _write(tar, member, partial)
                # A damaged header counts as the end. The checksum of gzip stands behind all.
                while tar.fileobj.read(1 << 20):
                    pass
            partial.rename(folder)
        except BaseException as error:
            shutil.rmtree(partial, ignore_errors=True)
            if is_new:
                with contextlib.suppress(OSError):
                    folder.parent.rmdir()
            if not isinstance(error, (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)):
                raise
            why = str(error).splitlines()[0]
            raise ConversionError(f"{archive}: is no whole archive ({why}); download it anew") from error
    return words_folder(folder)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """A file or folder of the archive; links and the like are left out. (Python has filters for that from 3.11.4 on;
    Debian 12 has 3.11.2.)"""
    target = folder / member.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"{member.name} would lie outside of its folder")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif member.isreg():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tar.extractfile(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)


def words_folder(folder: Path) -> Path:
    """The published archive holds the words' folders themselves; one that was packed anew may wrap them in another."""
    inner = list(folder.iterdir())
    wrapped = len(inner) == 1 and inner[0].is_dir() and any(part.is_dir() for part in inner[0].iterdir())
    return inner[0] if wrapped else folder
