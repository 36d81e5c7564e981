"""Spikes of the Heidelberg sets -> counts a step and group of channels, as the SiLIF authors bin them.

Their step t holds the spikes with edge[t - 1] <= time < edge[t], the edges being steps values from 0 to the clip's
duration, both included: a step lasts duration / (steps - 1), step 0 stays empty, and what comes after the last edge has
no step of its own (their code fails on it; here it is left out and counted).
Source: dataloaders/spiking_datasets.py of github.com/Maxtimer97/SSM-inspired-LIF.
"""

from dataclasses import dataclass

import numpy as np

CHANNELS = 700


@dataclass(frozen=True)
class Binning:
    """duration_s: of a clip; steps of a clip; group: neighbouring channels that are summed."""

    duration_s: float
    steps: int
    group: int = 5

    @property
    def inputs(self) -> int:
        return CHANNELS // self.group


def counts(times_s: np.ndarray, units: np.ndarray, binning: Binning) -> tuple[np.ndarray, int]:
    """One clip: ([step, input] int64, spikes that came too late). times_s, units (channels, 0...699): one a spike."""
    edges = np.linspace(0, binning.duration_s, num=binning.steps)
    steps = np.digitize(times_s.astype(np.float64), edges)
    inside = steps < binning.steps
    cells = steps[inside] * binning.inputs + units[inside].astype(np.int64) // binning.group
    found = np.bincount(cells, minlength=binning.steps * binning.inputs)
    return found.reshape(binning.steps, binning.inputs), int(np.count_nonzero(~inside))
