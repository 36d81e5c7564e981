"""Load a state dict safely and name what cannot run here."""

import re
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from .layouts import module_number

# Where training scripts put the state dict beside an optimizer's state.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")


# Below this a file may stand for more than it holds: one number for a whole row is usual.
_SMALL = 1 << 20


def _check_size(path: Path, key: str, count: int, total: int) -> None:
    """A few bytes may claim to be a billion numbers: strides of 0, chunks that are not there."""
    if total > max(path.stat().st_size, _SMALL):
        raise ConversionError(
            f"{path}: {key} stands for {count} numbers, more than the file can hold; save it with .contiguous()"
        )


def _arrays(path: Path, tensors: Iterable[tuple[str, object]]) -> dict[str, np.ndarray]:
    found, total = {}, 0
    for key, value in tensors:
        total += value.numel()
        _check_size(path, key, value.numel(), total)
        found[str(key)] = _array(path, key, value)
    return found


def _array(path: Path, key: str, value) -> np.ndarray:
    """A tensor as float64. Refuses by name what would lose something on the way, and what nothing bounds."""
    if value.is_quantized or value.is_meta or value.is_complex() or str(value.dtype) == "torch.bool":
        what = "no values (a meta tensor)" if value.is_meta else f"the type {value.dtype}"
        raise ConversionError(f"{path}: {key} has {what}; save it as float32")
    if str(value.layout) != "torch.strided":
        # What it stands for may be anything, and its indices may lie anywhere.
        raise ConversionError(f"{path}: {key} is a sparse tensor; save it with .to_dense()")
    return value.detach().double().numpy()


def _check_archive(path: Path) -> None:
    """PyTorch stores tensors as they are. Compressed, a few bytes may unpack to any size."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return  # the older format, or none: torch will tell
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    # A damaged archive raises any of these.
    except (zipfile.BadZipFile, OSError, ValueError, LookupError, NotImplementedError, struct.error):
        raise ConversionError(f"{path}: not a plain PyTorch state dict, or damaged (not a zip archive)") from None
    if total > path.stat().st_size:
        raise ConversionError(f"{path}: not as torch.save writes it: its parts are larger than the file")


def _load_pth(path: Path) -> dict:
    import torch

    _check_archive(path)
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
    return _arrays(path, loaded.items())


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
            return _arrays(path, ((key, stored.get_tensor(key)) for key in stored.keys()))  # noqa: SIM118
    except SafetensorError as error:
        raise ConversionError(f"{path}: not a safetensors file ({error})") from None


def load_state_dict(path: Path) -> dict[str, np.ndarray]:
    """A `.pth` or `.safetensors` state dict as float64 arrays, by its own names. Never runs code from the file."""
    path = Path(path)
    if not path.exists():
        raise ConversionError(f"{path}: no such file")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise ConversionError(f"{path}: is {what}; give a .pth or .safetensors file")
    state = _load_safetensors(path) if path.suffix == ".safetensors" else _load_pth(path)
    for key, values in state.items():
        if not np.isfinite(values).all():
            raise ConversionError(f"{path}: {key} holds values that are not finite; the training diverged")
    return state


def layer_count(state: dict) -> int:
    """Layers `snn.0.`, `snn.1.`, ..., the readout included. Raises ConversionError where there are none, or gaps."""
    indices = {module_number(match[1]) for match in (re.match(r"snn\.(\d+)\.", key) for key in state) if match}
    if not indices:
        names = ", ".join(sorted(state)[:3]) or "nothing"
        raise ConversionError(
            f"no tensors named snn.0., snn.1., ...: this is not a network of this family (it holds {names})"
        )
    # Among so many layers the first gap lies: a file may name layer 99999999.
    missing = next((index for index in range(len(indices)) if index not in indices), None)
    if missing is not None:
        raise ConversionError(f"no tensors of snn.{missing}, but of snn.{max(indices)}: a layer is missing")
    return len(indices)


def layer_tensors(state: dict, index: int) -> dict[str, np.ndarray]:
    """The tensors of one layer, by their names without `snn.N.`."""
    prefix = f"snn.{index}."
    return {key[len(prefix) :]: values for key, values in state.items() if key.startswith(prefix)}
