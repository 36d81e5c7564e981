"""The authors' float model, against the scores that were stored with their checkpoints."""

import numpy as np
import pytest
from reference_networks import SCORED, clips, state
from test_export_fold import arrays, trained_like

from silif_tools.export.authors_model import run_authors
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold

pytest.importorskip("torch")


@pytest.mark.parametrize("name", SCORED)
def test_float32_reproduces_the_stored_scores(name):
    material = clips()
    trace = run_authors(state(name), material.counts)
    away = np.abs(trace.scores - material.scores[name]).max(axis=1)
    same = trace.scores.argmax(axis=1) == material.scores[name].argmax(axis=1)
    print(f"measured: {name}: within 1e-3 on {(away < 1e-3).mean():.2%} of clips, same winner on {same.mean():.2%}")
    assert (away < 1e-3).mean() >= 0.95
    assert same.mean() >= 0.995
    rates = [spikes.mean() for spikes in trace.spikes]
    assert rates == pytest.approx(material.rates[name], rel=1e-4)


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_it_computes_what_the_folded_network_computes(kind):
    """Where no spike is decided by a rounding error, both agree to single precision."""
    network = arrays(trained_like(kind))
    inputs = np.random.default_rng(2).normal(-7, 3, (40, 12, 11))
    authors, folded = run_authors(network, inputs), run_float(fold(network), inputs)
    away = np.abs(authors.scores - folded.scores).max(axis=1)
    assert np.median(away) < 1e-5
    assert 0.02 < authors.spikes[0].mean() < 0.9
