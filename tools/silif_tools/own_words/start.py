"""The network that learning starts from: the spiking layers of a model that ships, which people's voices formed."""

from pathlib import Path

import numpy as np
import torch

from ..errors import ConversionError
from ..kinds.silif import SILIF
from ..model_file.tables import ModelTables
from ..train import from_model
from ..train.from_model import network_of
from ..train.network import Network
from ..train.scan import EPSILON
from .models import DEFAULT


def load(path: Path) -> ModelTables:
    """The model, if own words can start from it: SiLIF layers without delays. Raises ConversionError for another."""
    remedy = f"own words start from SiLIF layers without delays; start from {DEFAULT}"
    model = from_model.load(path, remedy)
    if model.layers[0].kind is not SILIF or from_model.delayed(model):
        raise ConversionError(f"{path}: {remedy}")
    return model


@torch.no_grad()
def for_words(model: ModelTables, classes: int, mean: np.ndarray, std: np.ndarray, fixed_layers: int) -> Network:
    """A network for other words: the model's spiking layers, a readout that knows nothing yet. The first
    `fixed_layers` of them stay as they are."""
    old = network_of(model, mean, std)
    network = Network("silif", model.layers[0].inputs, old.hidden, classes)
    state = {key: value for key, value in old.state_dict().items() if not key.startswith(f"snn.{len(old.hidden)}.")}
    network.load_state_dict(state, strict=False)
    last = network.snn[-1]
    last.norm.running_var.fill_(1 - EPSILON)
    network.freeze(True)
    for layer in network.snn[:fixed_layers]:
        layer.requires_grad_(False)
    return network
