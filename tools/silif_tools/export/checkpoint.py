"""What training scripts save: a state dict alone, or somewhere inside a dictionary beside everything else of a run.

Nothing of a file's own code ever runs. PyTorch's safe unpickler makes tensors and plain containers; every other type is
replaced by a stand-in that keeps its name and nothing else. So the arguments, paths, NumPy numbers and hyperparameters
of a run do no harm, and a network that is itself such a type (a pickled module) is refused by that name.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ConversionError
from .remark import Remark

# Where training scripts put the state dict beside an optimizer's state; the first that there is, is taken.
_WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net_state_dict",
    "net_state",
    "net",
    "network",
    "weights",
    "params",
    "parameters",
    "module",
    "ema_state_dict",
    "ema",
    "model_ema",
)
_DEEPEST = 4
# Types beyond those of PyTorch in one file.
_MOST_TYPES = 200
# In a damaged file a type may have any name.
_FOREIGN = re.compile(r"GLOBAL ([\w.-]+) was not an allowed global")
# A stand-in that is to be filled as a dictionary or a list, which the unpickler does with no other types.
_FILLED = re.compile(r"Can only \w+.*stand in for ([^'\"<>]+)['\"]>", re.DOTALL)
_REMEDY = (
    "Save it with torch.save(model.state_dict(), path); pickled modules are refused because loading them runs code"
)
# What stands beside a network and does nothing when it runs: counters of averages, losses and metrics.
_NO_PART = re.compile(
    r"(.*\.)?(n_averaged|num_updates|initted|global_step)|(\w*ema\w*\.)?(ema_)?decay"
    r"|(.*\.)?(\w*_)?(loss|losses|loss_fn|criterion|metrics?|accuracy|acc|confusion_matrix|auroc|f1)(_\w+)?\..+"
    r"|(loss|criterion|accuracy|best_\w+|(train|val|valid|test)_\w+)"
)


@dataclass
class Checkpoint:
    """tensors: of the network, by the names that it has in the file."""

    tensors: dict
    remarks: list[Remark] = field(default_factory=list)


class _StandIn:
    """For a value of a type that is not loaded: it swallows what it is made from."""

    type_name = ""

    def __new__(cls, *values, **named):
        return object.__new__(cls)

    def __init__(self, *values, **named):
        pass

    def __setstate__(self, state):
        pass


def _stand_in(name: str):
    return type(f"stand in for {name}", (_StandIn,), {"type_name": name})


def _container(make: Callable[[], object]):
    """Stands for a type that is filled entry by entry: a subclass of dict or list."""

    class Container:
        def __new__(cls, *values, **named):
            return make()

    return Container


def _globals(strangers: dict[str, type]) -> list[tuple[type, str]]:
    return [(made, name if "." in name else f"builtins.{name}") for name, made in strangers.items()]


def _check_archive(path: Path) -> None:
    """PyTorch stores tensors as they are. Compressed, a few bytes may unpack to any size. Nor does it look at the
    checksums that it wrote: a damaged weight would be one like any other."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return  # the older format, or none: torch will tell
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            is_packed = sum(entry.file_size for entry in entries) > path.stat().st_size
            # After torch.serialization.set_crc32_options(False) all are zero.
            has_checksums = any(entry.CRC for entry in entries)
            damaged = archive.testzip() if has_checksums and not is_packed else None
    # A damaged archive raises any of these.
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, LookupError, RuntimeError, EOFError, struct.error):
        raise ConversionError(f"{path}: not a plain PyTorch state dict, or damaged (not a zip archive)") from None
    if is_packed:
        raise ConversionError(f"{path}: not as torch.save writes it: its parts are larger than the file")
    if damaged:
        raise ConversionError(f"{path}: damaged: the checksum of its part {damaged} does not fit; copy or save it anew")


def _unpickled(path: Path):
    """What the file holds, types that are not PyTorch's as stand-ins."""
    import torch

    _check_archive(path)
    strangers: dict[str, type] = {}
    for _ in range(_MOST_TYPES):
        # Opened here, so that an OSError from within torch is one about the file's content (a file cut short).
        with path.open("rb") as file, torch.serialization.safe_globals(_globals(strangers)):
            try:
                return torch.load(file, map_location="cpu", weights_only=True)
            except Exception as error:
                foreign, filled = (pattern.search(str(error)) for pattern in (_FOREIGN, _FILLED))
                if foreign:
                    strangers[foreign[1]] = _stand_in(foreign[1])
                elif filled:
                    strangers[filled[1]] = _container(list if "lists" in filled[0] else dict)
                else:
                    reason = type(error).__name__
                    raise ConversionError(
                        f"{path}: not a plain PyTorch state dict, or damaged ({reason}). {_REMEDY}"
                    ) from None
    raise ConversionError(f"{path}: holds more than {_MOST_TYPES} types that are not PyTorch's. {_REMEDY}")


