"""A model file read and run with nothing but the standard library, written from the pages alone: docs/MODEL-FORMAT.md,
docs/NEURONS.md, docs/ARITHMETIC.md. It shares no code with silif_tools and no table with the engine. If it has to
guess, a page is incomplete.
"""

import struct
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

SILIF, CSILIF, READOUT, RF, ENCODER, GLU, GSU, PSPIKE, LIF, CUBA = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
BLOCKS = (GLU, GSU, PSPIKE)
DRAWS, SHARED, FEEDBACK = 1, 2, 3
STREAM = 2
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
        self.pairs = struct.unpack_from("<H", section, 16)[0]
        self.padded = -(-self.outputs // 16) * 16
        self.columns = self.padded * (2 if self.kind == GLU else 1)
        self.section, self.position, self.table = section, 32, {}
        self.own_spikes, self.source = self.source & 4, self.source & 3
        self.weights = self.read_weights(self.inputs)
        self.read("scale_mantissa", "i", self.columns)
        self.read("scale_shift", "B", self.columns)
        self.read("bias", "i", self.columns)
        if self.delay_kind != NO_DELAY:
            count = {AXONAL: self.inputs, DENDRITIC: self.padded, SYNAPTIC: self.inputs * self.padded}
            self.read("delays", "B", count[self.delay_kind])
        self.recurrent: list[list[int]] = []
        if self.own_spikes:
            self.recurrent = self.read_weights(self.outputs)
            self.read("recurrent_mantissa", "i")
            self.read("recurrent_shift", "B")
        if self.kind not in (ENCODER, *BLOCKS):
            self.read("decay", "i")
        if self.kind in BLOCKS:
            self.read("input_mantissa", "i")
            self.read("input_shift", "B")
            self.read("input_bias", "i")
            self.read("pair_decay", "i", self.padded * self.pairs * 2)
            self.read("pair_gain", "i", self.padded * self.pairs)
            self.read("pair_output", "h", self.padded * self.pairs * 2)
            self.read("output_shift", "B")
            self.read("skip", "i")
        if self.kind == GLU:
            self.read("threshold", "i")
            self.read("sign", "b")
        if self.kind == GSU:
            self.read("ternary_threshold", "h")
            self.read("ternary_bias", "i")
            self.read("product_mantissa", "i")
            self.read("product_shift", "B")
            self.read("product_bias", "i")
        if self.kind == PSPIKE:
            self.read("spike_mantissa", "i")
            self.read("spike_shift", "B")
            self.read("spike_bias", "i")
        if self.kind == SILIF:
            self.read("input_gain", "i")
            self.read("adaptation_leak_mantissa", "i")
            self.read("adaptation_leak_shift", "B")
            self.read("subthreshold_coupling", "i")
            self.read("spike_coupling", "i")
        if self.kind in (CSILIF, RF):
            self.read("decay_imaginary", "i")
        if self.kind == CUBA:
            for name, kind in (("synapse_decay", "i"), ("spike_decay", "i"), ("spike_offset", "i")):
                self.read(name, kind)
            for name, kind in (("input_after_spike", "B"), ("threshold", "i"), ("membrane_bias", "i")):
                self.read(name, kind)
        self.first, self.second, self.spikes = ([0] * self.outputs for _ in range(3))
        self.stream = [0] * self.outputs
        self.states = [(0, 0)] * (self.outputs * self.pairs)
        self.taken, self.errors = [0] * self.outputs, {0: [0] * self.outputs, 1: [0] * self.outputs}
        self.y = [0] * self.outputs
        self.number, self.steps, self.sampler, self.seed = 0, -1, 0, 0
        self.past: list[list[int]] = []

    def take(self, kind: str, count: int) -> tuple[int, ...]:
        self.position = -(-self.position // 16) * 16
        values = struct.unpack_from(f"<{count}{kind}", self.section, self.position)
        self.position += struct.calcsize(f"<{count}{kind}")
        return values

    def read(self, name: str, kind: str, count: int | None = None) -> None:
        self.table[name] = self.take(kind, self.padded if count is None else count)

    def read_weights(self, inputs: int) -> list[list[int]]:
        if self.weight_bits > 4:
            flat = self.take("b" if self.weight_bits == 8 else "h", inputs * self.columns)
            return [list(flat[start : start + self.columns]) for start in range(0, len(flat), self.columns)]
        half, rows = self.columns // 2, []
        flat = self.take("B", inputs * half)
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
        totals = [0] * self.columns
        for i in range(self.inputs):
            for j in range(self.columns):
                d = self.delay(i, j)
                if d < len(self.past) and (value := self.past[-1 - d][i]):
                    totals[j] += self.weights[i][j] * value
        return totals

    # NEURONS.md and ARITHMETIC.md, "Blocks over a stream"

    def read_stream(self, values: list[int], fraction: int) -> list[int]:
        if self.kind not in BLOCKS:
            return [clamp(half_up(value, fraction - 8), 32767) for value in values]
        t, limit = self.table, 1 << min(self.fraction + 8, 30)
        self.stream = values
        self.steps += 1
        for j, r in enumerate(values):
            x = clamp(half_up(r * t["input_mantissa"][j], t["input_shift"][j]) + t["input_bias"][j], limit)
            if self.kind == PSPIKE:
                self.taken[j] = self.sample(x, j, 0)
                x = self.taken[j] << self.fraction
            y = t["skip"][j] * x
            for k in range(j * self.pairs, (j + 1) * self.pairs):
                u, v = self.states[k]
                a, b = t["pair_decay"][2 * k], t["pair_decay"][2 * k + 1]
                u, v = half_up(a * u - b * v + t["pair_gain"][k] * x, 30), half_up(b * u + a * v, 30)
                self.states[k] = u, v
                y += t["pair_output"][2 * k] * u - t["pair_output"][2 * k + 1] * v
            y = clamp(half_up(y, t["output_shift"][j]), 1 << 30)
            if self.kind == PSPIKE:
                p = half_up(self.gelu(y) * t["spike_mantissa"][j], t["spike_shift"][j]) + t["spike_bias"][j]
                self.spikes[j] = self.sample(p, j, 1)
            elif self.kind == GSU:
                self.y[j] = y
            else:
                self.spikes[j] = int(t["sign"][j] * y > t["threshold"][j])
        if self.kind == GSU:
            # What the digest takes first: which are negative.
            least = half_up(4915 * max(map(abs, self.y)), 15)
            self.taken = [int(y < -least) for y in self.y]
            self.spikes = [int(abs(y) > least) for y in self.y]
            return [s - 2 * negative for s, negative in zip(self.spikes, self.taken, strict=True)]
        return list(self.spikes)

    def sample(self, p: int, j: int, site: int) -> int:
        p = clamp_between(p, 0, 1 << 16)
        if self.sampler == FEEDBACK:
            e = self.errors[site][j] + p
            spike = int(e >= 1 << 15)
            self.errors[site][j] = e - (spike << 16)
            return spike
        neuron = j if self.sampler == DRAWS else 0
        counter = (self.steps & 0xFFFFFFFF, self.steps >> 32, 2 * self.number + site, neuron // 8)
        word = philox(counter, (self.seed & 0xFFFFFFFF, self.seed >> 32))[neuron % 8 // 2]
        return int((word >> 16 if neuron % 2 else word & 0xFFFF) < p)

    def gelu(self, v: int) -> int:
        v16 = half_up(v, self.fraction - 16) if self.fraction > 16 else v << (16 - self.fraction)
        return half_up(v * line(NORMAL, clamp_between(v16, -(4 << 16), (4 << 16) - 1) + (4 << 16), 11), 15)

    def mix(self, sums: list[int]) -> None:
        t = self.table
        currents = [
            half_up(total * t["scale_mantissa"][j], t["scale_shift"][j]) + t["bias"][j] for j, total in enumerate(sums)
        ]
        for j in range(self.outputs):
            n = clamp(half_up(currents[j], 8), 1 << 30)
            if self.kind == ENCODER:
                self.stream[j] = n
            elif self.kind == GSU:
                self.stream[j] = clamp(self.stream[j] + self.gelu(self.product(j, n)), 1 << 30)
            elif self.kind == PSPIKE:
                self.stream[j] = clamp(self.stream[j] + self.gelu(n), 1 << 30)
            else:
                m = half_up(currents[self.padded + j], self.fraction - 8)
                gate = line(SIGMOID, clamp_between(m, -(8 << 16), (8 << 16) - 1) + (8 << 16), 12)
                self.stream[j] = clamp(self.stream[j] + half_up(n * gate, 15), 1 << 30)

    def product(self, j: int, m: int) -> int:
        t, least = self.table, self.table["ternary_threshold"][j]
        n = t["ternary_bias"][j]
        for i in range(self.inputs):
            n += self.y[i] * ((self.weights[i][j] > least) - (self.weights[i][j] < -least))
        p = clamp(half_up(m * clamp(n, 1 << 30), self.fraction), 1 << 30)
        return clamp(half_up(p * t["product_mantissa"][j], t["product_shift"][j]) + t["product_bias"][j], 1 << 30)

    # ARITHMETIC.md, "One rounding"

    def step(self, values: list[int]) -> None:
        one = 1 << self.fraction
        if self.kind in (ENCODER, *BLOCKS):
            self.stream = list(self.stream)
            self.mix(self.sums(values))
            return
        fired = [k for k in range(self.outputs) if self.own_spikes and self.spikes[k]]
        own_sums = [sum(self.recurrent[k][j] for k in fired) for j in range(self.outputs)]
        for j, total in enumerate(self.sums(values)[: self.outputs]):
            t = {name: table[j] for name, table in self.table.items() if name != "delays"}
            current = half_up(total * t["scale_mantissa"], t["scale_shift"]) + t["bias"]
            if self.own_spikes:
                current += half_up(own_sums[j] * t["recurrent_mantissa"], t["recurrent_shift"])
            current <<= 22
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
            elif self.kind == CUBA:
                i = t["synapse_decay"] * v + current
                p = t["spike_decay"] * u + (t["spike_offset"] << 30) if s else t["decay"] * u
                taken = 0 if s and not t["input_after_spike"] else i
                u = clamp(half_up(p + taken + (t["membrane_bias"] << 22), 30), 1 << 30)
                v = clamp(half_up(i, 30), 1 << 30)
                s = int(u > t["threshold"])
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


# ARITHMETIC.md, "Blocks over a stream"


def sigmoid_table() -> list[int]:
    with localcontext(prec=40):
        points = [Decimal(index - 128) / 16 for index in range(257)]
        return [int((32768 / (1 + (-x).exp())).to_integral_value(ROUND_HALF_EVEN)) for x in points]


SIGMOID = sigmoid_table()


def normal_table() -> list[int]:
    # Φ(x) = 1/2 + φ(x)·(x + x³/3 + x⁵/15 + ...)
    with localcontext(prec=60):
        pi = Decimal("3.14159265358979323846264338327950288419716939937510")
        found = []
        for index in range(257):
            x = Decimal(index - 128) / 32
            term, total = x, x
            for k in range(1, 120):
                term *= x * x / (2 * k + 1)
                total += term
            share = Decimal("0.5") + total * (-x * x / 2).exp() / (2 * pi).sqrt()
            found.append(int((32768 * share).to_integral_value(ROUND_HALF_EVEN)))
    return [0, *found[1:-1], 32768]


NORMAL = normal_table()


def philox(counter: tuple[int, ...], key: tuple[int, ...]) -> list[int]:
    (a, b, c, d), (low, high) = counter, key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ low, q & 0xFFFFFFFF, (p >> 32) ^ d ^ high, p & 0xFFFFFFFF
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return [a, b, c, d]


def clamp_between(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


def line(table: list[int], position: int, bits: int) -> int:
    index, rest = position >> bits, position & ((1 << bits) - 1)
    return table[index] + half_up((table[index + 1] - table[index]) * rest, bits)


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
    scores = struct.unpack_from("<H", network, 20)[0]
    kind, _, steps, wanted, count = struct.unpack_from("<HHIQI", test)
    assert kind == 1 and count == steps * input_count
    values = struct.unpack_from(f"<{count}h", test, 32)
    layers = [Layer(section) for tag, section in found if tag == "LAYR"]
    for number, layer in enumerate(layers):
        layer.number = number
        if "SMPL" in dict(found):
            layer.sampler, _, _, layer.seed = struct.unpack("<HHIQ", dict(found)["SMPL"])
    state = 0xCBF29CE484222325
    for start in range(0, count, input_count):
        fraction = 0
        signal = frame = [clamp(value, input_limit) for value in values[start : start + input_count]]
        state = fnv1a(state, struct.pack(f"<{input_count}h", *frame))
        for number, layer in enumerate(layers):
            layer.step(layer.read_stream(signal, fraction) if layer.source == STREAM else signal)
            signal, fraction = list(layer.spikes), layer.fraction
            for bits in ([layer.taken] if layer.kind in (GSU, PSPIKE) else []) + (
                [signal] if layer.kind != ENCODER and number < len(layers) - 1 else []
            ):
                bitmap = sum(spike << j for j, spike in enumerate(bits))
                state = fnv1a(state, bitmap.to_bytes((layer.outputs + 7) // 8, "little"))
            if layer.kind in (ENCODER, *BLOCKS):
                signal = layer.stream
                state = fnv1a(state, struct.pack(f"<{layer.outputs}i", *signal))
        potentials = layers[-1].first
        state = fnv1a(state, struct.pack(f"<{len(potentials)}i", *potentials))
        probabilities = [s << 15 for s in layers[-1].spikes] if scores else softmax(potentials)
        state = fnv1a(state, struct.pack(f"<{len(potentials)}H", *probabilities))
    return wanted, state
