"""The authors' networks and the clips that reproduce their figures, in $SILIF_SHARED/reference."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shared_data import shared_folder

from silif_tools.export.state_dict import load_state_dict

# Networks with stored scores; of ssc_rf.pth nothing is published.
SCORED = ("silif", "csilif", "cadlif")


@dataclass
class Clips:
    """counts [clip, step, input] uint8, label [clip]; scores: for each network the stored ones, [clip, class]."""

    counts: np.ndarray
    label: np.ndarray
    words: list[str]
    scores: dict[str, np.ndarray]
    rates: dict[str, np.ndarray]


def checkpoint(name: str) -> Path:
    return shared_folder() / "reference" / f"ssc_{name}.pth"


@functools.cache
def state(name: str) -> dict[str, np.ndarray]:
    return load_state_dict(checkpoint(name))


@functools.cache
def clips() -> Clips:
    with np.load(shared_folder() / "reference" / "ssc_clips.npz") as stored:
        return Clips(
            counts=stored["counts"],
            label=stored["label"],
            words=[str(word) for word in stored["words"]],
            scores={name: stored[f"scores_{name}"] for name in SCORED},
            rates={name: stored[f"rates_{name}"] for name in SCORED},
        )
