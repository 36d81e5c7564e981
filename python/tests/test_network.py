"""Network steps as the integer reference in tools/ does; its views show the engine's own memory and protect it."""

import gc
import sys

import numpy as np
import pytest
from conftest import REPOSITORY

import silif

sys.path.insert(0, str(REPOSITORY / "tools"))
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model

GOLDEN = sorted((REPOSITORY / "Tests" / "SiLIFTests" / "Golden").glob("*.silif"))[::6]


@pytest.mark.parametrize(
    "path", [*GOLDEN, *sorted((REPOSITORY / "models").glob("*.silif"))], ids=lambda path: path.stem
)
def test_every_bit_against_the_integer_reference(path):
    reference = read_model(path)
    frames = np.random.default_rng(1).integers(
        -reference.input_limit, reference.input_limit, (30, silif.Model(path).info().input_count), endpoint=True
    )
    expected = run_model(reference, frames.astype(np.int16)[np.newaxis])
    network = silif.Network(path)
    # Only an encoder, which is the first, has no spikes.
    assert all(network.info.layer_sizes[1:])
    for step, frame in enumerate(frames):
        assert (network.step(frame) == expected.probabilities_q15[0, step]).all()
        assert (network.frame == frame).all()
        for size, found, layer in zip(network.info.layer_sizes, network.spikes, expected.spikes, strict=True):
            assert size == 0 or (found == layer[0, step]).all()
        assert (network.membrane_q16 == expected.membrane[0, step]).all()


def test_views_are_views_and_cannot_be_written():
    network = silif.Network()
    rng = np.random.default_rng(2)
    before = network.probabilities_q15.copy()
    for _ in range(20):
        network.step(rng.integers(-2000, 2000, 40))
    assert (network.probabilities_q15 != before).any()
    assert any(layer.any() for layer in network.spikes)
    assert network.probabilities == pytest.approx(network.probabilities_q15 / 32768)
    for view in (network.probabilities_q15, network.membrane_q16, network.frame, *network.spikes):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            view.flags.writeable = True


def test_views_outlive_the_network():
    network = silif.Network()
    network.step(np.full(40, 1000))
    view, copy = network.probabilities_q15, network.probabilities_q15.copy()
    del network
    gc.collect()
    rest = [np.full(30_000, 255, np.uint8) for _ in range(200)]
    assert (view == copy).all()
    assert len(rest) == 200


def test_reset():
    network, frames = silif.Network(), np.random.default_rng(3).integers(-2000, 2000, (10, 40))
    first = [network.step(frame).copy() for frame in frames]
    network.reset()
    assert all((network.step(frame) == old).all() for frame, old in zip(frames, first, strict=True))


def test_a_network_that_samples_draws_by_its_seed():
    path = REPOSITORY / "Tests" / "SiLIFTests" / "Golden" / "pspike-w8.silif"
    frames = np.random.default_rng(4).integers(-2000, 2000, (20, silif.Model(path).info().input_count))

    def run(network):
        return np.concatenate([np.concatenate([network.step(frame).copy(), *network.spikes]) for frame in frames])

    network = silif.Network(path)
    own = run(network)
    network.set_seed(7)
    network.reset()
    seventh = run(network)
    assert (own != seventh).any()
    network.reset()
    assert (run(network) == seventh).all()
    other = silif.Network(path)
    other.set_seed(7)
    assert (run(other) == seventh).all()
