"""The network once more, for one clip, in unbounded Python integers and plain loops, written from docs/NEURONS.md
and docs/ARITHMETIC.md: what the NumPy reference must equal."""

from silif_tools.model_file.tables import DelayKind, InputKind, Source

# Numbers of the kinds in the file (docs/MODEL-FORMAT.md); nothing here comes from silif_tools.kinds.
SILIF, CSILIF, READOUT, RF, LIF = 1, 2, 3, 4, 9


def half_up(value: int, bits: int) -> int:
    """floor(value / 2^bits + 1/2)"""
    return (2 * value + 2**bits) // 2 ** (bits + 1)


def clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


class SlowLayer:
    def __init__(self, layer):
        self.layer = layer
        self.own = {name: values.tolist() for name, values in layer.neuron.items()}
        self.weights = [[int(w) for w in row] for row in layer.weights]
        self.delays = None if layer.delays is None else layer.delays.tolist()
        self.history: list[list[int]] = []
        width = layer.outputs
        self.first = [0] * width  # u or Re u
        self.second = [0] * width  # w or Im u
        self.spiked = [0] * width

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
        now = len(self.history) - 1
        if self.layer.source == Source.DENSE:
            inputs = self.layer.inputs if counts_zeros else sum(1 for value in self.history[now] if value)
            return inputs * self.layer.outputs
        arrived = 0
        for source in range(self.layer.inputs):
            then = now - (self.delays[source] if self.layer.delay_kind == DelayKind.AXONAL else 0)
            arrived += then >= 0 and self.history[then][source]
        return arrived * self.layer.outputs

    def step(self, values: list[int]) -> None:
        self.history.append(list(values))
        layer = self.layer
        for j in range(layer.outputs):
            scaled = half_up(self.sum_at(j) * int(layer.scale_mantissa[j]), int(layer.scale_shift[j]))
            current = (scaled + int(layer.bias[j])) * 2**22
            if layer.kind.number == SILIF:
                self._silif(j, current)
            elif layer.kind.number == CSILIF:
                self._csilif(j, current)
            elif layer.kind.number == RF:
                self._rf(j, current)
            elif layer.kind.number == LIF:
                self._lif(j, current)
            elif layer.kind.number == READOUT:
                total = self.own["decay"][j] * self.first[j] + current
                self.first[j] = clamp(half_up(total, 30), 2**30)
            else:
                raise NotImplementedError(f"write the equations of {layer.kind.title} here, from docs/NEURONS.md")

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


def slow_run(model, frames):
    """frames [step][input] -> per step (clamped frame, spikes per hidden layer, membrane), synaptic operations."""
    layers = [SlowLayer(layer) for layer in model.layers]
    steps, operations = [], 0
    for frame in frames:
        values = clamped = [clamp(int(x), model.input_limit) for x in frame]
        spikes = []
        for layer in layers:
            layer.step(values)
            operations += layer.operations(model.input_kind == InputKind.LOG_MEL)
            if layer.layer.kind.number != READOUT:
                values = list(layer.spiked)
                spikes.append(values)
        steps.append((clamped, spikes, list(layers[-1].first)))
    return steps, operations
