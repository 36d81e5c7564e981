"""README and docs name only what there is: pages and their headings, files, make targets, options of the commands."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest
from built_commands import REPOSITORY, built_commands

PAGES = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES += sorted((REPOSITORY / "models").glob("*.md"))
COMMANDS = ("kws-listen", "kws-score", "kws-model", "kws-bench")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
# What a path in backticks begins with; other words with a slash (`--hits/misses`) are none.
_ROOTS = ("Sources/", "Tests/", "tools/", "docs/", "examples/", "models/", "debian/", ".ci/")
# What the pages tell how to make.
_MADE = ("tools/silif_tools/recipes/my-words.toml", "Sources/kws-listen/Outputs/MQTTLines.swift")


def anchor(heading: str) -> str:
    """The name that GitHub gives a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return text.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for line in page.read_text(encoding="utf-8").split("\n") if line.startswith("#")}


def blocks(text: str) -> list[str]:
    """The lines of fenced and of indented code."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            lines.append(line.strip())
    return lines


def without_code(text: str) -> str:
    return _CODE.sub("", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    broken = []
    for link in _LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if link.startswith(("http:", "https:")):
            continue
        path, _, name = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (name and name not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page):
    missing = []
    for code in _CODE.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)):
        for word in code.split():
            path = word.rstrip(".,:")
            if not path.startswith(_ROOTS) or path in _MADE or re.search(r"\b[A-Z]{3,}\b|[$<>{]", Path(path).name):
                continue
            if not list(REPOSITORY.glob(path.rstrip("/"))):
                missing.append(path)
    assert missing == []


def test_twins_exist():
    """Files that must move together name each other by paths; one in braces stands for several."""
    found, missing, paths = 0, [], []
    for folder in ("Sources", "tools/silif_tools", "python/silif", "examples"):
        paths += sorted((REPOSITORY / folder).rglob("*"))
    for path in paths:
        if path.suffix not in (".swift", ".c", ".h", ".py"):
            continue
        for line in re.findall(r"\bTwins: (.*)", path.read_text(encoding="utf-8")):
            for twin in re.findall(r"[\w/.-]+(?:\{[\w,]+\}[\w.]*)?", line):
                stem, _, rest = twin.partition("{")
                names, _, end = rest.partition("}")
                for name in names.split(",") if names else [""]:
                    twin, found = (stem + name + end).rstrip("."), found + 1
                    if not (REPOSITORY / twin).exists() or (REPOSITORY / twin) == path:
                        missing.append(f"{path.relative_to(REPOSITORY)}: {twin}")
    assert missing == [] and found > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_modules_exist(page):
    named = set(re.findall(r"\bsilif_tools(?:\.[a-z_]+)+", page.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if importlib.util.find_spec(name) is None] == []


def targets() -> set[str]:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page):
    text = page.read_text(encoding="utf-8")
    code = blocks(text) + _CODE.findall(text)
    named = set()
    for line in code:
        # What is quoted is a variable's value.
        for words in re.findall(r"(?:^|\s)make((?:\s+[^\s#;&|]+)+)", re.sub(r"'[^']*'", "", line)):
            named |= {word for word in words.split() if re.fullmatch(r"[a-z][a-z0-9-]*", word)}
    assert named - targets() == set()


def test_every_target_is_listed():
    listed = subprocess.run(["make", "-s", "help"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    assert targets() - set(re.findall(r"^  make (\S+)", listed, re.MULTILINE)) == {"help", "dependencies"}


def options(command: dict) -> set[str]:
    found = {
        ("-" if name["kind"] == "short" else "--") + name["name"]
        for argument in command.get("arguments", [])
        for name in argument.get("names", [])
    }
    return found.union(*(options(each) for each in command.get("subcommands", [])))


@pytest.mark.parametrize("command", COMMANDS)
def test_options_exist(command):
    dumped = subprocess.run(
        [built_commands().folder / command, "--experimental-dump-help"], check=True, capture_output=True, text=True
    ).stdout
    known, unknown = options(json.loads(dumped)["command"]), []
    for page in PAGES:
        for line in blocks(page.read_text(encoding="utf-8")):
            for arguments in re.findall(rf"{command}((?:\s+[^\s|#;]+)*)", line):
                given = {word.partition("=")[0] for word in arguments.split() if re.match(r"--?[a-zA-Z]", word)}
                unknown += [f"{page.name}: {command} {option}" for option in given - known]
    assert unknown == []


def rooms() -> dict[str, set[str]]:
    """docs/ARCHITECTURE.md, "The rooms": what each target imports."""
    text = (REPOSITORY / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## The rooms")[2].partition("\n## ")[0]
    found = {}
    for line in table.split("\n"):
        cells = line.split("|")
        if line.startswith("| `Sources/"):
            for name in re.findall(r"`Sources/([\w-]+)`", cells[1]):
                found[name] = set(re.findall(r"[\w-]+", cells[3])) - {"nothing"}
    return found


def test_the_rooms_import_what_architecture_says():
    listed = rooms()
    folders = {path.name for path in (REPOSITORY / "Sources").iterdir() if path.is_dir()}
    assert set(listed) == folders - {"CALSA", "CSndFile"}

    def below(name: str) -> set[str]:
        direct = listed.get(name, set())
        return direct.union(*(below(each) for each in direct))

    modules = set(listed) | {"CALSA", "CSndFile", "ArgumentParser"}
    for name in listed:
        imported = set()
        for path in (REPOSITORY / "Sources" / name).rglob("*.swift"):
            imported |= set(re.findall(r"^\s*(?:public )?import (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert (imported & modules) - below(name) - {name, "CSiLIF"} == set(), name


MODELS = sorted((REPOSITORY / "models").glob("*.silif"))


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_memory_on_card_and_cost_page_is_what_kws_model_says(model):
    command = [built_commands().folder / "kws-model", "info", model, "--format", "json"]
    memory = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["memory"]
    bytes_of = {part["name"]: part["bytes"] for part in memory["parts"]}
    card = model.with_suffix(".md").read_text(encoding="utf-8")
    assert f"{memory['flash_bytes']:,} bytes of flash or mapped file, {memory['ram_bytes']:,} bytes of RAM" in card
    network = bytes_of["network states"] + bytes_of["delay rings"] + bytes_of["network scratch"]
    # As silif_plan_memory, which Tests/SiLIFCTests/EngineTests.swift compares with what kws-model says.
    total, record = memory["ram_bytes"] + memory["c_record_bytes"], memory["c_record_bytes"]
    sizes = (total, record, network, bytes_of["front end"], bytes_of["detector"])
    row = " | ".join((f"| `{model.stem}`", *(f"{size:,}" for size in sizes), ""))
    page = (REPOSITORY / "docs" / "PERFORMANCE.md").read_text(encoding="utf-8")
    assert row in page, row
