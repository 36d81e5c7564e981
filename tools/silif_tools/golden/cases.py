"""What the golden models cover, one case per file."""

from dataclasses import dataclass

from ..model_file.tables import DelayKind, NeuronKind
from .layers import Spec

SILIF, CSILIF, RF, READOUT = NeuronKind.SILIF, NeuronKind.CSILIF, NeuronKind.RF, NeuronKind.READOUT


@dataclass(frozen=True)
class Case:
    name: str
    seed: int
    inputs: int
    layers: tuple[Spec, ...]
    steps: int = 60
    input_limit: int = 32767
    # Firing rates of the hidden layers must lie in this range, so that the case shows something.
    rates: tuple[float, float] = (0.05, 0.60)
    # Whether sums must leave their range, or None where it does not matter.
    saturates: bool | None = False
    # The first layer must fire this many spikes in some step.
    crowd: int = 0


def _stack(kind, *, bits=8, delay=DelayKind.NONE, reach=0, fraction=16, extreme=False, sizes=(37, 21, 5)):
    """Two hidden layers and a readout, sizes not multiples of 16, every layer delayed the same way."""
    return (
        Spec(kind, sizes[0], bits, delay, reach, fraction, extreme),
        Spec(kind, sizes[1], bits, delay, reach, fraction, extreme),
        Spec(READOUT, sizes[2], bits, delay, reach),
    )


def _delays() -> list[Case]:
    """Every kind of neuron behind every kind of delay, dense and spike-driven, in both weight widths."""
    cases = []
    for delay in DelayKind:
        for kind in (SILIF, CSILIF):
            for bits in (8, 16):
                reach = 0 if delay == DelayKind.NONE else 30 if bits == 8 else 7
                name = f"{kind.name.lower()}-{delay.name.lower()}-w{bits}"
                cases.append(Case(name, len(cases) + 1, 13, _stack(kind, bits=bits, delay=delay, reach=reach)))
    return cases


CASES = [
    *_delays(),
    # Longest delay that the format allows; a ring that the run goes round once.
    Case(
        "silif-mixed-reach255",
        101,
        7,
        (
            Spec(SILIF, 18, 8, DelayKind.SYNAPTIC, 255),
            Spec(CSILIF, 17, 16, DelayKind.AXONAL, 254),
            Spec(SILIF, 16, 8, DelayKind.DENDRITIC, 1),
            Spec(READOUT, 3, 8, DelayKind.AXONAL, 255),
        ),
        steps=270,
    ),
    # a = -1 with al near 1 runs away, and must do so in the same way everywhere.
    Case(
        "silif-extreme",
        102,
        13,
        _stack(SILIF, extreme=True, sizes=(45, 33, 5)),
        steps=200,
        rates=(0.02, 0.9),
        saturates=True,
    ),
    Case("csilif-extreme", 103, 13, _stack(CSILIF, extreme=True, sizes=(45, 33, 5)), steps=200, rates=(0.02, 0.9)),
    Case("silif-fraction24", 104, 13, _stack(SILIF, bits=16, fraction=24), steps=80),
    Case("csilif-fraction8", 105, 13, _stack(CSILIF, fraction=8), steps=80),
    Case(
        "silif-saturating",
        106,
        5,
        (Spec(SILIF, 19, 8, fraction_bits=20, extreme=True, gain=60.0), Spec(READOUT, 4, 8, gain=400.0)),
        steps=80,
        rates=(0.02, 0.98),
        saturates=True,
    ),
    Case(
        "csilif-saturating",
        107,
        5,
        (Spec(CSILIF, 19, 8, fraction_bits=20, extreme=True, gain=80.0, drive=5.0), Spec(READOUT, 4, 8)),
        steps=80,
        rates=(0.02, 0.98),
        saturates=True,
    ),
    # More than 255 spikes in one step: the Int16 tile is flushed in between.
    Case(
        "silif-crowded",
        108,
        3,
        (Spec(SILIF, 401, 8, gain=0.2, drive=80.0), Spec(SILIF, 17, 8, drive=0.5), Spec(READOUT, 2, 8)),
        steps=40,
        rates=(0.05, 0.99),
        crowd=256,
    ),
    Case("input-limit", 109, 13, _stack(SILIF), input_limit=1000),
    Case("readout-only", 110, 11, (Spec(READOUT, 5, 8),)),
    Case("readout-one-class", 111, 3, (Spec(READOUT, 1, 16, DelayKind.DENDRITIC, 3),)),
    Case("one-neuron", 112, 1, (Spec(SILIF, 1, 8, drive=0.9), Spec(READOUT, 2, 8)), rates=(0.02, 0.98)),
    # Later additions have seeds of their own, so that the cases before stay as they are.
    *(
        Case(f"rf-{delay.name.lower()}-w8", 201 + delay, 13, _stack(RF, delay=delay, reach=30 if delay else 0))
        for delay in DelayKind
    ),
    Case("rf-none-w16", 205, 13, _stack(RF, bits=16, fraction=20)),
    Case(
        "rf-saturating",
        206,
        5,
        (Spec(RF, 19, 8, fraction_bits=20, extreme=True), Spec(READOUT, 4, 8)),
        steps=80,
        rates=(0.02, 0.98),
        saturates=True,
    ),
    # Rows of 48, 32 and 16 outputs: whole and half vectors of nibbles, and padding in the high ones.
    *(
        Case(
            f"silif-{delay.name.lower()}-w4", 211 + delay, 13, _stack(SILIF, bits=4, delay=delay, reach=9 * bool(delay))
        )
        for delay in DelayKind
    ),
    Case("csilif-none-w4", 215, 13, _stack(CSILIF, bits=4)),
    Case("rf-synaptic-w4", 216, 13, _stack(RF, bits=4, delay=DelayKind.SYNAPTIC, reach=9)),
    Case(
        "mixed-widths",
        217,
        9,
        (
            Spec(SILIF, 161, 4, gain=0.5, drive=2.0),
            Spec(RF, 17, 4, DelayKind.AXONAL, 30),
            Spec(CSILIF, 31, 8, DelayKind.DENDRITIC, 3),
            Spec(READOUT, 33, 4),
        ),
    ),
    Case("one-neuron-w4", 218, 1, (Spec(RF, 1, 4, drive=0.9), Spec(READOUT, 1, 4)), rates=(0.02, 0.98)),
]
