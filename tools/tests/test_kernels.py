"""The C kernels (Sources/CKernels), compiled as a release build compiles them, against the integer reference.

The Swift tests hold them equal to their twins in a debug build; this holds what the optimizer makes of them.
"""

import ctypes
import platform
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from silif_tools.fixed_point import STATE_LIMIT, rounded_shift
from silif_tools.integer import curve_tables
from silif_tools.kinds.csilif import CSiLIFNeurons
from silif_tools.kinds.cuba import CUBA, CubaNeurons
from silif_tools.kinds.curves import NORMAL, gated
from silif_tools.kinds.lif import LIFNeurons
from silif_tools.kinds.pspike import PSpikeNeurons, sampled
from silif_tools.kinds.readout import ReadoutNeurons
from silif_tools.kinds.rf import RFNeurons
from silif_tools.kinds.s4d_glu import GLUNeurons
from silif_tools.kinds.s4d_gsu import ternary_weights
from silif_tools.kinds.silif import SiLIFNeurons
from silif_tools.kinds.state_space import BlockNeurons, IntegerStateSpace, interleaved, needed, room
from silif_tools.model_file.tables import Sampler, Sampling

SOURCES = Path(__file__).resolve().parents[2] / "Sources" / "CKernels"
SETS = ["plain", "avx2", "avx512"] if platform.machine() == "x86_64" else ["plain", "neon"]
ONE = 1 << 30
POINTER = ctypes.c_void_p


def structure(name, **fields):
    return type(name, (ctypes.Structure,), {"_fields_": list(fields.items())})


CURRENT = {name: POINTER for name in ("sums", "mantissa", "shift", "bias")}
TAIL = {"active": POINTER, "width": ctypes.c_ssize_t, "state_fraction_bits": ctypes.c_int32}
Neurons = structure(
    "Neurons",
    **CURRENT,
    **{
        name: POINTER
        for name in [
            "decay",
            "input_gain",
            "leak_mantissa",
            "leak_shift",
            "subthreshold",
            "spike_coupling",
            "membrane",
            "adaptation",
            "spiked",
        ]
    },
    **TAIL,
    saturated=ctypes.c_int64,
)
ComplexNeurons = structure(
    "ComplexNeurons",
    **CURRENT,
    **{name: POINTER for name in ["decay_real", "decay_imaginary", "real", "imaginary", "spiked"]},
    **TAIL,
    saturated=ctypes.c_int64,
)
LIF = structure("LIF", **CURRENT, decay=POINTER, membrane=POINTER, spiked=POINTER, **TAIL, saturated=ctypes.c_int64)
# The kind's own tables stand in the file's order.
Cuba = structure(
    "Cuba",
    **CURRENT,
    **{table.name: POINTER for table in CUBA.tables},
    **{name: POINTER for name in ["membrane", "synapse", "spiked", "active"]},
    width=ctypes.c_ssize_t,
    saturated=ctypes.c_int64,
)
Readout = structure(
    "Readout",
    **CURRENT,
    decay=POINTER,
    membrane=POINTER,
    width=ctypes.c_ssize_t,
    saturated=ctypes.c_int64,
)
Spaces = structure(
    "Spaces",
    **{name: POINTER for name in ["decay", "gain", "output", "output_shift", "skip", "states", "values"]},
    width=ctypes.c_ssize_t,
    pairs=ctypes.c_ssize_t,
    saturated=ctypes.c_int64,
)
Mixing = structure(
    "Mixing",
    **CURRENT,
    before=POINTER,
    after=POINTER,
    width=ctypes.c_ssize_t,
    state_fraction_bits=ctypes.c_int32,
    saturated=ctypes.c_int64,
)
Ternary = structure(
    "Ternary",
    **{name: POINTER for name in ["rows", "threshold", "values", "sums"]},
    **{name: ctypes.c_ssize_t for name in ["inputs", "width"]},
    bits=ctypes.c_int32,
)
Samples = structure(
    "Samples",
    **{name: POINTER for name in ["values", "mantissa", "shift", "bias", "errors", "spiked"]},
    seed=ctypes.c_uint64,
    step=ctypes.c_uint64,
    width=ctypes.c_ssize_t,
    site=ctypes.c_uint32,
    **{name: ctypes.c_int32 for name in ["state_fraction_bits", "is_activated", "is_shared"]},
)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler: install clang or gcc"
    library = tmp_path_factory.mktemp("kernels") / "kernels.so"
    sources = sorted(str(path) for path in SOURCES.glob("*.c"))
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", f"-I{SOURCES / 'include'}", *sources, "-o", str(library)], check=True
    )
    loaded = ctypes.CDLL(str(library))
    for name in ("silif_step_silif", "silif_step_csilif", "silif_step_rf", "silif_step_lif", "silif_step_cuba"):
        getattr(loaded, name).restype = ctypes.c_ssize_t
    loaded.silif_kernel_set.restype = POINTER
    return loaded


