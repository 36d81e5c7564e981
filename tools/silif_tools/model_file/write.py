"""The bytes of a `.silif` model file (docs/MODEL-FORMAT.md)."""

import struct
import zlib

import numpy as np

from ..errors import is_obeyed, visible
from .bounds import DRAW_BITS, check_model
from .calibration import Calibration
from .clip_rule import ClipRule
from .nibbles import pack_nibbles
from .schema import CONNECTION, DELAYS, RECURRENT, RECURRENT_SOURCE, Table, padded
from .tables import DelayKind, LayerTables, ModelTables

MAGIC = b"\x89SiLIF\r\n"
VERSION = 1
HEADER_BYTES = 32
ENTRY_BYTES = 16
ALIGNMENT = 16
NONE = 0xFFFF


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)


def _table(values: np.ndarray, dtype: str, padded_outputs: int | None = None) -> bytes:
    """Little-endian table, its last axis zero-padded to the row stride, aligned to 16 bytes."""
    values = np.asarray(values)
    information = np.iinfo(np.dtype(dtype))
    if values.size and (values.min() < information.min or values.max() > information.max):
        raise ValueError(f"a value of {values.min()}...{values.max()} does not fit {dtype}")
    if padded_outputs is not None:
        padding = [(0, 0)] * (values.ndim - 1) + [(0, padded_outputs - values.shape[-1])]
        values = np.pad(values, padding)
    return _aligned(values.astype(np.dtype(dtype).newbyteorder("<")).tobytes())


def _branches(values: np.ndarray, branches: int, width: int) -> np.ndarray:
    """[..., branches · outputs] -> [..., branches · width], zeros after the outputs of each branch."""
    split = np.asarray(values).reshape(*values.shape[:-1], branches, -1)
    padding = [(0, 0)] * (split.ndim - 1) + [(0, width - split.shape[-1])]
    return np.pad(split, padding).reshape(*values.shape[:-1], branches * width)


def _own_table(values: np.ndarray, table: Table, width: int) -> bytes:
    return _table(np.pad(values, [(0, width - len(values))] + [(0, 0)] * (values.ndim - 1)), table.dtype)


def _weights(weights: np.ndarray, bits: int) -> bytes:
    """weights [inputs, columns], padded."""
    if bits == 4:
        return _table(pack_nibbles(weights, weights.shape[1]), "uint8")
    return _table(weights, "int8" if bits == 8 else "int16")


def _layer(layer: LayerTables) -> bytes:
    width, branches = padded(layer.outputs), layer.kind.branches
    weights = _branches(layer.weights, branches, width)
    header = struct.pack(
        "<9H",
        layer.kind.number,
        layer.source + (RECURRENT_SOURCE if layer.recurrent else 0),
        layer.delay_kind,
        layer.weight_bits,
        layer.inputs,
        layer.outputs,
        layer.maximum_delay,
        layer.state_fraction_bits,
        layer.pairs,
    )
    parts = [header + bytes(32 - len(header)), _weights(weights, layer.weight_bits)]
    parts += [_table(_branches(getattr(layer, table.name), branches, width), table.dtype) for table in CONNECTION]
    if layer.delay_kind == DelayKind.AXONAL:
        parts.append(_table(layer.delays, DELAYS.dtype))
    elif layer.delay_kind != DelayKind.NONE:
        parts.append(_table(layer.delays, DELAYS.dtype, width))
    if layer.recurrent:
        parts.append(_weights(_branches(layer.recurrent.weights, 1, width), layer.weight_bits))
        columns = (layer.recurrent.mantissa, layer.recurrent.shift)
        parts += [_own_table(values, table, width) for values, table in zip(columns, RECURRENT, strict=True)]
    parts += [_own_table(layer.neuron[table.name], table, width) for table in layer.kind.tables]
    return b"".join(parts)


def _words(model: ModelTables) -> bytes:
    def index(value):
        return NONE if value is None else value

    data = struct.pack("<4H", len(model.words), index(model.unknown_index), index(model.silence_index), 0)
    for word in model.words:
        text = word.encode()
        data += bytes([len(text)]) + text
    return data


