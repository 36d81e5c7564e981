"""Engine and tools take the same model files, and refuse the same: what an export could not write, and damage behind a
right checksum. The engine answers as `kws-model info`."""

import dataclasses
import struct
import subprocess
import zlib

import numpy as np
import pytest
from built_commands import REPOSITORY, built_commands
from tiny_models import tiny_model

from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.kinds import SILIF, read_model
from silif_tools.model_file.front_end import parse_front_end
from silif_tools.model_file.read import ModelFileError
from silif_tools.model_file.tables import DelayKind, InputKind, Sampling
from silif_tools.model_file.write import _file, model_bytes

FIXTURE = REPOSITORY / "Tests" / "Fixtures" / "audio.silif"
GOLDEN = REPOSITORY / "Tests" / "SiLIFTests" / "Golden"


def entries(data: bytes) -> list[tuple[bytes, int, int]]:
    """(tag, offset, size) of each section."""
    return [struct.unpack_from("<4sII", data, 32 + 16 * index) for index in range(data[10])]


def split(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(tag, data[offset : offset + size]) for tag, offset, size in entries(data)]


def repaired(data: bytes | bytearray) -> bytes:
    data = bytes(data)
    return data[:16] + struct.pack("<I", zlib.crc32(data[20:], zlib.crc32(data[:16]))) + data[20:]


BASE = FIXTURE.read_bytes()
SECTIONS = split(BASE)
LAYERS = [index for index, (tag, _) in enumerate(SECTIONS) if tag == b"LAYR"]
CLASSES = len(read_model(BASE).words)


def put(at: int, layout: str, value: int, file: bytes = BASE) -> bytes:
    """The file with one of its own values changed."""
    data = bytearray(file)
    struct.pack_into("<" + layout, data, at, value)
    return repaired(data)


def changed(tag: bytes, new, ordinal: int = 0) -> bytes:
    """The file with another content of a section: `new` of the old one."""
    at = [index for index, (name, _) in enumerate(SECTIONS) if name == tag][ordinal]
    return _file([(name, new(data) if index == at else data) for index, (name, data) in enumerate(SECTIONS)])


def field(tag: bytes, at: int, layout: str, value: int, ordinal: int = 0) -> bytes:
    def new(data: bytes) -> bytes:
        data = bytearray(data)
        struct.pack_into("<" + layout, data, at, value)
        return bytes(data)

    return changed(tag, new, ordinal)


def start(tag: bytes, file: bytes) -> int:
    """Where a section lies."""
    return next(offset for name, offset, _ in entries(file) if name == tag)


def word(text: bytes, index: int = 0) -> bytes:
    def new(data: bytes) -> bytes:
        words, at = [], 8
        for _ in range(CLASSES):
            words.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        words[index] = text
        return data[:8] + b"".join(bytes([len(each)]) + each for each in words)

    return changed(b"WORD", new)


def without(tag: bytes) -> list[tuple[bytes, bytes]]:
    return [each for each in SECTIONS if each[0] != tag]


