"""What is written down of the kinds' tables outside of Python, made from the schema.

- docs/MODEL-FORMAT.md: the kinds, and the tables of a layer;
- tools/scripts/worst_case_model.py: what it skips and fills, for it runs without any package.
"""

from collections.abc import Callable
from pathlib import Path

from ..model_file.schema import CONNECTION, DELAYS, RECURRENT, Table
from . import KINDS

ROOT = Path(__file__).resolve().parents[3]
_COMMAND = "python -m silif_tools.kinds"
_SHORT = {"int32": "i32", "int16": "i16", "int8": "i8", "uint8": "u8"}


def _rows() -> list[tuple[str, str, str, str]]:
    """(table, type, kinds, meaning), in an order in which each kind finds its tables in the file's order."""
    rows = [("weights", "i8 or i16 [inputs · P]", "all", "for each input the weights to all outputs; of 4 bits u8"
             " [inputs · P/2], see below")]  # fmt: skip
    rows += [(table.name, f"{_SHORT[table.dtype]} [P]", "all", table.meaning) for table in CONNECTION]
    rows.append((DELAYS.name, _SHORT[DELAYS.dtype], "with delays", DELAYS.meaning))
    rows.append(("recurrent_weights", "as weights, [outputs · P]", "with own spikes", "from each neuron to all"))
    rows += [(table.name, f"{_SHORT[table.dtype]} [P]", "with own spikes", table.meaning) for table in RECURRENT]
    found: dict[Table, list[str]] = {}
    for kind in KINDS:
        for table in kind.tables:
            found.setdefault(table, []).append(kind.title)
    for table, titles in found.items():
        who = "all" if len(titles) == len(KINDS) else ", ".join(titles)
        size = {0: "P", 1: "P · Q"}.get(table.each, f"P · Q · {table.each}")
        rows.append((table.name, f"{_SHORT[table.dtype]} [{size}]", who, table.meaning))
    return rows


def format_page() -> str:
    """The generated part of docs/MODEL-FORMAT.md."""
    kinds = ", ".join(f"{kind.number} {kind.title}" for kind in KINDS)
    rows = "\n".join("| " + " | ".join(row) + " |" for row in _rows())
    return (
        f"Kinds: {kinds}.\n\nP is outputs rounded up to a multiple of 16, Q is state_pairs. What lies between outputs"
        " and P must be zero in every table. Weights, scale_mantissa, scale_shift and bias of S4D-GLU have 2 · P"
        f" columns: first those of n, then those of m.\n\n| table | type | kinds | |\n|---|---|---|---|\n{rows}\n"
    )


def _python_rows(tables: tuple[Table, ...], indent: str) -> str:
    code = {"int32": "i", "int16": "h", "int8": "b", "uint8": "B"}
    return "".join(f'{indent}("{t.name}", "{code[t.dtype]}", {t.worst}, {t.each}),\n' for t in tables)


def worst_case_tables() -> str:
    """The generated part of tools/scripts/worst_case_model.py."""
    kinds = "".join(
        f"    {kind.number}: (  # {kind.title}\n{_python_rows(kind.tables, ' ' * 8)}    ),\n"
        if kind.tables
        else f"    {kind.number}: (),  # {kind.title}\n"
        for kind in KINDS
    )
    branches = ", ".join(f"{kind.number}: {kind.branches}" for kind in KINDS if kind.branches > 1)
    return (
        f"CONNECTION = (\n{_python_rows(CONNECTION, '    ')})\n"
        f"RECURRENT = (\n{_python_rows(RECURRENT, '    ')})\n"
        f"# Columns of weights for each output, where there are several.\nBRANCHES = {{{branches}}}\n"
        f"KINDS = {{\n{kinds}}}\n"
    )


# File, what begins and ends its generated part, what stands there.
PARTS: tuple[tuple[Path, str, str, Callable[[], str]], ...] = (
    (ROOT / "docs/MODEL-FORMAT.md", f"<!-- begin: made by `{_COMMAND}` -->\n", "<!-- end -->\n", format_page),
    (
        ROOT / "tools/scripts/worst_case_model.py",
        f"# begin: made by `{_COMMAND}`\n",
        "# end\n",
        worst_case_tables,
    ),
)


def current_text(path: Path, begin: str, end: str, make: Callable[[], str]) -> str:
    """The file as it should be. Raises ValueError where its marks are missing."""
    before, mark, rest = path.read_text().partition(begin)
    _, stop, after = rest.partition(end)
    if not mark or not stop:
        raise ValueError(f"{path}: no part between {begin.strip()} and {end.strip()}")
    return before + mark + make() + stop + after
