"""The self-test that travels in a model file."""

import numpy as np

from ..integer.digest import trace_digest
from ..integer.frontend import FrontEndSettings, log_mel
from ..integer.network import run_model
from ..model_file.tables import ModelTables


def liveliest(pcm: np.ndarray, samples: int = 8000) -> np.ndarray:
    """The stretch of a recording with the most energy: half a second in which neurons fire."""
    if len(pcm) <= samples:
        return pcm
    energy = np.concatenate([[0], np.cumsum(pcm.astype(np.int64) ** 2)])
    start = int(np.argmax(energy[samples:] - energy[:-samples]))
    return pcm[start : start + samples]


def add_self_test(model: ModelTables, values: np.ndarray, front_end: FrontEndSettings | None = None) -> np.ndarray:
    """values: int16 samples (1-D; needs the front end) or input frames (2-D, [step, input]).

    Returns the frames it makes, [1, step, input].
    """
    values = np.asarray(values, dtype=np.int16)
    frames = log_mel(values, front_end) if values.ndim == 1 else values
    model.self_test_input = values
    model.self_test_steps = len(frames)
    model.self_test_digest = trace_digest(run_model(model, frames[None]))
    return frames[None]
