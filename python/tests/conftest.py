"""Where the repository and the shared sound material lie; these tests run on the installed package."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import soundfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("SILIF_SHARED", REPOSITORY.parent / "shared"))


def commands() -> pathlib.Path:
    folder = pathlib.Path(os.environ.get("SILIF_COMMANDS", REPOSITORY / ".build" / "release"))
    if not (folder / "kws-listen").exists():
        pytest.fail(f"{folder}/kws-listen is missing: `make build` builds it")
    return folder


def json_lines(*command: object, statuses: tuple[int, ...] = (0,)) -> list[dict]:
    """What a command of silif prints: an object a line."""
    done = subprocess.run([commands() / str(command[0]), *map(str, command[1:])], capture_output=True)
    assert done.returncode in statuses, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def demo() -> np.ndarray:
    return soundfile.read(REPOSITORY / "models" / "demo.flac", dtype="int16")[0]
