"""Training that goes on from a model file."""

import numpy as np
import pytest
import torch

from silif_tools.errors import ConversionError
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model
from silif_tools.model_file.write import model_bytes
from silif_tools.train import from_model, recipe

MODELS = recipe.BUNDLED.parents[2] / "models"
DELAYED = MODELS.parent / "Tests/Fixtures/axonal.silif"  # kws12-small-clips
NETWORKS = [
    ("kws12", MODELS / "kws12.silif"),
    ("kws12-small-clips", DELAYED),
    ("kws12-csilif", MODELS / "kws12-csilif.silif"),
]


def wanted(name="kws12", **changes) -> dict:
    found = recipe.load(recipe.find(name))
    found.get("stream", {})["frozen_from"] = 0.0
    return found | changes


@pytest.mark.parametrize(("name", "path"), NETWORKS)
def test_a_model_goes_on_as_the_network_that_it_is(name, path):
    """Its float network, whatever its inputs are normalised by, goes the way of the integers, with delays too."""
    wants, rng = wanted(name), np.random.default_rng(1)
    model, delay = from_model.fitting(path, wants), wants.get("delay")
    mean, std = rng.normal(4, 1, 40).astype(np.float32), rng.uniform(1, 3, 40).astype(np.float32)
    network = from_model.network_of(model, mean, std, delay)
    x = torch.from_numpy(rng.normal(6, 2, (30, 2, 40)).astype(np.float32))
    assert torch.allclose(network.input_norm.mean, torch.from_numpy(mean))
    assert torch.allclose(network(x), from_model.network_of(model, delay=delay)(x), atol=1e-2)
    frames = (x[:, 0] * 2**model.input_fraction_bits).round().clamp(-model.input_limit, model.input_limit)
    exact = run_model(model, frames.int().numpy()[None]).membrane
    assert np.corrcoef(exact.ravel(), network(x)[:, 0].detach().numpy().ravel())[0, 1] > 0.98


@pytest.mark.parametrize(("name", "path"), NETWORKS)
def test_a_model_is_given_statistics_and_stays_what_it_is(name, path):
    """And training with each batch's own does not throw it off: on the very features they are the same."""
    wants, rng = wanted(name), np.random.default_rng(1)
    model = from_model.fitting(path, wants)
    ones = np.ones(40, np.float32)
    network = from_model.network_of(model, 4 * ones, 2 * ones, wants.get("delay"))
    x = torch.from_numpy(rng.normal(6, 2, (60, 8, 40)).astype(np.float32))
    before = network(x)
    from_model.measure_statistics(network, x)
    # A sum that is rounded otherwise may move a spike, and with it what follows.
    assert np.corrcoef(before.detach().numpy().ravel(), network(x).detach().numpy().ravel())[0, 1] > 0.999
    network.train()
    fixed = network(x).detach()
    network.freeze(False)
    first = network.snn[0]
    z = first.product(network.input_norm(x), first.W.weight)
    assert torch.allclose(first.norm.running_mean, z.mean((0, 1)), atol=1e-3)
    assert torch.allclose(first.norm.running_var, z.var((0, 1), correction=0), rtol=1e-3)
    assert np.corrcoef(fixed.numpy().ravel(), network(x).detach().numpy().ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "kws12",
            {"words": ["yes", "_unknown_", "_silence_"]},
            "its classes are yes no .*, the recipe's yes _unknown_",
        ),
        (
            "kws12",
            {"hidden": [256, 256]},
            r"SiLIF layers of \[304, 304, 304\]; the recipe's kind is silif, its hidden \[256, 256\]: set",
        ),
        ("kws12", {"delay": {"layers": [1]}}, r"delays nowhere; the recipe's \[delay\] says otherwise"),
        (
            "kws12-csilif",
            {},
            r"C-SiLIF layers of \[256, 256, 256\]; the recipe's kind is silif, .* start from another model",
        ),
        (DELAYED, {"hidden": [192, 192]}, r"delays axonal in layer 1, up to 11 steps, .* says otherwise"),
        (
            "kws12-s4d",
            {},
            "has encoder, s4d-glu layers, where all must be SiLIF or all C-SiLIF; start from another model",
        ),
    ],
)
def test_a_model_of_another_shape_is_refused(name, changes, message):
    path = name if name == DELAYED else MODELS / f"{name}.silif"
    with pytest.raises(ConversionError, match=message):
        from_model.fitting(path, wanted(**changes))


def test_a_model_with_another_front_end_is_refused(tmp_path):
    model = read_model(MODELS / "kws12.silif")
    model.front_end = FrontEndSettings(hop_samples=80).to_section()
    (tmp_path / "other.silif").write_bytes(model_bytes(model))
    with pytest.raises(
        ConversionError, match=r"other\.silif: has another front end than silif-train; start from another"
    ):
        from_model.load(tmp_path / "other.silif")


def test_sequences_from_the_bank_need_the_normalisation_that_a_model_has():
    bank = recipe.load(recipe.find("kws12-cpu"))
    bank["stream"]["frozen_from"] = 0.5
    with pytest.raises(ConversionError, match=r"no statistics of batch normalization .* frozen_from to 0"):
        from_model.fitting(MODELS / "kws12.silif", bank)
    bank["stream"]["frozen_from"] = 0.0
    assert from_model.fitting(MODELS / "kws12.silif", bank).words == bank["words"]
