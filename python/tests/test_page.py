"""Every cell of docs/PYTHON.md prints what the page shows. SILIF_WRITE=1 writes the page anew."""

import contextlib
import io
import os
import re

from conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "PYTHON.md"
_CELL = re.compile(r"```python\n(.*?)```\n```text\n(.*?)```", re.DOTALL)


def test_cells_print_what_the_page_shows(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    names: dict = {}

    def run(cell: re.Match) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(cell[1], str(PAGE), "exec"), names)
        return f"```python\n{cell[1]}```\n```text\n{printed.getvalue()}```"

    text = PAGE.read_text(encoding="utf-8")
    assert len(_CELL.findall(text)) == text.count("```python") >= 6
    made = _CELL.sub(run, text)
    if os.environ.get("SILIF_WRITE") == "1":
        PAGE.write_text(made, encoding="utf-8")
    assert made == text
