"""silif-operations: accuracy against synaptic operations and spikes per clip, as figure 3 of the SiLIF paper draws it;
and what a step of the networks with a front end costs, over models/demo.flac.

Everything of ours is measured by kws-score and kws-bench, instructions by valgrind where it is installed; the paper's
own points are marked as such.
"""

import sys
from pathlib import Path

from .. import __version__
from ..arguments import check_output
from ..built_commands import Commands
from ..errors import CommandParser, ConversionError, complain
from ..plot import picture
from ..plot.operations import cost_table, draw, measure_references, measure_shipped, table

_REPOSITORY = Path(__file__).resolve().parents[3]


def main(argv=None) -> int:
    parser = CommandParser(prog="silif-operations", description=__doc__)
    parser.add_argument("--build", type=Path, default=_REPOSITORY / ".build" / "release", help="folder of the commands")
    parser.add_argument("--shared", type=Path, default=_REPOSITORY.parent / "shared", help="reference/ and data/gsc/")
    parser.add_argument("--models", type=Path, nargs="+", help="networks with a front end (default: models/*.silif)")
    parser.add_argument("--output", "-o", type=picture, required=True, help="the picture (.png, .svg, .pdf)")
    parser.add_argument("--version", action="version", version=f"silif-operations {__version__}")
    arguments = parser.parse_args(argv)
    models = arguments.models or sorted((_REPOSITORY / "models").glob("*.silif"))
    try:
        check_output(arguments.output, "--output")
        commands = Commands(arguments.build)
        test_list = arguments.shared / "data" / "gsc" / "test_list.txt"
        shipped = measure_shipped(commands, models, test_list, _REPOSITORY / "models" / "demo.flac")
        references = measure_references(commands, arguments.shared / "reference")
        draw(references, shipped, arguments.output)
    except (ConversionError, OSError, RuntimeError) as error:
        return complain("silif-operations", error)
    print(table(references, shipped), cost_table(shipped), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
