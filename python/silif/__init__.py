"""Spots keywords with spiking networks in integer arithmetic.

    spotter = silif.KeywordSpotter("kws12-stream")     # a stream, in blocks of any size
    events = spotter.process(samples)
    scores = silif.score(clips)                        # whole clips, on all cores
    network = silif.Network("kws12-silif")             # frames in, spikes out
    silif.Model("kws12-stream").verify()               # does this machine compute the right bits?

Samples are 16 kHz, one channel: int16, or float from -1 to 1.
"""

from importlib.metadata import version as _version

from silif._clips import Scores, score
from silif._errors import InputError, InputTypeError, ModelError, SilifError
from silif._model import Model, ModelInfo, models
from silif._network import Network
from silif._spotter import Event, KeywordSpotter

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
    "score",
]
