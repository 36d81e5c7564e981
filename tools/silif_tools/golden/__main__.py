"""`python -m silif_tools.golden [--check] [FOLDER]`: write, or compare with, the engine's golden models."""

import argparse
import sys
from pathlib import Path

from ..atomic import write_atomically
from ..kinds import read_model
from ..kinds.golden_case import Case
from .build import build
from .cases import CASES

FOLDER = Path(__file__).resolve().parents[3] / "Tests" / "SiLIFTests" / "Golden"


def _difference(case: Case, path: Path) -> str | None:
    if not path.exists():
        return "missing"
    stored = path.read_bytes()
    # The generator's NumPy is provenance, not content: any version must make the same tables and digest.
    fresh, _, _ = build(case, read_model(stored).provenance["numpy"])
    return None if fresh == stored else "differs"


def _check(folder: Path) -> int:
    problems = [(case.name, _difference(case, folder / f"{case.name}.silif")) for case in CASES]
    expected = {f"{case.name}.silif" for case in CASES}
    problems += [(path.stem, "is made by no case") for path in folder.glob("*.silif") if path.name not in expected]
    for name, problem in problems:
        if problem:
            print(f"{name}: {problem}", file=sys.stderr)
    return 1 if any(problem for _, problem in problems) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m silif_tools.golden", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true", help="regenerate and compare bytes; exit 1 on a difference")
    arguments = parser.parse_args()
    if arguments.check:
        return _check(arguments.folder)
    total = 0
    for case in CASES:
        data, model, trace = build(case)
        write_atomically(arguments.folder / f"{case.name}.silif", data)
        rates = model.provenance["firing_rates"]
        print(f"{case.name:24} {len(data):6} bytes  rates {rates:18} saturations {trace.saturations}")
        total += len(data)
    print(f"{len(CASES)} models, {total} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
