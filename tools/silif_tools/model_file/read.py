"""Read a `.silif` model file back into tables: for the reference model and for tests of the writer.

Twins: tools/silif_tools/model_file/write.py, Sources/SiLIF/ModelFile
"""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .bounds import DRAW_BITS, MAXIMUM_DELAY, MAXIMUM_NEURONS, check_model
from .calibration import parse_calibration
from .clip_rule import parse_clip_rule
from .nibbles import unpack_nibbles
from .schema import CONNECTION, DELAYS, RECURRENT, RECURRENT_SOURCE, LayerSchema, check_range, padded
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
from .write import ALIGNMENT, ENTRY_BYTES, HEADER_BYTES, MAGIC, NONE, VERSION

MAXIMUM_BYTES = 64 << 20
MAXIMUM_SECTIONS = 64
# Of these a file has one at most; the others of these are required.
_SINGLE = (b"NETW", b"WORD", b"DTCT", b"FRNT", b"SMPL", b"CLIP", b"TEST", b"PROV")
_REQUIRED = (b"NETW", b"WORD", b"DTCT", b"LAYR", b"TEST", b"PROV")


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
        if self.position + count * kind.itemsize > len(self.data):
            raise ValueError(f"a table of {count * kind.itemsize} bytes does not lie inside its section")
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
    number, source, delay_kind, bits, inputs, outputs, longest, fraction, pairs = reader.unpack("<9H14x")
    for name, count in (("inputs", inputs), ("outputs", outputs)):
        check_range(count, 1, MAXIMUM_NEURONS, f"LAYR: {name}")
    if number not in schemas:
        raise ValueError(f"kind {number} is none of {', '.join(f'{each} {schemas[each].title}' for each in schemas)}")
    kind, delay_kind = schemas[number], DelayKind(delay_kind)
    width, branches = padded(outputs), kind.branches
    check_range(longest, 0, MAXIMUM_DELAY if delay_kind != DelayKind.NONE else 0, "LAYR: maximum_delay")

    def unpadded(values):
        split = values.reshape(*values.shape[:-1], branches, width)
        check_range(split[..., outputs:], 0, 0, "LAYR: padding")
        return split[..., :outputs].reshape(*values.shape[:-1], branches * outputs)

    def own_table(table):
        values = reader.table(table.dtype, table.shape(width, pairs))
        check_range(values[outputs:], 0, 0, f"LAYR: {table.name} padding")
        return values[:outputs]

    def delays(*shape):
        # Where nothing is read, in the padding, it is a delay all the same.
        values = reader.table(DELAYS.dtype, shape)
        check_range(values, 0, longest, f"LAYR: {DELAYS.name}")
        return values

    weights = reader.weights(bits, inputs, branches * width)
    connection = {table.name: unpadded(reader.table(table.dtype, (branches * width,))) for table in CONNECTION}
    layer = LayerTables(
        kind, Source(source & ~RECURRENT_SOURCE), bits, fraction, unpadded(weights), **connection, pairs=pairs
    )
    layer.delay_kind = delay_kind
    if delay_kind == DelayKind.AXONAL:
        layer.delays = delays(inputs)
    elif delay_kind == DelayKind.DENDRITIC:
        layer.delays = delays(width)[:outputs]
    elif delay_kind == DelayKind.SYNAPTIC:
        layer.delays = delays(inputs, width)[:, :outputs]
    if source & RECURRENT_SOURCE:
        own = reader.weights(bits, outputs, width)
        check_range(own[:, outputs:], 0, 0, "LAYR: recurrent_weights padding")
        layer.recurrent = Recurrent(own[:, :outputs], *(own_table(table) for table in RECURRENT))
    layer.neuron = {table.name: own_table(table) for table in kind.tables}
    check_range(len(data) - reader.position, 0, ALIGNMENT - 1, "LAYR: bytes after the last table:")
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
    if not 1 <= count <= MAXIMUM_SECTIONS:
        raise ModelFileError(f"section_count {count} is outside 1...{MAXIMUM_SECTIONS}")
    if length > MAXIMUM_BYTES:
        raise ModelFileError(f"total_length {length}: no model has more than {MAXIMUM_BYTES} bytes")
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


