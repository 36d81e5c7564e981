"""docs/COMMANDS.md names every option that the commands take."""

import json
import subprocess

import pytest
from built_commands import REPOSITORY, built_commands

COMMANDS = ("kws-listen", "kws-score", "kws-model", "kws-bench")


def spellings(command: dict) -> set[str]:
    """`--name` or `-n` of each option, those of subcommands too."""
    found = set()
    for argument in command.get("arguments", []):
        if argument["kind"] != "positional" and argument["shouldDisplay"]:
            found |= {("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]}
    for each in command.get("subcommands", []):
        if each["commandName"] != "help":
            found |= spellings(each)
    return found


def documented(command: str) -> str:
    """What the page says of all commands and of this one."""
    page = (REPOSITORY / "docs" / "COMMANDS.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n## ")}
    return sections["Shared by all"] + sections[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command):
    help_text = subprocess.run(
        [built_commands().folder / command, "--experimental-dump-help"], check=True, capture_output=True, text=True
    ).stdout
    options = spellings(json.loads(help_text)["command"]) - {"-h"}
    assert "--format" in options
    text = documented(command)
    assert [option for option in sorted(options) if f"`{option}" not in text] == []
