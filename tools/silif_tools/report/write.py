"""Writes the page beside its target, then renames it."""

from importlib.util import find_spec
from pathlib import Path

from ..arguments import check_apart
from ..atomic import write_atomically
from ..errors import ConversionError
from ..export.convert import Conversion
from .evidence import Evidence
from .observe import EvaluationData
from .origin import Origin


def check_report_path(report: Path, origin_paths: list[Path]) -> None:
    """Raises ConversionError, before any work is done, where no report could be written there."""
    if find_spec("matplotlib") is None:
        raise ConversionError("the report needs matplotlib: pip install -e 'tools[plot]', or leave --report out")
    if report.is_dir():
        raise ConversionError(f"--report {report}: that is a folder; name a file in it")
    check_apart(report, "--report", origin_paths, "the page")


def write_report(path: Path, conversion: Conversion, data: EvaluationData, origin: Origin, evidence: Evidence) -> int:
    """Returns the page's size in bytes."""
    # Only here: drawing takes seconds to import, and most exports do without.
    from .page import report_page

    page = report_page(conversion, data, origin, evidence).encode()
    write_atomically(path, page)
    return len(page)
