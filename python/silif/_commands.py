"""What the package's commands say to people."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

#: What terminals obey and do not show: control characters, breaks of lines, and what turns the direction of writing.
_OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
#: What has no width and no shape: marks of byte order and direction, joiners, hyphens and tags that nobody sees.
_UNSEEN = (
    *(0xAD, 0x61C, 0x180E, 0xFEFF),
    *range(0x200B, 0x2010),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
#: Bytes that are no UTF-8, as Python reads them from the command line and from folders.
_BYTES = range(0xDC80, 0xDD00)
_VISIBLE = {code: f"\\u{{{code:X}}}" for code in _OBEYED + _UNSEEN} | {code: f"\\x{code - 0xDC00:X}" for code in _BYTES}


def visible(text: object) -> str:
    """Text from outside (a name of a file, a word) as it may stand in a line.

    What would be obeyed or not be seen is written out, as in `\\u{1B}[2J`, and so are bytes that are no UTF-8, as in
    `\\xFC`.

    Twins: tools/silif_tools/errors.py, Sources/CommandSupport/Output/VisibleText.swift
    """
    return str(text).translate(_VISIBLE).encode(errors="backslashreplace").decode()


def say(command: str, text: object) -> None:
    """A line on standard error."""
    print(f"{command}: {visible(text)}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """Arguments of a command. What is wrong with them is said so that a terminal can only show it."""

    def error(self, message: str) -> NoReturn:
        """Says it, and ends the program with 2."""
        super().error(visible(message))
