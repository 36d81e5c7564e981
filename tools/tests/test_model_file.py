"""The model file: what is written is read back; what is wrong is refused, with the field's name."""

import dataclasses
import struct
import zlib

import numpy as np
import pytest
from tiny_models import tiny_model

from silif_tools.atomic import write_atomically
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.kinds import CSILIF, ENCODER, HIDDEN_KINDS, READOUT, SILIF, read_model
from silif_tools.model_file.read import ModelFileError
from silif_tools.model_file.tables import DelayKind, InputKind, Scores
from silif_tools.model_file.write import model_bytes


@pytest.fixture
def model():
    return tiny_model(SILIF, DelayKind.NONE)[1]


def assert_same(left, right):
    if dataclasses.is_dataclass(left):
        for item in dataclasses.fields(left):
            assert_same(getattr(left, item.name), getattr(right, item.name))
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for name in left:
            assert_same(left[name], right[name])
    elif isinstance(left, list):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            assert_same(a, b)
    elif isinstance(left, np.ndarray):
        assert np.array_equal(left, right)
    else:
        assert left == right


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("delay", list(DelayKind))
@pytest.mark.parametrize("kind", HIDDEN_KINDS)
@pytest.mark.parametrize("recurrent", [False, True])
def test_round_trip(kind, delay, bits, recurrent):
    data, model, _ = tiny_model(kind, delay, bits=bits, recurrent=recurrent)
    again = read_model(data)
    assert_same(again, model)
    assert model_bytes(again) == data


def test_round_trip_with_a_front_end_and_samples(model):
    front_end = FrontEndSettings(band_count=3)
    model.front_end, model.input_fraction_bits = front_end.to_section(), front_end.output_fraction_bits
    model.input_kind = InputKind.LOG_MEL
    model.self_test_input = np.arange(-5, 1000, dtype=np.int16)
    assert_same(read_model(model_bytes(model)), model)


def test_every_section_is_aligned_and_in_order():
    data, _, _ = tiny_model(CSILIF, DelayKind.SYNAPTIC)
    count = struct.unpack_from("<H", data, 10)[0]
    end = 32 + 16 * count
    for index in range(count):
        _, offset, size, reserved = struct.unpack_from("<4sIII", data, 32 + 16 * index)
        assert offset % 16 == 0 and offset >= end and reserved == 0
        end = offset + size
    assert end <= len(data) < end + 16


def test_truncation_at_every_length_is_refused():
    data, _, _ = tiny_model(CSILIF, DelayKind.NONE)
    for length in range(len(data)):
        with pytest.raises(ModelFileError):
            read_model(data[:length])
    with pytest.raises(ModelFileError, match="total_length"):
        read_model(data + b"\0")


def test_every_flipped_bit_is_refused():
    data = bytearray(tiny_model(CSILIF, DelayKind.NONE)[0])
    for bit in range(0, len(data) * 8, 7):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ModelFileError):
            read_model(bytes(data))
        data[bit // 8] ^= 1 << bit % 8
    read_model(bytes(data))


def repaired(data: bytearray) -> bytes:
    struct.pack_into("<I", data, 16, zlib.crc32(data[20:], zlib.crc32(data[:16])))
    return bytes(data)


def test_another_version_is_refused(model):
    data = bytearray(model_bytes(model))
    struct.pack_into("<H", data, 8, 2)
    with pytest.raises(ModelFileError, match="format_version 2"):
        read_model(repaired(data))


def test_mutations_behind_a_right_checksum_are_refused_or_read(model):
    whole = model_bytes(model)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        for position in rng.integers(20, 500, size=rng.integers(1, 4)):
            data[position] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        try:
            read_model(repaired(data))
        except ModelFileError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    "table, value, message",
    [
        ("decay", (1 << 30) + 1, "decay"),
        ("decay", -1, "decay"),
        ("input_gain", -1, "input_gain"),
        ("adaptation_leak_mantissa", (1 << 30) + 1, "adaptation_leak_mantissa"),
        ("adaptation_leak_shift", 63, "adaptation_leak_shift"),
        ("subthreshold_coupling", (1 << 30) + 1, "subthreshold_coupling"),
        ("spike_coupling", (4 << 16) + 1, "spike_coupling"),
        ("scale_mantissa", 1 << 31, "scale_mantissa"),
        ("scale_shift", 0, "scale_mantissa and bias"),
        ("bias", 1 << 31, "bias"),
        ("weights", 128, "does not fit int8"),
        ("weights", 1 << 20, "a row's sum"),
    ],
)
def test_what_the_engine_would_refuse_is_not_written(model, table, value, message):
    layer = model.layers[0]
    values = layer.neuron[table] if table in layer.neuron else getattr(layer, table)
    values.flat[0] = value
    with pytest.raises(ValueError, match=message):
        model_bytes(model)


def test_own_spikes_that_the_engine_would_refuse_are_not_written():
    _, model, _ = tiny_model(SILIF, DelayKind.NONE, recurrent=True)
    own, bias = model.layers[0].recurrent, model.layers[0].bias.copy()
    largest = int(np.abs(own.weights[:, 1]).sum())
    own.mantissa[1], own.shift[1], model.layers[0].bias[1] = 1, 0, 2**31 - 1 - largest
    model_bytes(model)
    model.layers[0].bias[1] += 1
    with pytest.raises(ValueError, match=r"layer 0\.recurrent_mantissa and bias: a current of 2147483648 "):
        model_bytes(model)
    model.layers[0].bias = bias
    own.shift[1] = 63
    with pytest.raises(ValueError, match=r"layer 0\.recurrent_shift 63 is outside"):
        model_bytes(model)
    own.shift[1] = 0
    model.layers[-1].recurrent = own
    with pytest.raises(ValueError, match=r"layer 2\.source: readout behind SPIKES has no spikes to read itself"):
        model_bytes(model)


def test_last_layers_without_potentials_or_spikes_are_not_written(model):
    model.scores = Scores.SPIKES
    with pytest.raises(ValueError, match="scores 1: the last layer has no spikes"):
        model_bytes(model)
    model.scores = Scores.POTENTIALS
    model.layers[-1].kind = ENCODER
    with pytest.raises(ValueError, match=r"layer 2\.kind: the last layer, and no other, is a readout, or it fires"):
        model_bytes(model)
    model.layers[-1].kind, model.layers[1].kind = READOUT, READOUT
    with pytest.raises(ValueError, match=r"layer 1\.kind: the last layer"):
        model_bytes(model)


def test_shapes_that_contradict_each_other_are_not_written(model):
    model.layers[1], model.layers[2] = model.layers[2], model.layers[1]
    with pytest.raises(ValueError, match="layer 1"):
        model_bytes(model)


@pytest.mark.parametrize("word", ["", "x" * 256, "two\nlines", "\x7f"])
def test_words_that_cannot_be_printed_are_not_written(model, word):
    model.words[0] = word
    with pytest.raises(ValueError, match="word"):
        model_bytes(model)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.silif"
    write_atomically(path, b"old")

    def interrupted(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(OSError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
