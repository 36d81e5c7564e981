"""The kinds of neurons: one module each, one line each in `KINDS`. The rest of the tools asks here, or `layer.kind`."""

from pathlib import Path

from ..model_file.read import parse_model
from ..model_file.tables import ModelTables
from .csilif import CSILIF
from .cuba import CUBA
from .encoder import ENCODER
from .kind import Kind
from .lif import LIF
from .pspike import PSPIKE
from .readout import READOUT
from .rf import RF
from .s4d_glu import GLU
from .s4d_gsu import GSU
from .silif import SILIF

# By their numbers in the file.
KINDS: tuple[Kind, ...] = (
    SILIF,
    CSILIF,
    READOUT,
    RF,
    ENCODER,
    GLU,
    GSU,
    PSPIKE,
    LIF,
    CUBA,
)
# Layers of spiking neurons, which read what arrives; and blocks, which add to the stream.
HIDDEN_KINDS = tuple(kind for kind in KINDS if kind.fires)
BLOCK_KINDS = tuple(kind for kind in KINDS if kind.is_block)


def kind_named(slug: str) -> Kind:
    """By its name in recipes and file names: "silif", ... Raises KeyError."""
    return {kind.slug: kind for kind in KINDS}[slug]


def read_model(source: Path | bytes) -> ModelTables:
    """Parse a model file. Raises ModelFileError on anything that is not an intact file of this version."""
    return parse_model(source, KINDS)
