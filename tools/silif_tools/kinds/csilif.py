"""C-SiLIF: a complex membrane that is reset by half the threshold, u = A·(u - s/2) + I, s = 2·Re u > 1
(docs/NEURONS.md).

Source: Fabre et al., SiLIF; models/snns.py of github.com/Maxtimer97/SSM-inspired-LIF at bca1fbe.
"""

import numpy as np

from ..fixed_point import COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from ..model_file.tables import DelayKind
from .choices import Choices
from .complex_rotation import ComplexKind, ComplexNeurons
from .connection import FloatConnection, current
from .golden_case import Case, Spec, cycle
from .kind import Arrays, Family, Folded, State
from .readout import READOUT, stack


class CSiLIFNeurons(ComplexNeurons):
    """u = A·(u - s/2) + I, complex; s = 2·Re u > 1."""

    def step(self, sums: np.ndarray) -> None:
        half = np.int64(1) << np.int64(self.layer.state_fraction_bits - 1)
        real, imaginary = self.rotated(self.real - self.spiked * half, self.imaginary)
        real += current(sums, self.layer)
        self.real = saturate(rounded_shift(real, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.imaginary = saturate(rounded_shift(imaginary, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.real > half).astype(np.int64)


def _fold(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    step = np.exp(tensors["log_dt"])
    # Phases reach hundreds of radians: the exponential is taken here, in float64.
    factor = np.exp(step * (-np.exp(tensors["log_log_alpha"]) + 1j * tensors["alpha_img"]))
    return Folded(connection.times(tensors["b"]), {"decay": factor.real, "decay_imaginary": factor.imag})


class CSiLIFKind(ComplexKind):
    """Twins: Sources/SiLIF/Kinds/CSiLIF, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug = 2, "C-SiLIF", "csilif"
    states = (State("Re u", threshold=0.5), State("Im u"))
    families = (Family(frozenset({"log_dt", "log_log_alpha", "alpha_img", "b"}), _fold),)
    neurons = CSiLIFNeurons

    def float_step(self, coefficients, state, current, fire):
        u, s = state
        u = self.factor(coefficients) * (u - s / 2) + current
        return u, fire(2 * u.real - 1)

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        radius = 0.6 + 0.39 * rng.random(spec.outputs)
        # A point of the unit circle from its rational parametrization: no sine, whose last bit is not the same on all
        # machines.
        slope = 8 * rng.random(spec.outputs) - 4
        real, imaginary = (1 - slope**2) / (1 + slope**2), 2 * slope / (1 + slope**2)
        if spec.extreme:
            radius = cycle(rng, radius, [1 - 5e-9, 1.0, 1 - 2.0**-20, 1.0, 0.0])
            real = cycle(rng, real, [1.0, -1.0, 0.0, 0.0, 0.6])
            imaginary = cycle(rng, imaginary, [0.0, 1.0, -1.0, 0.0, 0.8])
            length = np.maximum(np.sqrt(real**2 + imaginary**2), 1.0)
            real, imaginary = real / length, imaginary / length
        return {"decay": radius * real, "decay_imaginary": radius * imaginary}

    def cases(self) -> tuple[Case, ...]:
        return (
            *(
                Case(
                    f"csilif-{delay.name.lower()}-w{bits}",
                    4 * delay + (3 if bits == 8 else 4),
                    13,
                    stack(self, bits=bits, delay=delay, reach=(30 if bits == 8 else 7) * bool(delay)),
                )
                for delay in DelayKind
                for bits in (8, 16)
            ),
            Case("csilif-extreme", 103, 13, stack(self, extreme=True, sizes=(45, 33, 5)), steps=200, rates=(0.02, 0.9)),
            Case("csilif-fraction8", 105, 13, stack(self, fraction=8), steps=80),
            Case(
                "csilif-saturating",
                107,
                5,
                (Spec(self, 19, 8, fraction_bits=20, extreme=True, gain=80.0, drive=5.0), Spec(READOUT, 4, 8)),
                steps=80,
                rates=(0.02, 0.98),
                saturates=True,
            ),
            Case("csilif-none-w4", 215, 13, stack(self, bits=4)),
        )


CSILIF = CSiLIFKind()
