"""Delays on [clip, ...] arrays, by keeping the whole past: slow, obvious, and what the rings must equal."""

import numpy as np

from ..model_file.tables import DelayKind, LayerTables


class DelayedInput:
    """Sums of a layer's inputs, each arriving after its delay. Inputs before the first step are zero."""

    def __init__(self, layer: LayerTables):
        self.layer = layer
        self.weights = layer.weights.astype(np.float64)
        self.past: list[np.ndarray] = []

    def _sum(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        # Every partial sum is an integer below 2^31, so float64 products are exact in any order, and BLAS is fast.
        return (values.astype(np.float64) @ weights).astype(np.int64)

    def _at(self, delay: int) -> np.ndarray | None:
        return self.past[-1 - delay] if delay < len(self.past) else None

    def step(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """values [clip, inputs] -> (sums [clip, outputs], the values whose arrival counts as synaptic operations)."""
        layer = self.layer
        if layer.delay_kind == DelayKind.NONE:
            return self._sum(values, self.weights), values
        self.past = [*self.past, values][-(layer.maximum_delay + 1) :]
        sums = np.zeros((len(values), layer.outputs), np.int64)
        arrived = np.zeros_like(values)
        for delay in np.unique(layer.delays):
            past = self._at(int(delay))
            if past is None:
                continue
            chosen = layer.delays == delay
            if layer.delay_kind == DelayKind.AXONAL:
                arrived[:, chosen] = past[:, chosen]
            elif layer.delay_kind == DelayKind.DENDRITIC:
                sums[:, chosen] = self._sum(past, self.weights[:, chosen])
            else:
                sums += self._sum(past, np.where(chosen, self.weights, 0.0))
        if layer.delay_kind == DelayKind.AXONAL:
            return self._sum(arrived, self.weights), arrived
        return sums, values
