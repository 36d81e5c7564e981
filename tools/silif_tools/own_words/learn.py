"""Training as a listener, from the layers of a network that ships; and the model that comes of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ..export.convert import convert_layers
from ..export.fold import fold
from ..export.self_test import add_self_test, liveliest
from ..integer.frontend import CLIP_FRAMES, FrontEndSettings
from ..model_file.tables import InputKind, ModelTables
from ..train import stream
from ..train.network import Network
from . import start
from .material import Watched

_STATISTICS_BATCHES = 6


def learned(
    model: ModelTables, scenes: Watched, recipe: dict, fixed_layers: int, checkpoint: Path, at: Callable[[float], None]
) -> Network:
    """The network of averaged weights after all steps. Goes on from the checkpoint if there is one."""
    settings, seed = recipe["stream"], recipe["seed"]
    torch.manual_seed(seed)
    scenes.reseed(seed)
    parts = [scenes.sequences(settings["batch"], settings["frames"]).features for _ in range(_STATISTICS_BATCHES)]
    features = torch.cat(parts).flatten(0, 1)
    mean, std = features.mean(0).double().numpy(), features.std(0).double().numpy()
    network = start.for_words(model, len(recipe["words"]), mean, std, fixed_layers)
    torch.manual_seed(seed)
    scenes.reseed(seed + 2)
    done = torch.load(checkpoint, weights_only=True)["step"] if checkpoint.exists() else 0

    def watch() -> None:
        nonlocal done
        at(min(done, settings["steps"]) / settings["steps"])
        done += 1

    scenes.watch = watch
    try:
        return stream.train(network, scenes, settings, checkpoint, True, None, lambda *_: None)
    finally:
        scenes.watch = lambda: None


def exported(network: Network, scenes: Watched, recipe: dict, example: np.ndarray, provenance: dict) -> ModelTables:
    """The model file's tables, with a self-test on the liveliest half second of `example` [samples] int16."""
    settings, front_end = recipe["stream"], FrontEndSettings()
    scenes.reseed(recipe["seed"] + 9)
    features = scenes.sequences(24, settings["frames"]).features.transpose(0, 1).double().numpy()
    limit, unit = front_end.input_limit, 2**front_end.output_fraction_bits
    calibration = np.clip(np.rint(features * unit), -limit, limit).astype(np.int64)
    state = {key: value.double().numpy() for key, value in network.cpu().result().items()}
    model = convert_layers(
        fold(state),
        recipe["words"],
        input_kind=InputKind.LOG_MEL,
        step_us=round(front_end.hop_s * 1e6),
        clip_frames=CLIP_FRAMES,
        front_end=front_end,
        calibration=calibration,
        provenance=provenance,
    ).model
    add_self_test(model, liveliest(example), front_end)
    return model
