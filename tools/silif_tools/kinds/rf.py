"""RF, resonate-and-fire: a complex membrane from which the spike of the step before is taken, u = A·u + I - s,
s = Re u > 1 (docs/NEURONS.md).

Source: models/snns.py of github.com/Maxtimer97/SSM-inspired-LIF at bca1fbe.
"""

import numpy as np

from ..errors import ConversionError
from ..fixed_point import COEFFICIENT_BITS, STATE_LIMIT, rounded_shift, saturate
from ..model_file.tables import DelayKind
from .choices import Choices
from .complex_rotation import ComplexKind, ComplexNeurons
from .connection import FloatConnection, current
from .golden_case import Case, Spec, cycle
from .kind import Arrays, Family, Folded, State
from .readout import READOUT, stack

# Euler steps of this length, also where a network's own step is another; its largest decay rate.
STEP_S = 0.004
LARGEST_DECAY_RATE = -0.1


class RFNeurons(ComplexNeurons):
    """u = A·u + I - s, complex, s of the step before; s = Re u > 1."""

    def step(self, sums: np.ndarray) -> None:
        one = np.int64(1) << np.int64(self.layer.state_fraction_bits)
        real, imaginary = self.rotated(self.real, self.imaginary)
        real += current(sums, self.layer) - ((self.spiked * one) << np.int64(COEFFICIENT_BITS))
        self.real = saturate(rounded_shift(real, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.imaginary = saturate(rounded_shift(imaginary, COEFFICIENT_BITS), STATE_LIMIT, self.counter)
        self.spiked = (self.real > one).astype(np.int64)


def _fold(tensors: Arrays, connection: FloatConnection, choices: Choices, name: str) -> Folded:
    rate = np.minimum(tensors["alpha_real"], LARGEST_DECAY_RATE) + 1j * tensors["alpha_im"]
    # Fast neurons grow in Euler steps, |A| up to 1.004 in the published network: theirs do so too.
    factor = 1 + STEP_S * rate
    wild = np.maximum(np.abs(factor.real), np.abs(factor.imag)) > 1
    if wild.any():
        raise ConversionError(
            f"{name}.alpha_real and alpha_im: an Euler step of 4 ms multiplies a neuron's state by"
            f" {factor[wild][0]:.4g}; parts beyond ±1 cannot run here"
        )
    return Folded(connection.times(STEP_S), {"decay": factor.real, "decay_imaginary": factor.imag})


class RFKind(ComplexKind):
    """Twins: Sources/SiLIF/Kinds/RF, docs/NEURONS.md, docs/ARITHMETIC.md"""

    number, title, slug = 4, "RF", "rf"
    # RF takes dt = 0.004 of its current, loses as little as 0.0004 of its state a step, and stays within ±20 in the
    # published network: 20 fractional bits leave ±1024.
    fraction_bits = 20
    states = (State("Re u", threshold=1.0), State("Im u"))
    families = (Family(frozenset({"alpha_real", "alpha_im"}), _fold),)
    neurons = RFNeurons
    eigenvalue_notes = (
        *ComplexKind.eigenvalue_notes,
        "For RF the paper has exp(0.004·(alpha_real ± i·alpha_im)), of which an Euler step is the beginning.",
    )
    unstable_note = "Euler steps of RF neurons with little damping grow; so they do in float"

    def float_step(self, coefficients, state, current, fire):
        u, s = state
        u = self.factor(coefficients) * u + current - s
        return u, fire(u.real - 1)

    def paper_eigenvalues(self, coefficients: Arrays) -> np.ndarray | None:
        """exp(0.004·(alpha_real ± i·alpha_im)), where an Euler step has 1 + 0.004·(...)."""
        factor = np.exp(self.factor(coefficients) - 1)
        return np.stack([factor, factor.conj()])

    def random(self, rng: np.random.Generator, spec: Spec) -> Arrays:
        """1 + dt·alpha: decays of 0.01 to 0.2 a step, up to a quarter of a radian."""
        real = 0.8 + 0.19 * rng.random(spec.outputs)
        imaginary = 0.5 * rng.random(spec.outputs) - 0.25
        if spec.extreme:
            # Not in the unit circle: such a state runs away, and must do so in the same way everywhere.
            real = cycle(rng, real, [1.0, -1.0, 0.0, 1 - 2.0**-30, 0.9])
            imaginary = cycle(rng, imaginary, [0.0, 1.0, -1.0, 0.5])
        return {"decay": real, "decay_imaginary": imaginary}

    def cases(self) -> tuple[Case, ...]:
        return (
            *(
                Case(f"rf-{delay.name.lower()}-w8", 201 + delay, 13, stack(self, delay=delay, reach=30 * bool(delay)))
                for delay in DelayKind
            ),
            Case("rf-none-w16", 205, 13, stack(self, bits=16, fraction=20)),
            Case(
                "rf-saturating",
                206,
                5,
                (Spec(self, 19, 8, fraction_bits=20, extreme=True), Spec(READOUT, 4, 8)),
                steps=80,
                rates=(0.02, 0.98),
                saturates=True,
            ),
            Case("rf-synaptic-w4", 216, 13, stack(self, bits=4, delay=DelayKind.SYNAPTIC, reach=9)),
            Case("one-neuron-w4", 218, 1, (Spec(self, 1, 4, drive=0.9), Spec(READOUT, 1, 4)), rates=(0.02, 0.98)),
        )


RF = RFKind()
