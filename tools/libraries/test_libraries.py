"""Networks that other libraries built, trained and ran, converted: the same spikes, and the same winner.

The folder that `networks.py` wrote is named by SILIF_LIBRARIES (`make test-libraries` makes it). With 16-bit weights,
at least 99 of 100 spikes that either has are in both, over 100 steps of 20 inputs, and all winners are the same.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from silif_tools.commands.export import main
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model

FOLDER = Path(os.environ.get("SILIF_LIBRARIES", "none"))
CASES = sorted(FOLDER.glob("*/case.json"))


def test_there_are_networks_to_compare():
    assert CASES, f"no case.json in {FOLDER}; run make test-libraries"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_the_converted_network_fires_as_the_library_did(case, tmp_path, capsys):
    about, folder = json.loads(case.read_text()), case.parent
    assert "failed" not in about, about["failed"]
    target = tmp_path / "x.silif"
    options = ["--step-ms", "1", "--bits", "16", *about["options"]]
    status = main([str(folder / about["file"]), "--output", str(target), *options])
    said = capsys.readouterr()
    assert status == 0, said.err
    model = read_model(target)
    frames = np.load(folder / "frames.npy")
    trace = run_model(model, frames)
    expected = [np.load(path) for path in sorted(folder.glob("spikes-*.npy"))]
    shares = []
    for mine, theirs in zip(trace.spikes, expected, strict=False):
        assert 0.005 < theirs.mean() < 0.6
        shares.append((mine & theirs).sum() / (mine | theirs).sum())
    winners = np.load(folder / "scores.npy").argmax(axis=1)
    same = int((trace.scores_q15.argmax(axis=1) == winners).sum())
    kinds = ", ".join(layer.kind.describe(layer.neuron) for layer in model.layers)
    with capsys.disabled():
        versions = " ".join(f"{name} {version}" for name, version in about["versions"].items())
        equal = ", ".join(f"{100 * share:.2f} %" for share in shares)
        print(f"\n{folder.name} ({versions}): {kinds}; spikes equal {equal}; same winner {same} of {len(winners)}")
    assert min(shares) >= 0.99
    assert same == len(winners)
    assert len(set(winners)) > 1
