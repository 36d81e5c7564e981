"""silif-record: record a word of your own, as `silif-words --recordings` takes it."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

from .. import __version__
from ..errors import CommandParser, ConversionError, complain
from ..own_words.take import Take, judged
from ..own_words.voices import RATE_HZ
from ..streams.files import write_sound

EPILOG = """example:
  silif-record lumos --speaker anna
  silif-words lumos --recordings my-recordings --output lumos.silif

Say it as you will say it later: near and far, at ease and in a hurry, in the rooms where it will be used."""


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "silif-record", description="Record a word of your own, over and over, through ALSA.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("word", metavar="WORD", help="what to say, and the name of its folder")
    parser.add_argument("--speaker", required=True, metavar="NAME", help="who speaks; letters and digits")
    parser.add_argument(
        "--output", type=Path, default=Path("my-recordings"), metavar="FOLDER",
        help="recordings go to FOLDER/WORD/NAME_01.wav (default my-recordings)",
    )  # fmt: skip
    parser.add_argument("--count", type=int, default=20, metavar="N", help="recordings to make (default 20)")
    parser.add_argument("--device", default="default", help="ALSA's name of the microphone (arecord -L)")
    parser.add_argument("--seconds", type=int, default=3, metavar="S", help="length of each (default 3)")
    parser.add_argument("--silent", action="store_true", help="do not play recordings back")
    parser.add_argument("--version", action="version", version=f"silif-record {__version__}")
    options = parser.parse_args(argv)
    if not re.fullmatch("[A-Za-z0-9]+", options.speaker):
        parser.error(f"--speaker {options.speaker!r}: letters and digits")
    if not re.fullmatch("[A-Za-z][A-Za-z' ]*", options.word):
        parser.error(f"{options.word!r}: a word may have letters, apostrophes and spaces")
    if options.count < 1 or not 2 <= options.seconds <= 10:
        parser.error("--count takes 1 or more, --seconds 2 to 10")
    return options


def recorded(device: str, seconds: int, folder: Path) -> Take:
    """One recording, judged. Raises ConversionError where ALSA gives none."""
    path = folder / "take.wav"
    sound = ["-f", "S16_LE", "-r", str(RATE_HZ), "-c", "1", "-d", str(seconds)]
    done = subprocess.run(["arecord", "-q", "-D", device, *sound, str(path)], capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ConversionError(f"--device {device}: arecord: {why[0]}; arecord -L lists the microphones")
    samples, _ = soundfile.read(path, dtype="int16")
    return judged(samples)


def next_path(folder: Path, speaker: str) -> Path:
    """The first name that is free."""
    number = 1
    while (path := folder / f"{speaker}_{number:02}.wav").exists():
        number += 1
    return path


def is_liked(take: Take, folder: Path) -> bool:
    """Plays it back and asks. Nothing is kept before the answer: who is interrupted there has not said so."""
    path = folder / "kept.wav"
    write_sound(path, take.pcm)
    subprocess.run(["aplay", "-q", str(path)], capture_output=True)
    return input("  Enter keeps it, x throws it away ").strip().lower() != "x"


def session(options: argparse.Namespace) -> int:
    """How many recordings were kept."""
    kept = 0
    place = options.output / options.word.lower()
    with tempfile.TemporaryDirectory() as folder:
        while kept < options.count:
            answer = input(f"{kept + 1} of {options.count}: press Enter, then say {options.word!r} (q: enough) ")
            if answer.strip().lower() == "q":
                break
            take = recorded(options.device, options.seconds, Path(folder))
            if take.wrong:
                print(f"  not kept: {'; '.join(take.wrong)}")
                continue
            if not options.silent and not is_liked(take, Path(folder)):
                continue
            path = next_path(place, options.speaker)
            write_sound(path, take.pcm)
            kept += 1
            print(f"  {path}: {take.seconds:.1f} s")
    return kept


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    try:
        if shutil.which("arecord") is None:
            raise ConversionError("arecord is not installed: sudo apt install alsa-utils")
        kept = session(options)
    except (ConversionError, OSError, soundfile.SoundFileError) as error:
        return complain("silif-record", error)
    except (KeyboardInterrupt, EOFError):
        print("\nsilif-record: stopped; what was kept is kept", file=sys.stderr)
        return 130
    print(f"{kept} recordings in {options.output / options.word.lower()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
