"""CUBA-LIF against the libraries' own equations, and layers that read their own spikes, through the exporter."""

import numpy as np
import pytest

from silif_tools.export.convert import convert_layers
from silif_tools.export.float_network import run_float
from silif_tools.integer.network import run_model
from silif_tools.kinds import CUBA, LIF, READOUT, SILIF
from silif_tools.kinds.connection import FloatLayer
from silif_tools.kinds.cuba import RESETS, coefficients
from silif_tools.kinds.silif import lif
from silif_tools.model_file.bounds import check_model
from silif_tools.model_file.tables import InputKind, Scores, Source

WIDTH, STEPS = 24, 120


def library(reset, al, be, p, r, inputs, at_threshold=False):
    """Spikes [step, neuron] of u = ... as the table in docs/NEURONS.md has it; potentials beside them."""
    u, i, s = np.zeros(WIDTH), np.zeros(WIDTH), np.zeros(WIDTH)
    spikes, potentials = [], []
    for current in inputs:
        i = be * i + current
        u = {
            "subtract": al * (u - s * p) + i,
            "subtract-undecayed": al * u + i - s * p,
            "hard": al * np.where(s, r, u) + i,
            "hard-late": np.where(s, r, al * u + i),
            "none": al * u + i,
        }[reset]
        s = (u >= p if at_threshold else u > p).astype(float)
        spikes.append(s)
        potentials.append(u)
    return np.array(spikes), np.array(potentials)


@pytest.mark.parametrize("synapse", [0.0, 0.8])
@pytest.mark.parametrize("reset", list(RESETS))
def test_each_reset_is_the_libraries(reset, synapse):
    rng = np.random.default_rng(len(reset))
    al, p, r = rng.uniform(0.6, 1, WIDTH), rng.uniform(0.5, 2, WIDTH), rng.uniform(-0.5, 0.2, WIDTH)
    al[:2] = 0, 1
    inputs = rng.normal(0.1, 0.4, (STEPS, WIDTH))
    spikes, potentials = library(reset, al, synapse, p, r, inputs)
    own = coefficients(al, reset=reset, synapse_decay=synapse, threshold=p, v_reset=r)
    state = CUBA.float_state(np.zeros(WIDTH))
    for step in range(STEPS):
        state = CUBA.float_step(own, state, inputs[step], lambda x: (x > 0).astype(float))
        assert np.array_equal(state[-1], spikes[step])
        assert state[0] == pytest.approx(potentials[step])
    assert 0.02 < spikes.mean() < 0.9
    tables = CUBA.quantize(own, 16)
    # Exactly no memory, and no leak.
    assert tables["decay"][:2].tolist() == [0, 1 << 30]


def test_a_neuron_may_fire_at_its_threshold_too():
    inputs = np.tile([0.25, 0.5, 0.0, 0.25], 8)[:, None] * np.ones(WIDTH)
    for at_threshold in (False, True):
        wanted, _ = library("hard", 1.0, 0.0, 0.75, 0.0, inputs, at_threshold)
        own = coefficients(np.ones(WIDTH), reset="hard", threshold=0.75, at_threshold=at_threshold)
        layer = FloatLayer(CUBA, Source.DENSE, np.eye(WIDTH), np.zeros(WIDTH), own)
        model = convert_layers(
            [layer, FloatLayer(READOUT, Source.SPIKES, np.eye(WIDTH), np.zeros(WIDTH), {"decay": np.zeros(WIDTH)})],
            [f"w{index}" for index in range(WIDTH)],
            input_kind=InputKind.COUNTS,
            step_us=1000,
            clip_frames=0,
            weight_bits=16,
        ).model
        # A quarter for each count.
        model.layers[0].weights[:] = np.eye(WIDTH, dtype=int)
        model.layers[0].scale_mantissa[:], model.layers[0].scale_shift[:] = 1 << 22, 0
        assert np.array_equal(run_model(model, (4 * inputs[None]).astype(np.int16)).spikes[0][0], wanted)


def network(rng, kind, own_coefficients, last):
    """Two layers that read their own spikes, and a last one that fires, or a readout."""
    width, layers = 48, []
    for inputs, strength in ((20, 0.4), (width, 0.3)):
        weights, bias = rng.normal(0, strength, (inputs, width)), rng.normal(0, 0.1, width)
        source = Source.SPIKES if layers else Source.DENSE
        own = rng.normal(0, 0.12, (width, width)) * (1 - np.eye(width))
        layers.append(FloatLayer(kind, source, weights, bias, own_coefficients(width), recurrent=own))
    decay = {"decay": np.full(6, 0.9)}
    layers.append(FloatLayer(last, Source.SPIKES, rng.normal(0, 0.4, (width, 6)), np.zeros(6), decay))
    return layers


@pytest.mark.parametrize("last", [LIF, READOUT], ids=["fires", "readout"])
@pytest.mark.parametrize("scores", list(Scores))
@pytest.mark.parametrize("kind", [SILIF, CUBA], ids=["rlif", "cuba"])
def test_recurrent_weights_and_last_layers_are_exported(kind, scores, last):
    rng = np.random.default_rng(5)

    def made(count):
        decay = rng.uniform(0.7, 0.95, count)
        return lif(decay) if kind is SILIF else coefficients(decay, reset="hard", synapse_decay=0.5)

    layers = network(rng, kind, made, last)
    options = dict(input_kind=InputKind.COUNTS, step_us=1000, clip_frames=0, weight_bits=16, scores=scores)
    if scores == Scores.SPIKES and last is READOUT:
        with pytest.raises(ValueError, match="scores 1: the last layer has no spikes"):
            check_model(convert_layers(layers, list("abcdef"), **options).model)
        return
    conversion = convert_layers(layers, list("abcdef"), **options)
    frames = (rng.random((20, 100, 20)) < 0.2).astype(np.int16)
    real, fixed = run_float(layers, frames, scores=scores), run_model(conversion.model, frames)
    for wanted, found in zip(real.spikes, fixed.spikes, strict=True):
        assert 0.02 < wanted.mean() < 0.7
        # Trains that differ once may go on differing: 99 % is the aim for a network that is not chaotic.
        assert (wanted == found).mean() > 0.99
    assert np.array_equal(real.scores.argmax(axis=1), fixed.scores_q15.argmax(axis=1))
    without = convert_layers(layers, list("abcdef"), **options).model
    without.layers[0].recurrent = None
    assert (run_model(without, frames).spikes[0] == real.spikes[0]).mean() < 0.99