@pytest.fixture(params=SETS)
def kernel_set(request, kernels):
    """The table of functions with this name: the name is its first member."""
    index = 0
    while table := kernels.silif_kernel_set(ctypes.c_ssize_t(index)):
        if ctypes.cast(table, ctypes.POINTER(ctypes.c_char_p))[0].decode() == request.param:
            return POINTER(table)
        index += 1
    pytest.skip("this processor lacks it")


def pointer(array):
    return array.ctypes.data_as(POINTER)


def some(random, least, greatest, width, dtype=np.int32):
    """Values between two bounds, a quarter of them on each."""
    values = random.integers(least, greatest, width, endpoint=True)
    which = random.integers(0, 4, width)
    return np.where(which == 0, least, np.where(which == 1, greatest, values)).astype(dtype)


class Layer:
    """Coefficients anywhere within their bounds, and sums that keep every current within 2^38."""

    def __init__(self, random, width, fraction_bits, least_decay):
        self.random, self.width = random, width
        self.mantissa = random.integers(0, 2**31, width).astype(np.int32)
        self.shift = random.integers(0, 63, width).astype(np.uint8)
        self.bias = some(random, -(2**31) + 1, 2**31 - 1, width)
        largest = 2.0 ** (37 + self.shift.astype(float)) / np.maximum(self.mantissa, 1)
        self.limits = np.minimum(largest, 2**31 - 1).astype(np.int64)
        self.decay = some(random, least_decay, ONE, width)
        self.second = some(random, least_decay, ONE, width)
        self.leak_mantissa = some(random, 0, ONE, width)
        self.leak_shift = random.integers(0, 63, width).astype(np.uint8)
        self.subthreshold = some(random, -ONE, ONE, width)
        self.coupling = some(random, -(4 << fraction_bits), 4 << fraction_bits, width)
        self.fraction_bits = fraction_bits
        self.sums = np.zeros(width, np.int32)
        self.active = np.zeros(width, np.uint16)
        self.spiked = random.integers(0, 2, width).astype(np.uint8)

    def tables(self):
        """The names and the wide integers that the reference reads."""
        return SimpleNamespace(
            outputs=self.width,
            state_fraction_bits=self.fraction_bits,
            scale_mantissa=self.mantissa.astype(np.int64),
            scale_shift=self.shift.astype(np.int64),
            bias=self.bias.astype(np.int64),
            neuron={
                name: values.astype(np.int64)
                for name, values in {
                    "decay": self.decay,
                    "input_gain": self.second,
                    "decay_imaginary": self.second,
                    "adaptation_leak_mantissa": self.leak_mantissa,
                    "adaptation_leak_shift": self.leak_shift,
                    "subthreshold_coupling": self.subthreshold,
                    "spike_coupling": self.coupling,
                }.items()
            },
        )

    def states(self, limit=STATE_LIMIT, dtype=np.int32):
        return some(self.random, -int(limit), int(limit), self.width, dtype)

    def next_sums(self, step):
        kinds = [self.limits, -self.limits, 0 * self.limits]
        chosen = kinds[step % 8] if step % 8 < 3 else self.random.integers(-self.limits, self.limits, endpoint=True)
        self.sums[:] = chosen

    @property
    def current(self):
        return [pointer(array) for array in (self.sums, self.mantissa, self.shift, self.bias)]


