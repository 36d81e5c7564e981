"""Binary S4D with GLU mixing (Stan & Rhodes 2024, arXiv 2401.00955; docs/NEURONS.md).

s = sign·y > threshold          y of the state space, behind the stream's normalisation
n, m = W·s + b
r = r + n·σ(m)
"""

import numpy as np

from ..fixed_point import STATE_LIMIT
from ..model_file.schema import Table
from .curves import SIGMOID, gated
from .encoder import ENCODER
from .golden_case import Case, Spec
from .kind import Arrays
from .readout import READOUT
from .state_space import INPUT_TABLES, SPACE_TABLES, BlockKind, BlockNeurons

_LARGEST = STATE_LIMIT - 1


class GLUNeurons(BlockNeurons):
    """s = sign·y > threshold; r = r + n·σ(m)."""

    def read(self, values: np.ndarray) -> np.ndarray:
        self.stream = values
        y = self.space.step(self.space.normalised(values))
        own = self.layer.neuron
        self.spiked = (own["sign"] * y > own["threshold"]).astype(np.int64)
        return self.spiked

    def step(self, sums: np.ndarray) -> None:
        gate = self.branch(sums, 1)
        self.add(gated(self.values(self.branch(sums, 0)), gate, SIGMOID, self.layer.state_fraction_bits + 8))


class GLUKind(BlockKind):
    """Twins: Sources/SiLIF/Kinds/Blocks, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug, branches = 6, "S4D-GLU", "s4d-glu", 2
    tables = (
        *INPUT_TABLES,
        *SPACE_TABLES,
        # Above no |y|, so that their difference fits 32 bits.
        Table("threshold", "int32", -_LARGEST, _LARGEST, "QF, ±(2^30 - 1)", worst=-1),
        Table("sign", "int8", -1, 1, "-1, 0 or 1: s = sign · y > threshold", worst=0),
    )
    neurons = GLUNeurons

    def quantize(self, coefficients: Arrays, state_fraction_bits: int) -> Arrays:
        # An integer is above the real threshold where it is above the largest integer that is not.
        threshold = np.floor(coefficients["threshold"] * 2.0**state_fraction_bits)
        return super().quantize(coefficients, state_fraction_bits) | {
            "threshold": np.clip(threshold, -_LARGEST, _LARGEST).astype(np.int64),
            "sign": np.rint(coefficients["sign"]).astype(np.int64),
        }

    def dequantize(self, tables: Arrays, state_fraction_bits: int) -> Arrays:
        return super().dequantize(tables, state_fraction_bits) | {
            "threshold": tables["threshold"] * 2.0**-state_fraction_bits,
            "sign": tables["sign"].astype(float),
        }

    def units(self, state_fraction_bits: int) -> dict[str, str]:
        return super().units(state_fraction_bits) | {"threshold": f"2^-{state_fraction_bits}", "sign": "1"}

    def float_spikes(self, layer, state, stream):
        own = layer.coefficients
        state, y = self.float_space(own, state, own["input_gain"] * stream + own["input_bias"])
        return state, (own["sign"] * y > own["threshold"]).astype(float)

    def float_mixed(self, layer, state, stream, currents):
        n, m = np.split(currents, 2, -1)
        return stream + n / (1 + np.exp(-m))

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        sign = rng.integers(0, 8, spec.outputs)
        return self.random_space(rng, spec) | {
            "threshold": rng.random(spec.outputs) - 0.4,
            "sign": np.where(sign == 0, 0.0, np.where(sign < 3, -1.0, 1.0)),
        }

    def cases(self) -> tuple[Case, ...]:
        def stack(*widths_and_pairs, bits=8, fraction=16, **options):
            (width, _), *_ = widths_and_pairs
            return (
                Spec(ENCODER, width, bits, fraction_bits=fraction, gain=4.0),
                *(Spec(self, w, bits, fraction_bits=fraction, pairs=p, **options) for w, p in widths_and_pairs),
                Spec(READOUT, 5, bits, gain=32.0),
            )

        return (
            Case("s4d-glu-w8", 401, 13, stack((19, 8), (19, 3)), rates=(0.02, 0.98)),
            Case("s4d-glu-w4", 402, 9, stack((18, 5), bits=4), rates=(0.02, 0.98)),
            Case("s4d-glu-w16", 403, 5, stack((7, 1), bits=16), rates=(0.02, 0.98)),
            Case("s4d-glu-64-pairs", 404, 3, stack((3, 64)), steps=40, rates=(0.02, 0.98)),
            Case("s4d-glu-fraction8", 405, 7, stack((9, 4), fraction=8), rates=(0.02, 0.98)),
            Case("s4d-glu-fraction24", 406, 7, stack((11, 9), fraction=24), rates=(0.02, 0.98), saturates=None),
            Case(
                "s4d-glu-extreme",
                407,
                7,
                stack((13, 6), (13, 7), extreme=True, gain=60.0, drive=30.0),
                steps=120,
                rates=(0.02, 0.98),
                saturates=None,
            ),
            # A constant input beyond its limit, for long enough that the slow states come near their bound.
            Case(
                "s4d-glu-bound",
                408,
                1,
                (
                    Spec(ENCODER, 4),
                    Spec(self, 4, extreme=True, pairs=5),
                    Spec(READOUT, 2, gain=32.0),
                ),
                steps=4000,
                rates=(0.0, 1.0),
                saturates=True,
            ),
        )


GLU = GLUKind()
