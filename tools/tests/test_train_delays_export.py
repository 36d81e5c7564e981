"""A network with delays from the recipe to the model file: what is trained is what runs."""

import json

import numpy as np
import pytest
import torch
from test_train_command import data, own_cache, small_recipe  # noqa: F401 (fixtures)

from silif_tools.commands import export, train
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model
from silif_tools.model_file.tables import DelayKind
from silif_tools.train.network import Network, scores

DELAY = """
[delay]
kind = "{kind}"
layers = [0, 1]
max_delay = 12
initial_delay = 12
rate_factor = 10
sigma_from = 3
sigma_until = 0.5
round_from = 0.6
"""


@pytest.mark.parametrize("kind", ["axonal", "dendritic", "synaptic"])
def test_trained_network_is_exported_with_its_delays(kind, tmp_path, data):  # noqa: F811
    out, path = tmp_path / "out", small_recipe(tmp_path)
    text = path.read_text().split("[[finish]]")[0].replace("teacher_weight = 0.8", "teacher_weight = 0.0")
    path.write_text(text + DELAY.format(kind=kind))
    assert train.main([str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]) == 0
    about = json.loads((out / "kws12-silif.json").read_text())
    assert about["delay"]["kind"] == kind
    state = torch.load(out / "kws12-silif.pth", weights_only=True)
    assert float(state["snn.0.delay_layer.SIG"].max()) == 0.0

    assert export.main([str(out / "kws12-silif.pth"), "--output", str(out / "m.silif"), "--bits", "16"]) == 0
    model = read_model(out / "m.silif")
    trained = Network("silif", 40, [16], 3, delay=about["delay"])
    trained.load_state_dict(state)
    for stored, layer in zip(model.layers, trained.snn, strict=True):
        delays = layer.delay_layer.delays().reshape((*layer.W.weight.shape,) if kind == "synaptic" else (-1,)).numpy()
        assert stored.delay_kind == DelayKind[kind.upper()]
        assert np.array_equal(stored.delays, delays.T)

    frames = np.clip(np.random.default_rng(4).normal(-6, 4, (40, 60, 40)) * 1024, -16000, 16000).astype(np.int16)
    fixed = run_model(model, frames)
    with torch.no_grad():
        real = scores(trained.eval()(torch.from_numpy(frames / np.float32(1024)).transpose(0, 1))).numpy()
    found = fixed.probabilities_q15.mean(axis=1) / 32768
    assert np.corrcoef(found.ravel(), real.ravel())[0, 1] > 0.99
    assert (found.argmax(axis=1) == real.argmax(axis=1)).mean() >= 0.9
