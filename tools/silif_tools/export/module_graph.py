"""State dicts of snnTorch, sinabs and spikingjelly as graphs: the names of their tensors tell what a module is.

snnTorch stores decays, threshold and reset of each neuron; sinabs time constants and threshold. spikingjelly stores
nothing but `w` of ParametricLIFNode: a matrix without neurons behind it is followed by LIFNode, whose time constant the
user gives. Norse stores matrices alone; its graphs (to_nir) say more.
"""

import itertools
import re
from dataclasses import dataclass

import numpy as np

from ..errors import ConversionError
from ..kinds.connection import FloatConnection
from .fold import normalized, parametric_tau_steps
from .nir_file import Graph, Node
from .remark import Remark
from .shapes import check_norm, per_neuron
from .taken import Part

State = dict[str, np.ndarray]
_SNNTORCH = {"threshold", "reset_mechanism_val"}
_SINABS = {"spike_threshold", "v_mem"}
# What snnTorch and spikingjelly write as the step, in seconds.
_STEP_S = 1e-4
# snnTorch's reset_mechanism_val; zero: of Leaky, and of the neurons that reset a step late.
_RESETS = ("subtract-undecayed", ("hard", "hard-late"), "none")


@dataclass(frozen=True)
class ModuleChoices:
    """lif_tau_steps: of spikingjelly's LIFNode. decay_input: theirs, and ParametricLIFNode's. norm_epsilon: of batch
    normalization."""

    lif_tau_steps: float | None = None
    decay_input: bool = True
    norm_epsilon: float = 1e-5


@dataclass
class ModuleGraph:
    """resets: by the names of nodes, where the file tells them. parts: what of the modules takes options."""

    library: str
    graph: Graph
    resets: dict[str, str]
    parts: set[Part]
    remarks: list[Remark]


def _modules(state: State) -> dict[str, State]:
    """Tensors by module, in the order in which they stand in the file."""
    found: dict[str, State] = {}
    for key, values in state.items():
        module, _, name = key.rpartition(".")
        found.setdefault(module, {})[name] = values
    return found


def _is_matrix(tensors: State) -> bool:
    return "weight" in tensors and tensors["weight"].ndim == 2 and set(tensors) <= {"weight", "bias"}


def _is_norm(tensors: State) -> bool:
    return "running_mean" in tensors


def _is_parametric(tensors: State) -> bool:
    return set(tensors) == {"w"} and tensors["w"].size == 1


def is_of_modules(state: State) -> bool:
    """Whether it is none of the layouts that `fold` reads."""
    return not any(re.match(r"(.*\.)?(snn\.\d+\.|model\.\d+\.P$|blocks\.\d+\.|s4_layers\.\d+\.)", key) for key in state)


def library_of(state: State, choices: ModuleChoices) -> str | None:
    """Whose modules these are; None where nothing tells it."""
    modules = _modules(state).values()
    if any(set(tensors) >= _SNNTORCH for tensors in modules):
        return "snntorch"
    if any(set(tensors) >= _SINABS for tensors in modules):
        return "sinabs"
    numbered = all(_is_matrix(tensors) or _is_norm(tensors) or _is_parametric(tensors) for tensors in modules)
    is_told = choices.lif_tau_steps is not None or any(map(_is_parametric, modules))
    return "spikingjelly" if numbered and is_told and any(map(_is_matrix, modules)) else None


def _of_snntorch(name: str, tensors: State, *, feeds_back: bool) -> tuple[Node, str]:
    """The node, and its reset."""
    factor = tensors.get("graded_spikes_factor", np.ones(1))
    if not factor.size or (factor != 1).any():
        raise ConversionError(f"{name}.graded_spikes_factor: spikes have no size here")
    left = 1 - np.clip(tensors["beta"], 0, 1)
    # A decay of 1 rounds to exactly 1 in Q30.
    tau = _STEP_S / np.maximum(left, 2.0**-32)
    values = {"r": tau / _STEP_S, "v_leak": np.zeros(1), "v_threshold": tensors["threshold"], "v_reset": np.zeros(1)}
    if tensors["reset_mechanism_val"].size != 1:
        raise ConversionError(f"{name}.reset_mechanism_val is no single number")
    mechanism = int(tensors["reset_mechanism_val"].item())
    if not 0 <= mechanism < len(_RESETS):
        raise ConversionError(f"{name}.reset_mechanism_val is {mechanism}; snnTorch has 0 to 2")
    reset = _RESETS[mechanism]
    reset = reset if isinstance(reset, str) else reset["alpha" in tensors or feeds_back]
    if "alpha" not in tensors:
        return Node(name, "LIF", values | {"tau": tau}), reset
    synapse = _STEP_S / np.maximum(1 - np.clip(tensors["alpha"], 0, 1), 2.0**-32)
    return Node(name, "CubaLIF", values | {"tau_mem": tau, "tau_syn": synapse, "w_in": synapse / _STEP_S}), reset


def _of_sinabs(name: str, tensors: State) -> Node:
    values = {"v_threshold": tensors["spike_threshold"], "r": np.ones(1), "v_leak": np.zeros(1)}
    if "tau_syn" in tensors:
        raise ConversionError(f"{name}.tau_syn: a synapse of sinabs in a state dict; leave it out, or train without it")
    if "tau_mem" not in tensors:
        return Node(name, "IF", values)
    return Node(name, "LIF", values | {"tau": tensors["tau_mem"]})


