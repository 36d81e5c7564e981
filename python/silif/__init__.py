"""Spots keywords with spiking networks in integer arithmetic.

    spotter = silif.KeywordSpotter("kws12")            # a stream, in blocks of any size
    events = spotter.process(samples)
    scores = silif.score(clips)                        # whole clips, on all cores
    samples = silif.read_sound("talk.flac")            # any format, rate and channel count (silif[sound])
    network = silif.Network("kws12")                   # frames in, spikes out
    silif.Model("kws12").verify()                      # does this machine compute the right bits?

Samples are 16 kHz, one channel: int16, or float from -1 to 1.
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from silif._clips import Scores, score
from silif._errors import InputError, InputTypeError, ModelError, SilifError
from silif._model import Model, ModelInfo, models
from silif._network import Network
from silif._spotter import Event, KeywordSpotter

if TYPE_CHECKING:
    from silif._sound import read_sound

__version__ = _version("silif")
__all__ = [
    "Event",
    "InputError",
    "InputTypeError",
    "KeywordSpotter",
    "Model",
    "ModelError",
    "ModelInfo",
    "Network",
    "Scores",
    "SilifError",
    "models",
    "read_sound",
    "score",
]


def __getattr__(name: str) -> object:
    # Needs soundfile, which is an extra: only who reads sound files must have it.
    if name == "read_sound":
        from silif._sound import read_sound

        return read_sound
    raise AttributeError(f"module 'silif' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
