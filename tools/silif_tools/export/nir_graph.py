"""NIR graphs (neuroir.org): the part of them that runs here, as float layers.

A chain Input -> layers -> Output, each layer [Delay] (Affine | Linear) [Delay] (LIF | LI); LI is the readout, and last.
NIR describes neurons in continuous time, tau·dv/dt = (v_leak - v) + r·I. With a current that is constant during a step
dt that is v' = al·v + (1 - al)·(v_leak + r·I), with

- exact: al = exp(-dt / tau), the solution of the equation;
- euler: al = 1 - dt / tau, one forward step, as Norse and snnTorch take it.

When a spike takes the threshold off is not in the file:

- before the decay, v' = al·(v - s) + ..., as NIR had it before 1.0.5;
- undecayed, v' = al·v + ... - s, as snnTorch's Leaky does.

A spike counts 1 in the step it arrives in, not 1/dt. Potentials are held in units of the threshold. A delay is rounded
to whole steps, half to even; before the graph starts its inputs were zero, and the biases were already there.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..kinds import LIF, READOUT, SILIF
from ..kinds.connection import FloatLayer
from ..kinds.silif import lif
from ..model_file.bounds import MAXIMUM_DELAY, MAXIMUM_NEURONS
from ..model_file.tables import DelayKind, Source

# A matrix between two layers of the greatest width.
_LARGEST_TENSOR = MAXIMUM_NEURONS * MAXIMUM_NEURONS
# What deflate, HDF5's packing, gives at best.
_PACKED = 1032


def _decay_alone(decay: np.ndarray) -> dict[str, np.ndarray]:
    return {"decay": decay}


# How the threshold is taken off, by the name of the option -> the neurons that do so, and their coefficients.
RESETS = {"subtract": (SILIF, lif), "subtract-undecayed": (LIF, _decay_alone)}
_RUNS = "Input, Affine, Linear, Delay, LIF, LI and Output run here"
_REASONS = {
    "CubaLIF": "a synapse with a time constant of its own is a second filter before the membrane",
    "CubaLI": "a synapse with a time constant of its own is a second filter before the membrane",
    "IF": "its membrane has no leak; give LIF with a long tau",
    "NIRGraph": "graphs inside graphs; write the inner one out",
}


@dataclass
class GraphChoices:
    """step_ms: duration of a step. discretization: "exact" or "euler". reset: None as the file says, or of `RESETS`."""

    step_ms: float
    discretization: str = "exact"
    reset: str | None = None


@dataclass
class _Node:
    name: str
    kind: str
    values: dict[str, np.ndarray]


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _check_size(path: Path, name: str, count: int, total: int) -> None:
    """Chunks that are not in the file read as zeros, of any number; those that are may be packed this much."""
    if count > _LARGEST_TENSOR or total > max(_PACKED * path.stat().st_size, 1 << 20):
        raise ConversionError(f"{path}: {name} stands for {count} numbers, more than the file can hold")


def _read(path: Path) -> tuple[dict[str, _Node], list[tuple[str, str]]]:
    """Nodes and edges. Read from the HDF5 itself: the package nir cannot say whether a file has a v_reset."""
    try:
        import h5py
    except ImportError:
        raise ConversionError(
            f"{path}: reading it needs the package h5py (pip install 'silif-tools[formats]')"
        ) from None
    if not path.is_file():
        raise ConversionError(f"{path}: no such file")
    try:
        with h5py.File(path) as file:
            graph = file["node"]
            if _text(graph["type"][()]) != "NIRGraph":
                raise ConversionError(f"{path}: the file holds a {_text(graph['type'][()])}, not a graph")
            nodes, total = {}, 0
            for name, stored in graph["nodes"].items():
                values = {}
                for key, item in stored.items():
                    if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
                        total += item.size
                        _check_size(path, f"{name}.{key}", item.size, total)
                        values[key] = np.asarray(item[()], np.float64)
                nodes[name] = _Node(name, _text(stored["type"][()]), values)
            _check_size(path, "edges", graph["edges"].size, graph["edges"].size)
            edges = [(_text(start), _text(end)) for start, end in graph["edges"][()]]
    # h5py has no error of its own: a damaged file raises any of these.
    except (OSError, LookupError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(f"{path}: not a NIR graph ({error})") from None
    for node in nodes.values():
        for key, values in node.values.items():
            if not np.isfinite(values).all():
                raise ConversionError(f"{path}: {node.name}.{key} holds values that are not finite")
    return nodes, edges


def _chain(nodes: dict[str, _Node], edges: list[tuple[str, str]]) -> list[_Node]:
    """The nodes from the input to the output, both included."""
    for node in nodes.values():
        if node.kind not in ("Input", "Output", "Affine", "Linear", "Delay", "LIF", "LI"):
            reason = _REASONS.get(node.kind, _RUNS)
            raise ConversionError(f"{node.name}: a node of the type {node.kind} cannot run here: {reason}")
    after: dict[str, list[str]] = {name: [] for name in nodes}
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for start, end in edges:
        if start not in nodes or end not in nodes:
            raise ConversionError(f"an edge from {start} to {end}: there is no such node")
        after[start].append(end)
        before[end].append(start)
    for name in nodes:
        for what, others in (("outputs", after[name]), ("inputs", before[name])):
            if len(others) > 1:
                raise ConversionError(
                    f"{name} has {len(others)} {what} ({', '.join(others)}): only chains run here, without branches,"
                    " skips or recurrence"
                )
    starts = [node for node in nodes.values() if node.kind == "Input"]
    if len(starts) != 1:
        raise ConversionError(f"{len(starts)} Input nodes: a chain has one")
    chain, name = starts[:1], starts[0].name
    while after[name]:
        name = after[name][0]
        if nodes[name] in chain:
            raise ConversionError(f"{name} follows itself: recurrence cannot run here")
        chain.append(nodes[name])
    if chain[-1].kind != "Output":
        raise ConversionError(f"the chain ends in {name}, not in an Output node")
    unused = set(nodes) - {node.name for node in chain}
    if unused:
        raise ConversionError(f"{', '.join(sorted(unused))}: not between Input and Output")
    return chain


def _check_shape(node: _Node, count: int, what: str) -> None:
    shape = node.values.get("shape")
    if shape is not None and shape.prod() != count:
        raise ConversionError(f"{node.name}.shape is {shape.astype(int).tolist()}, but the network has {count} {what}")


def _per_neuron(node: _Node, key: str, count: int) -> np.ndarray:
    """One value for each neuron; a single value stands for all."""
    values = node.values.get(key)
    if values is None:
        raise ConversionError(f"{node.name} has no {key}")
    if values.size not in (1, count):
        raise ConversionError(f"{node.name}.{key} has {values.size} values for {count} neurons")
    return np.broadcast_to(values.reshape(-1), count).astype(np.float64)


def _matrix(node: _Node) -> tuple[np.ndarray, np.ndarray]:
    """weight [outputs, inputs], bias [outputs]"""
    weight = node.values.get("weight")
    if weight is None:
        raise ConversionError(f"{node.name} has no weight")
    if weight.ndim != 2 or 0 in weight.shape:
        raise ConversionError(f"{node.name}.weight has the shape {list(weight.shape)}; [outputs, inputs] runs here")
    bias = node.values.get("bias", np.zeros(len(weight))).reshape(-1)
    if node.kind == "Linear":
        bias = np.zeros(len(weight))
    if len(bias) != len(weight):
        raise ConversionError(f"{node.name}.bias has {len(bias)} values for {len(weight)} outputs")
    return weight, bias


def _steps(node: _Node | None, count: int, step_s: float) -> np.ndarray:
    """Delays in whole steps, [count]."""
    if node is None:
        return np.zeros(count, np.int64)
    steps = np.rint(_per_neuron(node, "delay", count) / step_s)
    wrong = (steps < 0) | (steps > MAXIMUM_DELAY)
    if wrong.any():
        raise ConversionError(
            f"{node.name}: a delay of {steps[wrong][0]:g} steps of {1000 * step_s:g} ms; 0 to {MAXIMUM_DELAY} run here"
        )
    return steps.astype(np.int64)


def _decay(node: _Node, count: int, choices: GraphChoices) -> np.ndarray:
    tau_s = _per_neuron(node, "tau", count)
    if tau_s.min() <= 0:
        raise ConversionError(f"{node.name}.tau must be positive")
    ratio = choices.step_ms / 1000 / tau_s
    if choices.discretization == "exact":
        return np.exp(-ratio)
    if ratio.max() > 1:
        raise ConversionError(
            f"{node.name}.tau: {1000 * (choices.step_ms / 1000 / ratio.max()):.3g} ms is shorter than a step of"
            f" {choices.step_ms:g} ms: with --discretization euler it would oscillate; take exact, or a shorter step"
        )
    return 1 - ratio


def _threshold(node: _Node, count: int, choices: GraphChoices) -> np.ndarray:
    threshold = _per_neuron(node, "v_threshold", count)
    if threshold.min() <= 0:
        raise ConversionError(f"{node.name}.v_threshold must be positive: a neuron at rest would fire without end")
    if "v_reset" in node.values and choices.reset is None:
        raise ConversionError(
            f"{node.name}.v_reset: a reset to a fixed voltage cannot run here, neurons of this runtime subtract the"
            " threshold. If the network was trained so, give --reset subtract-undecayed (snnTorch's Leaky) or --reset"
            " subtract (Norse; NIR before 1.0.5 said so)"
        )
    return threshold


def _delays(before: np.ndarray, after: np.ndarray) -> tuple[DelayKind, np.ndarray | None]:
    """Delays of the inputs and of the outputs of a matrix, as one kind."""
    if before.any() and after.any():
        return DelayKind.SYNAPTIC, before[:, None] + after
    if before.any():
        return DelayKind.AXONAL, before
    return (DelayKind.DENDRITIC, after) if after.any() else (DelayKind.NONE, None)


def _layer(parts: list[_Node], source: Source, choices: GraphChoices) -> FloatLayer:
    *before, neurons = parts
    kinds = [node.kind for node in before]
    at = next((index for index, kind in enumerate(kinds) if kind in ("Affine", "Linear")), None)
    if at is None:
        raise ConversionError(f"{neurons.name}: no Affine or Linear before it")
    if kinds.count("Affine") + kinds.count("Linear") > 1 or at > 1 or len(kinds) - at > 2:
        raise ConversionError(
            f"{neurons.name}: {', '.join(node.name for node in before)} before it; one Affine or Linear, with at most"
            " one Delay before and one after it, run here. Multiply the matrices, add the delays"
        )
    weight, bias = _matrix(before[at])
    outputs, inputs = weight.shape
    step_s = choices.step_ms / 1000
    kind, delays = _delays(
        _steps(before[0] if at == 1 else None, inputs, step_s),
        _steps(before[at + 1] if len(before) > at + 1 else None, outputs, step_s),
    )
    decay = _decay(neurons, outputs, choices)
    gain = 1 - decay
    is_readout = neurons.kind == "LI"
    if not is_readout:
        gain = gain / _threshold(neurons, outputs, choices)
    neuron, coefficients = (READOUT, _decay_alone) if is_readout else RESETS[choices.reset or "subtract"]
    resistance, rest = _per_neuron(neurons, "r", outputs), _per_neuron(neurons, "v_leak", outputs)
    return FloatLayer(
        neuron,
        source,
        weight.T * (gain * resistance),
        gain * (rest + resistance * bias),
        coefficients(decay),
        delay_kind=kind,
        delays=delays,
    )


def read_graph(path: Path, choices: GraphChoices) -> list[FloatLayer]:
    """The layers of a NIR graph. Raises ConversionError naming the node that cannot run."""
    first, *chain, last = _chain(*_read(path))
    layers, parts = [], []
    for node in chain:
        parts.append(node)
        if node.kind not in ("LIF", "LI"):
            continue
        layers.append(_layer(parts, Source.SPIKES if layers else Source.DENSE, choices))
        if len(layers) > 1 and layers[-1].weights.shape[0] != layers[-2].weights.shape[1]:
            raise ConversionError(
                f"{node.name}: {layers[-1].weights.shape[0]} inputs behind {layers[-2].weights.shape[1]} neurons"
            )
        if node.kind == "LI" and node is not chain[-1]:
            raise ConversionError(f"{node.name}: LI runs here as the last node, the readout")
        parts = []
    if parts or not layers:
        raise ConversionError(f"{chain[-1].name if chain else 'the graph'}: no neurons at the end of the chain")
    if layers[-1].kind.output is not None:
        raise ConversionError(
            f"{chain[-1].name}: the last node is LIF, but this runtime reads the potentials of LI neurons;"
            " put Affine and LI behind it"
        )
    _check_shape(first, layers[0].weights.shape[0], "inputs")
    _check_shape(last, layers[-1].weights.shape[1], "outputs")
    return layers
