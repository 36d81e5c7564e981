"""The batched integer network against loops over unbounded integers, and its parts against known values."""

import copy

import numpy as np
import pytest
from slow_network import slow_run
from tiny_models import tiny_model

from silif_tools.golden.build import build
from silif_tools.integer.digest import fnv1a
from silif_tools.integer.network import IntegerNetwork, run_model
from silif_tools.integer.softmax import softmax_q15
from silif_tools.integer.softmax_table import TABLE
from silif_tools.kinds import CSILIF, HIDDEN_KINDS, LIF, SILIF
from silif_tools.kinds.golden_case import Case, Spec
from silif_tools.model_file.tables import DelayKind, Scores


def assert_equals_the_loops(model, frames, trace):
    steps, operations = slow_run(model, frames)
    for index, (frame, spikes, membrane) in enumerate(steps):
        assert trace.frames[0, index].tolist() == frame
        assert [layer[0, index].tolist() for layer in trace.spikes] == spikes
        assert trace.membrane[0, index].tolist() == membrane
    assert int(trace.synaptic_operations[0]) == operations


@pytest.mark.parametrize("delay", list(DelayKind))
@pytest.mark.parametrize("kind", HIDDEN_KINDS)
@pytest.mark.parametrize("bits", [4, 8, 16])
def test_every_kind_of_delay(kind, delay, bits):
    spikes = 0
    for seed in range(4):
        _, model, trace = tiny_model(kind, delay, bits=bits, seed=seed)
        assert_equals_the_loops(model, model.self_test_input, trace)
        spikes += sum(int(layer.sum()) for layer in trace.spikes)
    assert spikes > 20


@pytest.mark.parametrize("kind", HIDDEN_KINDS)
@pytest.mark.parametrize("fraction_bits", [8, 16, 20, 24])
def test_extreme_coefficients_and_saturation(kind, fraction_bits):
    saturations = 0
    for seed in range(4):
        gain = min(2.0 ** (25 - fraction_bits), 100.0)
        _, model, trace = tiny_model(
            kind, DelayKind.NONE, seed=seed, extreme=True, fraction_bits=fraction_bits, gain=gain, steps=60
        )
        assert_equals_the_loops(model, model.self_test_input, trace)
        saturations += trace.saturations
    # LIF alone cannot grow by itself: no sum that 24 bits allow takes it to its limit in so few steps.
    assert saturations > 0 or fraction_bits <= 16 or (kind is LIF and fraction_bits == 24)


@pytest.mark.parametrize("delay", list(DelayKind))
@pytest.mark.parametrize("kind", HIDDEN_KINDS, ids=lambda kind: kind.slug)
def test_layers_that_read_their_own_spikes(kind, delay):
    _, model, trace = tiny_model(kind, delay, seed=3, recurrent=True, steps=40)
    assert_equals_the_loops(model, model.self_test_input, trace)
    without = copy.deepcopy(model)
    for layer in without.layers:
        layer.recurrent = None
    assert not np.array_equal(run_model(without, model.self_test_input[None]).spikes[1], trace.spikes[1])


@pytest.mark.parametrize("scores", list(Scores))
@pytest.mark.parametrize("kind", HIDDEN_KINDS, ids=lambda kind: kind.slug)
def test_last_layers_that_fire(kind, scores):
    layers = (Spec(kind, 5), Spec(kind, 4, recurrent=True))
    _, model, trace = build(Case("last", 4, 3, layers, rates=(0.0, 1.0), saturates=None, scores=scores))
    assert_equals_the_loops(model, model.self_test_input, trace)
    potentials, probabilities = trace.membrane[0].astype(np.int64), trace.probabilities_q15[0]
    if scores == Scores.SPIKES:
        # Each of these kinds fires where its potential is above its threshold.
        threshold = model.layers[-1].neuron.get("threshold", (1 << 15) if kind is CSILIF else (1 << 16))
        assert np.array_equal(probabilities, (potentials > threshold) * 32768) and probabilities.any()
    else:
        assert np.array_equal(probabilities, softmax_q15(potentials))


def test_clips_do_not_touch_each_other():
    _, model, _ = tiny_model(SILIF, DelayKind.SYNAPTIC)
    frames = np.random.default_rng(1).integers(-32768, 32768, size=(3, 20, 3)).astype(np.int16)
    together = run_model(model, frames)
    for clip in range(3):
        alone = run_model(model, frames[clip : clip + 1])
        assert np.array_equal(together.membrane[clip], alone.membrane[0])
        assert np.array_equal(together.probabilities_q15[clip], alone.probabilities_q15[0])
        assert together.synaptic_operations[clip] == alone.synaptic_operations[0]
        assert all(np.array_equal(a[clip], b[0]) for a, b in zip(together.spikes, alone.spikes, strict=True))


def test_blocks_and_resets():
    _, model, trace = tiny_model(CSILIF, DelayKind.AXONAL)
    frames = model.self_test_input[None]
    network = IntegerNetwork(model, 1)
    for _ in range(2):
        parts = [network.run(frames[:, start : start + 4]) for start in range(0, frames.shape[1], 4)]
        assert np.array_equal(np.concatenate([part.membrane for part in parts], axis=1), trace.membrane)
        network.reset()


def test_softmax_against_the_exponential():
    rng = np.random.default_rng(1)
    for classes in (1, 2, 12, 35):
        membrane = rng.integers(-(2**30), 2**30, size=(500, classes)) >> rng.integers(0, 22, size=(500, 1))
        exact = np.exp((membrane - membrane.max(axis=1, keepdims=True)) / 65536.0)
        exact /= exact.sum(axis=1, keepdims=True)
        error = np.abs(softmax_q15(membrane) - exact * 32768)
        assert (error <= 1.25 * (1 + exact * classes) + 0.5).all()
        assert (np.abs(softmax_q15(membrane).sum(axis=1) - 32768) <= (classes + 1) // 2).all()
    assert TABLE[0] == 32768 and TABLE[-1] == 16384 and (np.diff(TABLE) < 0).all()


def test_fnv1a_of_known_texts():
    assert fnv1a(b"") == 0xCBF29CE484222325
    assert fnv1a(b"a") == 0xAF63DC4C8601EC8C
    assert fnv1a(b"foobar") == 0x85944171F73967E8
