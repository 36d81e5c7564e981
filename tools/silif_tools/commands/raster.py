"""silif-raster: a picture of a network hearing a recording: log-mel, spikes of every layer, probabilities, words."""

import sys
from pathlib import Path

from .. import __version__
from ..errors import CommandParser, ConversionError, complain
from ..model_file.read import ModelFileError
from ..plot import picture
from ..plot.raster import draw


def main(argv=None) -> int:
    parser = CommandParser(prog="silif-raster", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--input", type=Path, required=True, help="16 kHz mono sound file")
    parser.add_argument("--output", type=picture, required=True, help="the picture (.png, .svg, .pdf)")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="draw from here (the network hears all)")
    parser.add_argument("--end", type=float, metavar="S")
    parser.add_argument("--version", action="version", version=f"silif-raster {__version__}")
    arguments = parser.parse_args(argv)
    try:
        lines = draw(arguments.model, arguments.input, arguments.output, arguments.start, arguments.end)
    except (ModelFileError, ConversionError, OSError, RuntimeError) as error:
        return complain("silif-raster", error)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
