"""The package is a house of floors: no module imports from a floor above its own, whether at its top or inside a
function, and packages of one floor do not import each other in a circle."""

import ast
import tomllib
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1]
PACKAGE = TOOLS / "silif_tools"

# From the ground up. A name is a package of silif_tools, or a module that lies in none.
FLOORS = (
    {
        "__init__",
        "arguments",
        "arrays",
        "atomic",
        "built_commands",
        "errors",
        "fixed_point",
        "model_file",
        "processes",
        "sound",
        "text",
    },
    {"integer", "kinds"},
    {"events", "export", "golden", "streams", "train"},
    {"own_words", "peers", "plot", "release", "report", "studies"},
    {"commands"},
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}


def modules() -> dict[str, ast.Module]:
    """Dotted name below silif_tools -> syntax tree. The peers' workers run in another environment, each by itself."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[:2] != ("peers", "workers"):
            found[".".join(parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imported(name: str, tree: ast.Module) -> set[str]:
    """The rooms of silif_tools (keys of FLOOR_OF) that a module imports from, anywhere in it."""
    package = ["silif_tools", *name.split(".")[:-1]]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            parts = target.split(".")
            if parts[0] == "silif_tools":
                inside = len(parts) > 2 or any((PACKAGE / name).exists() for name in (parts[-1], f"{parts[-1]}.py"))
                found.add(parts[1] if inside else "__init__")
    return found


def room(name: str) -> str:
    return name.split(".")[0]


def test_every_package_has_a_floor_and_every_floor_its_packages():
    assert {room(name) for name in MODULES} == set(FLOOR_OF)


@pytest.mark.parametrize("name", MODULES)
def test_no_import_runs_upwards(name):
    own = FLOOR_OF[room(name)]
    above = {other for other in imported(name, MODULES[name]) if FLOOR_OF[other] > own}
    assert not above, f"{name} (floor {own}) imports from {', '.join(sorted(above))}, which lie above it"


def test_no_packages_import_each_other_in_a_circle():
    below = {name: set() for name in FLOOR_OF}
    for name, tree in MODULES.items():
        below[room(name)] |= imported(name, tree) - {room(name)}
    while below:
        free = {name for name, needs in below.items() if not needs & set(below)}
        assert free, f"a circle among {', '.join(sorted(below))}"
        below = {name: needs for name, needs in below.items() if name not in free}


def test_the_commands_are_on_top():
    scripts = tomllib.loads((TOOLS / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    for entry in scripts.values():
        module, _, function = entry.partition(":")
        assert module.removeprefix("silif_tools.") in MODULES and module.startswith("silif_tools.commands.")
        assert function == "main"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ..commands.train import main", {"commands"}),
        ("def hidden():\n    from silif_tools.commands import train", {"commands"}),
        ("import silif_tools.report.page", {"report"}),
        ("from .. import __version__, report", {"__init__", "report"}),
        ("from .quantize import row_scales", {"export"}),
        ("import numpy as np", set()),
    ],
)
def test_the_test_sees_imports_wherever_they_are(source, expected):
    assert imported("export.fold", ast.parse(source)) == expected
