"""What the exporter writes for one tiny network of every family and every kind of delay, byte for byte.

The digests were made before the kinds got modules of their own. A change of them means that the same checkpoint gives
another model: then `python tests/test_export_digests.py` prints the new ones.
"""

import hashlib

import numpy as np
import pytest

from silif_tools.export.convert import convert
from silif_tools.export.self_test import add_self_test
from silif_tools.kinds.choices import Choices
from silif_tools.model_file.tables import InputKind
from silif_tools.model_file.write import model_bytes

KERNEL = 11
NEURONS = {
    "silif": {"dt": (-5.8, -5.2), "alpha": (2.3, 5.5), "beta": (0.9, 2.3), "a": (-0.1, 1.1), "b": (-0.1, 2.2)},
    "cadlif": {"alpha": (0.3, 1), "beta": (0.95, 1), "a": (-0.1, 1.1), "b": (-0.1, 2.2)},
    "lif": {"alpha": (0.7, 1)},
    "csilif": {"log_dt": (-4, -0.7), "log_log_alpha": (-1, 0), "alpha_img": (0, 6), "b": (0, 1)},
    "rf": {"alpha_real": (-10, 0), "alpha_im": (-50, 50)},
}
DIGESTS = {
    "silif-none-8": "682d8ee4337f01bd",
    "silif-axonal-8": "9d96ee0d72738f9c",
    "silif-dendritic-4": "f73369578950599c",
    "silif-synaptic-16": "d31a805b8d5bf6a5",
    "cadlif-none-8": "dbb2a66e898f228c",
    "cadlif-axonal-8": "369fdc119b497989",
    "cadlif-dendritic-4": "c0b74cb6f0e7d044",
    "cadlif-synaptic-16": "31a2c8b4e738382b",
    "lif-none-8": "5007bd27ac07ee89",
    "lif-axonal-8": "e241518f8c3400ea",
    "lif-dendritic-4": "658321a460e0adcd",
    "lif-synaptic-16": "a1cf19bd6417a875",
    "csilif-none-8": "b358fed85d882420",
    "csilif-axonal-8": "761e2f24a5ba5616",
    "csilif-dendritic-4": "5d074122619df84c",
    "csilif-synaptic-16": "c6d6d61170bed13e",
    "rf-none-8": "0eee6e1d111dd85c",
    "rf-axonal-8": "3326ff2ff3cf24c0",
    "rf-dendritic-4": "d82642db32635672",
    "rf-synaptic-16": "16398e39f7758065",
}


def state(family: str, delay: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng([list(NEURONS).index(family), len(delay)])
    found = {}
    sizes = (9, 21, 14, 4)
    for index in range(3):
        inputs, outputs = sizes[index : index + 2]
        tensors = {"W.weight": random.uniform(-1, 1, (outputs, inputs))}
        ranges = {"weight": (0.5, 2.5), "bias": (-0.2, 0.8), "running_mean": (-0.4, 0.4), "running_var": (0.3, 2)}
        tensors |= {f"norm.{key}": random.uniform(*limits, outputs) for key, limits in ranges.items()}
        own = NEURONS[family] if index < 2 else {"alpha": (0.8, 1)}
        tensors |= {key: random.uniform(*limits, outputs) for key, limits in own.items()}
        if delay != "none":
            shape = {"axonal": (inputs, 1, 1), "dendritic": (outputs, 1, 1), "synaptic": (outputs, inputs, 1)}[delay]
            tensors["delay_layer.P"] = random.uniform(-5, 5, (1, *shape))
            tensors["delay_layer.weight"] = np.ones(shape)
            if delay == "synaptic":
                tensors["delay_layer.weight"] = tensors.pop("W.weight")[:, :, None]
        found |= {f"snn.{index}.{key}": values for key, values in tensors.items()}
    if delay == "none":
        found |= {"input_norm.mean": random.uniform(0, 1, 9), "input_norm.std": random.uniform(0.5, 1.5, 9)}
    return found


def digest(family: str, delay: str, bits: int) -> str:
    made = convert(
        state(family, delay),
        list("abcd"),
        input_kind=InputKind.COUNTS,
        step_us=4000,
        clip_frames=50,
        weight_bits=bits,
        choices=Choices(delay_kernel=KERNEL),
    )
    add_self_test(made.model, np.random.default_rng(1).integers(0, 4, (30, 9)).astype(np.int16))
    return hashlib.sha256(model_bytes(made.model)).hexdigest()[:16]


CASES = [(family, delay, bits) for family in NEURONS for delay, bits in
         (("none", 8), ("axonal", 8), ("dendritic", 4), ("synaptic", 16))]  # fmt: skip


@pytest.mark.parametrize(("family", "delay", "bits"), CASES)
def test_the_same_checkpoint_gives_the_same_model(family, delay, bits):
    assert digest(family, delay, bits) == DIGESTS[f"{family}-{delay}-{bits}"]


if __name__ == "__main__":
    for case in CASES:
        print(f'    "{"-".join(map(str, case))}": "{digest(*case)}",')
