"""The release build of the commands: $SILIF_COMMANDS, or .build/release."""

import os
import pathlib

import pytest

from silif_tools.built_commands import Commands

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def built_commands() -> Commands:
    folder = pathlib.Path(os.environ.get("SILIF_COMMANDS", REPOSITORY / ".build" / "release"))
    try:
        return Commands(folder)
    except FileNotFoundError as error:
        pytest.fail(str(error))
