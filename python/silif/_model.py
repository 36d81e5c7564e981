"""Model files: those that came with the package, and others."""

from __future__ import annotations

import ctypes
import os
import pathlib
from dataclasses import dataclass

from silif import _library
from silif._errors import InputTypeError, ModelError

_FOLDER = pathlib.Path(__file__).with_name("models")
_SUFFIX = ".silif"
#: More than any model, so that a device or a film is not read into memory.
_LARGEST_BYTES = 1 << 28


def models() -> list[str]:
    """Names of the models that came with the package: what every `model` argument takes besides paths."""
    return sorted(path.stem for path in _FOLDER.glob("*" + _SUFFIX))


@dataclass(frozen=True)
class ModelInfo:
    """What a model is.

    Attributes:
        name: as it was asked for; "bytes" for a model from memory.
        words: the classes in the order of all arrays, unknown and silence among them.
        keywords: the words that are reported.
        unknown, silence: the classes for every other word and for no speech; None where the model has none.
        sample_rate_hz: of the samples that it takes; 0 where it takes frames only.
        frame_samples, hop_samples: samples in a frame, and from one frame to the next.
        step_s: duration of a step of the network.
        input_count: values in a frame.
        input_fraction_bits: a frame's integer x stands for x / 2**input_fraction_bits.
        layer_sizes: neurons of each hidden layer; 0 for an encoder, which has none.
        self_test_steps: steps of the self-test that `Model.verify` runs.
        model_bytes, memory_bytes: size of the file; what an engine needs besides.
    """

    name: str
    words: tuple[str, ...]
    keywords: tuple[str, ...]
    unknown: str | None
    silence: str | None
    sample_rate_hz: int
    frame_samples: int
    hop_samples: int
    step_s: float
    input_count: int
    input_fraction_bits: int
    layer_sizes: tuple[int, ...]
    self_test_steps: int
    model_bytes: int
    memory_bytes: int


class Model:
    """A model, checked as a whole: checksum, every field, and that no sum can overflow. It never changes, and any
    number of spotters, networks and threads may use it."""

    name: str
    _block: ctypes.Array[ctypes.c_char]
    _start: int
    _size: int
    _memory_bytes: int
    _info: ModelInfo | None = None

    def __init__(self, model: str | os.PathLike[str] | bytes | Model):
        """
        Args:
            model: a name of `silif.models()`, a path, the bytes of a file, or a Model.

        Raises:
            ModelError: it cannot be read, or is refused; the error says which field is wrong.
            InputTypeError: it is none of these.
        """
        if isinstance(model, Model):
            self.name, self._block, self._start, self._size = model.name, model._block, model._start, model._size
            self._memory_bytes, self._info = model._memory_bytes, model._info
            return
        self.name, content = _read(model)
        self._size = len(content)
        self._block, self._start = _library.aligned(self._size)
        ctypes.memmove(self._address, content, self._size)
        plan, failure = _library.Memory(), _library.Failure()
        code = _library.released.silif_plan_memory(self._address, self._size, ctypes.byref(plan), ctypes.byref(failure))
        _library.check(code, "model", failure)
        self._memory_bytes = plan.total

    @property
    def _address(self) -> int:
        return ctypes.addressof(self._block) + self._start

    @staticmethod
    def named(name: str, content: bytes) -> Model:
        """A model from memory that has a name."""
        model = Model(content)
        model.name = name
        return model

    def content(self) -> bytes:
        """The model file's bytes."""
        return ctypes.string_at(self._address, self._size)

    def info(self) -> ModelInfo:
        """Words, sizes and units."""
        if self._info is None:
            self._info = Engine(self).info
        return self._info

    def verify(self) -> int:
        """Runs the model's self-test on this machine.

        Returns:
            The digest, which is the one that the exporter computed.

        Raises:
            ModelError: this machine computes something else.
        """
        digest = ctypes.c_uint64()
        engine = Engine(self)
        _library.check(_library.released.silif_verify(engine.handle, ctypes.byref(digest)), "self-test")
        return digest.value

    def __reduce__(self) -> tuple[object, ...]:
        # Other processes and machines, which may not have the file, get its content.
        return Model.named, (self.name, self.content())

    def __repr__(self) -> str:
        return f"silif.Model({self.name!r})"


