"""The network that silif-export was given, from any file that it reads, with everything that there is to say of it.

arguments: those of the command. description: what NAME.json beside the checkpoint says.
"""

from dataclasses import dataclass, replace

from ..errors import ConversionError
from ..kinds.choices import BATCH_NORM_EPSILON, DEFAULT_KERNEL, Choices, described
from ..kinds.connection import FloatLayer
from ..model_file.tables import Scores
from .checkpoint import Checkpoint
from .description import described_step, description_path, is_same_step
from .fold import fold
from .input_statistics import InputStatistics, recovered_statistics
from .module_graph import ModuleChoices, is_of_modules, library_of, module_graph
from .nir_graph import GraphChoices, read_graph, read_modules
from .nir_library import LIBRARIES
from .remark import Remark
from .remarks import deaf_remarks, dt_remarks, neuron_remarks, s4d_remarks, silent_remarks
from .state_dict import load_checkpoint
from .taken import Part, check_taken, state_parts


@dataclass
class NetworkRead:
    """known: of the inputs of each layer. bits: of a weight. remarks: what there is to say of it."""

    layers: list[FloatLayer]
    known: list[InputStatistics] | None
    bits: int
    remarks: list[Remark]
    scores: Scores = Scores.POTENTIALS


def _said_step(arguments, description: dict) -> float | None:
    """The milliseconds of a step, where anything tells them. Raises ConversionError where two tell others."""
    described, asked = described_step(description), arguments.step_ms
    if asked is not None and "front_end" in description and not is_same_step(asked, described):
        raise ConversionError(
            f"--step-ms {asked:g}: {description_path(arguments.checkpoint)}: its front_end makes a step every"
            f" {described:g} ms (hop_samples / sample_rate_hz); leave --step-ms out"
        )
    return asked or described


def step_of(arguments, description: dict) -> float:
    """The duration of a step in milliseconds."""
    return _said_step(arguments, description) or 4


def _weight_bits(asked: int | None, description: dict, state: dict) -> int:
    trained = description.get("weight_bits")
    if any(key.endswith(".W.scale") for key in state) and None not in (asked, trained) and asked != trained:
        raise ConversionError(
            f"--bits {asked}: this network was trained with weights of {trained} bits; leave --bits out"
        )
    return asked or trained or 8


def _choices(arguments, description: dict) -> Choices:
    choices = described(description)
    asked = {
        "neuron": arguments.neuron,
        "norm_epsilon": arguments.norm_epsilon,
        "lif_tau_steps": arguments.lif_tau,
        "lif_reset": arguments.reset,
        "spike_threshold": arguments.spike_threshold,
        "delay_kernel": arguments.delay_kernel,
        "delays": arguments.delays,
    }
    return replace(choices, **{key: value for key, value in asked.items() if value is not None})


def _unsaid(arguments, description: dict, state: dict) -> list[Remark]:
    """What a state dict cannot say and nobody did."""
    found = []
    if _said_step(arguments, description) is None:
        found.append(Remark.assumed("a step lasts 4 ms (--step-ms says how long)"))
    has_norm = any(key.endswith(".running_var") for key in state)
    # silif-train writes its recipe beside what it trained.
    if has_norm and arguments.norm_epsilon is None and "recipe" not in description:
        text = f"batch normalization adds {BATCH_NORM_EPSILON:g} to variances, PyTorch's default (--norm-epsilon)"
        found.append(Remark.assumed(text))
    has_positions = any(key.endswith(".P") for key in state)
    if has_positions and arguments.delay_kernel is None and "max_delay" not in (description.get("delay") or {}):
        text = f"delays were learned in a kernel of {DEFAULT_KERNEL} taps, as published (--delay-kernel)"
        found.append(Remark.assumed(text))
    return found


def _reset_remarks(arguments, parts: set[Part]) -> list[Remark]:
    """LIF neurons without tensors, whose reset no file tells."""
    if Part.CODED_RESET not in parts or arguments.reset is not None:
        return []
    return [
        Remark.assumed("LIF neurons subtract their threshold, v_reset=None (--reset hard for spikingjelly's default)")
    ]


def _delay_remarks(layers: list[FloatLayer]) -> list[Remark]:
    return [
        Remark(
            f"layer {index}.delays: {layer.delay_rounding.line()}",
            "changed" if layer.delay_rounding.changes else "note",
        )
        for index, layer in enumerate(layers)
        if layer.delay_rounding is not None
    ]


def _scores(arguments) -> Scores | None:
    return Scores[arguments.scores.upper()] if arguments.scores else None


def _of_modules(
    arguments, description: dict, checkpoint: Checkpoint, library: str, modules: ModuleChoices
) -> NetworkRead:
    """Of a library's modules."""
    choices = GraphChoices(
        step_of(arguments, description), arguments.discretization, arguments.reset, scores=_scores(arguments)
    )
    graph = module_graph(checkpoint.tensors, library, modules)
    network = read_modules(graph, choices)
    check_taken(arguments, state_parts(checkpoint.tensors, []) | graph.parts | network.parts)
    remarks = [
        *checkpoint.remarks,
        Remark.assumed(f"the modules are those of {LIBRARIES[library].title}, by the names of their tensors"),
        *_unsaid(arguments, description, checkpoint.tensors),
        *network.remarks,
        *deaf_remarks(network.layers),
        *silent_remarks(network.layers),
    ]
    return NetworkRead(network.layers, None, arguments.bits or 8, remarks, network.scores)


def read_network(arguments, description: dict) -> NetworkRead:
    """Raises ConversionError naming the tensor, node or option that stands in the way."""
    if arguments.checkpoint.suffix == ".nir":
        step_ms = _said_step(arguments, description)
        if step_ms is None:
            raise ConversionError("--step-ms: a graph describes neurons in continuous time; say how long a step is")
        choices = GraphChoices(
            step_ms,
            arguments.discretization,
            arguments.reset,
            arguments.library,
            arguments.graph_dt,
            _scores(arguments),
        )
        graph = read_graph(arguments.checkpoint, choices)
        check_taken(arguments, {Part.GRAPH} | graph.parts)
        remarks = graph.remarks + deaf_remarks(graph.layers) + silent_remarks(graph.layers)
        return NetworkRead(graph.layers, None, arguments.bits or 8, remarks, graph.scores)
    checkpoint = load_checkpoint(arguments.checkpoint, arguments.key)
    state = checkpoint.tensors
    modules = ModuleChoices(
        arguments.lif_tau, not arguments.no_decay_input, arguments.norm_epsilon or BATCH_NORM_EPSILON
    )
    if is_of_modules(state) and (library := library_of(state, modules)):
        return _of_modules(arguments, description, checkpoint, library, modules)
    choices = _choices(arguments, description)
    layers = fold(state, choices)
    parts = state_parts(state, layers)
    check_taken(arguments, parts)
    if arguments.reset not in (None, "hard", "subtract"):
        raise ConversionError(f"--reset {arguments.reset}: of LIF neurons in a state dict, hard or subtract")
    # With recordings or precomputed input the statistics are measured.
    known = None if arguments.calibrate else recovered_statistics(state, layers)
    remarks = [
        *checkpoint.remarks,
        *_unsaid(arguments, description, state),
        *neuron_remarks(state, choices, arguments.neuron is not None),
        *_reset_remarks(arguments, parts),
        *dt_remarks(state, step_of(arguments, description)),
        *s4d_remarks(state),
        *deaf_remarks(layers),
        *silent_remarks(layers),
        *_delay_remarks(layers),
    ]
    return NetworkRead(layers, known, _weight_bits(arguments.bits, description, state), remarks)
