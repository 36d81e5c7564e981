"""The comparison as text and as JSON."""

from dataclasses import dataclass, field

from .measure import Measured


@dataclass(eq=False)
class Row:
    """One contestant. `measured` is None where it could not run; `note` then says why."""

    name: str
    version: str = ""
    measured: Measured | None = None
    note: str = ""


@dataclass(eq=False)
class Group:
    """Contestants that do the same work; the first row is ours."""

    title: str
    unit: str
    rows: list[Row] = field(default_factory=list)

    def ratio(self, row: Row) -> float | None:
        ours = self.rows[0].measured
        return row.measured.median / ours.median if row.measured and ours else None


def as_json(groups: list[Group], conditions: dict) -> dict:
    return {
        **conditions,
        "groups": [
            {
                "title": group.title,
                "unit": group.unit,
                "rows": [
                    {
                        "name": row.name,
                        "version": row.version,
                        "median_us": round(row.measured.median, 3) if row.measured else None,
                        "rounds_us": [round(value, 3) for value in row.measured.us] if row.measured else [],
                        "times_ours": round(group.ratio(row), 2) if group.ratio(row) else None,
                        "note": row.note,
                    }
                    for row in group.rows
                ],
            }
            for group in groups
        ],
    }


def as_text(groups: list[Group], conditions: dict) -> str:
    lines = [
        f"CPU time in µs, median of {conditions['rounds']} rounds (least...most), one thread"
        + (f" on core {conditions['core']}" if conditions["core"] is not None else "")
        + f"; {conditions['processor']}; load {conditions['load']:.1f}"
    ]
    for group in groups:
        lines += ["", f"{group.title}, {group.unit}"]
        for row in group.rows:
            name = f"{row.name} {row.version}".strip()
            if row.measured is None:
                lines.append(f"  {name:58} not measured: {row.note}")
                continue
            span = f"({min(row.measured.us):.2f}...{max(row.measured.us):.2f})"
            ratio = group.ratio(row)
            times = "" if ratio is None else "1" if row is group.rows[0] else f"{ratio:.1f} times"
            lines.append(f"  {name:58} {row.measured.median:8.2f}  {span:20} {times:>11}  {row.note}".rstrip())
    return "\n".join(lines)