def _read(model: object) -> tuple[str, bytes]:
    if isinstance(model, bytes | bytearray | memoryview):
        return "bytes", bytes(model)
    if not isinstance(model, str | os.PathLike):
        raise InputTypeError("model", f"a {type(model).__name__} is no model", "give a name, a path or bytes")
    name = os.fspath(model)
    if not isinstance(name, str):
        raise InputTypeError("model", "a path of bytes is not taken", "give it as str")
    path = pathlib.Path(name)
    if "/" not in name and path.suffix != _SUFFIX and isinstance(model, str):
        if name not in models():
            raise ModelError("model", f"there is no {name!r}", f"give a path, or one of {', '.join(models())}")
        path = _FOLDER / (name + _SUFFIX)
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_BYTES:
            raise ModelError("model", f"{name!r} is far too large", "give a .silif file")
        if path.exists() and not path.is_file():
            raise ModelError("model", f"{name!r} is no file", "give a .silif file")
        return name, path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ModelError("model", f"{name!r} cannot be read ({reason})", "check the path") from error


class Engine:
    """One model at work in memory of its own. Not safe by itself: whoever uses it holds a lock."""

    __slots__ = ("_block", "_model", "_start", "handle", "info")

    def __init__(self, model: Model):
        self._model = model
        self._block, self._start = _library.aligned(model._memory_bytes)
        memory = ctypes.addressof(self._block) + self._start
        engine, failure = ctypes.c_void_p(), _library.Failure()
        code = _library.released.silif_open(
            model._address, model._size, memory, model._memory_bytes, ctypes.byref(engine), ctypes.byref(failure)
        )
        _library.check(code, "model", failure)
        self.handle: int = engine.value or 0
        self.info = model._info or self._describe()

    def _describe(self) -> ModelInfo:
        library, found, count = _library.released, _library.Description(), ctypes.c_size_t()
        _library.check(library.silif_describe(self.handle, ctypes.byref(found)), "model")
        words = []
        for index in range(found.class_count):
            word = library.silif_word(self.handle, index, ctypes.byref(count))
            words.append(ctypes.string_at(word, count.value).decode(errors="replace"))
        sizes = []
        for layer in range(found.layer_count - 1):
            library.silif_spikes(self.handle, layer, ctypes.byref(count))
            sizes.append(count.value)
        return ModelInfo(
            name=self._model.name,
            words=tuple(words),
            keywords=tuple(word for index, word in enumerate(words) if library.silif_is_keyword(self.handle, index)),
            unknown=words[found.unknown_class] if found.unknown_class >= 0 else None,
            silence=words[found.silence_class] if found.silence_class >= 0 else None,
            sample_rate_hz=found.sample_rate_hz,
            frame_samples=found.frame_samples,
            hop_samples=found.hop_samples,
            step_s=found.step_us / 1e6,
            input_count=found.input_count,
            input_fraction_bits=found.input_fraction_bits,
            layer_sizes=tuple(sizes),
            self_test_steps=found.self_test_steps,
            model_bytes=self._model._size,
            memory_bytes=self._model._memory_bytes,
        )

    def view(self, address: int, count: int, element: type) -> memoryview:
        """The engine's own memory, which changes with every step. It can only be read, and outlives the engine."""
        start = address - ctypes.addressof(self._block)
        whole = memoryview(self._block).toreadonly().cast("B")
        return whole[start : start + count * ctypes.sizeof(element)]


def no_copy(field: str, kind: str) -> InputTypeError:
    """What copy and pickle of an engine at work raise: both would share its memory, or lose it."""
    return InputTypeError(
        field, "its state cannot be copied or pickled", f"pass on a silif.Model, and make a {kind} of it"
    )
