"""Which parts of a file take which options of silif-export.

An option that nothing takes is refused: whoever gave it expects another network than the one that would be written.
"""

from enum import Enum

import numpy as np

from ..errors import ConversionError
from ..kinds.connection import FloatLayer
from ..model_file.tables import DelayKind
from .blocks import is_of_blocks
from .fold import PARAMETRIC, neuron_tensors
from .layouts import canonical
from .nir_file import Graph
from .s4d_layout import is_of_s4d
from .state_dict import layer_tensors


class Part(Enum):
    """What a file may hold that an option is for, in words that stand behind "it is for"."""

    GRAPH = "a graph (.nir)"
    STATE_DICT = "a state dict"
    MODULES = "the modules of snnTorch, sinabs or spikingjelly"
    TIMED_NODES = "neurons with time constants in a graph or in modules of a library"
    RESETTING_NODES = "neurons that reset in a graph or in modules of a library"
    SPIKINGJELLY = "neurons of spikingjelly"
    CODED_LIF = "LIF layers without tensors of their own"
    CODED_RESET = "LIF layers whose tensors do not tell their reset"
    EITHER_ADLIF = "layers that may be cAdLIF or adLIF"
    NORM = "batch normalization"
    S4D = "S4D layers named s4_layers.N"
    DELAYS = "learned delays"
    AXONAL = "axonal delays"
    DENDRITIC = "dendritic delays"
    SYNAPTIC = "synaptic delays"


# With a value: of this value alone.
_TAKEN_BY = {
    "--key": (Part.STATE_DICT,),
    "--neuron": (Part.EITHER_ADLIF,),
    "--norm-epsilon": (Part.NORM,),
    "--lif-tau": (Part.CODED_LIF,),
    "--no-decay-input": (Part.SPIKINGJELLY,),
    "--reset": (Part.RESETTING_NODES, Part.CODED_RESET),
    "--spike-threshold": (Part.S4D,),
    "--delay-kernel": (Part.DELAYS,),
    "--delays axonal": (Part.AXONAL,),
    "--delays dendritic": (Part.DENDRITIC,),
    "--delays synaptic": (Part.SYNAPTIC,),
    "--discretization": (Part.TIMED_NODES,),
    "--scores": (Part.GRAPH, Part.MODULES),
    "--library": (Part.GRAPH,),
    "--graph-dt": (Part.GRAPH,),
}
_DELAYS = {
    DelayKind.AXONAL: {Part.DELAYS, Part.AXONAL},
    DelayKind.DENDRITIC: {Part.DELAYS, Part.DENDRITIC},
    DelayKind.SYNAPTIC: {Part.DELAYS, Part.SYNAPTIC},
}


def graph_parts(graph: Graph) -> set[Part]:
    """What a graph's nodes take, wherever the graph is from."""
    kinds, found = {node.kind for node in graph.nodes.values()}, set()
    if kinds & {"LIF", "CubaLIF", "LI", "CubaLI"}:
        found.add(Part.TIMED_NODES)
    if kinds & {"LIF", "CubaLIF", "IF"}:
        found.add(Part.RESETTING_NODES)
    return found


def _layer_parts(tensors: dict[str, np.ndarray], layer: FloatLayer) -> set[Part]:
    own = neuron_tensors(tensors)
    found = set(_DELAYS.get(layer.delay_kind, ()))
    if own == {"alpha", "beta", "a", "b"}:
        found.add(Part.EITHER_ADLIF)
    if not own:
        found.add(Part.CODED_LIF)
    if own <= {PARAMETRIC}:
        # They run as decay_input=False does.
        found.add(Part.SPIKINGJELLY)
        if layer.kind.fires:
            found.add(Part.CODED_RESET)
    return found


def state_parts(state: dict[str, np.ndarray], layers: list[FloatLayer]) -> set[Part]:
    """What the tensors of a state dict take. layers: that `fold` makes of it; none where they are a library's."""
    found = {Part.STATE_DICT}
    if any(key.endswith(".running_var") for key in state):
        found.add(Part.NORM)
    if is_of_s4d(state):
        found.add(Part.S4D)
    elif not is_of_blocks(state):
        state = canonical(state) if layers else state
        for index, layer in enumerate(layers):
            found |= _layer_parts(layer_tensors(state, index), layer)
    return found


def check_taken(arguments, parts: set[Part]) -> None:
    """Raises ConversionError naming an option that nothing in the file takes. arguments: those of silif-export."""
    for spelled, takers in _TAKEN_BY.items():
        option, _, value = spelled.partition(" ")
        given = getattr(arguments, option[2:].replace("-", "_"))
        is_given = given is not None and given is not False and (not value or given == value)
        if is_given and parts.isdisjoint(takers):
            raise ConversionError(
                f"{option}: nothing in {arguments.checkpoint} takes {value or 'it'}; leave it out (it is for"
                f" {', or for '.join(part.value for part in takers)})"
            )
