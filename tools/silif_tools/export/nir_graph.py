"""NIR graphs (neuroir.org) as float layers: chains Input -> layers -> Output.

A layer is one matrix, whatever scales and delays stand around it, then neurons, which may feed back on themselves. NIR
describes neurons in continuous time, tau·dv/dt = (v_leak - v) + r·I, behind a synapse tau_syn·di/dt = -i + w_in·I in
CubaLIF. With a current that is constant during a step dt that is v' = al·v + (1 - al)·(v_leak + r·I), with

- exact: al = exp(-dt / tau), the solution of the equation;
- euler: al = 1 - dt / tau, one forward step.

How a spike resets is in the file only as v_reset, since NIR 1.0.5; and libraries write it who subtract. What each means
is in `nir_library`. A spike counts 1 in the step it arrives in, not 1/dt. Potentials are held in units of the
threshold, from where they start. A delay is rounded to whole steps, half to even; before the graph starts its inputs
were zero, and the biases were already there.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..kinds import CUBA, LIF, READOUT, SILIF
from ..kinds.connection import FloatLayer
from ..kinds.cuba import coefficients
from ..kinds.silif import lif
from ..model_file.bounds import MAXIMUM_DELAY
from ..model_file.tables import DelayKind, Scores, Source
from .module_graph import ModuleGraph
from .nir_file import Graph, Node, read_nir
from .nir_library import LIBRARIES, Library, recognised, step_ms_of
from .remark import Remark
from .taken import Part, graph_parts

_LINEAR = ("Affine", "Linear", "Scale", "Flatten", "Delay")
_FIRING = ("LIF", "CubaLIF", "IF", "Threshold")
_READING = ("LI", "CubaLI")
_RUNS = f"Input, Output, {', '.join((*_LINEAR, *_FIRING, *_READING))} run here"
# Time constants of so many steps are more likely another unit.
_LONG_STEPS = 1000
# A threshold that no potential reaches, of neurons that are read and do not fire.
_NEVER = 2.0**13


@dataclass
class GraphChoices:
    """step_ms: duration of a step of the model. The rest: None as the file, or the library that wrote it, says.

    discretization: "exact" or "euler". reset: of `kinds.cuba.RESETS`. library: of `LIBRARIES`, or "nir" for none.
    graph_step_ms: the step for which the time constants were written, if not a step of the model. scores: how a last
    layer that fires is read.
    """

    step_ms: float
    discretization: str | None = None
    reset: str | None = None
    library: str | None = None
    graph_step_ms: float | None = None
    scores: Scores | None = None


@dataclass
class GraphNetwork:
    """scores: how the last layer is read. parts: what of the graph takes options. remarks: what was assumed of the
    graph, and what of it was changed."""

    layers: list[FloatLayer]
    scores: Scores
    parts: set[Part]
    remarks: list[Remark] = field(default_factory=list)


@dataclass
class _Reading:
    """How one graph's numbers are read. reset: None as each node's v_reset says. resets: of nodes that tell it."""

    step_s: float
    discretization: str
    reset: str | None
    library: Library
    remarks: list[Remark]
    resets: dict[str, str] = field(default_factory=dict)


_PLAIN = Library("NIR", None, "exact", None)


def _take_loops(graph: Graph) -> dict[str, Node]:
    """Takes the matrices out of the graph through which neurons hear their own spikes. By the neurons' names."""
    loops = {}
    for node in list(graph.nodes.values()):
        into = [start for start, end in graph.edges if end == node.name]
        out = [end for start, end in graph.edges if start == node.name]
        if node.kind not in ("Affine", "Linear") or into != out or len(into) != 1:
            continue
        if graph.nodes[into[0]].kind not in _FIRING:
            continue
        loops[into[0]] = node
        del graph.nodes[node.name]
        graph.edges = [edge for edge in graph.edges if node.name not in edge]
    return loops