def _of_spikingjelly(name: str, tau_steps: float, choices: ModuleChoices) -> Node:
    tau = np.full(1, tau_steps * _STEP_S)
    resistance = np.full(1, 1.0 if choices.decay_input else tau_steps)
    return Node(
        name,
        "LIF",
        {"tau": tau, "r": resistance, "v_leak": np.zeros(1), "v_threshold": np.ones(1), "v_reset": np.zeros(1)},
    )


def _normalized(matrix: Node, name: str, tensors: State, epsilon: float) -> None:
    """Batch normalization goes into the matrix before it."""
    check_norm(tensors, name)
    weight = matrix.values["weight"]
    count = len(weight)
    bias = per_neuron(matrix.values.get("bias", np.zeros(count)), f"{matrix.name}.bias", count)
    norm = {
        key: per_neuron(values, f"{name}.{key}", count)
        for key, values in tensors.items()
        if key != "num_batches_tracked"
    }
    connection = normalized(FloatConnection(weight.T, bias), norm, epsilon)
    matrix.values |= {"weight": connection.weights.T, "bias": connection.bias}
    matrix.kind = "Affine"


class _Builder:
    def __init__(self, library: str, choices: ModuleChoices, modules: dict[str, State]):
        self.library, self.choices, self.modules = library, choices, modules
        self.chain: list[Node] = []
        self.loops: dict[str, Node] = {}
        self.resets: dict[str, str] = {}
        self.parts = {Part.MODULES}

    def _ends_in_matrix(self) -> bool:
        return bool(self.chain) and self.chain[-1].kind in ("Affine", "Linear")

    def _neurons(self, node: Node) -> None:
        if not self._ends_in_matrix():
            raise ConversionError(f"{node.name}: no matrix stands before it in the file")
        self.chain.append(node)

    def _silent_neurons(self) -> None:
        """spikingjelly's LIFNode has no tensors: it stands behind every matrix that has nothing else there."""
        if self.library != "spikingjelly" or not self._ends_in_matrix():
            return
        if self.choices.lif_tau_steps is None:
            raise ConversionError(f"{self.chain[-1].name}: no neurons behind it; of LIFNode give --lif-tau")
        name = f"the neurons behind {self.chain[-1].name}"
        self.chain.append(_of_spikingjelly(name, self.choices.lif_tau_steps, self.choices))
        self.parts.add(Part.CODED_LIF)

    def _feedback(self, name: str, tensors: State) -> None:
        """Of snnTorch's RLeaky and RSynaptic: a matrix, or one weight V for each neuron."""
        if "V" in tensors:
            tensors = {"weight": np.diag(np.atleast_1d(tensors["V"]))}
        self.loops[name.rpartition(".")[0]] = Node(name, "Affine", dict(tensors))

    def add(self, name: str, tensors: State) -> None:
        if name.endswith(".recurrent") and self.modules.get(name.rpartition(".")[0], {}).keys() >= _SNNTORCH:
            self._feedback(name, tensors)
        elif _is_matrix(tensors):
            self._silent_neurons()
            self.chain.append(Node(name, "Affine" if "bias" in tensors else "Linear", dict(tensors)))
        elif _is_norm(tensors) and self._ends_in_matrix():
            _normalized(self.chain[-1], name, tensors, self.choices.norm_epsilon)
        elif _is_parametric(tensors):
            self._neurons(_of_spikingjelly(name, parametric_tau_steps(tensors["w"]), self.choices))
        elif set(tensors) >= _SNNTORCH and "beta" in tensors:
            feeds_back = f"{name}.recurrent" in self.modules
            node, self.resets[name] = _of_snntorch(name, tensors, feeds_back=feeds_back)
            self._neurons(node)
        elif set(tensors) >= _SINABS:
            self._neurons(_of_sinabs(name, tensors))
        else:
            raise ConversionError(
                f"{name}: no module of {self.library} that runs here has {', '.join(sorted(tensors))}"
            )

    def graph(self) -> Graph:
        self._silent_neurons()
        if not self.chain:
            raise ConversionError("no matrix in the file")
        chain = [Node("input", "Input", {}), *self.chain, Node("output", "Output", {})]
        edges = [(one.name, other.name) for one, other in itertools.pairwise(chain)]
        for name, node in self.loops.items():
            edges += [(name, node.name), (node.name, name)]
        return Graph({node.name: node for node in (*chain, *self.loops.values())}, edges)


def module_graph(state: State, library: str, choices: ModuleChoices) -> ModuleGraph:
    """The graph of a state dict of `library`. Raises ConversionError naming the module that cannot run."""
    modules = _modules(state)
    builder = _Builder(library, choices, modules)
    for name, tensors in modules.items():
        builder.add(name, tensors)
    graph = builder.graph()
    order = ", ".join(node.name for node in builder.chain)
    remarks = [Remark.assumed(f"modules run in the order in which they stand in the file: {order}")]
    if library == "spikingjelly":
        how = "decay_input=True" if choices.decay_input else "decay_input=False"
        remarks.append(Remark.assumed(f"thresholds are 1, {how} (--no-decay-input)"))
        builder.parts.add(Part.SPIKINGJELLY)
    return ModuleGraph(library, graph, builder.resets, builder.parts, remarks)
