#!/usr/bin/env python3
"""Compares the samples in README and docs with what the built commands print, or writes them anew.

    tools/scripts/printed_samples.py [--commands .build/release] [--write] [PAGE...]
    tools/scripts/printed_samples.py --output-of 'make firmware' FILE

A sample is a fenced block behind a comment that names the command which prints it:

    <!-- printed by: kws-listen --input models/demo.flac -->

In the comment, `(figures vary)` compares everything but the numbers, for times. `(figures within 10 %)` allows numbers
that far apart, for counts that depend on the compiler. In the block, a line `...` stands for any number of lines. The
commands run in the repository's root; its path is shown as /home/you/silif.

The second form takes the output from a file, for commands that are too slow to run here; the first leaves out those
that begin with `make`.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHOWN_ROOT = "/home/you/silif"
_COMMENT = re.compile(r"^<!-- printed by: (?P<command>.+?)(?: \((?P<mode>figures [^)]+)\))? -->$")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MODES = {None, "figures vary", "figures within 10 %"}
ANY_LINES = "..."


@dataclass(frozen=True)
class Sample:
    """One sample: where it stands, what prints it, how it is compared. first, end: its lines in the page, from 0."""

    page: Path
    command: str
    mode: str | None
    first: int
    end: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.first} {self.command}"


def pages() -> list[Path]:
    return [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]


def samples(page: Path) -> list[Sample]:
    """Raises ValueError where a comment is not followed by a fenced block, or names a mode that there is not."""
    lines, found = page.read_text(encoding="utf-8").split("\n"), []
    for index, line in enumerate(lines):
        match = _COMMENT.match(line)
        if match is None:
            if line.startswith("<!-- printed by"):
                raise ValueError(f"{page}:{index + 1}: want <!-- printed by: COMMAND -->, found {line}")
            continue
        if match["mode"] not in _MODES:
            raise ValueError(f"{page}:{index + 1}: no such comparison: {match['mode']}")
        if not lines[index + 1].startswith("```"):
            raise ValueError(f"{page}:{index + 1}: no fenced block follows the comment")
        first = index + 2
        end = next(at for at in range(first, len(lines)) if lines[at].startswith("```"))
        found.append(Sample(page, match["command"], match["mode"], first, end, "\n".join(lines[first:end])))
    return found


def printed(command: str, folder: Path) -> str:
    """What a command prints on standard output. folder: where the built commands lie."""
    environment = {**os.environ, "PATH": f"{folder.resolve()}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"`{command}` ended with {done.returncode}: {done.stderr}")
    return done.stdout.replace(str(REPOSITORY), SHOWN_ROOT).rstrip("\n")


def _same_line(shown: str, made: str, mode: str | None) -> bool:
    if mode is None:
        return shown == made
    # Columns move with the length of their numbers.
    words = [" ".join(_NUMBER.sub("#", line).split()) for line in (shown, made)]
    if words[0] != words[1]:
        # A digest is no figure.
        return False
    if mode == "figures vary":
        return True
    pairs = zip(shown.split(), made.split(), strict=True)
    return all(
        abs(float(a) - float(b)) <= 0.1 * abs(float(b)) if _NUMBER.fullmatch(b) and _NUMBER.fullmatch(a) else a == b
        for a, b in pairs
    )


def _same_lines(shown: list[str], made: list[str], mode: str | None) -> bool:
    if not shown:
        return not made
    if shown[0] == ANY_LINES:
        return any(_same_lines(shown[1:], made[skipped:], mode) for skipped in range(len(made) + 1))
    return bool(made) and _same_line(shown[0], made[0], mode) and _same_lines(shown[1:], made[1:], mode)


def difference(sample: Sample, output: str) -> str:
    """Empty where the sample is what the command prints, else both as a diff."""
    shown, made = sample.text.split("\n"), output.split("\n")
    if _same_lines(shown, made, sample.mode):
        return ""
    return "\n".join(difflib.unified_diff(shown, made, str(sample), "printed", lineterm=""))


def write(sample: Sample, output: str) -> None:
    lines = sample.page.read_text(encoding="utf-8").split("\n")
    lines[sample.first : sample.end] = output.split("\n")
    sample.page.write_text("\n".join(lines), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=Path, default=REPOSITORY / ".build" / "release", metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="write the samples anew (those without ... in them)")
    parser.add_argument("--output-of", nargs=2, metavar=("COMMAND", "FILE"), help="compare one command's samples")
    parser.add_argument("pages", type=Path, nargs="*", metavar="PAGE")
    options = parser.parse_args()
    wrong = 0
    for page in options.pages or pages():
        # From the end, so that writing one moves no other.
        for sample in reversed(samples(page)):
            if options.output_of:
                command, path = options.output_of
                if sample.command != command:
                    continue
                output = Path(path).read_text(encoding="utf-8").rstrip("\n")
            elif sample.command.startswith("make "):
                continue
            else:
                output = printed(sample.command, options.commands)
            text = difference(sample, output)
            if text and options.write and ANY_LINES not in sample.text.split("\n"):
                write(sample, output)
                print(f"written: {sample}")
            elif text:
                print(text, file=sys.stderr)
                wrong += 1
    if wrong:
        print(f"printed_samples: {wrong} differ; --write writes them anew", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
