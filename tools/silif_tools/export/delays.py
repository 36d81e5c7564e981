"""Delays that were learned as positions in a dilated convolution: read, rounded, and what rounding changed.

A kernel of K taps (K odd) with one tap at position P, counted from the middle, delays by d = K//2 - round_half_even(P)
steps: convolution code cross-correlates, so P = +K//2 is no delay and P = -K//2 the longest, K - 1 steps
(docs/NEURONS.md). While it is learned the tap is a gaussian of deviation |SIG| + 0.27 around P; here it becomes one.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import ConversionError
from ..model_file.tables import DelayKind

# Added to |SIG| by the public implementation (DCLS 0.1.1, version "gauss").
_GAUSSIAN_FLOOR = 0.27
KINDS = {"axonal": DelayKind.AXONAL, "dendritic": DelayKind.DENDRITIC, "synaptic": DelayKind.SYNAPTIC}


@dataclass
class DelayRounding:
    """What rounding changed in one layer. Positions and deviations in steps."""

    kind: DelayKind
    kernel: int
    longest: int
    count: int
    moved: int
    mean_move: float
    largest_move: float
    clamped: int
    # Share of the gaussian kernel that lies on the tap that is kept; 1 where SIG is 0.
    mean_kept: float
    smallest_kept: float

    @property
    def changes(self) -> bool:
        """Whether the network is another one with the rounded delays."""
        return bool(self.moved or self.clamped or self.mean_kept < 1)

    def line(self) -> str:
        text = (
            f"{self.count} {self.kind.name.lower()} delays of 0...{self.longest} steps (kernel {self.kernel}):"
            f" {self.moved} moved by rounding, {self.mean_move:.3f} steps on average, {self.largest_move:.3f} at most"
        )
        if self.clamped:
            text += f"; {self.clamped} outside the kernel, clamped"
        if self.mean_kept < 1:
            text += (
                f"; the kept tap held {100 * self.mean_kept:.1f} % of its kernel on average,"
                f" {100 * self.smallest_kept:.1f} % at least: validate the rounded network again"
            )
        return text


@dataclass
class LearnedDelays:
    """delays: [inputs], [outputs] or [inputs, outputs], by kind; weights: [outputs, inputs]."""

    kind: DelayKind
    delays: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    rounding: DelayRounding


def whole_steps(positions: np.ndarray, kernel: int) -> np.ndarray:
    """Positions -> delays in steps, int64: rounded half to even, then clamped to the kernel."""
    reach = kernel // 2
    return (reach - np.clip(np.rint(positions), -reach, reach)).astype(np.int64)


def _kept(positions: np.ndarray, deviation: np.ndarray, delays: np.ndarray, kernel: int) -> np.ndarray:
    """Share of each gaussian kernel that lies on the kept tap. All [n]."""
    reach = kernel // 2
    taps = np.arange(-reach, reach + 1)[:, None]
    width = np.where(deviation == 0, 1.0, np.abs(deviation) + _GAUSSIAN_FLOOR)
    bell = np.exp(-0.5 * ((taps - positions) / width) ** 2)
    kept = bell[2 * reach - delays, np.arange(len(positions))] / np.maximum(bell.sum(axis=0), 1e-300)
    return np.where(deviation == 0, 1.0, kept)


def _rounding(kind: DelayKind, positions: np.ndarray, deviation: np.ndarray, kernel: int) -> DelayRounding:
    positions, deviation = positions.reshape(-1), deviation.reshape(-1)
    delays = whole_steps(positions, kernel)
    move = np.abs(positions - (kernel // 2 - delays))
    # In chunks: a synaptic layer has as many kernels as weights.
    chunks = range(0, len(positions), 1 << 14)
    parts = [slice(start, start + (1 << 14)) for start in chunks]
    kept = np.concatenate([_kept(positions[part], deviation[part], delays[part], kernel) for part in parts])
    return DelayRounding(
        kind,
        kernel,
        int(delays.max()),
        len(positions),
        int(np.count_nonzero(move)),
        float(move.mean()),
        float(move.max()),
        int(np.count_nonzero(np.abs(positions) > kernel // 2)),
        float(kept.mean()),
        float(kept.min()),
    )


def _kind(shape: tuple[int, ...], outputs: int, inputs: int, hint: DelayKind | None, name: str) -> DelayKind:
    """Axonal or dendritic, by the number of positions."""
    fits = [
        kind for kind, size in ((DelayKind.AXONAL, inputs), (DelayKind.DENDRITIC, outputs)) if shape == (1, size, 1, 1)
    ]
    if not fits:
        raise ConversionError(
            f"{name}.P has the shape {list(shape)}: axonal delays of this layer have [1, {inputs}, 1, 1],"
            f" dendritic ones [1, {outputs}, 1, 1], synaptic ones [1, {outputs}, {inputs}, 1]"
        )
    if len(fits) == 1:
        return fits[0]
    if hint is None or hint not in fits:
        raise ConversionError(
            f"{name}.P: a layer of {inputs} inputs and as many outputs does not tell axonal from dendritic delays;"
            " say which with --delays axonal or --delays dendritic"
        )
    return hint


def read_delays(tensors: dict[str, np.ndarray], name: str, kernel: int, hint: DelayKind | None) -> LearnedDelays:
    """The delays of a layer whose tensors have `delay_layer.P`.

    tensors: by names without `snn.N.`. Synaptic: delay_layer.weight [outputs, inputs, 1], P [1, outputs, inputs, 1].
    Axonal and dendritic: W.weight [outputs, inputs], delay_layer.weight [n, 1, 1] (ones, or gains), P [1, n, 1, 1].
    hint: the kind of square layers' delays, where it is known.
    """
    for masked in ("delay_scores", "m"):
        if f"delay_layer.{masked}" in tensors:
            raise ConversionError(
                f"{name}.delay_layer.{masked}: masked delays are not supported; whether a channel is delayed depends on"
                " a sparsity that is not in the file. Save the network with its mask applied to P"
            )
    if kernel < 3 or kernel % 2 == 0 or kernel > 255:
        raise ConversionError(f"a delay kernel of {kernel}: give an odd length of 3 to 255")
    positions, weight = tensors["delay_layer.P"], tensors["delay_layer.weight"]
    deviation = tensors.get("delay_layer.SIG", np.zeros(positions.shape))
    if weight.ndim != 3 or weight.shape[2] != 1 or positions.shape != (1, *weight.shape):
        raise ConversionError(
            f"{name}.delay_layer: weight {list(weight.shape)} and P {list(positions.shape)}:"
            " one delay a weight runs here (kernel_count 1)"
        )
    if deviation.shape != positions.shape:
        raise ConversionError(
            f"{name}.delay_layer.SIG has the shape {list(deviation.shape)}, P {list(positions.shape)}"
        )
    delay_bias = tensors.get("delay_layer.bias", np.zeros(weight.shape[0]))
    if "W.weight" not in tensors:
        kind, weights, bias = DelayKind.SYNAPTIC, weight[:, :, 0], delay_bias
        delays = whole_steps(positions[0, :, :, 0], kernel).T
    else:
        weights = tensors["W.weight"]
        bias = tensors.get("W.bias", np.zeros(weights.shape[0]))
        kind = _kind(positions.shape, *weights.shape, hint, f"{name}.delay_layer")
        delays, gain = whole_steps(positions[0, :, 0, 0], kernel), weight[:, 0, 0]
        if kind == DelayKind.AXONAL:
            bias = bias + weights @ delay_bias
            weights = weights * gain
        else:
            weights, bias = weights * gain[:, None], bias * gain + delay_bias
    return LearnedDelays(kind, delays, weights, bias, _rounding(kind, positions, deviation, kernel))


def common_kind(layers: list[dict[str, np.ndarray]]) -> DelayKind | None:
    """The kind that the layers which are not square agree on, for those that are."""
    kinds = set()
    for tensors in layers:
        if "delay_layer.P" not in tensors or "W.weight" not in tensors:
            continue
        outputs, inputs = tensors["W.weight"].shape
        if outputs != inputs:
            count = tensors["delay_layer.P"].size
            kinds |= {DelayKind.AXONAL} if count == inputs else {DelayKind.DENDRITIC} if count == outputs else set()
    return kinds.pop() if len(kinds) == 1 else None
