"""Where a conversion came from: files by their digests, the tool by its version and commit."""

import hashlib
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__


@dataclass
class Origin:
    """What the page's header says; `command` is the command line as it can be typed again."""

    checkpoint: Path
    output: Path
    model_bytes: bytes
    command: list[str] = field(default_factory=list)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tool_version() -> str:
    """The version, and the commit where the tools run from a checkout; `+` marks uncommitted changes to the tools."""
    folder = Path(__file__).resolve().parent.parent
    git = ["git", "-C", str(folder)]
    try:
        # Only where these files are the repository's own: site-packages may lie inside somebody else's.
        tracked = subprocess.run([*git, "ls-files", "--error-unmatch", "__init__.py"], capture_output=True)
        commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
        changed = subprocess.run([*git, "status", "--porcelain", "--", "."], capture_output=True, text=True)
    except OSError:
        return f"silif-tools {__version__}"
    if tracked.returncode or commit.returncode:
        return f"silif-tools {__version__}"
    return f"silif-tools {__version__}, commit {commit.stdout.strip()}{'+' if changed.stdout.strip() else ''}"


def command_line(command: list[str]) -> str:
    return shlex.join(command)
