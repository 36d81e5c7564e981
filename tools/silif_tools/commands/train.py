"""silif-train: from recordings to a trained network, all stages of a recipe in one command."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import LARGEST_SEED, within
from ..errors import CommandParser, complain
from ..plot import training_curve
from ..train import material, sequence_session, session
from ..train import recipe as recipes
from ..train.waveform import session as wave_session

EXAMPLES = """examples:
  silif-train kws12-silif --data ../shared/data --output runs
  silif-train kws12-cpu --data ../shared/data --output runs --speech-commands speech_commands_v0.02.tar.gz
  silif-train my-words.toml --data ../shared/data --output runs --folders my-recordings   (one folder a word)
  silif-train kws12-stream --data ../shared/data --output runs --start runs/kws12-silif.pth
  silif-train kws12-silif --data ../shared/data --output runs --start float.pth   (only the rounds with weight_bits)
  silif-train kws12 --data ../shared/data --output runs --device cuda --embedding openwakeword-0.5.1-py3-none-any.whl
  silif-train smnist-s4d --data ../shared/data/sequences --output runs            (mnist.npz or IDX files)
"""

DATA = "folder with gsc, noise, speech and words; for sequences of numbers, with mnist.npz or the like"
START = (
    "a trained network of the recipe's shape, its .pth or a model file: go straight to [stream], or else to the rounds"
    " with weight_bits"
)

EMBEDDING = (
    "for recipes with [waveforms]: Google's speech embedding, in the wheel of openwakeword 0.5.1 or its"
    " embedding_model.onnx"
)

MOST_THREADS = 1024
SEED = (
    "another run of the recipe: the network begins and draws its batches from this number; the recordings' variants and"
    " the teachers stay as the recipe's seed makes them"
)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "silif-train", description="Train a spiking network from a recipe.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("recipe", help="a recipe file, or the name of one that comes with the package")
    parser.add_argument("--data", type=Path, required=True, help=DATA)
    parser.add_argument("--output", type=Path, required=True, help="folder for NAME.pth, NAME.json and checkpoints")
    labelled = parser.add_mutually_exclusive_group()
    labelled.add_argument("--speech-commands", type=Path, help="Speech Commands v0.02 (folder or tar.gz), not data/gsc")
    labelled.add_argument("--folders", type=Path, help="your own recordings, one folder a word, not data/gsc")
    parser.add_argument(
        "--threads", type=within(1, MOST_THREADS, int), default=min(os.cpu_count() or 1, MOST_THREADS), metavar="N",
        help="default: all processors",
    )  # fmt: skip
    parser.add_argument(
        "--device", default="cpu", help="cuda: the float rounds compute on a GPU, those in integers here (default: cpu)"
    )
    parser.add_argument("--embedding", type=Path, metavar="FILE", help=EMBEDDING)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the output folder")
    parser.add_argument("--seed", type=within(0, LARGEST_SEED, int), metavar="N", help=SEED)
    parser.add_argument("--start", type=Path, metavar="FILE", help=START)
    parser.add_argument("--quick", action="store_true", help="a thousandth of the steps: is everything there?")
    parser.add_argument("--version", action="version", version=f"silif-train {__version__}")
    return parser.parse_args(argv)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, PyTorch or a GPU says so; PyTorch has no type for the processor's memory."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "alloc_cpu" in str(error)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    np.seterr(divide="ignore")
    try:
        recipe = recipes.load(recipes.find(options.recipe))
        if options.seed is None:
            options.seed = recipe["seed"]
        if options.embedding and "waveforms" not in recipe:
            raise recipes.BadRecipe(f"--embedding: recipe {recipe['name']} has no [waveforms]; leave it out")
        if "sequences" in recipe:
            sequence_session.run(options, recipe, training_curve.draw if training_curve.can_draw() else None)
        elif "waveforms" in recipe:
            wave_session.run(options, recipe)
        else:
            session.run(options, recipe)
    except recipes.BadRecipe as error:
        complain("silif-train", error)
        return 2
    except (material.MissingData, OSError, ValueError) as error:
        return complain("silif-train", error)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return complain("silif-train", ValueError("not enough memory: give a smaller batch or fewer variants"))
    except KeyboardInterrupt:
        print("silif-train: stopped; --resume goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
