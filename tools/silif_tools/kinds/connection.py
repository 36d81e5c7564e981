"""A layer's connection, which all kinds share: weights, one scale and one bias for each output, delays.

In integers: sums of integer weights times inputs, each input arriving after its delay; then the current that a neuron
takes. In floats the same with real weights, and the real layer itself.

Twins: Sources/SiLIF/Connection, docs/ARITHMETIC.md
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..fixed_point import rounded_shift
from ..model_file.tables import DelayKind, LayerTables, Sampling, Source

if TYPE_CHECKING:
    from .kind import Kind


def current(sums: np.ndarray, layer: LayerTables) -> np.ndarray:
    """Sums [clip, output] -> input current with F + 30 fractional bits (scale, bias, alignment)."""
    scaled = rounded_shift(sums * layer.scale_mantissa, layer.scale_shift)
    return (scaled + layer.bias) << np.int64(22)


class OwnSpikes:
    """The connection from a layer's own spikes of the step before, without a delay beyond that step."""

    def __init__(self, layer: LayerTables):
        self.layer, self.own = layer, layer.recurrent

    def step(self, spiked: np.ndarray) -> LayerTables:
        """spiked [clip, output] -> the layer with what they bring added to its bias, [clip, output]."""
        sums = (spiked.astype(np.float64) @ self.own.weights.astype(np.float64)).astype(np.int64)
        scaled = rounded_shift(sums * self.own.mantissa, self.own.shift)
        return replace(self.layer, bias=self.layer.bias + scaled)


class DelayedInput:
    """Sums of a layer's inputs, each arriving after its delay, by keeping the whole past: slow, obvious, and what the
    engine's rings must equal. Inputs before the first step are zero."""

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


@dataclass
class FloatConnection:
    """weights [inputs, outputs], bias [outputs]; scale [outputs]: of integers that were trained, or None; recurrent
    [outputs, outputs], from and to, or None."""

    weights: np.ndarray
    bias: np.ndarray
    scale: np.ndarray | None = None
    recurrent: np.ndarray | None = None

    def times(self, gain: np.ndarray | float) -> FloatConnection:
        """With every output's term multiplied by gain [outputs]."""
        # Rows with a negative gain keep their scale: their integers change sign.
        scale = None if self.scale is None else self.scale * np.abs(gain)
        recurrent = None if self.recurrent is None else self.recurrent * gain
        return FloatConnection(self.weights * gain, self.bias * gain, scale, recurrent)


@dataclass
class FloatLayer:
    """weights [inputs, outputs] and bias [outputs] give the neuron's complete input term.

    coefficients: [outputs] each, under the names that the kind gives them. delays: steps; [inputs], [outputs] or
    [inputs, outputs], by kind. weight_scale [outputs]: where the network was trained with rounded weights, which are
    integers times this. delay_rounding: what rounding did to learned delays (`export.delays.DelayRounding`). recurrent
    [outputs, outputs], from and to: weights of the layer's own spikes of the step before, gains included, or None.
    """

    kind: Kind
    source: Source
    weights: np.ndarray
    bias: np.ndarray
    coefficients: dict[str, np.ndarray] = field(default_factory=dict)
    weight_scale: np.ndarray | None = None
    delay_kind: DelayKind = DelayKind.NONE
    delays: np.ndarray | None = None
    delay_rounding: Any = None
    # Where the kind samples: how, and the layer's place in the network, on which its draws depend.
    sampling: Sampling | None = None
    index: int = 0
    recurrent: np.ndarray | None = None


def later(values: np.ndarray, delay: int) -> np.ndarray:
    """[clip, step, ...] so many steps later; zeros before."""
    return np.concatenate([np.zeros_like(values[:, :delay]), values[:, : values.shape[1] - delay]], axis=1)


def arriving(layer: FloatLayer, values: np.ndarray) -> np.ndarray:
    """values [clip, step, input] when they arrive; only axonal delays belong to the inputs."""
    if layer.delay_kind != DelayKind.AXONAL:
        return values
    out = np.empty_like(values)
    for delay in np.unique(layer.delays):
        chosen = layer.delays == delay
        out[..., chosen] = later(values[..., chosen], delay)
    return out


def weighted(layer: FloatLayer, values: np.ndarray) -> np.ndarray:
    """Σ W·x [clip, step, output] of values [clip, step, input], each arriving after its delay."""
    if layer.delay_kind in (DelayKind.NONE, DelayKind.AXONAL):
        return arriving(layer, values) @ layer.weights
    out = np.zeros((*values.shape[:2], layer.weights.shape[1]))
    for delay in np.unique(layer.delays):
        # Of dendritic delays whole columns, of synaptic ones single weights.
        out += later(values @ np.where(layer.delays == delay, layer.weights, 0.0), delay)
    return out
