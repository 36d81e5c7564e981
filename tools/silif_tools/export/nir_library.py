"""Which library wrote a NIR graph, and what it means by the numbers.

NIR leaves to each library how a step is taken, and in what unit it writes time.

Measured against the libraries themselves, `make test-libraries`; the versions are in docs/CONVERT.md.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import ConversionError
from .nir_file import Graph, Node

_NEURONS = ("LIF", "LI", "CubaLIF", "CubaLI", "IF")


@dataclass(frozen=True)
class Library:
    """What a library's graphs mean.

    step_ms: the step for which its time constants were written, in milliseconds; None: in the nodes (`step_of`).
    reset: its neurons' own, by name of `kinds.cuba.RESETS`; None: as the file says.
    whole_input: whether neurons take what arrives whole and clamp decays to 0...1, which its files only imply.
    at_threshold: whether a potential that equals the threshold fires. starts_at: the field with the first potential.
    lost: what its files do not say.
    """

    title: str
    step_ms: float | None
    discretization: str
    reset: str | None
    whole_input: bool = False
    at_threshold: bool = False
    starts_at: str | None = None
    lost: str = ""


LIBRARIES = {
    "snntorch": Library(
        "snnTorch",
        0.1,
        "euler",
        "subtract-undecayed",
        whole_input=True,
        lost='reset_mechanism="subtract" (--reset hard or none says otherwise)',
    ),
    "spikingjelly": Library("spikingjelly", 0.1, "euler", "hard", at_threshold=True, starts_at="v_reset"),
    "norse": Library(
        "Norse", 0.001, "euler", "hard", starts_at="v_leak", lost="to_nir's dt and the cells' are 0.001 s"
    ),
    "sinabs": Library(
        "sinabs",
        1000.0,
        "exact",
        "subtract",
        at_threshold=True,
        lost="spike_fn=SingleSpike, no tau_syn and no min_v_mem; norm_input as the layers have it by default",
    ),
    "rockpool": Library(
        "rockpool",
        None,
        "exact",
        "subtract",
        at_threshold=True,
        lost="max_spikes_per_dt=1, bias 0 and no noise in LIFTorch",
    ),
}


def _all(nodes: list[Node], test) -> bool:
    return bool(nodes) and all(test(node) for node in nodes)


def _near(one, other) -> bool:
    one, other = np.ravel(one), np.ravel(other)
    # Tables whose sizes do not fit are refused by name once the neurons are counted.
    fits = one.size == other.size or 1 in (one.size, other.size)
    return fits and bool(np.allclose(one, other, rtol=2e-4, atol=0))


def _tau(node: Node) -> np.ndarray | None:
    return node.values.get("tau", node.values.get("tau_mem"))


def _is_unit(node: Node) -> bool:
    return bool((node.values.get("r", np.zeros(1)) == 1).all())


def step_of(node: Node) -> float | None:
    """The step in milliseconds that rockpool's r tells: r = exp(-x)/x, x = dt / tau. None where it tells none."""
    tau, r = _tau(node), node.values.get("r")
    if tau is None or r is None or not (r > 0).all() or not (tau > 0).all():
        return None
    x = 1 / (1 + r)
    for _ in range(50):  # Newton, from below
        x = x - (np.exp(-x) - r * x) / (-np.exp(-x) - r)
    steps = x * tau
    return 1000 * float(np.median(steps)) if _near(steps, np.median(steps)) else None


def recognised(graph: Graph) -> tuple[str, str] | None:
    """(library, by what it is told); None where nothing tells it."""
    neurons = [node for node in graph.nodes.values() if node.kind in _NEURONS]
    timed = [node for node in neurons if _tau(node) is not None]
    if any(name.endswith(("_LinearTorch", "_LIFTorch", "_LIFNeuronTorch", "_ExpSynTorch")) for name in graph.nodes):
        return "rockpool", "names of its modules"
    # nirtorch's older tracer, which snnTorch, Norse and sinabs use, calls the first node so; torch.fx calls it by an
    # argument's name.
    starts = [node.name for node in graph.nodes.values() if node.kind == "Input"]
    is_traced = starts != ["input"]
    if is_traced and _all(neurons, lambda node: "v_reset" in node.values):
        steps = _all(timed, lambda node: _is_unit(node) or _near(node.values.get("r", 0) * 1e-4, _tau(node)))
        if steps or _all(neurons, lambda node: node.kind == "IF" and _near(node.values.get("r", 0), 1e4)):
            return "spikingjelly", f"an input named {starts[0]}, as torch.fx names it, and steps of 0.1 ms"
    if is_traced:
        return None
    if _all(timed, lambda node: _near(node.values.get("r", 0) * 1e-4, _tau(node))):
        return "snntorch", "r = tau / 0.1 ms in every node"
    if _all(timed, _is_unit):
        if _all(timed, lambda node: (_tau(node) >= 1).all()):
            return "sinabs", "r = 1 and time constants of 1 and more: in steps"
        if _all(timed, lambda node: (_tau(node) < 1e-4).all()):
            return "norse", "r = 1 and time constants below 0.1 ms: times the step"
    if not timed and _all(neurons, _is_unit):
        return "sinabs", "IF alone, with r = 1"
    return None


def step_ms_of(library: Library, graph: Graph) -> float:
    """The step that a library's numbers mean, in milliseconds. Raises ConversionError where it cannot be told."""
    if library.step_ms is not None:
        return library.step_ms
    found = {node.name: step_of(node) for node in graph.nodes.values() if node.kind in _NEURONS}
    steps = [step for step in found.values() if step is not None]
    if len(steps) < len(found) or not _near(steps, steps[0]):
        raise ConversionError(f"{', '.join(found)}: r and tau do not tell one step; give --graph-dt")
    return steps[0]
