"""silif-words: from typed words to a listener for them, in one command."""

import argparse
import os
import signal
import sys
from pathlib import Path

from .. import __version__
from ..errors import CommandParser, ConversionError, complain, visible

EPILOG = """examples:
  silif-words lumos "hey computer" --output my.silif
  silif-words lumos --recordings my-recordings --output my.silif     (my-recordings/lumos/anna_01.wav, ...)
  silif-words alexa --thorough --output alexa.silif                  (a quarter of an hour; better in noise)
  kws-listen --model my.silif

A run that was stopped goes on where it was when the same command is given again."""


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "silif-words", description="Make a model that hears words of your own: it speaks them in every voice that this"
        " machine has, learns to tell them from all else, and says in a card how well it does.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("words", nargs="+", metavar="WORD", help="a word, or some said as one: 'hey computer'")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="MODEL", help="the .silif file to write")
    parser.add_argument(
        "--recordings", type=Path, metavar="FOLDER", help="recordings too, a folder for each word: WORD/SPEAKER_x.wav"
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="five times the speech, twice the training: a quarter of an hour; better in noise",
    )
    parser.add_argument(
        "--alarms", type=float, default=1.0, metavar="N", help="false alarms an hour to tune for (default 1)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another one gives another network (default 1)")
    parser.add_argument(
        "--processes", type=int, metavar="N", help="for speaking, rooms and noise; the result does not depend on it"
        " (default: one for each core that is free now)",
    )  # fmt: skip
    parser.add_argument(
        "--start", default="kws12-stream", metavar="MODEL", help="the model to start from (default kws12-stream)"
    )
    parser.add_argument("--version", action="version", version=f"silif-words {__version__}")
    options = parser.parse_args(argv)
    if not 0.1 <= options.alarms <= 60:
        parser.error(f"--alarms {options.alarms:g}: give 0.1 to 60")
    if not 0 <= options.seed < 2**63:
        parser.error(f"--seed {options.seed}: give 0 to 2^63 - 1")
    if options.processes is not None and options.processes < 1:
        parser.error(f"--processes {options.processes}: give 1 or more")
    return options


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    # Whoever ends it ends it as Ctrl-C does, with the processes that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Before numpy is loaded: with more threads its sums come in another order.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from ..own_words.place import card_of
    from ..own_words.request import Request, check, free_cores

    request = Request(
        options.words, options.output, options.recordings, options.thorough, options.seed, options.start, options.alarms
    )
    try:
        checked = check(request)
        for remark in checked.remarks:
            print(f"note: {visible(remark)}", file=sys.stderr)
        processes = options.processes or free_cores()
        from ..own_words.card import heard
        from ..own_words.make import make

        found = make(request, checked, processes)
    except (ConversionError, OSError, ValueError, MemoryError) as error:
        return complain("silif-words", error)
    except KeyboardInterrupt:
        print("\nsilif-words: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(visible(f"{options.output}: {heard(found)}, in the check"))
    print(visible(f"{card_of(options.output)}: what that was measured on, and how to say it"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