def fields() -> dict[str, tuple[bytes, bool]]:
    """One value of a section changed: name -> (file, whether it is a model)."""
    table = {
        b"NETW": [
            (0, "H", "input_count", [0, 39, 41, 4097], []),
            (2, "H", "input_kind", [0, 2], []),
            (4, "H", "input_fraction_bits", [9, 16], []),
            (6, "H", "input_limit", [0, 32768], []),
            (8, "I", "step_us", [0, 10_000_001], [10_000_000]),
            (12, "I", "clip_frames", [100_001], [0, 100_000]),
            (16, "H", "layer_count", [0, 1, len(LAYERS) + 1, 17], []),
            (18, "H", "class_count", [0, CLASSES - 1, CLASSES + 1, 257], []),
            (20, "H", "scores", [1, 2], []),
            (22, "H", "reserved", [], [1]),
        ],
        b"WORD": [
            (0, "H", "word_count", [0, CLASSES - 1, CLASSES + 1], []),
            (2, "H", "unknown_index", [CLASSES, 99], [0, 0xFFFF]),
            (4, "H", "silence_index", [CLASSES, 99], [0, 0xFFFF]),
            (6, "H", "reserved", [], [9]),
        ],
        b"DTCT": [
            (0, "H", "window_frames", [0, 1025], [1, 1024]),
            (2, "H", "warm_up_frames", [10_001], [10_000]),
            (4, "H", "refractory_frames", [10_001], [10_000]),
            (6, "H", "detector_class_count", [0, CLASSES - 1, CLASSES + 1], []),
            (8, "H", "least_share_q15", [32769], [32768]),
            (10, "H", "reserved", [], [1]),
            (16, "H", "threshold_q15", [32769], [0, 32768]),
            (18, "H", "rearm_q15", [32769], [0, 32768]),
            (20, "H", "flags", [], [0xFFFF]),
            (22, "H", "class reserved", [], [5]),
        ],
        b"TEST": [
            (0, "H", "self_test_input", [0, 1, 3], []),
            (2, "H", "reserved", [], [5]),
            (4, "I", "self_test_steps", [0, 1_000_001, 2**32 - 1], [3]),
            (16, "I", "self_test_count", [0, 8_000_001, 2**32 - 1, 2**31], [100]),
            (20, "I", "reserved behind", [], [5]),
        ],
        b"FRNT": [
            (0, "I", "layout_version", [0, 2], []),
            (4, "I", "sample_rate_hz", [999, 384_001], [384_000]),
            (8, "H", "frame_length_samples", [0, 398, 401, 514], []),
            (10, "H", "hop_samples", [0, 401], [1, 400]),
            (12, "H", "fft_size", [256], []),
            (14, "H", "band_count", [0, 39, 129], []),
            (16, "H", "preemphasis_q15", [32769], [32768]),
            (18, "B", "output_fraction_bits", [9, 12], []),
            (19, "B", "window_fraction_bits", [23], []),
            (20, "B", "mel_weight_fraction_bits", [14], []),
            (21, "B", "reserved", [1], []),
            (22, "h", "log_floor", [1], [0, -32768]),
            (24, "I", "low_hz", [8_001], [0]),
            (28, "I", "high_hz", [19, 8_001], [20]),
            (32, "I", "mel_weight_count", [0, 5, 2**32 - 1], []),
            (36, "I", "reserved behind", [1], []),
            (40, "i", "window_q24", [-1, (1 << 24) + 1], [1 << 24]),
            (40 + 4 * 400, "H", "mel_bands", [256, 65535], [100]),
            (40 + 4 * 400 + 2, "H", "mel_bands count", [0, 65535], []),
            (40 + 4 * 400 + 4 * 40, "H", "mel_weights_q15", [32769], [32768]),
        ],
    }  # fmt: skip
    found = {}
    for tag, rows in table.items():
        for at, layout, name, wrong, right in rows:
            for value in (*wrong, *right):
                found[f"{tag.decode()} {name} {value}"] = (field(tag, at, layout, value), value in right)
    return found


