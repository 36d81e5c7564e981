"""docs/FEATURES.md: every feature of the others is a row, and every row has a yes of ours."""

from pathlib import Path

from shared_data import shared_folder

PAGE = Path(__file__).resolve().parents[2] / "docs" / "FEATURES.md"


def rows(page: Path) -> dict[str, list[str]]:
    """Feature -> cells, of the first table of a page."""
    lines = page.read_text(encoding="utf-8").split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("|---"))
    found = {}
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found[cells[0]] = cells[1:]
    return found


def test_every_row_has_a_yes_of_ours():
    ours = rows(PAGE)
    assert len(ours) >= 25
    assert [
        name for name, cells in ours.items() if not cells[-1].startswith("Y ") and cells[-1][:4] not in ("Y/Y ", "Y/Y/")
    ] == []


def test_no_feature_of_the_others_is_left_out():
    assert list(rows(shared_folder() / "FEATURES.md")) == list(rows(PAGE))
