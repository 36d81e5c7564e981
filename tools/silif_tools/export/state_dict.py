"""Load a state dict safely and name what cannot run here."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from .checkpoint import Checkpoint, load_pth, without_strangers
from .layouts import module_number
from .shapes import named

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


def _load_safetensors(path: Path, key: str | None) -> Checkpoint:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise ConversionError(
            f"{path}: reading it needs the package safetensors (pip install 'silif-tools[formats]')"
        ) from None
    try:
        # Through torch, which has bfloat16.
        with safe_open(path, framework="pt") as stored:
            prefix = f"{key}." if key else ""
            names = [name for name in stored.keys() if name.startswith(prefix)]  # noqa: SIM118
            if not names:
                raise ConversionError(f"--key {key}: {path} has no tensor whose name begins with {prefix}")
            found = without_strangers({name[len(prefix) :]: name for name in names})
            tensors = ((short, stored.get_tensor(name)) for short, name in found.tensors.items())
            return Checkpoint(_arrays(path, tensors), found.remarks)
    except SafetensorError as error:
        raise ConversionError(f"{path}: not a safetensors file ({error})") from None


def load_checkpoint(path: Path, key: str | None = None) -> Checkpoint:
    """The state dict in a `.pth` or `.safetensors` file as float64 arrays, by its own names, and what was passed over.

    key: its place, where a file holds several: dotted, or the beginning of the tensors' names. Never runs code from
    the file. Raises ConversionError naming the tensor or type that cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise ConversionError(f"{path}: no such file; check the path")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise ConversionError(f"{path}: is {what}; give a .pth or .safetensors file")
    if path.suffix == ".safetensors":
        checkpoint = _load_safetensors(path, key)
    else:
        found = load_pth(path, key)
        checkpoint = Checkpoint(_arrays(path, found.tensors.items()), found.remarks)
    for name, values in checkpoint.tensors.items():
        if not np.isfinite(values).all():
            raise ConversionError(f"{path}: {name} holds values that are not finite; the training diverged")
    return checkpoint


def load_state_dict(path: Path) -> dict[str, np.ndarray]:
    """The tensors of `load_checkpoint`."""
    return load_checkpoint(path).tensors


def layer_count(state: dict) -> int:
    """Layers `snn.0.`, `snn.1.`, ..., the readout included. Raises ConversionError where there are none, or gaps."""
    indices = {module_number(match[1]) for match in (re.match(r"snn\.(\d+)\.", key) for key in state) if match}
    if not indices:
        names = ", ".join(sorted(state)[:3]) or "nothing"
        raise ConversionError(
            f"no tensors named snn.0., snn.1., ...: this is not a network of this family (it holds {names}). Where"
            " neurons have no tensors: of spikingjelly's LIFNode give --lif-tau, of Norse save a graph (to_nir)"
        )
    # Among so many layers the first gap lies: a file may name layer 99999999.
    missing = next((index for index in range(len(indices)) if index not in indices), None)
    if missing is not None:
        raise ConversionError(f"no tensors of snn.{missing}, but of snn.{max(indices)}: a layer is missing")
    return len(indices)


def layer_tensors(state: dict, index: int) -> dict[str, np.ndarray]:
    """The tensors of one layer, by their names without `snn.N.`."""
    return named(f"snn.{index}.", state)
