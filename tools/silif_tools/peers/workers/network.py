"""Reads the network that networks.py wrote for the peers."""

import numpy as np


def load_network(path: str) -> tuple[list[dict], np.ndarray]:
    """(layers, frames [step, input] uint8). A layer: kind, float32 weights [input, output], int8 `integers` with
    `scale` [output], bias, be, and the coefficients under the names of silif_tools.kinds."""
    with np.load(path) as data:
        layers = []
        for index, kind in enumerate(data["kinds"]):
            prefix = f"{index}."
            layer = {name[len(prefix) :]: data[name] for name in data.files if name.startswith(prefix)}
            layers.append({"kind": str(kind), **layer})
        return layers, data["frames"]
