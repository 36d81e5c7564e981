"""silif-cross-check: a PyTorch module beside the network that was made of it, spike by spike."""

import sys
from pathlib import Path

from .. import __version__
from ..arguments import within
from ..errors import CommandParser, ConversionError, complain, visible
from ..export.clips import load_input
from ..export.cross_check import cross_check, load_module
from ..kinds import read_model


def _arguments(argv):
    parser = CommandParser(
        prog="silif-cross-check",
        description="Run a PyTorch module beside its converted network, and name the first step and neuron that differ."
        " This runs the module's code. Exit status: 0 where enough spikes are equal, 3 where not, 1 on errors.",
        epilog="example: silif-cross-check mine.silif train.py:make_network frames.npy --layout step",
    )
    parser.add_argument("model", type=Path, help="the converted network (.silif)")
    parser.add_argument("module", help="FILE.py:NAME, a torch.nn.Module with its weights, or a function that makes one")
    parser.add_argument("frames", type=Path, help="input for both: .npy [clip, step, input] of counts")
    parser.add_argument(
        "--layout",
        choices=("step", "time-first", "batch-first"),
        default="step",
        help="what the module takes: a step in each call (the default), or clips [step, 1, input] or [1, step, input]",
    )
    parser.add_argument("--parts", help="comma-separated names of the module's layers of neurons (default: found)")
    parser.add_argument(
        "--least", type=within(0, 100), default=99.0, metavar="PERCENT", help="of equal spikes (default 99)"
    )
    parser.add_argument("--version", action="version", version=f"silif-cross-check {__version__}")
    return parser.parse_args(argv)


def run(arguments) -> tuple[list[str], bool]:
    """(lines, whether every layer has as many equal spikes as asked). Raises ConversionError."""
    model = read_model(arguments.model)
    frames = load_input(arguments.frames, model.layers[0].inputs)
    if abs(int(frames.max())) > model.input_limit or abs(int(frames.min())) > model.input_limit:
        raise ConversionError(f"{arguments.frames}: counts beyond ±{model.input_limit}, the model's largest input")
    names = arguments.parts.split(",") if arguments.parts else None
    found = cross_check(model, load_module(arguments.module), frames.astype("int16"), arguments.layout, names)
    return [each.line() for each in found], all(100 * each.share >= arguments.least for each in found)


def main(argv=None) -> int:
    try:
        lines, is_equal = run(_arguments(argv))
    except (ConversionError, OSError, ValueError, MemoryError) as error:
        return complain("silif-cross-check", error)
    print("\n".join(visible(line) for line in lines))
    return 0 if is_equal else 3


if __name__ == "__main__":
    sys.exit(main())