def _is_tensor(value) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _networks(value, place: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], dict]]:
    """All dictionaries in the file that hold matrices by name, the outermost first."""
    if not isinstance(value, dict) or len(place) > _DEEPEST:
        return []
    if any(isinstance(key, str) and _is_tensor(each) and each.ndim > 1 for key, each in value.items()):
        return [(place, value)]
    return [found for key, each in value.items() if isinstance(key, str) for found in _networks(each, (*place, key))]


def _objects(value, place: tuple[str, ...] = ()) -> list[tuple[str, _StandIn]]:
    """The stand-ins in nested dictionaries, by their dotted names."""
    if isinstance(value, _StandIn):
        return [(".".join(place), value)]
    inside = value.items() if isinstance(value, dict) and len(place) <= _DEEPEST else ()
    return [found for key, each in inside for found in _objects(each, (*place, str(key)))]


def _rank(place: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(_WRAPPERS.index(key) if key in _WRAPPERS else len(_WRAPPERS) for key in place)


def _chosen(path: Path, found: list[tuple[tuple[str, ...], dict]]) -> tuple[dict, list[Remark]]:
    """The network among several: by the name under which it stands."""
    found = sorted(found, key=lambda each: _rank(each[0]))
    named = [".".join(place) for place, _ in found]
    known = [place for place, _ in found if set(place) & set(_WRAPPERS)]
    if len(found) > 1 and len(known) != 1:
        if not known or _rank(found[0][0]) == _rank(found[1][0]):
            raise ConversionError(f"{path}: networks under {', '.join(named)}; say which with --key")
        text = f"the network under {named[0]} was taken; also in the file: {', '.join(named[1:])} (--key says which)"
        return found[0][1], [Remark.assumed(text)]
    return found[0][1], []


def _under(path: Path, loaded, key: str):
    """What stands under a dotted name; of a flat state dict, the tensors whose names begin with it."""
    if isinstance(loaded, dict) and key in loaded:
        return loaded[key]
    value = loaded
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            break
        value = value[part]
    else:
        return value
    tensors = loaded if isinstance(loaded, dict) else {}
    below = {name[len(key) + 1 :]: each for name, each in tensors.items() if str(name).startswith(key + ".")}
    if not below:
        there = ", ".join(sorted(map(str, tensors))[:8]) or "no names"
        raise ConversionError(f"--key {key}: {path} has nothing under that name; it has {there}")
    return below


def without_strangers(tensors: dict) -> Checkpoint:
    """Without what does nothing when a network runs; each is named in a remark."""
    passed = [key for key in tensors if _NO_PART.fullmatch(str(key))]
    remarks = [Remark.note(f"passed over, no part of the network that runs: {', '.join(passed)}")] if passed else []
    return Checkpoint({key: value for key, value in tensors.items() if key not in passed}, remarks)


def load_pth(path: Path, key: str | None = None) -> Checkpoint:
    """The network in a file of torch.save; key: the dotted name of its place there. Raises ConversionError."""
    loaded = _unpickled(path)
    if key:
        loaded = _under(path, loaded, key)
    if isinstance(loaded, _StandIn):
        raise ConversionError(f"{path}: holds a {loaded.type_name}, not a state dict. {_REMEDY}")
    found = _networks(loaded)
    if not found:
        hidden = [f"{name} is a {each.type_name}" for name, each in _objects(loaded)]
        if hidden:
            raise ConversionError(f"{path}: no state dict; {', '.join(hidden[:4])}. {_REMEDY}")
        if isinstance(loaded, dict) and loaded and all(map(_is_tensor, loaded.values())):
            return without_strangers(loaded)
        raise ConversionError(f"{path}: expected a state dict of tensors; save model.state_dict() alone")
    network, remarks = _chosen(path, found)
    others = [str(name) for name, value in network.items() if not _is_tensor(value)]
    for name in others:
        if isinstance(network[name], _StandIn):
            raise ConversionError(f"{path}: {name} is a {network[name].type_name}, not a tensor. {_REMEDY}")
    checkpoint = without_strangers({str(name): value for name, value in network.items() if _is_tensor(value)})
    if others:
        checkpoint.remarks.append(Remark.note(f"passed over, no tensors: {', '.join(others)}"))
    return Checkpoint(checkpoint.tensors, remarks + checkpoint.remarks)
