"""Training that goes on from a model file."""

import numpy as np
import pytest
import torch

from silif_tools.errors import ConversionError
from silif_tools.train import from_model, recipe

MODELS = recipe.BUNDLED.parents[2] / "models"


def wanted(**changes) -> dict:
    found = recipe.load(recipe.find("kws12"))
    found["stream"]["frozen_from"] = 0.0
    return found | changes


def test_a_model_goes_on_as_the_network_that_it_is():
    model, rng = from_model.load(MODELS / "kws12.silif"), np.random.default_rng(1)
    mean, std = rng.normal(4, 1, 40).astype(np.float32), rng.uniform(1, 3, 40).astype(np.float32)
    network = from_model.network_of(from_model.fitting(MODELS / "kws12.silif", wanted()), mean, std)
    x = torch.from_numpy(rng.normal(6, 2, (30, 2, 40)).astype(np.float32))
    assert torch.allclose(network.input_norm.mean, torch.from_numpy(mean))
    assert torch.allclose(network(x), from_model.network_of(model)(x), atol=1e-2)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "kws12",
            {"words": ["yes", "_unknown_", "_silence_"]},
            "its classes are yes no .*, the recipe's yes _unknown_",
        ),
        ("kws12", {"hidden": [256, 256]}, r"SiLIF layers of \[304, 304, 304\], no delays; the recipe has other layers"),
        ("kws12", {"delay": {}}, "the recipe has other layers"),
        ("kws12", {"stream": {"frozen_from": 0.5}}, r"no statistics of batch normalization .* frozen_from to 0"),
        ("kws12-csilif", {}, "no SiLIF layer without delays; start from another model"),
    ],
)
def test_a_model_of_another_shape_is_refused(name, changes, message):
    with pytest.raises(ConversionError, match=message):
        from_model.fitting(MODELS / f"{name}.silif", wanted(**changes))
