"""The nodes and edges of a NIR file (neuroir.org), read from the HDF5 itself: the package nir cannot say what a file
lacks, and not every version reads what every library writes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..model_file.bounds import MAXIMUM_NEURONS

# A matrix between two layers of the greatest width.
_LARGEST_TENSOR = MAXIMUM_NEURONS * MAXIMUM_NEURONS
# What deflate, HDF5's packing, gives at best.
_PACKED = 1032
_DEEPEST = 4


@dataclass
class Node:
    """values: its numbers, by name; one number is an array without dimensions. inside: the graph that it is in."""

    name: str
    kind: str
    values: dict[str, np.ndarray]
    inside: str = ""


@dataclass
class Graph:
    """edges: from and to, by the names of nodes. Of a graph inside a graph the nodes are called `outer.inner`."""

    nodes: dict[str, Node]
    edges: list[tuple[str, str]]


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _check_size(path: Path, name: str, count: int, total: int) -> None:
    """Chunks that are not in the file read as zeros, of any number; those that are may be packed this much."""
    if count > _LARGEST_TENSOR or total > max(_PACKED * path.stat().st_size, 1 << 20):
        raise ConversionError(f"{path}: {name} stands for {count} numbers, more than the file can hold")


class _Reader:
    def __init__(self, path: Path, dataset_type: type):
        self.path, self.dataset_type, self.total = path, dataset_type, 0

    def values(self, name: str, stored) -> dict[str, np.ndarray]:
        values = {}
        for key, item in stored.items():
            if isinstance(item, self.dataset_type) and item.dtype.kind in "fiu":
                self.total += item.size
                _check_size(self.path, f"{name}.{key}", item.size, self.total)
                values[key] = np.asarray(item[()], np.float64)
        return values

    def graph(self, group, prefix: str = "", depth: int = 0) -> Graph:
        if depth > _DEEPEST:
            raise ConversionError(f"{self.path}: {prefix} holds graphs inside graphs, more than {_DEEPEST} deep")
        graph = Graph({}, [])
        for name, stored in group["nodes"].items():
            kind, full = _text(stored["type"][()]), prefix + name
            if kind == "NIRGraph":
                inner = self.graph(stored, f"{full}.", depth + 1)
                graph.nodes |= inner.nodes
                graph.edges += inner.edges
            graph.nodes[full] = Node(full, kind, self.values(full, stored), prefix)
        _check_size(self.path, "edges", group["edges"].size, group["edges"].size)
        graph.edges += [(prefix + _text(start), prefix + _text(end)) for start, end in group["edges"][()]]
        return graph


def _written_out(graph: Graph) -> Graph:
    """Without the nodes that are graphs: what enters one enters its Input's successors, and so on."""
    edges = set(graph.edges)
    for name in [node.name for node in graph.nodes.values() if node.kind == "NIRGraph"]:
        inside = [node for node in graph.nodes.values() if node.inside == f"{name}."]
        for kind, is_entry in (("Input", True), ("Output", False)):
            for border in [node.name for node in inside if node.kind == kind]:
                into = [start for start, end in edges if end == (name if is_entry else border)]
                out = [end for start, end in edges if start == (border if is_entry else name)]
                edges |= {(start, end) for start in into for end in out}
                del graph.nodes[border]
        del graph.nodes[name]
    kept = [edge for edge in sorted(edges) if edge[0] in graph.nodes and edge[1] in graph.nodes]
    return Graph(graph.nodes, kept)


def _check_edges(graph: Graph) -> None:
    for start, end in graph.edges:
        if start not in graph.nodes or end not in graph.nodes:
            raise ConversionError(f"an edge from {start} to {end}: there is no such node")


def read_nir(path: Path) -> Graph:
    """Raises ConversionError naming the file."""
    try:
        import h5py
    except ImportError:
        raise ConversionError(
            f"{path}: reading it needs the package h5py (pip install 'silif-tools[formats]')"
        ) from None
    if not path.is_file():
        raise ConversionError(f"{path}: no such file; check the path")
    try:
        with h5py.File(path) as file:
            outer = file["node"]
            if _text(outer["type"][()]) != "NIRGraph":
                raise ConversionError(f"{path}: the file holds a {_text(outer['type'][()])}, not a graph")
            graph = _Reader(path, h5py.Dataset).graph(outer)
    # h5py has no error of its own: a damaged file raises any of these.
    except (OSError, LookupError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(f"{path}: not a NIR graph ({error})") from None
    for node in graph.nodes.values():
        for key, values in node.values.items():
            if not np.isfinite(values).all():
                raise ConversionError(f"{path}: {node.name}.{key} holds values that are not finite")
    _check_edges(graph)
    return _written_out(graph)
