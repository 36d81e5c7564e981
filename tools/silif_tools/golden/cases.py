"""What the golden models cover: the cases of every kind, and those that mix kinds."""

from ..kinds import CSILIF, KINDS, READOUT, RF, SILIF
from ..kinds.golden_case import Case, Spec
from ..model_file.tables import DelayKind

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
]
