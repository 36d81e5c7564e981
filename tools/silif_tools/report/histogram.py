"""Histograms of values that span many orders of magnitude on both sides of zero."""

import numpy as np

# The axis is linear below about this and logarithmic above: a quarter of the threshold.
_KNEE = 0.25


def to_axis(values):
    """Position on the axis: arsinh, which is linear around 0 and logarithmic far from it."""
    return np.arcsinh(np.asarray(values) / _KNEE)


class SignedHistogram:
    """Counts of values in bins that are equally wide on the arsinh axis, from -limit to +limit."""

    def __init__(self, limit: float, bins: int = 161):
        self.limit, self.bins = limit, bins
        self.counts = np.zeros(bins, np.int64)
        self.peak = 0.0
        self._end = float(to_axis(limit))

    @property
    def edges(self) -> np.ndarray:
        """[bins + 1], positions on the axis."""
        return np.linspace(-self._end, self._end, self.bins + 1)

    @property
    def fractions(self) -> np.ndarray:
        return self.counts / max(self.counts.sum(), 1)

    def add(self, values: np.ndarray) -> None:
        """Values beyond the limit count in the outermost bin."""
        self.peak = max(self.peak, float(np.abs(values).max(initial=0.0)))
        position = to_axis(values.astype(np.float32).ravel())
        index = ((position + self._end) * (self.bins / (2 * self._end))).astype(np.int64)
        self.counts += np.bincount(np.clip(index, 0, self.bins - 1), minlength=self.bins)
