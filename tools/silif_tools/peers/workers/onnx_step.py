"""The network in onnxruntime: int8 weights (MatMulInteger, one scale a row), float32 neurons, states in and out.

Inputs and outputs are bound to buffers once, two sets that swap roles: no copies, no allocations in Python.
"""

import sys

import numpy as np
import onnxruntime as ort
from network import load_network
from onnx import TensorProto, checker, helper, numpy_helper
from serve import serve

layers, frames = load_network(sys.argv[1])


class Graph:
    """Collects nodes and constants; every method returns the name of a value."""

    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def constant(self, value: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes) -> str:
        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def row(self, value: np.ndarray) -> str:
        return self.constant(value.astype(np.float32)[None])

    def state(self, name: str, width: int) -> str:
        self.inputs.append((name, width))
        self.outputs.append((f"{name}_next", width))
        return name


def add_layer(graph: Graph, layer: dict, index: int, values: str) -> str:
    """values: uint8 [1, input]. Returns the spikes as uint8, or the probabilities."""
    width = len(layer["bias"])
    sums = graph.node("MatMulInteger", values, graph.constant(layer["integers"]))
    current = graph.node("Mul", graph.node("Cast", sums, to=TensorProto.FLOAT), graph.row(layer["scale"]))
    current = graph.node("Add", current, graph.row(layer["bias"]))
    u = graph.state(f"u{index}", width)
    decay = graph.row(layer["decay"])
    if layer["kind"] == "readout":
        u_next = graph.node("Add", graph.node("Mul", decay, u), current, output=f"u{index}_next")
        return graph.node("Softmax", u_next, output="probabilities", axis=-1)
    second, s = graph.state(f"w{index}", width), graph.state(f"s{index}", width)
    if layer["kind"] == "silif":
        gain = graph.row(layer["input_gain"])
        w = graph.node("Mul", graph.row(layer["be"]), second)
        w = graph.node("Add", w, graph.node("Mul", graph.row(layer["subthreshold_coupling"]), u))
        w = graph.node("Add", w, graph.node("Mul", graph.row(layer["spike_coupling"]), s), output=f"w{index}_next")
        new = graph.node("Mul", decay, graph.node("Sub", u, s))
        new = graph.node("Add", new, current)
        new = graph.node("Sub", new, graph.node("Mul", gain, w), output=f"u{index}_next")
        threshold = 1.0
    else:
        turn = graph.row(layer["decay_imaginary"])
        reset = graph.node("Sub", u, graph.node("Mul", s, graph.constant(np.float32(0.5))))
        new = graph.node("Sub", graph.node("Mul", decay, reset), graph.node("Mul", turn, second))
        new = graph.node("Add", new, current, output=f"u{index}_next")
        turned = graph.node("Mul", turn, reset)
        graph.node("Add", turned, graph.node("Mul", decay, second), output=f"w{index}_next")
        threshold = 0.5
    fired = graph.node("Greater", new, graph.constant(np.float32(threshold)))
    graph.node("Cast", fired, output=f"s{index}_next", to=TensorProto.FLOAT)
    return graph.node("Cast", fired, to=TensorProto.UINT8)


def build() -> tuple[bytes, Graph]:
    graph = Graph()
    values = "frame"
    for index, layer in enumerate(layers):
        values = add_layer(graph, layer, index, values)
    described = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width]) for name, width in names]
        for names in (graph.inputs, [*graph.outputs, ("probabilities", len(layers[-1]["bias"]))])
    ]
    frame = helper.make_tensor_value_info("frame", TensorProto.UINT8, [1, frames.shape[1]])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "step", [frame, *described[0]], described[1], graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    checker.check_model(model)
    return model.SerializeToString(), graph


data, graph = build()
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
frame = np.zeros((1, frames.shape[1]), np.uint8)
probabilities = np.zeros((1, len(layers[-1]["bias"])), np.float32)
buffers = [{name: np.zeros((1, width), np.float32) for name, width in graph.inputs} for _ in range(2)]


def bind(source: dict, target: dict) -> ort.IOBinding:
    binding = session.io_binding()

    def describe(name, array):
        return name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data

    binding.bind_input(*describe("frame", frame))
    binding.bind_output(*describe("probabilities", probabilities))
    for name in source:
        binding.bind_input(*describe(name, source[name]))
        binding.bind_output(*describe(f"{name}_next", target[name]))
    return binding


bindings = [bind(buffers[0], buffers[1]), bind(buffers[1], buffers[0])]
rows = frames[:, None, :]


def run() -> None:
    step = session.run_with_iobinding
    for index, row in enumerate(rows):
        np.copyto(frame, row)
        step(bindings[index & 1])


def count() -> list[float]:
    fired = np.zeros(len(layers) - 1)
    for index, row in enumerate(rows):
        np.copyto(frame, row)
        session.run_with_iobinding(bindings[index & 1])
        fired += [buffers[1 - (index & 1)][f"s{layer}"].mean() for layer in range(len(fired))]
    return (fired / len(rows)).tolist()


assert len(rows) % 2 == 0, "an even number of steps, so that each pass begins where the last one ended"
serve(ort.__version__, len(rows), run, {"rates": count()})