def _chain(graph: Graph) -> list[Node]:
    """The nodes from the input to the output, both included."""
    nodes = graph.nodes
    for node in nodes.values():
        if node.kind not in ("Input", "Output", *_LINEAR, *_FIRING, *_READING):
            raise ConversionError(f"{node.name}: a node of the type {node.kind} cannot run here: {_RUNS}")
    after: dict[str, list[str]] = {name: [] for name in nodes}
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for start, end in graph.edges:
        after[start].append(end)
        before[end].append(start)
    for name in nodes:
        for what, others in (("outputs", after[name]), ("inputs", before[name])):
            if len(others) > 1:
                raise ConversionError(
                    f"{name} has {len(others)} {what} ({', '.join(others)}): only chains run here, without branches"
                    " and skips; a layer may feed back on itself through one matrix"
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


def _check_shape(node: Node, count: int, what: str) -> None:
    """Some libraries write the batch and the steps of their sample before it."""
    shape = node.values.get("shape")
    if shape is not None and shape.prod() != count and count not in shape.reshape(-1)[-1:]:
        raise ConversionError(f"{node.name}.shape is {shape.astype(int).tolist()}, but the network has {count} {what}")


def _per_neuron(node: Node, key: str, count: int, default: float | None = None) -> np.ndarray:
    """One value for each neuron; a single value stands for all."""
    values = node.values.get(key)
    if values is None:
        if default is None:
            raise ConversionError(f"{node.name} has no {key}")
        return np.full(count, default)
    if values.size not in (1, count):
        raise ConversionError(f"{node.name}.{key} has {values.size} values for {count} neurons")
    return np.broadcast_to(values.reshape(-1), count).astype(np.float64)


def _matrix(node: Node) -> tuple[np.ndarray, np.ndarray]:
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


def _steps(node: Node, count: int, reading: _Reading) -> np.ndarray:
    """Delays in whole steps, [count]."""
    exact = _per_neuron(node, "delay", count) / reading.step_s
    steps = np.rint(exact)
    wrong = (steps < 0) | (steps > MAXIMUM_DELAY)
    if wrong.any():
        raise ConversionError(
            f"{node.name}: a delay of {steps[wrong][0]:g} steps of {1000 * reading.step_s:g} ms; 0 to {MAXIMUM_DELAY}"
            " run here"
        )
    moved = np.abs(exact - steps)
    if moved.max() > 1e-6:
        text = (
            f"{node.name}: {np.count_nonzero(moved > 1e-6)} of {count} delays are no whole steps of"
            f" {1000 * reading.step_s:g} ms and were rounded, by up to {moved.max():.2g} steps"
        )
        reading.remarks.append(Remark.changed(text))
    return steps.astype(np.int64)


@dataclass
class _Wiring:
    """What stands before neurons, as one matrix [outputs, inputs], a bias, and delays in steps before and after it."""

    weight: np.ndarray
    bias: np.ndarray
    before: np.ndarray
    after: np.ndarray


def _wiring(parts: list[Node], neurons: Node, reading: _Reading) -> _Wiring:
    matrices = [node for node in parts if node.kind in ("Affine", "Linear")]
    if not matrices:
        raise ConversionError(f"{neurons.name}: no Affine or Linear before it")
    inputs = _matrix(matrices[0])[0].shape[1]
    weight, bias, gain = None, np.zeros(0), np.ones(inputs)
    before, after = np.zeros(inputs, np.int64), np.zeros(0, np.int64)
    for node in parts:
        width = inputs if weight is None else len(weight)
        if node.kind == "Scale":
            scale = _per_neuron(node, "scale", width)
            if weight is None:
                gain = gain * scale
            else:
                weight, bias = weight * scale[:, None], bias * scale
        elif node.kind == "Delay" and weight is None:
            before = before + _steps(node, width, reading)
        elif node.kind == "Delay":
            after = after + _steps(node, width, reading)
        elif node.kind in ("Affine", "Linear"):
            own, own_bias = _matrix(node)
            if weight is None:
                weight, bias = own * gain, own_bias
            elif own.shape[1] != len(weight) or after.any():
                raise ConversionError(
                    f"{node.name}: {own.shape[1]} inputs behind {len(weight)} values, or a Delay between two matrices,"
                    " which cannot be multiplied to one"
                )
            else:
                weight, bias = own @ weight, own @ bias + own_bias
            after = np.zeros(len(weight), np.int64)
    for steps in (before, after):
        if steps.max(initial=0) > MAXIMUM_DELAY:
            raise ConversionError(
                f"{neurons.name}: delays of {steps.max()} steps before it; 0 to {MAXIMUM_DELAY} run here"
            )
    return _Wiring(weight, bias, before, after)


def _delays(before: np.ndarray, after: np.ndarray) -> tuple[DelayKind, np.ndarray | None]:
    """Delays of the inputs and of the outputs of a matrix, as one kind."""
    if before.any() and after.any():
        return DelayKind.SYNAPTIC, before[:, None] + after
    if before.any():
        return DelayKind.AXONAL, before
    return (DelayKind.DENDRITIC, after) if after.any() else (DelayKind.NONE, None)


def _decay(node: Node, key: str, count: int, reading: _Reading) -> np.ndarray:
    """What a step leaves of a potential or current with the time constant `key`, [count]."""
    tau_s = _per_neuron(node, key, count)
    if reading.library.whole_input and (tau_s != 0).all():
        # snnTorch writes dt / (1 - beta), also where beta is beyond 0...1, to which it clamps.
        ratio = np.clip(reading.step_s / tau_s, 0, 1)
    elif tau_s.min() <= 0:
        raise ConversionError(f"{node.name}.{key} must be positive")
    else:
        ratio = reading.step_s / tau_s
    step_ms = 1000 * reading.step_s
    if reading.discretization == "euler" and ratio.max() > 1 + 1e-6:
        raise ConversionError(
            f"{node.name}.{key}: {1000 * tau_s.min():.3g} ms is shorter than a step of"
            f" {step_ms:g} ms: with --discretization euler it would oscillate; take exact, or a shorter step"
        )
    for odd, what in (
        (ratio > 1 + 1e-6, "shorter than a step"),
        (ratio < 1 / _LONG_STEPS, f"over {_LONG_STEPS} steps"),
    ):
        if odd.any():
            text = (
                f"{node.name}.{key}: {np.count_nonzero(odd)} of {count} time constants are {what} of {step_ms:g} ms"
                f" ({1000 * tau_s[odd].min():.3g} to {1000 * tau_s[odd].max():.3g} ms)"
            )
            reading.remarks.append(Remark.suspect(text))
    return np.exp(-ratio) if reading.discretization == "exact" else np.maximum(1 - ratio, 0.0)


@dataclass
class _Dynamics:
    """u' = decay·u + leak + i',  i' = synapse·i + gain·x: of neurons before anything is folded, [count] each."""

    decay: np.ndarray
    gain: np.ndarray
    leak: np.ndarray
    synapse: np.ndarray


def _dynamics(node: Node, count: int, reading: _Reading) -> _Dynamics:
    zero, one, library = np.zeros(count), np.ones(count), reading.library.title
    if node.kind == "Threshold":
        return _Dynamics(zero, one, zero, zero)
    if node.kind == "IF":
        # v' = v + dt·r·I
        return _Dynamics(one, reading.step_s * _per_neuron(node, "r", count), zero, zero)
    cuba = node.kind in ("CubaLIF", "CubaLI")
    decay = _decay(node, "tau_mem" if cuba else "tau", count, reading)
    resistance, rest = _per_neuron(node, "r", count), _per_neuron(node, "v_leak", count)
    leak, synapse = (1 - decay) * rest, zero
    gain = one if reading.library.whole_input else (1 - decay) * resistance
    if cuba:
        synapse = _decay(node, "tau_syn", count, reading)
        # Norse's synapse does, too, though its files say w_in = 1.
        takes_whole = reading.library.whole_input or library == "Norse"
        if library == "rockpool":
            # The synapse's decay acts on what has just arrived, too; r is for other readers.
            gain = synapse
        elif not takes_whole:
            gain = gain * (1 - synapse) * _per_neuron(node, "w_in", count, 1.0)
    elif library == "rockpool":
        gain = one if node.kind == "LIF" else decay
    elif library == "sinabs" and node.kind == "LI":
        gain = one
    return _Dynamics(decay, gain, leak, synapse)


def _reset(node: Node, count: int, reading: _Reading) -> tuple[str, np.ndarray]:
    """(of `RESETS`, the potential of a hard one [count])"""
    stored = _per_neuron(node, "v_reset", count, 0.0)
    if reading.reset is not None:
        return reading.reset, stored
    if node.name in reading.resets:
        return reading.resets[node.name], stored
    return ("hard" if "v_reset" in node.values else "subtract"), stored


def _neurons(node: Node, wiring: _Wiring, reading: _Reading, *, is_read: bool) -> tuple[FloatLayer, np.ndarray]:
    """A layer of firing neurons, and the gain [count] with which it takes its input.

    Its potentials are counted from where they start, in units of the threshold; in their own, where they are read.
    """
    count = len(wiring.weight)
    dynamics = _dynamics(node, count, reading)
    raw_threshold = _per_neuron(node, "threshold" if node.kind == "Threshold" else "v_threshold", count)
    reset, v_reset = ("none", np.zeros(count)) if node.kind == "Threshold" else _reset(node, count, reading)
    start = np.zeros(count)
    if reading.library.starts_at is not None:
        start = _per_neuron(node, reading.library.starts_at, count, 0.0)
    threshold = raw_threshold - start
    if threshold.min() <= 0:
        raise ConversionError(
            f"{node.name}.v_threshold must be positive, and above where potentials start: a neuron at rest would fire"
            " without end"
        )
    if reset.startswith("subtract") and start.any():
        raise ConversionError(f"{node.name}: potentials that start at {start.max():g} and a reset by subtraction")
    unit = np.ones(count) if is_read else threshold
    leak = (dynamics.leak - (1 - dynamics.decay) * start) / unit
    gain = dynamics.gain / unit
    bias = gain * wiring.bias
    kind, at_threshold = CUBA, reading.library.at_threshold
    is_filtered = dynamics.synapse.any()
    if not is_filtered:
        bias, leak = bias + leak, 0 * leak
    if not is_filtered and not at_threshold and not is_read and reset in ("subtract", "subtract-undecayed"):
        kind = SILIF if reset == "subtract" else LIF
        own = lif(dynamics.decay) if kind is SILIF else {"decay": dynamics.decay}
    else:
        own = coefficients(
            dynamics.decay,
            reset=reset,
            synapse_decay=dynamics.synapse,
            threshold=threshold / unit,
            v_reset=(v_reset - start) / unit,
            membrane_bias=leak,
            at_threshold=at_threshold,
        )
    return FloatLayer(kind, Source.DENSE, wiring.weight.T * gain, bias, own), gain


def _readout(node: Node, wiring: _Wiring, reading: _Reading) -> FloatLayer:
    count = len(wiring.weight)
    dynamics = _dynamics(node, count, reading)
    bias = dynamics.gain * wiring.bias
    weights = wiring.weight.T * dynamics.gain
    if not dynamics.synapse.any():
        return FloatLayer(READOUT, Source.SPIKES, weights, bias + dynamics.leak, {"decay": dynamics.decay})
    if np.ptp(dynamics.leak) > 0:
        raise ConversionError(f"{node.name}.v_leak differs between classes, behind a synapse")
    own = coefficients(dynamics.decay, reset="none", synapse_decay=dynamics.synapse, threshold=_NEVER)
    return FloatLayer(CUBA, Source.SPIKES, weights, bias, own)


def _layer(parts: list[Node], source: Source, reading: _Reading, loops: dict[str, Node], is_read: bool) -> FloatLayer:
    *before, neurons = parts
    wiring = _wiring(before, neurons, reading)
    if neurons.kind in _READING:
        layer = _readout(neurons, wiring, reading)
    else:
        layer, gain = _neurons(neurons, wiring, reading, is_read=is_read)
        if neurons.name in loops:
            _feed_back(layer, neurons, loops[neurons.name], gain)
    layer.source = source
    layer.delay_kind, layer.delays = _delays(wiring.before, wiring.after)
    return layer


def _feed_back(layer: FloatLayer, neurons: Node, node: Node, gain: np.ndarray) -> None:
    """The neurons' own spikes of the step before, through a matrix; its bias is there in every step."""
    weight, bias = _matrix(node)
    if weight.shape != (len(gain), len(gain)):
        raise ConversionError(f"{node.name}.weight has the shape {list(weight.shape)} for {len(gain)} neurons")
    layer.recurrent = weight.T * gain
    layer.bias = layer.bias + gain * bias


def _reading(graph: Graph, choices: GraphChoices) -> _Reading:
    """What the file's library means, unless the user said otherwise. Every guess is a remark."""
    remarks, name = [], choices.library
    if name is None and (found := recognised(graph)):
        name, evidence = found
        remarks.append(Remark.assumed(f"the graph was written by {LIBRARIES[name].title}: {evidence} (--library)"))
    library = LIBRARIES.get(name or "nir", _PLAIN)
    discretization, reset = choices.discretization or library.discretization, choices.reset or library.reset
    if library.lost and not (choices.reset and name == "snntorch"):
        make = Remark.note if choices.library else Remark.assumed
        remarks.append(make(f"{library.title}: {library.lost}"))
    step_ms = choices.graph_step_ms
    if step_ms is None:
        step_ms = choices.step_ms if library is _PLAIN else step_ms_of(library, graph)
    firing = [node for node in graph.nodes.values() if node.kind in _FIRING and node.kind != "Threshold"]
    if library is _PLAIN and choices.discretization is None:
        remarks.append(Remark.assumed("steps are taken exactly, not by Euler's rule (--discretization)"))
    if library is _PLAIN and reset is None and firing:
        stored = sorted({f"{value:g}" for node in firing for value in np.ravel(node.values.get("v_reset", []))})
        how = "the threshold is subtracted before the decay, as NIR said before 1.0.5"
        if stored:
            values = ", ".join(stored[:3])
            how = f"potentials are reset to v_reset = {values}, as the file says; libraries that subtract say so too"
        remarks.append(Remark.assumed(f"{how} (--reset)"))
    return _Reading(step_ms / 1000, discretization, reset, library, remarks)


def _scores(last: Node, choices: GraphChoices, reading: _Reading) -> Scores:
    if last.kind in _READING:
        if choices.scores == Scores.SPIKES:
            raise ConversionError(f"{last.name}: {last.kind} makes no spikes to count; leave --scores out")
        return Scores.POTENTIALS
    if choices.scores is not None:
        return choices.scores
    text = f"{last.name} fires, and its spikes are counted as scores (--scores potentials reads its potentials)"
    reading.remarks.append(Remark.assumed(text))
    return Scores.SPIKES


def _check_widths(name: str, layers: list[FloatLayer]) -> None:
    if len(layers) > 1 and layers[-1].weights.shape[0] != layers[-2].weights.shape[1]:
        inputs, below = layers[-1].weights.shape[0], layers[-2].weights.shape[1]
        raise ConversionError(f"{name}: {inputs} inputs behind {below} neurons")


def read_graph(path: Path, choices: GraphChoices) -> GraphNetwork:
    """The layers of a NIR graph. Raises ConversionError naming the node that cannot run."""
    graph = read_nir(path)
    return graph_network(graph, _reading(graph, choices), choices)


def read_modules(modules: ModuleGraph, choices: GraphChoices) -> GraphNetwork:
    """The layers of a state dict whose modules are known."""
    reading = _reading(modules.graph, replace(choices, library=modules.library))
    if choices.reset is None:
        reading.resets = modules.resets
        reading.reset = None if modules.resets else reading.reset
    # Nobody said which library it is, and what snnTorch's graphs do not say its tensors do.
    unsaid = [] if modules.resets else [Remark.assumed(remark.text) for remark in reading.remarks]
    reading.remarks = [*modules.remarks, *unsaid]
    return graph_network(modules.graph, reading, choices)


def graph_network(graph: Graph, reading: _Reading, choices: GraphChoices) -> GraphNetwork:
    loops = _take_loops(graph)
    first, *chain, last = _chain(graph)
    layers, parts = [], []
    for node in chain:
        parts.append(node)
        if node.kind in _LINEAR:
            continue
        if node.kind in _READING and node is not chain[-1]:
            raise ConversionError(f"{node.name}: {node.kind} runs here as the last node, the readout")
        is_read = node is chain[-1] and choices.scores == Scores.POTENTIALS
        source = Source.SPIKES if layers else Source.DENSE
        layers.append(_layer(parts, source, reading, loops, is_read))
        _check_widths(node.name, layers)
        parts = []
    if parts or not layers:
        raise ConversionError(f"{chain[-1].name if chain else 'the graph'}: no neurons at the end of the chain")
    _check_shape(first, layers[0].weights.shape[0], "inputs")
    _check_shape(last, layers[-1].weights.shape[1], "outputs")
    return GraphNetwork(layers, _scores(chain[-1], choices, reading), graph_parts(graph), reading.remarks)
