"""The network once more, for one clip, in unbounded Python integers and plain loops, written from docs/NEURONS.md
and docs/ARITHMETIC.md: what the NumPy reference must equal."""

import math

from silif_tools.model_file.tables import DelayKind, InputKind, Source

# Numbers of the kinds in the file (docs/MODEL-FORMAT.md); nothing here comes from silif_tools.kinds.
SILIF, CSILIF, READOUT, RF, ENCODER, GLU, GSU, PSPIKE, LIF, CUBA = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
BLOCKS = (GLU, GSU, PSPIKE)
DRAWS, SHARED, FEEDBACK = 1, 2, 3


def half_up(value: int, bits: int) -> int:
    """floor(value / 2^bits + 1/2)"""
    return (2 * value + 2**bits) // 2 ** (bits + 1)


def clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def rounded_table(function, reach: int) -> list[int]:
    return [round(32768 * function(reach * (index - 128) / 128)) for index in range(257)]


SIGMOID = rounded_table(lambda x: 1 / (1 + math.exp(-x)), 8)
NORMAL = [0, *rounded_table(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), 4)[1:-1], 32768]


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10, from the paper."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        one, two = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(two >> 32) ^ counter[1] ^ key[0], two % 2**32, (one >> 32) ^ counter[3] ^ key[1], one % 2**32]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


