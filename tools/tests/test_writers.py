"""Files that the package writes appear whole or not at all: each call that writes one is in a block of `replacing`."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "silif_tools"

# Sources and golden files, which git keeps, and what lies in a folder that goes away or is renamed whole.
IN_PLACE = {
    "commands/bench_peers.py",
    "integer/curve_tables.py",
    "integer/frontend_golden.py",
    "integer/frontend_tables.py",
    "integer/resampler_golden.py",
    "kinds/__main__.py",
    "peers/networks.py",
    "train/archive.py",
    "train/bank.py",
}
METHODS = {"write_text", "write_bytes", "savefig"}
FUNCTIONS = {"np.save", "np.savez", "np.savez_compressed", "soundfile.write", "torch.save"}
SAFE = ("replacing(", "TemporaryDirectory(")


def writes(call: ast.Call) -> bool:
    """Whether it writes a file, and not into a buffer in memory."""
    name, arguments = ast.unparse(call.func), [ast.unparse(argument) for argument in call.args]
    if name in FUNCTIONS or name.rpartition(".")[2] in METHODS:
        return arguments[:1] != ["buffer"]
    return name.rpartition(".")[2] == "open" and any(mode in arguments for mode in ("'w'", "'wb'", "'a'", "'ab'"))


def writers_in_place(source: str) -> list[int]:
    """The lines of calls that write a file and lie in no block that makes it safe."""
    found = []

    def visit(node: ast.AST, is_safe: bool) -> None:
        if isinstance(node, ast.With):
            is_safe = is_safe or any(name in ast.unparse(item) for item in node.items for name in SAFE)
        if isinstance(node, ast.Call) and not is_safe and writes(node):
            found.append(node.lineno)
        for child in ast.iter_child_nodes(node):
            visit(child, is_safe)

    visit(ast.parse(source), False)
    return found


def modules() -> list[str]:
    """All but the peers' workers, which run in another environment, and the atomic writer itself."""
    paths = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return [path.as_posix() for path in paths if path.parts[:2] != ("peers", "workers") and path.name != "atomic.py"]


@pytest.mark.parametrize("name", modules())
def test_files_are_written_atomically(name):
    lines = writers_in_place((PACKAGE / name).read_text(encoding="utf-8"))
    assert bool(lines) == (name in IN_PLACE), f"{name}: lines {lines} write a file in place; see silif_tools.atomic"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("path.write_text(x)", 1),
        ("with replacing(path) as t:\n    t.write_bytes(x)", 0),
        ("with replacing(path) as t, t.open('wb') as f:\n    np.save(f, x)", 0),
        ("np.save(path, x)", 1),
        ("with path.open('w') as f:\n    f.write(x)", 1),
        ("open(path).read()", 0),
        ("torch.save(state, path)", 1),
        ("figure.savefig(buffer)", 0),
    ],
)
def test_the_test_sees_writers(source, count):
    assert len(writers_in_place(source)) == count