@pytest.mark.parametrize(("width", "fraction_bits"), [(16, 8), (48, 16), (512, 16), (64, 24)])
@pytest.mark.parametrize("kind", [SiLIFNeurons, CSiLIFNeurons, RFNeurons])
def test_neurons(kernels, kernel_set, kind, width, fraction_bits):
    random = np.random.default_rng(width)
    layer = Layer(random, width, fraction_bits, 0 if kind is SiLIFNeurons else -ONE)
    counter = [0]
    reference = kind(1, layer.tables(), counter)
    first = layer.states()
    second = layer.states(1 << 60, np.int64) if kind is SiLIFNeurons else layer.states()
    names = ("membrane", "adaptation") if kind is SiLIFNeurons else ("real", "imaginary")
    for name, values in zip(names, (first, second), strict=True):
        getattr(reference, name)[0] = values
    reference.spiked[0] = layer.spiked
    tail = (pointer(layer.spiked), pointer(layer.active), width, fraction_bits, 0)
    tables = [layer.decay, layer.second]
    if kind is SiLIFNeurons:
        tables += [layer.leak_mantissa, layer.leak_shift, layer.subthreshold, layer.coupling]
    structure = Neurons if kind is SiLIFNeurons else ComplexNeurons
    neurons = structure(*layer.current, *map(pointer, tables), pointer(first), pointer(second), *tail)
    step = {
        SiLIFNeurons: kernels.silif_step_silif,
        CSiLIFNeurons: kernels.silif_step_csilif,
        RFNeurons: kernels.silif_step_rf,
    }[kind]
    for index in range(200):
        layer.next_sums(index)
        reference.step(layer.sums.astype(np.int64)[None])
        count = step(kernel_set, ctypes.byref(neurons))
        assert np.array_equal(first, getattr(reference, names[0])[0])
        assert np.array_equal(second, getattr(reference, names[1])[0])
        assert np.array_equal(layer.spiked, reference.spiked[0])
        assert np.array_equal(layer.active[:count], np.flatnonzero(layer.spiked))
    assert neurons.saturated == counter[0] > 0


@pytest.mark.parametrize(("width", "fraction_bits"), [(16, 8), (48, 16), (512, 16), (64, 24)])
def test_lif(kernels, kernel_set, width, fraction_bits):
    layer = Layer(np.random.default_rng(width), width, fraction_bits, 0)
    counter = [0]
    reference = LIFNeurons(1, layer.tables(), counter)
    membrane = layer.states()
    reference.membrane[0], reference.spiked[0] = membrane, layer.spiked
    state = (pointer(membrane), pointer(layer.spiked), pointer(layer.active))
    neurons = LIF(*layer.current, pointer(layer.decay), *state, width, fraction_bits, 0)
    for index in range(200):
        layer.next_sums(index)
        reference.step(layer.sums.astype(np.int64)[None])
        count = kernels.silif_step_lif(kernel_set, ctypes.byref(neurons))
        assert np.array_equal(membrane, reference.membrane[0])
        assert np.array_equal(layer.spiked, reference.spiked[0])
        assert np.array_equal(layer.active[:count], np.flatnonzero(layer.spiked))
    assert neurons.saturated == counter[0] > 0


