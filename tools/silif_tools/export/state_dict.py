"""Load a state dict safely and name what cannot run here."""

import re
from pathlib import Path

import numpy as np


class ConversionError(ValueError):
    """A checkpoint that cannot be converted; the message says which tensor and what to do."""


def load_state_dict(path: Path) -> dict[str, np.ndarray]:
    """A `.pth` state dict as float64 arrays. Never runs code from the file (`weights_only`)."""
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ConversionError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConversionError(f"{path}: is a folder; give a .pth file") from None
    except Exception as error:
        raise ConversionError(
            f"{path}: not a plain PyTorch state dict ({type(error).__name__}). Save it with"
            " torch.save(model.state_dict(), path); pickled modules are refused because loading them runs code"
        ) from None
    if not isinstance(loaded, dict) or not all(hasattr(value, "numpy") for value in loaded.values()):
        raise ConversionError(f"{path}: expected a state dict of tensors; save model.state_dict() alone")
    state = {key: value.detach().numpy().astype(np.float64) for key, value in loaded.items()}
    for key, values in state.items():
        if not np.isfinite(values).all():
            raise ConversionError(f"{path}: {key} holds values that are not finite; the training diverged")
    return state


def layer_count(state: dict) -> int:
    """Layers `snn.0.`, `snn.1.`, ..., the readout included. Raises ConversionError where there are none, or gaps."""
    indices = sorted({int(key.split(".")[1]) for key in state if re.match(r"snn\.\d+\.", key)})
    if not indices or indices != list(range(len(indices))):
        raise ConversionError("no tensors named snn.0., snn.1., ...: this is not a network of this family")
    return len(indices)


def layer_tensors(state: dict, index: int) -> dict[str, np.ndarray]:
    """The tensors of one layer, by their names without `snn.N.`."""
    prefix = f"snn.{index}."
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}
