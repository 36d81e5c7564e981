"""Read a `.silif` model file back into tables: for the reference model and for tests of the writer.

Twins: tools/silif_tools/model_file/write.py, Sources/SiLIF/ModelFile
"""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .bounds import DRAW_BITS, check_model
from .calibration import parse_calibration
from .clip_rule import parse_clip_rule
from .nibbles import unpack_nibbles
from .schema import CONNECTION, DELAYS, RECURRENT, RECURRENT_SOURCE, LayerSchema, padded
from .tables import (
    DelayKind,
    Detector,
    InputKind,
    LayerTables,
    ModelTables,
    Recurrent,
    Sampler,
    Sampling,
    Scores,
    Source,
)
from .write import ALIGNMENT, HEADER_BYTES, MAGIC, NONE, VERSION

MAXIMUM_BYTES = 64 << 20


class ModelFileError(ValueError):
    """A model file that cannot be used; the message names the field."""


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.position = data, 0

    def table(self, dtype: str, shape, padded_outputs: int | None = None) -> np.ndarray:
        self.position += -self.position % ALIGNMENT
        stored = (*shape[:-1], padded_outputs or shape[-1])
        count = int(np.prod(stored))
        kind = np.dtype(dtype).newbyteorder("<")
        values = np.frombuffer(self.data, kind, count, self.position).reshape(stored)
        self.position += count * kind.itemsize
        return values[..., : shape[-1]].astype(np.int64)

    def weights(self, bits: int, inputs: int, columns: int) -> np.ndarray:
        if bits == 4:
            return unpack_nibbles(self.table("uint8", (inputs, columns // 2)), columns)
        return self.table("int8" if bits == 8 else "int16", (inputs, columns))

    def unpack(self, layout: str):
        values = struct.unpack_from(layout, self.data, self.position)
        self.position += struct.calcsize(layout)
        return values


def _layer(data: bytes, schemas: dict[int, LayerSchema]) -> LayerTables:
    reader = _Reader(data)
    number, source, delay_kind, bits, inputs, outputs, _, fraction = reader.unpack("<8H")
    pairs, *reserved = reader.unpack("<8H")
    if any(reserved):
        raise ValueError("a reserved field of LAYR is not zero")
    if number not in schemas:
        raise ValueError(f"kind {number} is none of {', '.join(f'{each} {schemas[each].title}' for each in schemas)}")
    kind, delay_kind = schemas[number], DelayKind(delay_kind)
    width, branches = padded(outputs), kind.branches

    def unpadded(values):
        split = values.reshape(*values.shape[:-1], branches, width)[..., :outputs]
        return split.reshape(*values.shape[:-1], branches * outputs)

    weights = reader.weights(bits, inputs, branches * width)
    connection = {table.name: unpadded(reader.table(table.dtype, (branches * width,))) for table in CONNECTION}
    layer = LayerTables(
        kind, Source(source & ~RECURRENT_SOURCE), bits, fraction, unpadded(weights), **connection, pairs=pairs
    )
    layer.delay_kind = delay_kind
    if delay_kind == DelayKind.AXONAL:
        layer.delays = reader.table(DELAYS.dtype, (inputs,))
    elif delay_kind == DelayKind.DENDRITIC:
        layer.delays = reader.table(DELAYS.dtype, (outputs,), width)
    elif delay_kind == DelayKind.SYNAPTIC:
        layer.delays = reader.table(DELAYS.dtype, (inputs, outputs), width)
    if source & RECURRENT_SOURCE:
        own = reader.weights(bits, outputs, width)[:, :outputs]
        scale = [reader.table(table.dtype, (width,))[:outputs] for table in RECURRENT]
        layer.recurrent = Recurrent(own, *scale)
    layer.neuron = {table.name: reader.table(table.dtype, table.shape(width, pairs))[:outputs] for table in kind.tables}
    return layer


def _read_file(path: Path) -> bytes:
    if not path.is_file():
        if path.exists():
            raise ModelFileError(f"{path}: is no file; give a .silif model file")
        raise FileNotFoundError(f"{path}: no such model file")
    with path.open("rb") as file:
        data = file.read(MAXIMUM_BYTES + 1)
    if len(data) > MAXIMUM_BYTES:
        raise ModelFileError(f"{path}: has more bytes than any model ({MAXIMUM_BYTES})")
    return data


def _intact(data: bytes, kinds: Iterable[LayerSchema]) -> ModelTables:
    if data[:8] != MAGIC or len(data) < HEADER_BYTES:
        raise ModelFileError("magic: this is not a .silif model file")
    version, count, length, checksum = struct.unpack_from("<HHII", data, 8)
    if version != VERSION:
        raise ModelFileError(f"format_version {version}: this tool reads version {VERSION}")
    if length != len(data):
        raise ModelFileError(f"total_length {length}: the file has {len(data)} bytes")
    if zlib.crc32(data[20:], zlib.crc32(data[:16])) != checksum:
        raise ModelFileError("crc32: the file is damaged")
    try:
        model = _parse(data, count, {kind.number: kind for kind in kinds})
        check_model(model)
    except ModelFileError:
        raise
    except (ValueError, KeyError, IndexError, struct.error) as error:
        # A right checksum over wrong fields: no exporter of ours wrote this.
        raise ModelFileError(f"inconsistent fields: {error}") from error
    return model


def parse_model(source: Path | bytes, kinds: Iterable[LayerSchema]) -> ModelTables:
    """Parse a model file whose layers are of these kinds (`silif_tools.kinds.read_model` gives all there are).

    Raises ModelFileError, which names the file, on anything that is not an intact file of this version.
    """
    if isinstance(source, bytes):
        return _intact(source, kinds)
    data = _read_file(Path(source))
    try:
        return _intact(data, kinds)
    except ModelFileError as error:
        raise ModelFileError(f"{source}: {error}") from error


def _sections(data: bytes, count: int) -> dict[str, list[bytes]]:
    sections: dict[str, list[bytes]] = {}
    for index in range(count):
        tag, offset, size, _ = struct.unpack_from("<4sIII", data, HEADER_BYTES + 16 * index)
        if offset + size > len(data):
            raise ModelFileError(f"section_length {size}: the section does not lie inside the file")
        sections.setdefault(tag.decode(), []).append(data[offset : offset + size])
    for tag in ("NETW", "WORD", "DTCT", "LAYR", "TEST", "PROV"):
        if tag not in sections:
            raise ModelFileError(f"{tag}: the section is missing")
    return sections


def _sampling(sections: dict[str, list[bytes]]) -> Sampling | None:
    if "SMPL" not in sections:
        return None
    sampler, bits, reserved, seed = struct.unpack("<HHIQ", sections["SMPL"][0])
    if bits != DRAW_BITS or reserved:
        raise ValueError(f"SMPL: draws of {bits} bits, reserved {reserved}; {DRAW_BITS} and 0 are known")
    return Sampling(Sampler(sampler), seed)


def _parse(data: bytes, count: int, schemas: dict[int, LayerSchema]) -> ModelTables:
    sections = _sections(data, count)
    network = struct.unpack("<4HII3H10x", sections["NETW"][0])
    words_data = sections["WORD"][0]
    word_count, unknown, silence, _ = struct.unpack_from("<4H", words_data)
    words, position = [], 8
    for _ in range(word_count):
        size = words_data[position]
        words.append(words_data[position + 1 : position + 1 + size].decode())
        position += 1 + size

    reader = _Reader(sections["DTCT"][0])
    window, warm_up, refractory, _, least_share_q15 = reader.unpack("<5H6x")
    rows = reader.table("uint16", (word_count, 4))
    detector = Detector(
        window, warm_up, refractory, rows[:, 0] / 32768, rows[:, 1] / 32768, (rows[:, 2] & 1).astype(bool),
        least_share_q15 / 32768,
    )  # fmt: skip

    reader = _Reader(sections["TEST"][0])
    kind, _, steps, digest, values = reader.unpack("<2HIQI12x")
    self_test = reader.table("int16", (values,)).astype(np.int16)
    if kind == 1:
        self_test = self_test.reshape(-1, network[0])
    provenance = dict(line.split(": ", 1) for line in sections["PROV"][0].decode().split("\n") if ": " in line)
    return ModelTables(
        input_kind=InputKind(network[1]),
        input_fraction_bits=network[2],
        input_limit=network[3],
        step_us=network[4],
        clip_frames=network[5],
        layers=[_layer(section, schemas) for section in sections["LAYR"]],
        words=words,
        unknown_index=None if unknown == NONE else unknown,
        silence_index=None if silence == NONE else silence,
        detector=detector,
        front_end=sections.get("FRNT", [None])[0],
        provenance=provenance,
        sampling=_sampling(sections),
        scores=Scores(network[8]),
        clip_rule=parse_clip_rule(sections["CLIP"][0]) if "CLIP" in sections else None,
        calibrations=[parse_calibration(section) for section in sections.get("CALB", [])],
        self_test_input=self_test,
        self_test_digest=digest,
        self_test_steps=steps,
    )
