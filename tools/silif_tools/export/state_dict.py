"""Load a state dict safely and name what cannot run here."""

import re
from pathlib import Path

import numpy as np

from ..errors import ConversionError

# Where training scripts put the state dict beside an optimizer's state.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")


def _array(path: Path, key: str, value) -> np.ndarray:
    """A tensor as float64. Refuses by name what would lose something on the way."""
    if value.is_quantized or value.is_meta or value.is_complex() or str(value.dtype) == "torch.bool":
        what = "no values (a meta tensor)" if value.is_meta else f"the type {value.dtype}"
        raise ConversionError(f"{path}: {key} has {what}; save it as float32")
    return value.detach().to_dense().double().numpy()


def _load_pth(path: Path) -> dict:
    import torch

    # Opened here, so that an OSError from within torch is one about the file's content (a file cut short).
    with path.open("rb") as file:
        try:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:
            raise ConversionError(
                f"{path}: not a plain PyTorch state dict, or damaged ({type(error).__name__}). Save it with"
                " torch.save(model.state_dict(), path); pickled modules are refused because loading them runs code"
            ) from None
    if isinstance(loaded, dict):
        for wrapper in _WRAPPERS:
            if isinstance(loaded.get(wrapper), dict):
                loaded = loaded[wrapper]
                break
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise ConversionError(f"{path}: expected a state dict of tensors; save model.state_dict() alone")
    return {str(key): _array(path, key, value) for key, value in loaded.items()}


def _load_safetensors(path: Path) -> dict:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise ConversionError(
            f"{path}: reading it needs the package safetensors (pip install 'silif-tools[formats]')"
        ) from None
    try:
        # Through torch, which has bfloat16.
        with safe_open(path, framework="pt") as stored:
            return {key: _array(path, key, stored.get_tensor(key)) for key in stored.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ConversionError(f"{path}: not a safetensors file ({error})") from None


def load_state_dict(path: Path) -> dict[str, np.ndarray]:
    """A `.pth` or `.safetensors` state dict as float64 arrays, by its own names. Never runs code from the file."""
    path = Path(path)
    if not path.exists():
        raise ConversionError(f"{path}: no such file")
    if path.is_dir():
        raise ConversionError(f"{path}: is a folder; give a .pth or .safetensors file")
    state = _load_safetensors(path) if path.suffix == ".safetensors" else _load_pth(path)
    for key, values in state.items():
        if not np.isfinite(values).all():
            raise ConversionError(f"{path}: {key} holds values that are not finite; the training diverged")
    return state


def layer_count(state: dict) -> int:
    """Layers `snn.0.`, `snn.1.`, ..., the readout included. Raises ConversionError where there are none, or gaps."""
    indices = {int(key.split(".")[1]) for key in state if re.match(r"snn\.\d+\.", key)}
    if not indices:
        names = ", ".join(sorted(state)[:3]) or "nothing"
        raise ConversionError(
            f"no tensors named snn.0., snn.1., ...: this is not a network of this family (it holds {names})"
        )
    missing = set(range(max(indices))) - indices
    if missing:
        raise ConversionError(f"no tensors of snn.{min(missing)}, but of snn.{max(indices)}: a layer is missing")
    return len(indices)


def layer_tensors(state: dict, index: int) -> dict[str, np.ndarray]:
    """The tensors of one layer, by their names without `snn.N.`."""
    prefix = f"snn.{index}."
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}
