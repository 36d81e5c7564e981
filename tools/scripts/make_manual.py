#!/usr/bin/env python3
"""Writes a man page for each command, from what its argument parser knows of it.

    tools/scripts/make_manual.py FOLDER COMMAND...
    tools/scripts/make_manual.py build/man .build/release/kws-*

Needs nothing but Python. Swift ArgumentParser's own `generate-manual` plugin would build the package once more, in
debug, and runs the lines of the examples together.
"""

import json
import subprocess
import sys
from pathlib import Path

SECTION = 1
EXIT_STATUS = (
    ("0", "done, also after SIGINT or SIGTERM, and when the reader of the output has gone"),
    ("1", "failed; standard error says what, why, and what to do"),
    ("2", "wrong usage"),
)


def escaped(text: str) -> str:
    """Plain text as roff shows it: hyphens are typed as they stand, no line begins a request."""
    text = (
        text.replace("\\", "\\(rs")
        .replace("-", "\\-")
        .replace("~", "\\(ti")
        .replace("^", "\\(ha")
        .replace("`", "\\(ga")
    )
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text: str) -> list[str]:
    """Text as roff paragraphs; indented lines are examples, kept line for line."""
    lines: list[str] = []
    literal = False
    for line in text.strip("\n").split("\n"):
        indented = line.startswith("  ")
        if indented != literal:
            lines.append(".PP\n.RS 4\n.EX" if indented else ".EE\n.RE")
            literal = indented
        if line.strip() or literal:
            lines.append(escaped(line.strip() if not literal else line[2:]))
        else:
            lines.append(".PP")
    if literal:
        lines.append(".EE\n.RE")
    return lines


def spelling(name: dict) -> str:
    return ("-" if name["kind"] == "short" else "--") + name["name"]


def value_of(argument: dict) -> str:
    return f"\\fI{escaped(argument['valueName'])}\\fR"


def heading(argument: dict) -> str:
    """`-m, --model MODEL`, or the name of a positional argument."""
    if argument["kind"] == "positional":
        return value_of(argument) + (" ..." if argument["isRepeating"] else "")
    spelled = sorted((spelling(name) for name in argument["names"]), key=len)
    names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in spelled)
    return names + (f" {value_of(argument)}" if argument["kind"] == "option" else "")


def description(argument: dict) -> str:
    text = argument.get("abstract", "")
    if "allValues" in argument:
        text += f" One of {', '.join(argument['allValues'])}."
    if "defaultValue" in argument:
        text += f" Default: {argument['defaultValue']}."
    return text.strip()


def synopsis(path: list[str], command: dict) -> str:
    parts = [f"\\fB{escaped(' '.join(path))}\\fR"]
    shown = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    if any(argument["kind"] != "positional" for argument in shown):
        parts.append("[\\fIoptions\\fR]")
    for argument in shown:
        if argument["kind"] == "option" and not argument["isOptional"]:
            parts.append(f"\\fB{escaped(spelling(argument['preferredName']))}\\fR {value_of(argument)}")
        if argument["kind"] == "positional":
            parts.append(f"[{heading(argument)}]" if argument["isOptional"] else heading(argument))
    return " ".join(parts)


def option_list(command: dict, skip: tuple[str, ...] = ()) -> list[str]:
    lines = []
    for argument in command.get("arguments", []):
        if argument["shouldDisplay"] and argument["valueName"] not in skip:
            lines += [".TP", heading(argument), escaped(description(argument))]
    return lines


def subcommands(command: dict) -> list[dict]:
    return [each for each in command.get("subcommands", []) if each["shouldDisplay"] and each["commandName"] != "help"]


def page(command: dict, version: str, others: list[str]) -> str:
    name, children = command["commandName"], subcommands(command)
    abstract = command["abstract"].rstrip(".")
    lines = [
        f'.TH {escaped(name).upper()} {SECTION} "" "silif {version}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(abstract[:1].lower() + abstract[1:])}",
        ".SH SYNOPSIS",
    ]
    usages = [synopsis([name, each["commandName"]], each) for each in children] or [synopsis([name], command)]
    lines.append("\n.br\n".join(usages))
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])]
    for child in children:
        lines += [f'.SH "COMMAND {escaped(child["commandName"]).upper()}"', escaped(child["abstract"])]
        if child.get("discussion"):
            lines += [".PP", *paragraphs(child["discussion"])]
        lines += option_list(child, skip=("version", "help"))
    lines += [".SH OPTIONS", *option_list(command)]
    lines.append(".SH EXIT STATUS")
    for status, meaning in EXIT_STATUS:
        lines += [".TP", f"\\fB{status}\\fR", escaped(meaning)]
    lines += [".SH FILES", ".TP", f"\\fI{escaped('<prefix>/share/silif/*.silif')}\\fR"]
    lines.append(escaped("Models that are found by their name; <prefix> is where the command's bin folder lies."))
    lines += [
        ".SH SEE ALSO",
        ",\n".join(f".BR {escaped(other)} ({SECTION})" for other in others).replace(",\n", " ,\n"),
    ]
    return "\n".join(lines) + "\n"


def output_of(command: Path, *arguments: str) -> str:
    return subprocess.run([command.absolute(), *arguments], check=True, capture_output=True, text=True).stdout


def main(folder: str, *commands: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [Path(command) for command in commands]
    for path in paths:
        tool = json.loads(output_of(path, "--experimental-dump-help"))
        others = [other.name for other in paths if other != path]
        text = page(tool["command"], output_of(path, "--version").strip(), others)
        (Path(folder) / f"{path.name}.{SECTION}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