def draw(seed: int, step: int, site: int, neuron: int) -> int:
    words = philox([step % 2**32, step // 2**32, site, neuron // 8], [seed % 2**32, seed // 2**32])
    return words[neuron % 8 // 2] >> 16 * (neuron % 2) & 0xFFFF


def gelu(value: int, fraction_bits: int) -> int:
    return half_up(value * on_curve(NORMAL, 4, value, fraction_bits), 15)


def on_curve(table: list[int], reach: int, value: int, fraction_bits: int) -> int:
    """Q15 of a value with so many fractional bits."""
    value_q16 = half_up(value * 2**16, fraction_bits)
    position = max(-reach * 2**16, min(reach * 2**16 - 1, value_q16)) + reach * 2**16
    interval = 2 * reach * 2**16 // 256
    index, rest = divmod(position, interval)
    return table[index] + half_up((table[index + 1] - table[index]) * rest, interval.bit_length() - 1)


class SlowLayer:
    def __init__(self, layer):
        self.layer = layer
        self.own = {name: values.tolist() for name, values in layer.neuron.items()}
        self.weights = [[int(w) for w in row] for row in layer.weights]
        self.delays = None if layer.delays is None else layer.delays.tolist()
        self.history: list[list[int]] = []
        width = layer.outputs
        self.first = [0] * width  # u or Re u
        self.second = [0] * width  # w, Im u or i
        self.spiked = [0] * width
        self.stream = [0] * width
        self.pairs = [[(0, 0)] * layer.pairs for _ in range(width)]
        self.errors = [[0] * width, [0] * width]
        self.taken = [0] * width
        self.place = (0, 0, None)  # the layer's index, the step's number, how spikes are drawn

    def delay(self, source: int, target: int) -> int:
        kind = self.layer.delay_kind
        if kind == DelayKind.NONE:
            return 0
        if kind == DelayKind.AXONAL:
            return self.delays[source]
        if kind == DelayKind.DENDRITIC:
            return self.delays[target]
        return self.delays[source][target]

    def sum_at(self, target: int) -> int:
        now, total = len(self.history) - 1, 0
        for source, row in enumerate(self.weights):
            then = now - self.delay(source, target)
            if then >= 0:
                total += self.history[then][source] * row[target]
        return total

    def operations(self, counts_zeros: bool) -> int:
        """After a step."""
        own = sum(self.fired) * self.layer.outputs if self.layer.recurrent else 0
        return own + self.input_operations(counts_zeros)

    def input_operations(self, counts_zeros: bool) -> int:
        now, columns = len(self.history) - 1, len(self.weights[0])
        if self.layer.kind.number not in BLOCKS and self.layer.source != Source.SPIKES:
            all_count = counts_zeros or self.layer.source == Source.STREAM
            inputs = self.layer.inputs if all_count else sum(1 for value in self.history[now] if value)
            return inputs * columns
        arrived = 0
        for source in range(self.layer.inputs):
            then = now - (self.delays[source] if self.layer.delay_kind == DelayKind.AXONAL else 0)
            arrived += then >= 0 and self.history[then][source] != 0
        return arrived * columns

    def current(self, column: int) -> int:
        """F + 8 fractional bits."""
        layer = self.layer
        scaled = half_up(self.sum_at(column) * int(layer.scale_mantissa[column]), int(layer.scale_shift[column]))
        if layer.recurrent:
            own = sum(int(row[column]) for row, s in zip(layer.recurrent.weights, self.fired, strict=True) if s)
            scaled += half_up(own * int(layer.recurrent.mantissa[column]), int(layer.recurrent.shift[column]))
        return scaled + int(layer.bias[column])

    def sampled(self, value: int, j: int, prefix: str, site: int) -> int:
        own, (index, step, sampling) = self.own, self.place
        scaled = half_up(value * own[f"{prefix}_mantissa"][j], own[f"{prefix}_shift"][j]) + own[f"{prefix}_bias"][j]
        p = max(0, min(2**16, scaled))
        if sampling.sampler != FEEDBACK:
            return int(draw(sampling.seed, step, 2 * index + site, j if sampling.sampler == DRAWS else 0) < p)
        self.errors[site][j] += p
        spike = int(self.errors[site][j] >= 2**15)
        self.errors[site][j] -= spike * 2**16
        return spike

    def normalised(self, j: int, r: int) -> int:
        own, limit = self.own, 2 ** min(self.layer.state_fraction_bits + 8, 30)
        return clamp(half_up(r * own["input_mantissa"][j], own["input_shift"][j]) + own["input_bias"][j], limit)

    def state_space(self, j: int, x: int) -> int:
        """y of channel j."""
        own = self.own
        total = own["skip"][j] * x
        for n, (u, v) in enumerate(self.pairs[j]):
            a, b = own["pair_decay"][j][2 * n : 2 * n + 2]
            u, v = half_up(a * u - b * v + own["pair_gain"][j][n] * x, 30), half_up(b * u + a * v, 30)
            assert u * u + v * v <= 2**60, "a state has left its bound"
            self.pairs[j][n] = u, v
            total += own["pair_output"][j][2 * n] * u - own["pair_output"][j][2 * n + 1] * v
        return clamp(half_up(total, own["output_shift"][j]), 2**30)

    def read(self, values: list[int], fraction_bits: int) -> list[int]:
        """What the weights read; fraction_bits: of a stream that arrives."""
        if self.layer.kind.number in BLOCKS:
            self.stream = list(values)
            if self.layer.kind.number == PSPIKE:
                bits = self.layer.state_fraction_bits
                self.taken = [self.sampled(r, j, "input", 0) for j, r in enumerate(values)]
                ys = [self.state_space(j, s * 2**bits) for j, s in enumerate(self.taken)]
                self.spiked = [self.sampled(gelu(y, bits), j, "spike", 1) for j, y in enumerate(ys)]
                return self.spiked
            ys = [self.state_space(j, self.normalised(j, r)) for j, r in enumerate(values)]
            if self.layer.kind.number == GSU:
                self.ys, threshold = ys, half_up(4915 * max(abs(y) for y in ys), 15)
                signs = [(y > 0) - (y < 0) if abs(y) > threshold else 0 for y in ys]
                self.spiked = [abs(sign) for sign in signs]
                return signs
            self.spiked = [self.fires(j, y) for j, y in enumerate(ys)]
            return self.spiked
        if self.layer.source == Source.STREAM:
            return [clamp(half_up(value, fraction_bits - 8), 32767) for value in values]
        return values

    def fires(self, j: int, y: int) -> int:
        return int(self.own["sign"][j] * y > self.own["threshold"][j])

    def step(self, values: list[int]) -> None:
        self.history.append(list(values))
        self.fired = list(self.spiked)
        layer = self.layer
        for j in range(layer.outputs):
            current = self.current(j) * 2**22
            if layer.kind.number == ENCODER:
                self.stream[j] = clamp(half_up(current, 30), 2**30)
            elif layer.kind.number == GLU:
                n = clamp(half_up(self.current(j), 8), 2**30)
                gate = on_curve(SIGMOID, 8, self.current(layer.outputs + j), layer.state_fraction_bits + 8)
                self.stream[j] = clamp(self.stream[j] + half_up(n * gate, 15), 2**30)
            elif layer.kind.number == GSU:
                v = self.product(j, clamp(half_up(self.current(j), 8), 2**30))
                self.stream[j] = clamp(self.stream[j] + gelu(v, layer.state_fraction_bits), 2**30)
            elif layer.kind.number == PSPIKE:
                v = clamp(half_up(self.current(j), 8), 2**30)
                self.stream[j] = clamp(self.stream[j] + gelu(v, layer.state_fraction_bits), 2**30)
            elif layer.kind.number == SILIF:
                self._silif(j, current)
            elif layer.kind.number == CSILIF:
                self._csilif(j, current)
            elif layer.kind.number == RF:
                self._rf(j, current)
            elif layer.kind.number == LIF:
                self._lif(j, current)
            elif layer.kind.number == CUBA:
                self._cuba(j, current)
            elif layer.kind.number == READOUT:
                total = self.own["decay"][j] * self.first[j] + current
                self.first[j] = clamp(half_up(total, 30), 2**30)
            else:
                raise NotImplementedError(f"write the equations of {layer.kind.title} here, from docs/NEURONS.md")

    def product(self, j: int, m: int) -> int:
        """What GELU takes, of channel j."""
        own, n = self.own, self.own["ternary_bias"][j]
        for row, y in zip(self.weights, self.ys, strict=True):
            if abs(row[j]) > own["ternary_threshold"][j]:
                n += y if row[j] > 0 else -y
        product = clamp(half_up(m * clamp(n, 2**30), self.layer.state_fraction_bits), 2**30)
        return clamp(
            half_up(product * own["product_mantissa"][j], own["product_shift"][j]) + own["product_bias"][j], 2**30
        )

    def _silif(self, j: int, current: int) -> None:
        layer, u, w, s = self.layer, self.first[j], self.second[j], self.spiked[j]
        threshold = 2**layer.state_fraction_bits
        leak = half_up(self.own["adaptation_leak_mantissa"][j] * half_up(w, 30), self.own["adaptation_leak_shift"][j])
        w = w - leak + self.own["subthreshold_coupling"][j] * u + self.own["spike_coupling"][j] * s * 2**30
        w = clamp(w, 2**60)
        u = self.own["decay"][j] * (u - s * threshold) - self.own["input_gain"][j] * half_up(w, 30) + current
        self.first[j], self.second[j] = clamp(half_up(u, 30), 2**30), w
        self.spiked[j] = int(self.first[j] > threshold)

    def _csilif(self, j: int, current: int) -> None:
        layer = self.layer
        half = 2 ** (layer.state_fraction_bits - 1)
        real, imaginary = self.first[j] - self.spiked[j] * half, self.second[j]
        a, b = self.own["decay"][j], self.own["decay_imaginary"][j]
        self.first[j] = clamp(half_up(a * real - b * imaginary + current, 30), 2**30)
        self.second[j] = clamp(half_up(b * real + a * imaginary, 30), 2**30)
        self.spiked[j] = int(self.first[j] > half)

    def _rf(self, j: int, current: int) -> None:
        layer, real, imaginary = self.layer, self.first[j], self.second[j]
        threshold = 2**layer.state_fraction_bits
        a, b = self.own["decay"][j], self.own["decay_imaginary"][j]
        resonated = half_up(a * real - b * imaginary + current, 30)
        self.first[j] = clamp(resonated - self.spiked[j] * threshold, 2**30)
        self.second[j] = clamp(half_up(b * real + a * imaginary, 30), 2**30)
        self.spiked[j] = int(self.first[j] > threshold)

    def _lif(self, j: int, current: int) -> None:
        threshold = 2**self.layer.state_fraction_bits
        leaked = half_up(self.own["decay"][j] * self.first[j] + current, 30)
        self.first[j] = clamp(leaked - self.spiked[j] * threshold, 2**30)
        self.spiked[j] = int(self.first[j] > threshold)

    def _cuba(self, j: int, current: int) -> None:
        own = {name: values[j] for name, values in self.own.items()}
        synapse = own["synapse_decay"] * self.second[j] + current
        if self.spiked[j]:
            total = own["spike_decay"] * self.first[j] + own["spike_offset"] * 2**30
            total += synapse * own["input_after_spike"]
        else:
            total = own["decay"] * self.first[j] + synapse
        total += own["membrane_bias"] * 2**22
        self.first[j], self.second[j] = clamp(half_up(total, 30), 2**30), clamp(half_up(synapse, 30), 2**30)
        self.spiked[j] = int(self.first[j] > own["threshold"])


def slow_run(model, frames):
    """frames [step][input] -> per step (clamped frame, spikes per hidden layer, membrane), synaptic operations."""
    layers = [SlowLayer(layer) for layer in model.layers]
    steps, operations = [], 0
    for number, frame in enumerate(frames):
        values = clamped = [clamp(int(x), model.input_limit) for x in frame]
        spikes, fraction_bits = [], 0
        for index, layer in enumerate(layers):
            layer.place = (index, number, model.sampling)
            layer.step(layer.read(values, fraction_bits))
            operations += layer.operations(model.input_kind == InputKind.LOG_MEL)
            if index < len(layers) - 1:
                writes_stream = layer.layer.kind.number in (ENCODER, *BLOCKS)
                values = list(layer.stream if writes_stream else layer.spiked)
                fraction_bits = layer.layer.state_fraction_bits
                spikes.append(list(layer.spiked))
        steps.append((clamped, spikes, list(layers[-1].first)))
    return steps, operations
