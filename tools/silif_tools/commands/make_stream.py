"""silif-make-stream: a test stream and its truth from lists of recordings, a seed and a signal-to-noise ratio."""

import sys
from pathlib import Path

from .. import __version__
from ..arguments import LARGEST_SEED, check_input, check_output, within
from ..errors import CommandParser, ConversionError, complain
from ..streams.compose import RATE_HZ
from ..streams.files import COMMANDS, composed, concatenate, write_stream


def main(argv=None) -> int:
    parser = CommandParser(
        prog="silif-make-stream",
        description="Make a stream of words at known times in noise and other speech, and its truth (CSV beside it).",
        epilog="example: silif-make-stream --words ../shared/data/gsc/test_list.txt"
        " --noise ../shared/data/noise/test_list.txt --speech ../shared/data/speech/test_list.txt"
        " --snr 10 --seed 1 --output /tmp/stream10.flac",
    )
    parser.add_argument("--words", type=Path, metavar="LIST", help="list of clips; the folder is the word")
    parser.add_argument(
        "--keep", nargs="+", metavar="WORD", help="the words of that list to say (default: the ten commands)"
    )
    parser.add_argument("--noise", type=Path, metavar="LIST", help="list of noise recordings")
    parser.add_argument("--speech", type=Path, metavar="LIST", help="list of other speech, for the gaps")
    parser.add_argument(
        "--concatenate", type=Path, metavar="LIST", nargs="+", help="instead: these lists, one after another, no words"
    )
    parser.add_argument("--snr", type=within(-60, 100), default=10.0, metavar="DB", help="word over noise (default 10)")
    parser.add_argument("--seed", type=within(0, LARGEST_SEED, int), default=1)
    parser.add_argument(
        "--output", "-o", type=Path, required=True, help=".flac or .wav; the truth goes to the same name with .csv"
    )
    parser.add_argument("--version", action="version", version=f"silif-make-stream {__version__}")
    arguments = parser.parse_args(argv)
    if bool(arguments.words) == bool(arguments.concatenate):
        parser.error("give either --words or --concatenate")
    if arguments.keep and not arguments.words:
        parser.error("--keep belongs to --words")
    if arguments.output.suffix.lower() not in (".flac", ".wav"):
        parser.error(f"--output {arguments.output}: give a name that ends in .flac or .wav")
    try:
        for option in ("words", "noise", "speech"):
            check_input(getattr(arguments, option), f"--{option}")
        for each in arguments.concatenate or ():
            check_input(each, "--concatenate")
        check_output(arguments.output, "--output")
        if arguments.concatenate:
            samples, truth = concatenate(arguments.concatenate), []
        else:
            samples, truth = composed(
                arguments.words,
                arguments.noise,
                arguments.speech,
                snr_db=arguments.snr,
                seed=arguments.seed,
                kept=arguments.keep or COMMANDS,
            )
        write_stream(arguments.output, samples, truth)
    except (ConversionError, OSError, ValueError) as error:
        return complain("silif-make-stream", error)
    print(f"{arguments.output}: {len(samples) / RATE_HZ / 3600:.3f} h, {len(truth)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
