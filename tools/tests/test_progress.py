"""kws-score shows a person how far it is, and nobody else."""

import os
import pty
import re
import subprocess

import pytest
from built_commands import REPOSITORY, built_commands


@pytest.mark.parametrize("options", [[], ["--each", "--format", "csv", "--output", "{folder}/rows.csv"]])
def test_a_bar_with_rate_and_time_left_on_a_terminal(tmp_path, options):
    command = [built_commands().folder / "kws-score", "--jobs", "1", *[REPOSITORY / "models" / "demo.flac"] * 8]
    command += [option.format(folder=tmp_path) for option in options]
    master, terminal = pty.openpty()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while block := os.read(master, 4096):
            shown += block
    except OSError:  # How a terminal without a writer ends.
        pass
    os.close(master)
    lines = shown.decode().split("\r")
    line = re.compile(r"\x1b\[K\[[#.]{20}\] [1-8] of 8 clips, [\d.]+ clips/s, \d+ s left")
    assert any(line.fullmatch(text) for text in lines), shown
    after = max(k for k, text in enumerate(lines) if "clips/s" in text) + 1
    assert lines[after].startswith("\x1b[K") and not lines[after].startswith("\x1b[K["), shown