@pytest.mark.parametrize(("width", "fraction_bits"), [(16, 8), (48, 16), (512, 16), (64, 24)])
def test_cuba(kernels, kernel_set, width, fraction_bits):
    random = np.random.default_rng(width)
    layer = Layer(random, width, fraction_bits, 0)
    bounds = {table.name: table.bounds(fraction_bits) for table in CUBA.tables}
    stored = {table.name: some(random, *bounds[table.name], width, np.dtype(table.dtype)) for table in CUBA.tables}
    tables = layer.tables()
    tables.neuron = {name: values.astype(np.int64) for name, values in stored.items()}
    counter = [0]
    reference = CubaNeurons(1, tables, counter)
    membrane, synapse = layer.states(), layer.states()
    reference.membrane[0], reference.synapse[0], reference.spiked[0] = membrane, synapse, layer.spiked
    state = map(pointer, (membrane, synapse, layer.spiked, layer.active))
    neurons = Cuba(*layer.current, *map(pointer, stored.values()), *state, width, 0)
    for index in range(200):
        layer.next_sums(index)
        reference.step(layer.sums.astype(np.int64)[None])
        count = kernels.silif_step_cuba(kernel_set, ctypes.byref(neurons))
        assert np.array_equal(membrane, reference.membrane[0])
        assert np.array_equal(synapse, reference.synapse[0])
        assert np.array_equal(layer.spiked, reference.spiked[0])
        assert np.array_equal(layer.active[:count], np.flatnonzero(layer.spiked))
    assert neurons.saturated == counter[0] > 0


@pytest.mark.parametrize("width", [16, 48, 256])
def test_readout(kernels, kernel_set, width):
    layer = Layer(np.random.default_rng(width), width, 16, 0)
    counter = [0]
    reference = ReadoutNeurons(1, layer.tables(), counter)
    membrane = layer.states()
    reference.membrane[0] = membrane
    readout = Readout(*layer.current, pointer(layer.decay), pointer(membrane), width, 0)
    for index in range(100):
        layer.next_sums(index)
        reference.step(layer.sums.astype(np.int64)[None])
        kernels.silif_step_readout(kernel_set, ctypes.byref(readout))
        assert np.array_equal(membrane, reference.membrane[0])
    assert readout.saturated == counter[0]


def packed(weights):
    """Two weights a byte: the first half of the outputs in the low nibbles, the second in the high ones."""
    half = weights.shape[1] // 2
    return (weights[:, :half] & 15 | weights[:, half:] << 4).astype(np.int8)


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("width", [16, 48, 80, 128, 304, 688])
def test_sums(kernels, kernel_set, bits, width):
    random = np.random.default_rng(width)
    limit = 1 << (bits - 1)
    weights = random.integers(-limit, limit, (600, width))
    weights[:, 0], weights[:, -1] = limit - 1, -limit
    stored = np.ascontiguousarray(packed(weights) if bits == 4 else weights.astype(np.dtype(f"int{bits}")))
    size, rows, inputs = ctypes.c_ssize_t(width), getattr(kernels, f"silif_sum_rows{bits}"), 140
    for count in [0, 1, 2, 16, 17, 18, 254, 255, 256, 257, 511, 600]:
        active = np.sort(random.permutation(600)[:count]).astype(np.uint16)
        sums = np.full(width, -1, np.int32)
        rows(kernel_set, pointer(stored), size, pointer(active), ctypes.c_ssize_t(count), pointer(sums))
        assert np.array_equal(sums, weights[active].sum(axis=0))
    values = 32767 if bits < 16 else 400
    for share in [0, 0.1, 0.5, 1]:
        for count in [1, 7, 40, inputs]:
            frame = random.choice([-values, values, 1, -1], count) * (random.random(count) < share)
            frame = frame.astype(np.int16)
            listed, sums = np.zeros(count, np.uint16), np.full(width, -1, np.int32)
            getattr(kernels, f"silif_sum_dense{bits}")(
                kernel_set,
                pointer(stored),
                size,
                pointer(frame),
                ctypes.c_ssize_t(count),
                pointer(listed),
                pointer(sums),
            )
            assert np.array_equal(sums, frame.astype(np.int64) @ weights[:count])


