"""Every registered kind keeps the contract of `Kind`; what is made from the schema is current."""

import importlib.util
import struct
import zlib

import numpy as np
import pytest
from tiny_models import tiny_model

from silif_tools.integer.detector import detect
from silif_tools.integer.network import IntegerNetwork
from silif_tools.kinds import HIDDEN_KINDS, KINDS, kind_named, read_model
from silif_tools.kinds.document import PARTS, ROOT, current_text
from silif_tools.kinds.golden_case import Spec
from silif_tools.model_file.tables import DelayKind


def coefficients(kind, extreme=False, fraction_bits=16, seed=1):
    spec = Spec(kind, 40, fraction_bits=fraction_bits, extreme=extreme, pairs=3 * kind.is_block)
    return kind.random(np.random.default_rng(seed), spec)


@pytest.mark.parametrize(("path", "begin", "end", "make"), PARTS, ids=[part[0].name for part in PARTS])
def test_what_is_made_from_the_schema_is_current(path, begin, end, make):
    assert path.read_text() == current_text(path, begin, end, make), "run: python -m silif_tools.kinds"


def test_numbers_and_names_are_unique():
    for values in ([kind.number for kind in KINDS], [kind.slug for kind in KINDS], [kind.title for kind in KINDS]):
        assert len(set(values)) == len(KINDS)
    assert [kind_named(kind.slug) for kind in KINDS] == list(KINDS)
    assert [kind.output for kind in KINDS].count(None) == 1


def test_no_two_golden_models_share_a_name_or_seed():
    cases = [case for kind in KINDS for case in kind.cases()]
    assert len({case.name for case in cases}) == len({case.seed for case in cases}) == len(cases)


def test_no_two_kinds_store_the_same_tensors():
    found = [(family.tensors, kind.fires) for kind in KINDS for family in kind.families]
    assert len(set(found)) == len(found)


# Of blocks, coefficients share an exponent: tools/tests/test_blocks.py.
NEURON_KINDS = [kind for kind in KINDS if not kind.is_block]


@pytest.mark.parametrize("kind", NEURON_KINDS, ids=lambda kind: kind.slug)
@pytest.mark.parametrize("extreme", [False, True])
def test_quantized_coefficients_are_in_range_and_near(kind, extreme):
    real = coefficients(kind, extreme)
    tables = kind.quantize(real, 16)
    assert list(tables) == [table.name for table in kind.tables]
    kind.check(tables, 16, "layer")
    held = kind.dequantize(tables, 16)
    assert list(held) == list(real) == list(kind.units(16))
    for name, values in held.items():
        _, _, bits = kind.units(16)[name].partition("2^-")
        unit = 2.0 ** -int(bits or 30)
        # A threshold is rounded down: what is above it stays above it.
        down = unit if name == "threshold" else unit / 2
        assert (values - real[name]).max() <= unit / 2 and (real[name] - values).max() <= down


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_a_value_out_of_range_is_refused_by_name(kind):
    for table in kind.tables:
        for value in (table.bounds(16)[0] - 1, table.bounds(16)[1] + 1):
            tables = kind.quantize(coefficients(kind), 16)
            tables[table.name][3] = value
            with pytest.raises(ValueError, match=rf"layer 4\.{table.name} {value} is outside"):
                kind.check(tables, 16, "layer 4")


@pytest.mark.parametrize("kind", HIDDEN_KINDS, ids=lambda kind: kind.slug)
def test_float_and_integer_steps_are_the_same_equations(kind):
    """With 24 fractional bits, over few steps, the two stay together: same spikes, near states."""
    _, model, _ = tiny_model(kind, DelayKind.NONE, fraction_bits=24)
    layer = model.layers[1]
    held = kind.dequantize(layer.neuron, 24)
    neurons, state = kind.neurons(1, layer, [0]), kind.float_state(np.zeros((1, layer.outputs)))
    rng, spikes = np.random.default_rng(2), 0
    layer.scale_mantissa[:], layer.scale_shift[:], layer.bias[:] = 1, 0, 0
    for _ in range(20):
        sums = rng.integers(-(1 << 30), 1 << 30, (1, layer.outputs)) * 8
        neurons.step(sums)
        state = kind.float_step(held, state, sums * 2.0**-32, lambda excess: (excess > 0).astype(float))
        assert np.array_equal(neurons.spiked, state[-1])
        for values, part, declared in zip(neurons.states(), kind.float_parts(state), kind.states, strict=True):
            assert values * 2.0 ** -(24 + declared.extra_bits) == pytest.approx(part, abs=1e-5)
        spikes += int(neurons.spiked.sum())
    assert spikes > 5


@pytest.fixture(scope="module")
def worst_case():
    path = ROOT / "tools/scripts/worst_case_model.py"
    spec = importlib.util.spec_from_file_location("worst_case_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("delay", list(DelayKind))
@pytest.mark.parametrize("kind", HIDDEN_KINDS, ids=lambda kind: kind.slug)
def test_in_the_worst_case_every_neuron_fires_and_every_state_is_clamped(kind, delay, worst_case, tmp_path):
    data, model, _ = tiny_model(kind, delay, bits=4)
    source, target = tmp_path / "model.silif", tmp_path / "worst.silif"
    source.write_bytes(data)
    worst_case.main(str(source), str(target), "0123456789abcdef")
    worst = read_model(target)
    assert worst.self_test_digest == 0x0123456789ABCDEF
    for was, now in zip(model.layers, worst.layers, strict=True):
        assert np.array_equal(was.weights, now.weights) and was.maximum_delay == now.maximum_delay
    network = IntegerNetwork(worst, 1)
    for _ in range(512):
        before = network.counter[0]
        _, made, _, _ = network.step(np.zeros((1, worst.layers[0].inputs), np.int64))
        assert all(spikes.all() for (spikes,) in made)
    states = sum(state.size for neurons in network.neurons for state in neurons.states())
    assert network.counter[0] - before == states


@pytest.mark.parametrize("share", [0.0, 0.75])
def test_in_the_worst_case_every_step_reports_a_word(share, worst_case, tmp_path):
    data, model, _ = tiny_model(KINDS[0], DelayKind.NONE)
    source, target = tmp_path / "model.silif", tmp_path / "worst.silif"
    content = bytearray(data)
    for index in range(struct.unpack_from("<H", content, 10)[0]):
        tag, start = struct.unpack_from("<4sI", content, 32 + 16 * index)
        if tag == b"DTCT":
            struct.pack_into("<H", content, start + 8, round(32768 * share))
    source.write_bytes(content)
    worst_case.main(str(source), str(target))
    worst = read_model(target).detector
    assert (worst.least_share > 0) == (share > 0)
    probabilities_q15 = np.random.default_rng(3).integers(0, 32768, (200, len(worst.threshold)))
    assert [event.frame for event in detect(probabilities_q15, worst)] == list(range(200))
    assert len(detect(probabilities_q15, model.detector)) < 200


def test_a_kind_that_is_not_registered_is_refused_by_its_number():
    data = bytearray(tiny_model(KINDS[0], DelayKind.NONE)[0])
    for index in range(struct.unpack_from("<H", data, 10)[0]):
        tag, start = struct.unpack_from("<4sI", data, 32 + 16 * index)
        if tag == b"LAYR":
            struct.pack_into("<H", data, start, 99)
            break
    struct.pack_into("<I", data, 16, zlib.crc32(data[20:], zlib.crc32(data[:16])))
    with pytest.raises(ValueError, match="kind 99 is none of 1 SiLIF, 2 C-SiLIF"):
        read_model(bytes(data))
