"""Files that appear whole or not at all: written under another name in the target's folder, then renamed.

A target that is a link stays one: the file that it leads to is replaced. What is there and is no file (`/dev/stdout`, a
named pipe) is written to, not replaced. Permissions stay as they were.

Twins: Sources/CommandSupport/Output/NewFile.swift
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _new_file(folder: Path, mode: int) -> Path:
    """Never a file that is there, and never through a link that somebody put there."""
    while True:
        path = folder / f".silif-{secrets.token_hex(8)}.tmp"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode))
            return path
        except FileExistsError:
            continue


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors of the system name the file that was asked for: not none, and not the one that stands in for it."""
    try:
        yield
    except OSError as error:
        named = "" if error.filename is None else Path(os.fsdecode(error.filename)).name
        if error.strerror is None or (named and not (named.startswith(".silif-") and named.endswith(".tmp"))):
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _stand_in(path: Path) -> tuple[Path | None, os.stat_result | None]:
    """A new file beside `path`, and what `path` is; None for the first where that is no file, for the second where it
    is not there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        return None, status
    target = path.resolve()
    if status is not None and not os.access(target, os.W_OK):
        raise PermissionError(f"{path}: cannot be written: it is read-only")
    return _new_file(target.parent, 0o666 if status is None else 0o600), status


def check_writable(path: Path) -> None:
    """Raises OSError where `replacing` would find so before anything is written."""
    with _naming(path):
        temporary, _ = _stand_in(path)
        if temporary:
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """So that the name, too, outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write whose content becomes that of `path` when the block ends without an error.

    It is there and empty. The folder is made where it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _naming(path):
        temporary, status = _stand_in(path)
        if temporary is None:
            yield path
            return
        target = path.resolve()
        try:
            yield temporary
            with temporary.open("rb") as file:
                if status is not None:
                    os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode) & 0o777)
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


def write_atomically(path: Path, data: bytes | str) -> None:
    """The whole content of a file; text as UTF-8, and names of files in it as the bytes that they are."""
    content = data.encode(errors="surrogateescape") if isinstance(data, str) else data
    with replacing(path) as temporary:
        temporary.write_bytes(content)
