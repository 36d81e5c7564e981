"""Frames in, probabilities out: steps a model on frames from a .npy file, or on random ones, and shows that the C
library and the integer reference in tools/ agree in every bit.

    python examples/python/frames.py models/kws12.silif [frames.npy]      # [step, input], int16
"""

import pathlib
import sys

import numpy as np
from c_interface import Engine

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model


def main(path: str, frames_path: str | None = None) -> int:
    engine = Engine(path)
    inputs = engine.description.input_count
    if frames_path:
        frames = np.load(frames_path)
    else:
        limit = read_model(path).input_limit
        frames = np.random.default_rng(1).integers(-limit, limit, (100, inputs), endpoint=True).astype(np.int16)
    probabilities = engine.run(frames)
    reference = run_model(read_model(path), frames[np.newaxis])
    winner = int(probabilities.sum(axis=0, dtype=np.int64).argmax())
    print(f"{len(frames)} frames of {inputs}, {engine.memory.total} bytes of memory: {engine.words[winner]}")
    differing = int((probabilities != reference.probabilities_q15[0]).sum())
    print(f"{probabilities.size} probabilities, {differing} differ from the integer reference")
    return 1 if differing else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: frames.py MODEL [FRAMES.npy]")
    sys.exit(main(*sys.argv[1:]))
