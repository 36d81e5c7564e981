"""A model file read and run with nothing but the standard library, written from the pages alone: docs/MODEL-FORMAT.md,
docs/NEURONS.md, docs/ARITHMETIC.md. It shares no code with silif_tools and no table with the engine. If it has to
guess, a page is incomplete.
"""

import struct
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

SILIF, CSILIF, READOUT, RF, LIF = 1, 2, 3, 4, 9
NO_DELAY, AXONAL, DENDRITIC, SYNAPTIC = 0, 1, 2, 3


def half_up(value: int, bits: int) -> int:
    return (value + (1 << bits >> 1)) >> bits


def clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


# MODEL-FORMAT.md


def sections(data: bytes) -> list[tuple[str, bytes]]:
    assert data[:8] == b"\x89SiLIF\r\n"
    version, count, length = struct.unpack_from("<HHI", data, 8)
    assert (version, length) == (1, len(data))
    found = []
    for index in range(count):
        tag, offset, size, _ = struct.unpack_from("<4sIII", data, 32 + 16 * index)
        found.append((tag.decode(), data[offset : offset + size]))
    return found


class Layer:
    """One LAYR section: its fields, its tables by name, and the state of its neurons."""

    def __init__(self, section: bytes):
        (self.kind, self.source, self.delay_kind, self.weight_bits, self.inputs, self.outputs, _, self.fraction) = (
            struct.unpack_from("<8H", section)
        )
        self.padded = -(-self.outputs // 16) * 16
        self.section, self.position, self.table = section, 32, {}
        self.weights = self.read_weights()
        self.read("scale_mantissa", "i")
        self.read("scale_shift", "B")
        self.read("bias", "i")
        if self.delay_kind != NO_DELAY:
            count = {AXONAL: self.inputs, DENDRITIC: self.padded, SYNAPTIC: self.inputs * self.padded}
            self.read("delays", "B", count[self.delay_kind])
        self.read("decay", "i")
        if self.kind == SILIF:
            self.read("input_gain", "i")
            self.read("adaptation_leak_mantissa", "i")
            self.read("adaptation_leak_shift", "B")
            self.read("subthreshold_coupling", "i")
            self.read("spike_coupling", "i")
        if self.kind in (CSILIF, RF):
            self.read("decay_imaginary", "i")
        self.first, self.second, self.spikes = ([0] * self.outputs for _ in range(3))
        self.past: list[list[int]] = []

    def take(self, kind: str, count: int) -> tuple[int, ...]:
        self.position = -(-self.position // 16) * 16
        values = struct.unpack_from(f"<{count}{kind}", self.section, self.position)
        self.position += struct.calcsize(f"<{count}{kind}")
        return values

    def read(self, name: str, kind: str, count: int | None = None) -> None:
        self.table[name] = self.take(kind, self.padded if count is None else count)

    def read_weights(self) -> list[list[int]]:
        if self.weight_bits > 4:
            flat = self.take("b" if self.weight_bits == 8 else "h", self.inputs * self.padded)
            return [list(flat[start : start + self.padded]) for start in range(0, len(flat), self.padded)]
        half, rows = self.padded // 2, []
        flat = self.take("B", self.inputs * half)
        for start in range(0, len(flat), half):
            row = flat[start : start + half]
            nibbles = [byte & 15 for byte in row] + [byte >> 4 for byte in row]
            rows.append([nibble - 16 if nibble > 7 else nibble for nibble in nibbles])
        return rows

    # NEURONS.md, "Delays"

    def delay(self, i: int, j: int) -> int:
        if self.delay_kind == NO_DELAY:
            return 0
        index = {AXONAL: i, DENDRITIC: j, SYNAPTIC: i * self.padded + j}[self.delay_kind]
        return self.table["delays"][index]

    def sums(self, values: list[int]) -> list[int]:
        self.past.append(values)
        totals = [0] * self.outputs
        for i in range(self.inputs):
            for j in range(self.outputs):
                d = self.delay(i, j)
                if d < len(self.past) and (value := self.past[-1 - d][i]):
                    totals[j] += self.weights[i][j] * value
        return totals

    # ARITHMETIC.md, "One rounding"

    def step(self, values: list[int]) -> None:
        one = 1 << self.fraction
        for j, total in enumerate(self.sums(values)):
            t = {name: table[j] for name, table in self.table.items() if name != "delays"}
            current = (half_up(total * t["scale_mantissa"], t["scale_shift"]) + t["bias"]) << 22
            u, v, s = self.first[j], self.second[j], self.spikes[j]
            if self.kind == SILIF:
                leak = half_up(t["adaptation_leak_mantissa"] * half_up(v, 30), t["adaptation_leak_shift"])
                v = clamp(v - leak + t["subthreshold_coupling"] * u + (t["spike_coupling"] * s << 30), 1 << 60)
                u = half_up(t["decay"] * (u - s * one) + current - t["input_gain"] * half_up(v, 30), 30)
                u = clamp(u, 1 << 30)
                s = int(u > one)
            elif self.kind == LIF:
                u = clamp(half_up(t["decay"] * u + current - (s << (self.fraction + 30)), 30), 1 << 30)
                s = int(u > one)
            elif self.kind == READOUT:
                u = clamp(half_up(t["decay"] * u + current, 30), 1 << 30)
            else:
                reset_before = s * one // 2 if self.kind == CSILIF else 0
                reset_after = s << (self.fraction + 30) if self.kind == RF else 0
                a, b, r = t["decay"], t["decay_imaginary"], u - reset_before
                u = clamp(half_up(a * r - b * v + current - reset_after, 30), 1 << 30)
                v = clamp(half_up(b * r + a * v, 30), 1 << 30)
                s = int(u > (one // 2 if self.kind == CSILIF else one))
            self.first[j], self.second[j], self.spikes[j] = u, v, s


# ARITHMETIC.md, "Softmax"


def exponential_table() -> list[int]:
    with localcontext(prec=40):
        exact = [Decimal(32768) * Decimal(2) ** (Decimal(-index) / 256) for index in range(257)]
        return [int(value.to_integral_value(ROUND_HALF_EVEN)) for value in exact]


TABLE = exponential_table()


def softmax(potentials: list[int]) -> list[int]:
    weights = []
    for u in potentials:
        e = half_up((max(potentials) - u) * 94548, 16)
        whole, index, rest = e >> 16, (e >> 8) & 255, e & 255
        line = TABLE[index] - half_up((TABLE[index] - TABLE[index + 1]) * rest, 8)
        weights.append(0 if whole > 16 else half_up(line, whole))
    total = sum(weights)
    return [((weight << 15) + total // 2) // total for weight in weights]


# MODEL-FORMAT.md, "TEST"


def fnv1a(state: int, data: bytes) -> int:
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def digests(data: bytes) -> tuple[int, int]:
    """(the digest in the file, the one that comes of running its self-test). The self-test must hold frames."""
    found = sections(data)
    network, test = dict(found)["NETW"], dict(found)["TEST"]
    input_count, _, _, input_limit = struct.unpack_from("<4H", network)
    kind, _, steps, wanted, count = struct.unpack_from("<HHIQI", test)
    assert kind == 1 and count == steps * input_count
    values = struct.unpack_from(f"<{count}h", test, 32)
    layers = [Layer(section) for tag, section in found if tag == "LAYR"]
    state = 0xCBF29CE484222325
    for start in range(0, count, input_count):
        signal = frame = [clamp(value, input_limit) for value in values[start : start + input_count]]
        state = fnv1a(state, struct.pack(f"<{input_count}h", *frame))
        for layer in layers:
            layer.step(signal)
            signal = list(layer.spikes)
            if layer.kind != READOUT:
                bitmap = sum(spike << j for j, spike in enumerate(signal))
                state = fnv1a(state, bitmap.to_bytes((layer.outputs + 7) // 8, "little"))
        potentials = layers[-1].first
        state = fnv1a(state, struct.pack(f"<{len(potentials)}i", *potentials))
        state = fnv1a(state, struct.pack(f"<{len(potentials)}H", *softmax(potentials)))
    return wanted, state