@pytest.mark.parametrize("pairs", [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 64])
def test_state_spaces(kernels, kernel_set, pairs):
    """Against the reference, with decays and gains at the edge of what bounds the states, and x at its limit."""
    random, width, limit = np.random.default_rng(pairs), 16, 1 << 24
    radius = np.where(random.random((width, pairs)) < 0.5, 1 - 2.0**-30, random.random((width, pairs)))
    angle = 2 * np.pi * random.random((width, pairs)) * (random.random((width, pairs)) < 0.7)
    decay = interleaved(radius * np.exp(1j * angle) * (2.0**30 - 1))
    tables = {
        "pair_decay": decay,
        "pair_gain": np.clip((room(decay) - needed(np.int64(0), limit)) // (2 * limit), 0, 1 << 30),
        "pair_output": some(random, -32767, 32767, (width, 2 * pairs), np.int64),
        "output_shift": random.integers(0, 31, width),
        "skip": some(random, -(2**31) + 1, 2**31 - 1, width, np.int64),
    }
    assert (needed(tables["pair_gain"], limit) <= room(decay)).all()
    layer = SimpleNamespace(
        outputs=width,
        pairs=pairs,
        state_fraction_bits=16,
        neuron=tables,
        kind=SimpleNamespace(input_limit=lambda _: limit),
    )
    counter = [0]
    reference = IntegerStateSpace(1, layer, counter)
    stored = [decay.astype(np.int32), tables["pair_gain"].astype(np.int32), tables["pair_output"].astype(np.int16)]
    stored += [tables["output_shift"].astype(np.uint8), tables["skip"].astype(np.int32)]
    states, values = np.zeros((width, pairs, 2), np.int32), np.zeros(width, np.int32)
    spaces = Spaces(*map(pointer, [*stored, states, values]), width, pairs, 0)
    for _ in range(60):
        x = some(random, -limit, limit, width)
        values[:] = x
        kernels.silif_step_spaces(kernel_set, ctypes.byref(spaces))
        assert np.array_equal(values, reference.step(x.astype(np.int64)[None])[0])
        assert np.array_equal(states[..., 0], reference.real[0])
        assert np.array_equal(states[..., 1], reference.imaginary[0])
    assert spaces.saturated == counter[0] > 0


@pytest.mark.parametrize("fraction_bits", [8, 15, 16, 24])
@pytest.mark.parametrize(("kernel", "kind"), [("silif_mix_glu", GLUNeurons), ("silif_mix_gelu", PSpikeNeurons)])
def test_mixing(kernels, kernel_set, kernel, kind, fraction_bits):
    """Against the reference, with streams at their limit and gates beyond the ends of their curves."""
    width, branches = 48, 2 if kind is GLUNeurons else 1
    layer = Layer(np.random.default_rng(fraction_bits), branches * width, fraction_bits, 0)
    tables, counter = layer.tables(), [0]
    tables.outputs = width
    # Without its state space.
    reference = object.__new__(kind)
    super(BlockNeurons, reference).__init__(1, tables, counter)
    after = np.zeros(width, np.int32)
    for index in range(100):
        before = some(layer.random, -STATE_LIMIT, STATE_LIMIT, width)
        mixing = Mixing(*layer.current, pointer(before), pointer(after), width, fraction_bits, 0)
        layer.next_sums(index)
        # Gates that are neither 0 nor 1 need small currents.
        layer.sums //= layer.random.choice([1, 1 << 10, 1 << 20])
        already = counter[0]
        reference.stream = before.astype(np.int64)[None]
        reference.step(layer.sums.astype(np.int64)[None])
        getattr(kernels, kernel)(kernel_set, ctypes.byref(mixing))
        assert np.array_equal(after, reference.stream[0])
        assert mixing.saturated == counter[0] - already
    assert counter[0] > 0


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize(("width", "fraction_bits"), [(16, 8), (48, 16), (144, 16), (64, 24)])
def test_samples(kernels, kernel_set, sampler, width, fraction_bits):
    """Against the reference: both sites, steps beyond 32 bits, a seed of 64."""
    random = np.random.default_rng(width)
    sampling = Sampling(sampler, 0xFEDC_BA98_7654_3210)
    error = np.zeros(width, np.int32)
    reference_error, fired = np.zeros((1, width), np.int64), []
    spiked = np.zeros(width, np.uint8)
    for step in [0, 1, 2**32 - 1, 2**32, 2**40 + 3, *range(5, 60)]:
        activates = step % 2
        mantissa = some(random, -(2**31) + 1, 2**31 - 1, width)
        shift = random.integers(20, 63, width).astype(np.uint8)
        bias = some(random, -(2**15), 2**16 + 1, width)
        values = some(random, -STATE_LIMIT, STATE_LIMIT, width) >> random.integers(0, 31, width)
        values = values.astype(np.int32)
        samples = Samples(
            *map(pointer, (values, mantissa, shift, bias)),
            pointer(error) if sampler == Sampler.FEEDBACK else None,
            *(pointer(spiked), sampling.seed, step, width, 6 + activates),
            *(fraction_bits, activates, int(sampler == Sampler.SHARED)),
        )
        kernels.silif_sample(kernel_set, ctypes.byref(samples))
        wide = values.astype(np.int64)
        if activates:
            wide = gated(wide, wide, NORMAL, fraction_bits)
        scaled = rounded_shift(wide * mantissa, shift.astype(np.int64)) + bias
        wanted = sampled(np.clip(scaled, 0, 1 << 16)[None], sampling, step, 6 + activates, reference_error)
        assert np.array_equal(spiked, wanted[0])
        fired.append(spiked.mean())
    if sampler == Sampler.FEEDBACK:
        assert np.array_equal(error, reference_error[0]) and error.any()
    assert 0.2 < np.mean(fired) < 0.8


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("width", [16, 48, 144])
def test_ternary_sums(kernels, kernel_set, bits, width):
    """Thresholds from 0 to one that no weight exceeds, values at their limit."""
    random = np.random.default_rng(width)
    limit = 1 << (bits - 1)
    weights = random.integers(-limit, limit, (70, width))
    weights[0], weights[1] = -limit, limit - 1
    stored = np.ascontiguousarray(packed(weights) if bits == 4 else weights.astype(np.dtype(f"int{bits}")))
    threshold = random.integers(0, limit, width).astype(np.int16)
    threshold[:3] = 0, limit - 1, 32767
    values = some(random, -STATE_LIMIT, STATE_LIMIT, 70)
    sums = np.full(width, -1, np.int64)
    ternary = Ternary(*map(pointer, (stored, threshold, values, sums)), 70, width, bits)
    kernels.silif_sum_ternary(kernel_set, ctypes.byref(ternary))
    wanted = values.astype(np.int64) @ ternary_weights(weights, threshold.astype(np.int64))
    assert np.array_equal(sums, wanted) and wanted.any()


# Random123's known answers (kat_vectors) for philox4x32, 10 rounds: counter, key, answer.
ANSWERS = """
#include <stdio.h>
#include "philox.h"
int main(void) {
  uint32_t words[4][3] = {{0, 0xFFFFFFFF, 0x243F6A88}, {0, 0xFFFFFFFF, 0x85A308D3},
                          {0, 0xFFFFFFFF, 0x13198A2E}, {0, 0xFFFFFFFF, 0x03707344}};
  const uint64_t keys[3] = {0, 0xFFFFFFFFFFFFFFFF, 0x299F31D0A4093822};
  for (int i = 0; i < 3; i++) {
    philox(&words[0][i], &words[1][i], &words[2][i], &words[3][i], 1, keys[i]);
    printf("%08x %08x %08x %08x\\n", words[0][i], words[1][i], words[2][i], words[3][i]);
  }
}
"""


def test_philox_makes_the_published_answers(tmp_path):
    program, source = tmp_path / "answers", tmp_path / "answers.c"
    source.write_text(ANSWERS)
    compiler = shutil.which("clang") or shutil.which("cc")
    subprocess.run([compiler, "-O2", f"-I{SOURCES}", str(source), "-o", str(program)], check=True)
    assert subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines() == [
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ]


def test_the_curves_in_the_sources_are_those_of_the_reference():
    for path, source in curve_tables.FILES.items():
        assert path.read_text() == source(), f"write {path.name} anew: python -m silif_tools.integer.curve_tables"