def layer_fields() -> dict[str, tuple[bytes, bool]]:
    """The layers of the fixture: SiLIF without delays, C-SiLIF with, and a readout."""
    found = {}
    for at, (name, refused) in {
        0: ("kind", [0, 11]),
        2: ("source", [3, 8]),
        4: ("delay_kind", [4]),
        6: ("weight_bits", [5, 16, 4]),
        8: ("inputs", [0, 1, 4097]),
        10: ("outputs", [0, 1, 4097]),
        12: ("maximum_delay", [256]),
        14: ("state_fraction_bits", [7, 25]),
        16: ("state_pairs", [1, 65]),
    }.items():
        for layer in range(len(LAYERS)):
            found |= {f"LAYR{layer} {name} {v}": (field(b"LAYR", at, "H", v, layer), False) for v in refused}
    for layer, index in enumerate(LAYERS):
        kind = struct.unpack_from("<3H", SECTIONS[index][1])[2]
        found[f"LAYR{layer} maximum_delay 1"] = (field(b"LAYR", 12, "H", 1, layer), False)
        found[f"LAYR{layer} maximum_delay 255"] = (field(b"LAYR", 12, "H", 255, layer), kind != 0)
        found[f"LAYR{layer} reserved 1"] = (field(b"LAYR", 18, "H", 1, layer), True)
        for name, change in {"long": lambda data: data + bytes(16), "short": lambda data: data[:-16]}.items():
            found[f"LAYR{layer} {name}"] = (changed(b"LAYR", change, layer), False)
        found[f"LAYR{layer} 8 more"] = (changed(b"LAYR", lambda data: data + bytes(8), layer), True)
    return found


def clip(tail=0, count=CLASSES, reserved=0, weight=32768, level=0) -> tuple[bytes, bytes]:
    head = struct.pack("<HHI8x", tail, count, reserved)
    return b"CLIP", head + struct.pack("<2H", weight, level) * CLASSES


def calibration(kind=1, count=2, weights=(32768, 0, 0), recent=0, per_hour=0, reserved=0, knots=(0, 0, 32768, 32768)):
    head = struct.pack("<8H", kind, count, *weights, recent, per_hour, reserved)
    return b"CALB", head + struct.pack(f"<{len(knots)}H", *knots)


