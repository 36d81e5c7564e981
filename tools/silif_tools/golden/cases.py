"""What the golden models cover: the cases of every kind, and those that mix kinds."""

from ..kinds import CSILIF, CUBA, KINDS, LIF, READOUT, RF, SILIF
from ..kinds.golden_case import Case, Spec
from ..model_file.tables import DelayKind, Scores

CASES = [
    *(case for kind in KINDS for case in kind.cases()),
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
    # The last layer fires for the classes.
    Case(
        "spiking-last-spikes", 221, 9, (Spec(SILIF, 21, 8), Spec(LIF, 5, 8, DelayKind.AXONAL, 4)), scores=Scores.SPIKES
    ),
    Case("spiking-last-potentials", 222, 9, (Spec(LIF, 21, 8), Spec(CUBA, 5, 8, DelayKind.SYNAPTIC, 7))),
    Case("spiking-last-csilif", 223, 9, (Spec(CSILIF, 17, 16), Spec(CSILIF, 3, 8))),
    Case("spiking-last-alone", 224, 11, (Spec(CUBA, 19, 16),), scores=Scores.SPIKES),
    # Layers that read their own spikes, too: behind each sort of input, with each width and sort of delay.
    *(
        Case(
            f"recurrent-{kind.slug}-w8",
            231 + index,
            9,
            (
                Spec(kind, 37, 8, DelayKind.AXONAL, 5, recurrent=True),
                Spec(kind, 21, 8, DelayKind.SYNAPTIC, 6, recurrent=True),
                Spec(kind, 18, 8, DelayKind.DENDRITIC, 7, recurrent=True),
                Spec(READOUT, 5, 8),
            ),
            rates=(0.02, 0.9),
        )
        for index, kind in enumerate((SILIF, CSILIF, RF, LIF, CUBA))
    ),
    Case(
        "recurrent-w4",
        241,
        9,
        (Spec(SILIF, 33, 4, recurrent=True), Spec(LIF, 17, 4, recurrent=True), Spec(READOUT, 3, 4)),
    ),
    Case(
        "recurrent-w16",
        242,
        9,
        (Spec(LIF, 33, 16, recurrent=True), Spec(CUBA, 17, 16, recurrent=True), Spec(READOUT, 3)),
    ),
    Case("recurrent-last", 244, 9, (Spec(LIF, 21, 8), Spec(LIF, 7, 8, recurrent=True)), scores=Scores.SPIKES),
    Case(
        "recurrent-saturating",
        245,
        5,
        (Spec(SILIF, 19, 8, fraction_bits=18, extreme=True, gain=60.0, recurrent=True), Spec(READOUT, 4, 8)),
        steps=80,
        rates=(0.02, 0.98),
        saturates=True,
    ),
]
