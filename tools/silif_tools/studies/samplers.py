"""One trained P-SpikeSSM network, read by every sampler: what the draws cost.

    python -m silif_tools.studies.samplers runs/psmnist-pspike.pth --data ../shared/data/sequences
    python -m silif_tools.studies.samplers runs/kws12-pspike.pth --data ../shared/data --split validation

The paper's sampler (a draw for each neuron), one draw for all neurons of a layer and step, and error feedback run as
the engine runs them, int8, with kws-score over five seeds; the probabilities themselves in place of spikes in float.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from ..built_commands import Commands
from ..errors import complain
from ..model_file.tables import Sampler
from ..train.session import keep_memory
from .trained import ERRORS, Clips, Trained, add_options, clips_of

HEAD = """| sampler | mean, % | lowest, % | highest, % | spikes a clip | draws a step |
|---|---|---|---|---|---|"""
NAMES = {
    Sampler.DRAWS: "a draw for each neuron (the paper's)",
    Sampler.SHARED: "one draw for all neurons of a layer",
    Sampler.FEEDBACK: "error feedback (ours)",
}


def draws(sampler: Sampler, width: int, blocks: int) -> int:
    """Random numbers of a step: each block samples twice."""
    return {Sampler.DRAWS: 2 * width * blocks, Sampler.SHARED: 2 * blocks, Sampler.FEEDBACK: 0}[sampler]


def rows(trained: Trained, clips: Clips, seeds: int, folder: Path):
    """A row of the table for each sampler."""
    recipe = trained.recipe
    for sampler, name in NAMES.items():
        model = folder / f"{sampler.name.lower()}.silif"
        trained.write(model, sampler)
        # Error feedback draws nothing, and kws-score refuses seeds.
        report = clips.score(model, *([] if sampler == Sampler.FEEDBACK else ["--seeds", str(seeds)]))
        by_seed = report["by_seed"]["accuracy"] if "by_seed" in report else [report["accuracy"]]
        seen = [100 * right for right in by_seed]
        yield (
            f"| {name} | {sum(seen) / len(seen):.2f} | {min(seen):.2f} | {max(seen):.2f} |"
            f" {report['spikes_per_clip']:,.0f} | {draws(sampler, recipe['width'], recipe['blocks'])} |"
        )
    trained.network.evaluation_sampler = "probabilities"
    right = 100 * float((clips.float_winners(trained.network) == clips.labels).mean())
    yield f"| the probabilities themselves (float) | {right:.2f} | | | | 0 |"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="silif_tools.studies.samplers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("network", type=Path, metavar="PTH", help="NAME.pth with NAME.json beside it, kind pspike")
    parser.add_argument("--seeds", type=int, default=5)
    add_options(parser)
    options = parser.parse_args(argv)
    keep_memory()
    torch.set_num_threads(options.threads)
    try:
        trained = Trained.read(options.network)
        if trained.recipe["kind"] != "pspike":
            raise ValueError(f"{options.network}: kind {trained.recipe['kind']}; only pspike samples")
        with tempfile.TemporaryDirectory() as folder:
            clips = clips_of(trained, options.data, options.split, Path(folder), Commands(options.build))
            print(f"{options.network.stem}, {options.split}, {len(clips.labels)} clips\n\n{HEAD}")
            for line in rows(trained, clips, options.seeds, Path(folder)):
                print(line, flush=True)
    except ERRORS as error:
        return complain("silif_tools.studies.samplers", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
