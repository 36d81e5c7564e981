"""The C interface (silif.h) as another language calls it: one class over ctypes and NumPy.

Programs in Python take the package silif (docs/PYTHON.md), which does more. This one file is for those who bind the library to a
language of their own, and for who builds it by `make lib`: nothing of it is shared with the package.

    engine = Engine("models/kws12.silif")
    probabilities = engine.run(frames)          # frames [step, input] int16 -> [step, class] uint16, 32768 is 1
    words = engine.listen(samples)              # samples int16 -> [(word, probability, sample), ...]

`make lib` builds the library; `SILIF_LIBRARY` names another one.

Twins: Sources/CSiLIF/silif.h, python/silif/_library.py
"""

import ctypes
import os
import pathlib

import numpy as np

_REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
_ALIGNMENT = 64


class _Failure(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_int32),
        ("layer", ctypes.c_int32),
        ("value", ctypes.c_int64),
        ("field", ctypes.c_char_p),
    )


class Memory(ctypes.Structure):
    """silif_memory: bytes of RAM."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in ("total", "engine", "network", "front_end", "detector"))


class Description(ctypes.Structure):
    """silif_description: sizes and units of the model."""

    _fields_ = (
        *(
            (name, ctypes.c_uint32)
            for name in (
                "sample_rate_hz",
                "frame_samples",
                "hop_samples",
                "step_us",
                "input_count",
                "input_fraction_bits",
                "layer_count",
                "class_count",
            )
        ),
        ("unknown_class", ctypes.c_int32),
        ("silence_class", ctypes.c_int32),
        ("self_test_steps", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("stepped", ctypes.c_int32),
        ("word", ctypes.c_int32),
        ("score_q15", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("position", ctypes.c_int64),
    )


class SilifError(Exception):
    """What the library refused: `name` is the C constant, `field` what it found wrong."""

    def __init__(self, name: str, field: str | None = None, value: int = 0):
        super().__init__(name if field is None else f"{name}: {field} is {value}")
        self.name, self.field, self.value = name, field, value


def _load() -> ctypes.CDLL:
    path = os.environ.get("SILIF_LIBRARY", _REPOSITORY / "build" / "lib" / "host" / "libsilif.so")
    if not os.path.exists(path):
        raise ImportError(f"{path} is missing: `make lib` builds it, and SILIF_LIBRARY names another one")
    library = ctypes.CDLL(str(path))
    pointer = ctypes.c_void_p
    size = ctypes.c_size_t
    for name, result, arguments in (
        ("silif_api_version", ctypes.c_uint32, ()),
        ("silif_error_name", ctypes.c_char_p, (ctypes.c_int32,)),
        ("silif_plan_memory", ctypes.c_int32, (pointer, size, pointer, pointer)),
        ("silif_open", ctypes.c_int32, (pointer, size, pointer, size, pointer, pointer)),
        ("silif_reset", ctypes.c_int32, (pointer,)),
        ("silif_verify", ctypes.c_int32, (pointer, pointer)),
        ("silif_push_samples", ctypes.c_int32, (pointer, pointer, size, pointer, pointer)),
        ("silif_push_frame", ctypes.c_int32, (pointer, pointer, size, pointer)),
        ("silif_describe", ctypes.c_int32, (pointer, pointer)),
        ("silif_word", pointer, (pointer, size, pointer)),
        ("silif_probabilities_q15", ctypes.POINTER(ctypes.c_uint16), (pointer,)),
        ("silif_spikes", ctypes.POINTER(ctypes.c_uint8), (pointer, size, pointer)),
        ("silif_digest", ctypes.c_uint64, (pointer, ctypes.c_uint64)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.silif_api_version() != 1:
        raise ImportError(f"{path} has another interface than this module")
    return library


def _int16(values: np.ndarray, dimensions: int) -> np.ndarray:
    """As C takes them. Refuses what a conversion would change: samples of -1...1 would become silence."""
    if values.dtype != np.int16 or values.ndim != dimensions:
        raise TypeError(f"{dimensions} dimensions of int16 are taken, not {values.ndim} of {values.dtype}")
    return np.ascontiguousarray(values)


def _aligned(count: int) -> np.ndarray:
    """Zeroed bytes that start at a multiple of 64."""
    block = np.zeros(count + _ALIGNMENT, np.uint8)
    start = -block.ctypes.data % _ALIGNMENT
    return block[start : start + count]


class Engine:
    """One model at work, in memory of its own."""

    def __init__(self, path: str | os.PathLike):
        self._library = _load()
        content = np.fromfile(path, np.uint8)
        self._model = _aligned(content.size)
        self._model[:] = content
        self.memory = Memory()
        failure = _Failure()
        model = (self._model.ctypes.data, self._model.size)
        self._check(self._library.silif_plan_memory(*model, ctypes.byref(self.memory), ctypes.byref(failure)), failure)
        self._memory = _aligned(self.memory.total)
        self._engine = ctypes.c_void_p()
        self._check(
            self._library.silif_open(
                *model, self._memory.ctypes.data, self._memory.size, ctypes.byref(self._engine), ctypes.byref(failure)
            ),
            failure,
        )
        self.description = Description()
        self._library.silif_describe(self._engine, ctypes.byref(self.description))
        self.words = [self._word(index) for index in range(self.description.class_count)]
        # A view of the engine's own memory: it changes with every step.
        self._probabilities = np.ctypeslib.as_array(
            self._library.silif_probabilities_q15(self._engine), (self.description.class_count,)
        )

    def _check(self, error: int, failure: _Failure | None = None) -> None:
        if error != 0:
            name = self._library.silif_error_name(error).decode()
            field = failure.field.decode() if failure is not None and failure.field else None
            raise SilifError(name, field, failure.value if failure is not None else 0)

    def _word(self, index: int) -> str:
        length = ctypes.c_size_t()
        return ctypes.string_at(
            self._library.silif_word(self._engine, index, ctypes.byref(length)), length.value
        ).decode()

    def reset(self) -> None:
        """Forgets all states."""
        self._check(self._library.silif_reset(self._engine))

    def verify(self) -> int:
        """Runs the model's self-test. Returns the digest; raises SilifError where it is not the model's."""
        digest = ctypes.c_uint64()
        self._check(self._library.silif_verify(self._engine, ctypes.byref(digest)))
        return digest.value

    def run(self, frames: np.ndarray) -> np.ndarray:
        """frames [step, input] int16 in the model's input format -> probabilities [step, class] uint16, 32768 is 1.
        The state runs on from call to call."""
        frames = _int16(frames, dimensions=2)
        event = _Event()
        probabilities = np.empty((len(frames), self.description.class_count), np.uint16)
        for step, frame in enumerate(frames):
            self._check(
                self._library.silif_push_frame(self._engine, frame.ctypes.data, frame.size, ctypes.byref(event))
            )
            probabilities[step] = self._probabilities
        return probabilities

    def spikes(self, layer: int) -> np.ndarray:
        """Spikes of a hidden layer in the last step, [neuron] uint8."""
        count = ctypes.c_size_t()
        spikes = self._library.silif_spikes(self._engine, layer, ctypes.byref(count))
        return np.ctypeslib.as_array(spikes, (count.value,)).copy()

    def listen(self, samples: np.ndarray) -> list[tuple[str, float, int]]:
        """samples [count] int16, mono, at the model's rate -> (word, mean probability, sample) of each word heard."""
        samples = _int16(samples, dimensions=1)
        used, event = ctypes.c_size_t(), _Event()
        heard, start = [], 0
        while start < samples.size:
            rest = samples[start:]
            self._check(
                self._library.silif_push_samples(
                    self._engine, rest.ctypes.data, rest.size, ctypes.byref(used), ctypes.byref(event)
                )
            )
            start += used.value
            if event.word >= 0:
                heard.append((self.words[event.word], event.score_q15 / 32768, event.position))
        return heard
