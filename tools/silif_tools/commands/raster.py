"""silif-raster: a picture of a network hearing a recording: log-mel, spikes of every layer, probabilities, words."""

import sys
from pathlib import Path

from .. import __version__
from ..arguments import check_input, check_output, within
from ..errors import CommandParser, ConversionError, complain
from ..model_file.read import ModelFileError
from ..plot import picture
from ..plot.raster import draw


def main(argv=None) -> int:
    parser = CommandParser(prog="silif-raster", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--input", type=Path, required=True, help="16 kHz mono sound file")
    parser.add_argument("--output", "-o", type=picture, required=True, help="the picture (.png, .svg, .pdf)")
    parser.add_argument("--start", type=within(0), default=0.0, metavar="S", help="draw from here; all is heard")
    parser.add_argument("--end", type=within(0), metavar="S", help="and to here (default: to the end)")
    parser.add_argument("--version", action="version", version=f"silif-raster {__version__}")
    arguments = parser.parse_args(argv)
    if arguments.end is not None and arguments.end <= arguments.start:
        parser.error(f"--start {arguments.start:g}, --end {arguments.end:g}: it has to end after it starts")
    try:
        check_input(arguments.input, "--input")
        check_output(arguments.output, "--output")
        lines = draw(arguments.model, arguments.input, arguments.output, arguments.start, arguments.end)
    except (ModelFileError, ConversionError, OSError, RuntimeError, ValueError) as error:
        return complain("silif-raster", error)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
