"""The error that says what is wrong with something a user gave, and how errors are printed."""

import argparse
import errno
import os
import sys

# What terminals and editors obey and do not show: C0, DEL and C1, which hold line breaks and the beginnings of escape
# sequences, the breaks of Unicode, and what turns the direction of writing.
_OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
# What has no width and no shape: marks of byte order and direction, joiners, hyphens and tags that nobody sees.
_UNSEEN = (
    *(0xAD, 0x61C, 0x180E, 0xFEFF),
    *range(0x200B, 0x2010),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
# Bytes that are no UTF-8, as Python reads them from the command line and from folders.
_BYTES = range(0xDC80, 0xDD00)
_VISIBLE = {code: f"\\u{{{code:X}}}" for code in _OBEYED + _UNSEEN} | {code: f"\\x{code - 0xDC00:X}" for code in _BYTES}

# What the system says of a file, and what to do; of other errors it is the system's words alone.
_OF_FILES = {
    errno.ENOENT: "no such file or folder; check the path",
    errno.ENOTDIR: "a part of the path is no folder; check the path",
    errno.EISDIR: "is a folder; give a file",
    errno.EEXIST: "is in the way; give another name, or take it away",
    errno.EACCES: "permission denied; give another path, or change who may use it",
    errno.ENOSPC: "no space left on the device; make room, or write elsewhere",
}


class ConversionError(ValueError):
    """A checkpoint, list or recording that cannot be used; the message says which tensor or file, and what to do."""


def visible(text: object) -> str:
    """Text from outside (a tensor's name, a file's, a word) as it may stand in a line of output.

    What would be obeyed or not be seen is written out, as in `\\u{1B}[2J`, and so are bytes that are no UTF-8, as in
    `\\xFC`.

    Twins: python/silif/_commands.py, Sources/CommandSupport/Output/VisibleText.swift
    """
    return str(text).translate(_VISIBLE).encode(errors="backslashreplace").decode()


def is_obeyed(text: str) -> bool:
    """Whether it has what a terminal or an editor would obey, as a line break, or bytes that are no UTF-8."""
    return any(ord(character) in _OBEYED or "\ud800" <= character <= "\udfff" for character in text)


def told(error: BaseException) -> str:
    """An error in the words of a message: of the system's the file, what is wrong with it and what to do, without its
    number."""
    if isinstance(error, MemoryError):
        return "not enough memory for this input"
    if isinstance(error, RecursionError):
        return "the input is nested too deep"
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    why = _OF_FILES.get(error.errno, error.strerror)
    return why if error.filename is None else f"{os.fsdecode(error.filename)}: {why}"


class CommandParser(argparse.ArgumentParser):
    """Arguments of a command. What is wrong with them is said in one line that a terminal can only show."""

    def error(self, message: str):
        super().error(visible(message))


def complain(command: str, error: BaseException) -> int:
    """Says in one line what is wrong, and returns the exit status of a command that failed."""
    print(f"{command}: {visible(told(error))}", file=sys.stderr)
    return 1