def _sections(data: bytes, count: int) -> dict[bytes, list[bytes]]:
    """By their tags, which of a section that no reader knows may be any four bytes."""
    sections: dict[bytes, list[bytes]] = {}
    end = HEADER_BYTES + ENTRY_BYTES * count
    for index in range(count):
        tag, offset, size, _ = struct.unpack_from("<4sIII", data, HEADER_BYTES + ENTRY_BYTES * index)
        if offset % ALIGNMENT or offset < end:
            raise ModelFileError(f"section_offset {offset}: the section is not aligned, or begins inside another")
        end = offset + size
        if end > len(data):
            raise ModelFileError(f"section_length {size}: the section does not lie inside the file")
        sections.setdefault(tag, []).append(data[offset:end])
    for tag in _REQUIRED:
        if tag not in sections:
            raise ModelFileError(f"{tag.decode()}: the section is missing")
    for tag in _SINGLE:
        if len(sections.get(tag, ())) > 1:
            raise ModelFileError(f"tag: section {tag.decode()} is there a second time")
    return sections


def _sampling(sections: dict[bytes, list[bytes]]) -> Sampling | None:
    if b"SMPL" not in sections:
        return None
    sampler, bits, reserved, seed = struct.unpack("<HHIQ", sections[b"SMPL"][0])
    if bits != DRAW_BITS or reserved:
        raise ValueError(f"SMPL: draws of {bits} bits, reserved {reserved}; {DRAW_BITS} and 0 are known")
    return Sampling(Sampler(sampler), seed)


def _words(section: bytes, word_count: int) -> list[str]:
    words, position = [], 8
    for _ in range(word_count):
        size = section[position]
        word = section[position + 1 : position + 1 + size]
        if len(word) < size:
            raise ValueError(f"word length {size}: the word does not lie inside the section")
        words.append(word.decode())
        position += 1 + size
    return words


def _self_test(section: bytes, input_count: int) -> tuple[np.ndarray, int, int]:
    """Samples, or frames [step, input]; steps; digest."""
    reader = _Reader(section)
    kind, _, steps, digest, count = reader.unpack("<2HIQI12x")
    check_range(kind, 1, 2, "self_test_input")
    values = reader.table("int16", (count,)).astype(np.int16)
    return values.reshape(-1, input_count) if kind == 1 else values, steps, digest


def _parse(data: bytes, count: int, schemas: dict[int, LayerSchema]) -> ModelTables:
    sections = _sections(data, count)
    network = struct.unpack("<4HII3H10x", sections[b"NETW"][0])
    input_count, layer_count, class_count = network[0], network[6], network[7]
    words_data = sections[b"WORD"][0]
    word_count, unknown, silence, _ = struct.unpack_from("<4H", words_data)
    check_range(word_count, class_count, class_count, "word_count")
    words = _words(words_data, word_count)

    reader = _Reader(sections[b"DTCT"][0])
    window, warm_up, refractory, detector_class_count, least_share_q15 = reader.unpack("<5H6x")
    check_range(detector_class_count, class_count, class_count, "detector_class_count")
    rows = reader.table("uint16", (word_count, 4))
    detector = Detector(
        window, warm_up, refractory, rows[:, 0] / 32768, rows[:, 1] / 32768, (rows[:, 2] & 1).astype(bool),
        least_share_q15 / 32768,
    )  # fmt: skip

    layers = [_layer(section, schemas) for section in sections[b"LAYR"]]
    check_range(len(layers), layer_count, layer_count, "LAYR: sections, beside layer_count")
    check_range(input_count, layers[0].inputs, layers[0].inputs, "input_count")
    self_test, steps, digest = _self_test(sections[b"TEST"][0], input_count)
    # Nothing depends on it, so nothing in it is refused.
    lines = sections[b"PROV"][0].decode(errors="replace").split("\n")
    provenance = dict(line.split(": ", 1) for line in lines if ": " in line)
    return ModelTables(
        input_kind=InputKind(network[1]),
        input_fraction_bits=network[2],
        input_limit=network[3],
        step_us=network[4],
        clip_frames=network[5],
        layers=layers,
        words=words,
        unknown_index=None if unknown == NONE else unknown,
        silence_index=None if silence == NONE else silence,
        detector=detector,
        front_end=sections.get(b"FRNT", [None])[0],
        provenance=provenance,
        sampling=_sampling(sections),
        scores=Scores(network[8]),
        clip_rule=parse_clip_rule(sections[b"CLIP"][0]) if b"CLIP" in sections else None,
        calibrations=[parse_calibration(section) for section in sections.get(b"CALB", [])],
        self_test_input=self_test,
        self_test_digest=digest,
        self_test_steps=steps,
    )
