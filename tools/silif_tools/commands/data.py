"""silif-data: lay out the Speech Commands archive and own recordings as `silif-train --data` takes them."""

import argparse
import sys
from pathlib import Path

from .. import __version__
from ..errors import CommandParser, ConversionError, complain
from ..streams.files import COMMANDS
from ..train.layout import Sources, lay_out, table

_EPILOG = """examples:
  silif-data --output data --speech-commands speech_commands_v0.02.tar.gz
  silif-data --output data --speech-commands speech_commands_v0.02.tar.gz --recordings mine --commands lamp,door
  silif-data --output data --recordings mine --commands lamp,door --made-up      (nothing is downloaded)
"""


def main(argv=None) -> int:
    parser = CommandParser(
        prog="silif-data", description=__doc__.split(": ", 1)[1], epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--output", "-o", type=Path, required=True, help="the folder to make, for silif-train --data")
    parser.add_argument(
        "--speech-commands", type=Path, metavar="PATH", help="speech_commands_v0.02.tar.gz, or its unpacked folder"
    )
    parser.add_argument(
        "--recordings",
        type=Path,
        metavar="FOLDER",
        help="own recordings: WORD/SPEAKER_anything.wav",
    )
    parser.add_argument(
        "--commands", default=",".join(COMMANDS), metavar="WORDS",
        help="comma-separated: the words to tell apart; Speech Commands' other words become other speech"
        " (default: its ten commands)",
    )  # fmt: skip
    for part, what in (
        ("noise", "background noise"),
        ("speech", "running speech without the commands"),
        ("words", "other words"),
    ):
        parser.add_argument(
            f"--{part}", type=Path, metavar="FOLDER", action="append", default=[], help=f"recordings of {what}"
        )
    parser.add_argument(
        "--made-up", action="store_true",
        help="make noise, sentences and single words on this machine too, in every voice that it has (espeak-ng)",
    )  # fmt: skip
    parser.add_argument(
        "--most", type=int, default=400, metavar="N",
        help="clips of each command from the archive, in each split; of other words a quarter (default 400)",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"silif-data {__version__}")
    arguments = parser.parse_args(argv)
    if arguments.most < 4:
        parser.error(f"--most {arguments.most}: give 4 or more")
    sources = Sources(
        commands=tuple(word.strip() for word in arguments.commands.split(",")),
        speech_commands=arguments.speech_commands,
        recordings=arguments.recordings,
        noise=arguments.noise,
        speech=arguments.speech,
        words=arguments.words,
        most=arguments.most,
    )

    def made_up() -> dict[str, Path]:
        # Says words, and loads what that takes.
        from ..own_words import made_up
        from ..own_words.progress import Progress
        from ..own_words.request import free_cores

        progress = Progress({"speaking": 60.0})
        progress.start("speaking")
        return made_up.make(
            arguments.output / "made-up", list(sources.commands), made_up.AMOUNTS, free_cores(), progress.at
        )

    try:
        made = lay_out(sources, arguments.output, made_up if arguments.made_up else dict)
        print("\n".join(table(made)))
    except (ConversionError, OSError, ValueError) as error:
        return complain("silif-data", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