def _detector(model: ModelTables) -> bytes:
    detector = model.detector
    data = struct.pack(
        "<5H6x",
        detector.window_frames,
        detector.warm_up_frames,
        detector.refractory_frames,
        len(model.words),
        round(32768 * detector.least_share),
    )
    rows = np.zeros((len(model.words), 4), dtype=np.int64)
    rows[:, 0] = np.rint(np.asarray(detector.threshold) * 32768)
    rows[:, 1] = np.rint(np.asarray(detector.rearm) * 32768)
    rows[:, 2] = np.asarray(detector.is_keyword, dtype=np.int64)
    return data + _table(rows, "uint16")


def _self_test(model: ModelTables) -> bytes:
    values = np.asarray(model.self_test_input, dtype=np.int16)
    kind = 1 if values.ndim == 2 else 2
    header = struct.pack("<2HIQI12x", kind, 0, model.self_test_steps, model.self_test_digest, values.size)
    return header + _table(values.reshape(-1), "int16")


def provenance_section(provenance: dict[str, str]) -> bytes:
    """Lines `key: value`. Raises ValueError where one would be read as two, or as another key."""
    for key, value in provenance.items():
        for text in (key, value):
            if is_obeyed(text):
                raise ValueError(f"provenance: {visible(key)} is {text!r}: a control character would forge a line")
        if not key or ":" in key or key != key.strip():
            raise ValueError(f"provenance: the key {key!r} must be a name without a colon")
    return "".join(f"{key}: {value}\n" for key, value in provenance.items()).encode()


def _file(sections: list[tuple[bytes, bytes]]) -> bytes:
    """Header, section table and sections, each aligned."""
    offset = HEADER_BYTES + ENTRY_BYTES * len(sections)
    table, body = b"", b""
    for tag, data in sections:
        table += tag + struct.pack("<III", offset, len(data), 0)
        body += _aligned(data)
        offset += len(_aligned(data))
    head = MAGIC + struct.pack("<HHI", VERSION, len(sections), offset)
    rest = bytes(HEADER_BYTES - 20) + table + body
    return head + struct.pack("<I", zlib.crc32(rest, zlib.crc32(head))) + rest


def _with_sections(file: bytes, tag: bytes, contents: list[bytes], before: tuple[bytes, ...]) -> bytes:
    """An intact model file with these sections in place of its own of that tag, ahead of the first one of `before`."""
    (count,) = struct.unpack_from("<H", file, 10)
    entries = [struct.unpack_from("<4sII", file, HEADER_BYTES + ENTRY_BYTES * index) for index in range(count)]
    sections = [(other, file[offset : offset + size]) for other, offset, size in entries if other != tag]
    at = next(index for index, (other, _) in enumerate(sections) if other in before)
    sections[at:at] = [(tag, content) for content in contents]
    return _file(sections)


def with_calibrations(file: bytes, calibrations: list[Calibration]) -> bytes:
    """An intact model file with these calibrations in place of its own; all else stays byte for byte."""
    return _with_sections(file, b"CALB", [each.section() for each in calibrations], (b"LAYR",))


def with_clip_rule(file: bytes, rule: ClipRule | None) -> bytes:
    """An intact model file with this rule for clips in place of its own, if any; all else stays byte for byte."""
    return _with_sections(file, b"CLIP", [rule.section()] if rule else [], (b"CALB", b"LAYR"))


def model_bytes(model: ModelTables) -> bytes:
    """The complete file. Raises ValueError naming the field that the runtime would refuse."""
    check_model(model)
    network = struct.pack(
        "<4HII3H10x",
        model.layers[0].inputs,
        model.input_kind,
        model.input_fraction_bits,
        model.input_limit,
        model.step_us,
        model.clip_frames,
        len(model.layers),
        len(model.words),
        model.scores,
    )
    provenance = provenance_section(model.provenance)
    sections = [(b"NETW", network), (b"WORD", _words(model)), (b"DTCT", _detector(model))]
    if model.front_end is not None:
        sections.append((b"FRNT", model.front_end))
    if model.sampling is not None:
        sampling = model.sampling
        sections.append((b"SMPL", struct.pack("<HHIQ", sampling.sampler, DRAW_BITS, 0, sampling.seed)))
    if model.clip_rule is not None:
        sections.append((b"CLIP", model.clip_rule.section()))
    sections += [(b"CALB", calibration.section()) for calibration in model.calibrations]
    sections += [(b"LAYR", _layer(layer)) for layer in model.layers]
    sections += [(b"TEST", _self_test(model)), (b"PROV", provenance or b"\n")]
    return _file(sections)
