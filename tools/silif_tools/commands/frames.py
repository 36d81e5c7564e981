"""silif-frames: a file of the Heidelberg sets becomes frames and labels for kws-score and silif-export."""

import math
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import check_input, check_output
from ..atomic import replacing
from ..errors import CommandParser, ConversionError, complain
from ..events.bin import Binning, counts
from ..events.read import EventError, Recordings, recordings
from ..model_file.bounds import MAXIMUM_CLIP_STEPS

# Seconds and steps of a clip as the authors have them (configs/*.yaml), by set and step in ms.
_CLIPS = {("ssc", 4): (1.2, 300), ("shd", 4): (1.0, 250), ("ssc", 10): (1.0, 100), ("shd", 10): (1.0, 100)}
_SETS = ("ssc", "shd")
_LARGEST = np.iinfo(np.uint8).max


def _arguments(argv):
    parser = CommandParser(
        prog="silif-frames",
        description="Bin the spikes of SHD or SSC into frames: 700 channels in groups of 5, as the SiLIF authors do.",
        epilog="example: silif-frames ssc_test.h5 --output ssc_test   writes ssc_test.npy and ssc_test-labels.npy",
    )
    parser.add_argument("file", type=Path, help="shd_*.h5 or ssc_*.h5")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="NAME", help="NAME.npy, NAME-labels.npy")
    parser.add_argument("--set", choices=_SETS, help="which set it is (default: by the file's name)")
    parser.add_argument("--step-ms", type=int, choices=(4, 10), default=4, help="duration of a step (default 4)")
    parser.add_argument("--steps", type=int, metavar="N", help="steps of a clip (default: the authors')")
    parser.add_argument("--duration", type=float, metavar="S", help="seconds of a clip (default: the authors')")
    parser.add_argument("--group", type=int, default=5, metavar="N", help="channels that are summed (default 5)")
    parser.add_argument("--version", action="version", version=f"silif-frames {__version__}")
    return parser.parse_args(argv)


def _binning(arguments) -> Binning:
    name = arguments.set or next((key for key in _SETS if arguments.file.name.lower().startswith(key)), None)
    if name is None and None in (arguments.steps, arguments.duration):
        raise EventError(f"{arguments.file}: say which set it is: --set shd or --set ssc")
    duration_s, steps = _CLIPS.get((name, arguments.step_ms), (None, None))
    duration_s = arguments.duration if arguments.duration is not None else duration_s
    steps = arguments.steps if arguments.steps is not None else steps
    if not 2 <= steps <= MAXIMUM_CLIP_STEPS or not 0 < duration_s < math.inf:
        raise EventError(
            f"--steps {steps}, --duration {duration_s:g}: give 2 to {MAXIMUM_CLIP_STEPS} steps, and some seconds"
        )
    if arguments.group < 1 or 700 % arguments.group:
        raise EventError(f"--group {arguments.group}: give a divisor of 700")
    return Binning(duration_s, steps, arguments.group)


def _write_frames(path: Path, source: Recordings, binning: Binning) -> tuple[int, int]:
    """Streams [clip, step, input] uint8 into an .npy file. Returns (spikes, spikes left out)."""
    with replacing(path) as temporary:
        shape = (len(source), binning.steps, binning.inputs)
        frames = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
        total = late = 0
        for index in range(len(source)):
            times, units = source.clip(index)
            found, left_out = counts(times, units, binning)
            if found.max() > _LARGEST:
                raise EventError(f"{source.path}: clip {index} has a count of {found.max()}; {_LARGEST} fits a frame")
            frames[index] = found
            total, late = total + len(times), late + left_out
        frames.flush()
        del frames
    return total, late


def bin_file(arguments) -> list[str]:
    check_input(arguments.file)
    binning = _binning(arguments)
    frames_path = arguments.output.with_name(f"{arguments.output.name}.npy")
    labels_path = arguments.output.with_name(f"{arguments.output.name}-labels.npy")
    for path in (frames_path, labels_path):
        check_output(path, "--output")
    with recordings(arguments.file) as source:
        total, late = _write_frames(frames_path, source, binning)
        with replacing(labels_path) as temporary, temporary.open("wb") as file:
            np.save(file, source.labels.astype(np.int32))
        lines = [
            f"{frames_path}: {len(source)} clips of {binning.steps} steps, {binning.inputs} inputs, {total} spikes",
            f"{labels_path}: classes {source.labels.min()} to {source.labels.max()}",
        ]
        if late:
            lines.append(f"{late} spikes after {binning.duration_s:g} s left out")
        if late > total / 2:
            lines.append("note: that is most of them; times are in seconds")
        if source.words:
            lines.append(f"--words {','.join(source.words)}")
    return lines


def main(argv=None) -> int:
    try:
        print("\n".join(bin_file(_arguments(argv))))
    except (EventError, ConversionError, OSError) as error:
        return complain("silif-frames", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
