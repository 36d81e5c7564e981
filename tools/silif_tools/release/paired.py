"""What integers changed against a float network, clip by clip: `python -m silif_tools.release.paired`."""

import argparse
import sys
from pathlib import Path

from ..errors import ConversionError
from ..export.clips import load_list
from ..export.compare import Comparison, compare
from ..export.convert import Conversion
from ..export.fold import fold
from ..export.state_dict import load_state_dict
from ..integer.clip_scores import heard_frames
from ..integer.frontend import FRONT_END
from ..model_file.read import read_model


def measure(checkpoint: Path, model: Path, lists: list[Path]) -> dict[str, Comparison]:
    """The float network of a checkpoint against a model file, run by the integer reference, on lists of clips."""
    conversion = Conversion(read_model(model), fold(load_state_dict(checkpoint)))
    found = {}
    for path in lists:
        model_tables = conversion.model
        clips = load_list(path, path.parent, model_tables.words, heard_frames(model_tables), FRONT_END)
        found[path.stem] = compare(conversion, *clips)
    return found


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="silif_tools.release.paired", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="float state dict (.pth)")
    parser.add_argument("model", type=Path, help="model file (.silif) with a front end")
    parser.add_argument("lists", type=Path, nargs="+", help="lists of clips, beside their folders")
    arguments = parser.parse_args(argv)
    try:
        found = measure(arguments.checkpoint, arguments.model, arguments.lists)
    except (ConversionError, OSError, ValueError) as error:
        print(f"silif_tools.release.paired: {error}", file=sys.stderr)
        return 1
    together = sum(list(found.values())[1:], start=next(iter(found.values())))
    for name, one in [*found.items(), ("all", together)]:
        print(
            f"{name}: {one.clips} clips, float {100 * one.float_accuracy:.2f} %,"
            f" fixed {100 * one.fixed_accuracy:.2f} %, right in {one.paired()}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