def sections() -> dict[str, tuple[bytes, bool]]:
    """What there is of sections, and in which order; words; sections that this model has not."""
    by_tag, count = dict(SECTIONS), len(SECTIONS)
    offsets = [struct.unpack_from("<I", BASE, 32 + 16 * index + 4)[0] for index in range(count)]
    longer = BASE[:12] + struct.pack("<I", len(BASE) + 16) + BASE[16:] + bytes(16)
    found = {
        "as it is": (BASE, True),
        "unknown section": (_file([(b"XXXX", b"hello"), *SECTIONS]), True),
        "unknown sections of one name": (_file([*SECTIONS, (b"XXXX", b""), (b"XXXX", b"")]), True),
        "a tag that is no text": (_file([(b"\xff\xfe\x80\x81", b"hello"), *SECTIONS]), True),
        "64 sections": (_file(SECTIONS + [(b"XXXX", b"")] * (64 - count)), True),
        "65 sections": (_file(SECTIONS + [(b"XXXX", b"")] * (65 - count)), False),
        "a layer more": (_file([*SECTIONS, SECTIONS[LAYERS[0]]]), False),
        "SMPL that nothing reads": (_file([*SECTIONS, (b"SMPL", struct.pack("<HHIQ", 1, 16, 0, 1))]), False),
        "section_count 0": (put(10, "H", 0), False),
        "section_count 65535": (put(10, "H", 65535), False),
        "format_version 2": (put(8, "H", 2), False),
        "sections that overlap": (put(32 + 16 + 4, "I", offsets[0]), False),
        "section_offset unaligned": (put(32 + 16 + 4, "I", offsets[1] + 4), False),
        "section_offset far": (put(32 + 16 + 4, "I", 0xFFFFFFF0), False),
        "section_length far": (put(32 + 16 + 8, "I", 0xFFFFFFFF), False),
        "header reserved": (put(20, "I", 7), True),
        "entry reserved": (put(32 + 12, "I", 7), True),
        "bytes after the end": (repaired(BASE + bytes(16)), False),
        "bytes after the last section": (repaired(longer), True),
        "NETW long": (changed(b"NETW", lambda data: data + bytes(16)), False),
        "NETW short": (changed(b"NETW", lambda data: data[:16]), False),
        "WORD long": (changed(b"WORD", lambda data: data + b"zzzz"), True),
        "WORD short": (changed(b"WORD", lambda data: data[:-1]), False),
        "DTCT long": (changed(b"DTCT", lambda data: data + bytes(16)), True),
        "DTCT short": (changed(b"DTCT", lambda data: data[: 15 + 8 * CLASSES]), False),
        "TEST long": (changed(b"TEST", lambda data: data + bytes(64)), True),
        "TEST short": (changed(b"TEST", lambda data: data[:-2]), False),
        "FRNT long": (changed(b"FRNT", lambda data: data + bytes(4)), False),
        "FRNT short": (changed(b"FRNT", lambda data: data[:-4]), False),
        "FRNT empty": (changed(b"FRNT", lambda data: b""), False),
        "PROV no UTF-8": (changed(b"PROV", lambda data: b"\xff\xfe: x\n"), True),
        "PROV empty": (changed(b"PROV", lambda data: b""), True),
        "PROV without a colon": (changed(b"PROV", lambda data: b"abc"), True),
    }
    for tag in (b"NETW", b"WORD", b"DTCT", b"FRNT", b"TEST", b"PROV"):
        found[f"no {tag.decode()}"] = (_file(without(tag)), False)
        found[f"{tag.decode()} twice"] = (_file([*SECTIONS, (tag, by_tag[tag])]), False)
    found["CLIP twice"] = (_file([*without(b"CLIP"), clip(), clip()]), False)
    texts = {
        "": False, "a\nb": False, "\x7f": False, "\x1f": False, " ": True, "a,b=c": True, "a\u2028b": True,
        "\x80": True, "é": True, "\u07ff": True, "\u0800": True, "\ud7ff": True, "\ue000": True, "\uffff": True,
        "\U00010000": True, "\U0010ffff": True,
    }  # fmt: skip
    found |= {f"word {text!r}": (word(text.encode()), right) for text, right in texts.items()}
    for text in (
        b"\x80", b"a\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xc2", b"\xc2a", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe2\x82",
        b"\xe2\x82a", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80", b"\xf9\x80\x80\x80\x80", b"\xff", b"y\xff\xfes",
    ):  # fmt: skip
        found[f"word {text}"] = (word(text), False)
        found[f"last word {text}"] = (word(text, CLASSES - 1), False)
    found["word of 255 bytes"] = (word(b"x" * 255), True)
    for name, (section, right) in {
        "": (clip(), True),
        "tail_frames 1025": (clip(1025), False),
        "class count": (clip(count=1), False),
        "reserved": (clip(reserved=1), False),
        "weight 32769": (clip(weight=32769), False),
        "weight and level": (clip(level=1), False),
        "long": ((b"CLIP", clip()[1] + bytes(4)), False),
    }.items():
        found[f"CLIP {name}"] = (_file([*without(b"CLIP"), section]), right)
    for name, (section, right) in {
        "": (calibration(), True),
        "calibrates 3": (calibration(3), False),
        "one knot": (calibration(count=1, knots=(0, 0)), False),
        "weights": (calibration(weights=(32767, 0, 0)), False),
        "weights that pass 16 bits": (calibration(weights=(65535, 1, 0)), False),
        "the rival's weight": (calibration(weights=(0, 0, 32768)), True),
        "the recent mean of a clip": (calibration(weights=(0, 32768, 0)), False),
        "recent_frames of clips": (calibration(recent=1), False),
        "recent_frames of events": (calibration(2, recent=1), True),
        "no recent_frames of events": (calibration(2), False),
        "recent_frames beyond the window": (calibration(2, recent=1025), False),
        "words_per_hour of clips": (calibration(per_hour=1), False),
        "reserved": (calibration(reserved=1), False),
        "evidence that stands": (calibration(knots=(5, 5, 5, 6)), False),
        "probability that falls": (calibration(knots=(0, 10, 1, 5)), False),
        "evidence above one": (calibration(knots=(0, 0, 32769, 1)), False),
        "a knot more": (calibration(count=3), False),
        "64 knots": (calibration(count=64, knots=tuple(i // 2 for i in range(128))), True),
        "65 knots": (calibration(count=65, knots=tuple(i // 2 for i in range(130))), False),
    }.items():
        found[f"CALB {name}"] = (_file([*without(b"CALB"), section]), right)
    found["CALB two of one kind"] = (_file([*without(b"CALB"), calibration(), calibration()]), False)
    found["CALB of either kind"] = (_file([*without(b"CALB"), calibration(), calibration(2, recent=1)]), True)
    return found


def counts() -> dict[str, tuple[bytes, bool]]:
    """Models that take frames: front end and self-test."""
    data = tiny_model(SILIF, DelayKind.NONE)[0]
    parts = split(data)
    front_end = (b"FRNT", dict(SECTIONS)[b"FRNT"])
    sampled = split(tiny_model(SILIF, DelayKind.SYNAPTIC)[0])
    whole = (GOLDEN / "pspike-w8.silif").read_bytes()
    drawn = split(whole)
    found = {
        "frames": (data, True),
        "frames, with a front end": (_file([*parts, front_end]), False),
        "delays": (_file(sampled), True),
        "samples": (_file(drawn), True),
        "no SMPL": (_file([each for each in drawn if each[0] != b"SMPL"]), False),
        "SMPL twice": (_file([*drawn, next(each for each in drawn if each[0] == b"SMPL")]), False),
    }
    for name, at, layout, values in (
        ("self_test_input", 0, "H", [0, 2]),
        ("self_test_steps", 4, "I", [24, 26]),
        ("self_test_count", 16, "I", [1, 72]),
    ):
        where = start(b"TEST", data)
        found |= {f"frames, {name} {value}": (put(where + at, layout, value, data), False) for value in values}
    for at, layout, value, right in ((0, "H", 4, False), (2, "H", 15, False), (4, "I", 1, False), (8, "Q", 0, True)):
        found[f"SMPL {at} {value}"] = (put(start(b"SMPL", whole) + at, layout, value, whole), right)
    return found


def damaged() -> dict[str, bytes]:
    """Golden models of all kinds with one byte of a layer changed, behind a right checksum."""
    rng, found = np.random.default_rng(15), {}
    for path in sorted(GOLDEN.glob("*.silif"))[::2]:
        data = path.read_bytes()
        if len(data) > 100_000:
            continue
        for _, offset, size in [each for each in entries(data) if each[0] == b"LAYR"]:
            for at in (int(rng.integers(0, 18)), int(rng.integers(32, size)), int(rng.integers(32, size))):
                value = int(rng.choice([0, 1, 2, 0x7F, 0x80, 0xFF]))
                found[f"{path.stem} {offset + at} {value}"] = put(offset + at, "B", value, data)
    return found


def engine_takes(data: bytes, folder) -> bool:
    path = folder / "model.silif"
    path.write_bytes(data)
    done = subprocess.run([built_commands().folder / "kws-model", "info", path], capture_output=True, text=True)
    assert done.returncode in (0, 1) and (done.returncode == 0) == (not done.stderr), done.stderr
    return done.returncode == 0


def test_a_place_is_not_printed_as_a_value(tmp_path):
    for section, said in (
        (clip(1025), "clip_rule: 32-bit word 0 of section CLIP is outside what is allowed"),
        (clip(weight=32769), "clip_rule: 32-bit word 4 of section CLIP is outside what is allowed"),
        ((b"WORD", b""), f"tag: entry {len(SECTIONS)} of the section table, counted from 0, is there a second time"),
    ):
        path = tmp_path / "model.silif"
        path.write_bytes(_file([*SECTIONS, section]))
        done = subprocess.run([built_commands().folder / "kws-model", "info", path], capture_output=True, text=True)
        assert done.stderr == f"kws-model: {path}: {said}; export the model again\n" and done.returncode == 1


def tools_take(data: bytes) -> bool:
    try:
        read_model(data)
    except ModelFileError:
        return False
    return True


@pytest.mark.parametrize("cases", [fields, layer_fields, sections, counts])
def test_both_readers_take_and_refuse_what_the_pages_say(cases, tmp_path):
    wrong = [
        (name, right, engine, tools)
        for name, (data, right) in cases().items()
        for engine, tools in [(engine_takes(data, tmp_path), tools_take(data))]
        if not right == engine == tools
    ]
    assert not wrong, "(case, whether it is a model, whether the engine takes it, whether the tools do)"


def test_both_readers_say_the_same_of_damaged_layers(tmp_path):
    verdicts = {name: (engine_takes(data, tmp_path), tools_take(data)) for name, data in damaged().items()}
    assert not [name for name, (engine, tools) in verdicts.items() if engine != tools]
    taken = sum(engine for engine, _ in verdicts.values())
    assert taken > 50 and len(verdicts) - taken > 50


def audio(**changes):
    model = read_model(BASE)
    detector = {name: changes.pop(name) for name in list(changes) if hasattr(model.detector, name)}
    model.detector = dataclasses.replace(model.detector, **detector)
    return dataclasses.replace(model, **changes)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"unknown_index": 99}, "unknown_index 99"),
        ({"silence_index": -1}, "silence_index -1"),
        ({"window_frames": 0}, "window_frames 0"),
        ({"window_frames": 1025}, "window_frames 1025"),
        ({"warm_up_frames": 20_000}, "warm_up_frames 20000"),
        ({"refractory_frames": 20_000}, "refractory_frames 20000"),
        ({"threshold": np.full(CLASSES, 1.5)}, "threshold_q15 49152"),
        ({"rearm": np.full(CLASSES, 1.5)}, "rearm_q15 49152"),
        ({"front_end": None}, "FRNT"),
        ({"front_end": bytes(64)}, "FRNT: layout_version 0"),
        ({"front_end": FrontEndSettings(band_count=20).to_section()}, "FRNT: band_count 20"),
        ({"input_kind": InputKind.COUNTS}, "FRNT"),
        ({"input_fraction_bits": 9}, "FRNT: output_fraction_bits 10"),
        ({"self_test_steps": 0}, "self_test_steps 0"),
        ({"self_test_steps": 2_000_000}, "self_test_steps 2000000"),
        ({"self_test_input": None}, "TEST"),
        ({"self_test_input": np.zeros(0, np.int16)}, "self_test_count 0"),
        ({"self_test_input": np.zeros(9_000_000, np.int16)}, "self_test_count 9000000"),
        ({"self_test_input": np.zeros((3, 40), np.int16)}, "self_test_count 120"),
        ({"sampling": Sampling()}, "SMPL"),
    ],
)
def test_what_the_engine_refuses_is_not_written(changes, message, tmp_path):
    assert model_bytes(audio()) == BASE and engine_takes(BASE, tmp_path)
    with pytest.raises(ValueError, match=message):
        model_bytes(audio(**changes))


def test_samples_test_no_model_of_frames():
    model = tiny_model(SILIF, DelayKind.NONE)[1]
    model.self_test_input = np.zeros(100, np.int16)
    with pytest.raises(ValueError, match="self_test_input: samples"):
        model_bytes(model)


def test_a_front_end_that_was_read_is_the_one_that_was_written():
    written = FrontEndSettings(hop_samples=80, band_count=23, output_fraction_bits=9, high_hz=7_000)
    read = parse_front_end(written.to_section())
    for each in dataclasses.fields(read):
        if each.name != "mel_bands":
            assert np.array_equal(getattr(read, each.name), getattr(written, each.name)), each.name
    for (first, weights), (same, values) in zip(read.mel_bands, written.mel_bands, strict=True):
        assert first == same and np.array_equal(weights, values)
    assert (read.hop_s, read.frame_length_s) == (written.hop_s, written.frame_length_s)
