"""libsilif.so by ctypes (silif.h). Nothing outside this module calls it.

Twins: Sources/CSiLIF/silif.h, examples/python/c_interface.py
"""

from __future__ import annotations

import ctypes
import pathlib
from typing import Any

from silif._errors import InputError, ModelError

_API_VERSION = 1
MEMORY_ALIGNMENT = 64

_pointer, _size, _code = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32


class Failure(ctypes.Structure):
    _fields_ = (("code", _code), ("layer", _code), ("value", ctypes.c_int64), ("field", ctypes.c_char_p))


class Memory(ctypes.Structure):
    _fields_ = tuple((name, _size) for name in ("total", "engine", "network", "front_end", "detector"))


class Description(ctypes.Structure):
    _fields_ = (
        ("sample_rate_hz", ctypes.c_uint32),
        ("frame_samples", ctypes.c_uint32),
        ("hop_samples", ctypes.c_uint32),
        ("step_us", ctypes.c_uint32),
        ("input_count", ctypes.c_uint32),
        ("input_fraction_bits", ctypes.c_uint32),
        ("layer_count", ctypes.c_uint32),
        ("class_count", ctypes.c_uint32),
        ("unknown_class", ctypes.c_int32),
        ("silence_class", ctypes.c_int32),
        ("self_test_steps", ctypes.c_uint32),
    )


class Event(ctypes.Structure):
    _fields_ = (
        ("stepped", ctypes.c_int32),
        ("word", ctypes.c_int32),
        ("score_q15", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("position", ctypes.c_int64),
    )


class Clip(ctypes.Structure):
    _fields_ = (("winner", ctypes.c_int32), ("steps", ctypes.c_uint32), ("spikes", ctypes.c_uint64))


_FUNCTIONS = (
    ("silif_api_version", ctypes.c_uint32, ()),
    ("silif_error_name", ctypes.c_char_p, (_code,)),
    ("silif_plan_memory", _code, (_pointer, _size, _pointer, _pointer)),
    ("silif_open", _code, (_pointer, _size, _pointer, _size, _pointer, _pointer)),
    ("silif_reset", _code, (_pointer,)),
    ("silif_set_seed", _code, (_pointer, ctypes.c_uint64)),
    ("silif_verify", _code, (_pointer, _pointer)),
    ("silif_hear", _code, (_pointer, _pointer, _size, _pointer, _pointer)),
    ("silif_int16_from_float", _code, (_pointer, _size, _pointer)),
    ("silif_int16_from_double", _code, (_pointer, _size, _pointer)),
    ("silif_score_clip", _code, (_pointer, _pointer, _size, _pointer, _pointer)),
    ("silif_event_probability_q15", ctypes.c_int32, (_pointer,)),
    ("silif_clip_probability_q15", ctypes.c_int32, (_pointer, _pointer, _pointer)),
    ("silif_push_frame", _code, (_pointer, _pointer, _size, _pointer)),
    ("silif_set_threshold_q15", _code, (_pointer, _size, ctypes.c_int32)),
    ("silif_describe", _code, (_pointer, _pointer)),
    ("silif_word", _pointer, (_pointer, _size, _pointer)),
    ("silif_is_keyword", _code, (_pointer, _size)),
    ("silif_probabilities_q15", _pointer, (_pointer,)),
    ("silif_membrane_q16", _pointer, (_pointer,)),
    ("silif_frame", _pointer, (_pointer,)),
    ("silif_spikes", _pointer, (_pointer, _size, _pointer)),
    ("silif_digest", ctypes.c_uint64, (_pointer, ctypes.c_uint64)),
)


def _load(kind: type[ctypes.CDLL]) -> ctypes.CDLL:
    path = pathlib.Path(__file__).with_name("libsilif.so")
    try:
        library = kind(str(path))
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded ({error}): install the wheel for this machine") from error
    for name, result, arguments in _FUNCTIONS:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.silif_api_version() != _API_VERSION:
        raise ImportError(f"{path} is of another version than this package: install silif anew")
    return library


#: Lets other threads run meanwhile: for what takes long.
released = _load(ctypes.CDLL)
#: Keeps the interpreter's lock: for calls of some microseconds. To get the lock back could take a busy program longer.
held = _load(ctypes.PyDLL)


def unconverted(name: str) -> Any:
    """A function of `held` that takes instances of ctypes and bytes as they are, in half the time: `ctypes.c_void_p`
    where silif.h has a pointer, `ctypes.c_size_t` where it has a size. An int would arrive as one of 32 bits."""
    return held[name]


_REMEDIES = {
    "SILIF_ERROR_TRUNCATED": "the file is cut: copy it again",
    "SILIF_ERROR_NOT_A_MODEL": "give a .silif file, or one of silif.models()",
    "SILIF_ERROR_UNSUPPORTED_VERSION": "install a newer silif",
    "SILIF_ERROR_DAMAGED": "the file was changed after it was written: copy or export it again",
    "SILIF_ERROR_OUT_OF_RANGE": "export the model again",
    "SILIF_ERROR_INCONSISTENT": "export the model again",
    "SILIF_ERROR_MISSING": "export the model again",
    "SILIF_ERROR_SELF_TEST": "this machine does not compute what the exporter computed: report it",
}


def check(code: int, field: str, failure: Failure | None = None) -> None:
    """Raises what an error code means. `field` is named where the library names none."""
    if code == 0:
        return
    name = released.silif_error_name(code).decode()
    if name == "SILIF_ERROR_NO_FRONT_END":
        raise InputError(
            field, "this model takes frames, not samples", "use silif.Network, or a model with a front end"
        )
    problem = name.removeprefix("SILIF_ERROR_").lower().replace("_", " ")
    if failure is not None and failure.field:
        field = failure.field.decode(errors="replace")
        where = f" in layer {failure.layer}" if failure.layer >= 0 else ""
        problem += f" (found {failure.value}{where})"
    raise ModelError(field, problem, _REMEDIES.get(name, "check the arguments"))


def probability(value_q15: int) -> float | None:
    """0 to 1; None where the library has none."""
    return None if value_q15 < 0 else value_q15 / 32768


def aligned(count: int) -> tuple[ctypes.Array[ctypes.c_char], int]:
    """Zeroed memory, and the place in it where `count` bytes start at a multiple of 64."""
    block = ctypes.create_string_buffer(count + MEMORY_ALIGNMENT)
    return block, -ctypes.addressof(block) % MEMORY_ALIGNMENT
