"""The network of averaged weights out of a running training's checkpoint, as NAME.pth with NAME.json, to be exported.

python -m silif_tools.train.from_checkpoint kws12 runs/kws12-stream.checkpoint runs/now.pth
silif-export runs/now.pth -o now.silif
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from silif_tools.atomic import write_atomically
from silif_tools.errors import complain
from silif_tools.train import recipe as recipes
from silif_tools.train.fbank import BANDS
from silif_tools.train.loop import save
from silif_tools.train.network import Network
from silif_tools.train.sequence_session import STEP, inputs_of
from silif_tools.train.session import FRONT_END, untrained


def network_of(recipe: dict, state: dict) -> Network:
    """state: what the stream stage saved at its last report, or a checkpoint that was stored at one. Between reports
    the normalisation of a checkpoint's averaged network is not settled."""
    network = untrained(recipe, inputs_of(recipe) if "sequences" in recipe else BANDS)
    if any(key.endswith("log_scale") for key in state["mean"]):
        bits = recipe["stream"]["finish"] if "stream" in recipe else recipes.rounds(recipe)[-1]["training"]
        network.quantize(bits["weight_bits"])
    network.load_state_dict(state["mean"])
    network.eval()
    return network


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m silif_tools.train.from_checkpoint", description=__doc__.splitlines()[0]
    )
    parser.add_argument("recipe", help="a recipe file, or the name of one that comes with the package")
    parser.add_argument(
        "checkpoint",
        type=Path,
        help="NAME-stream.settled, NAME.settled of sequences, or a checkpoint stored at a report",
    )
    parser.add_argument("output", type=Path, metavar="PTH")
    options = parser.parse_args(argv)
    try:
        recipe = recipes.load(recipes.find(options.recipe))
        state = torch.load(options.checkpoint, weights_only=True, map_location="cpu")
        network = network_of(recipe, state)
    except (recipes.BadRecipe, OSError, RuntimeError, KeyError) as error:
        return complain("silif_tools.train.from_checkpoint", error)
    about = {"name": options.output.stem, "words": recipe["words"]}
    about |= STEP if "sequences" in recipe else {"step_ms": 10, "front_end": FRONT_END}
    save(network.result(), options.output)
    text = json.dumps(about | {"delay": recipe.get("delay"), "recipe": recipe, "seed": recipe["seed"]}, indent=2)
    write_atomically(options.output.with_suffix(".json"), text + "\n")
    print(f"{options.output}: step {state['step']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
