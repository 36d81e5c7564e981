"""A network by itself: frames in, spikes and probabilities out."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silif import _library
from silif._errors import InputError, InputTypeError
from silif._model import Engine, Model, ModelInfo, no_copy
from silif._samples import array_of


class Network:
    """Steps a model's network on frames, without the front end, and shows what each step did.

    The arrays are read-only views of the engine's own memory. They stay good for as long as anybody holds them, cost
    nothing to look at, and change with the next step: copy what you want to keep.

    Attributes:
        probabilities_q15: of the last step, [class], uint16; 32768 stands for 1.
        membrane_q16: membrane potentials of the last layer, [class], int32, 16 fractional bits.
        spikes: one array for each hidden layer, [neuron], uint8: 1 where the neuron fired.
        frame: what the last step computed with, [input], int16.
    """

    def __init__(self, model: str | os.PathLike[str] | bytes | Model = "kws12"):
        """
        Args:
            model: a name of `silif.models()`, a path, the bytes of a file, or a Model.

        Raises:
            ModelError, InputError
        """
        self._engine, self._lock, self._event = Engine(Model(model)), threading.Lock(), _library.Event()
        info, library, handle = self._engine.info, _library.held, self._engine.handle
        classes, count = len(info.words), ctypes.c_size_t()
        self.probabilities_q15: NDArray[np.uint16] = self._view(
            library.silif_probabilities_q15(handle), classes, ctypes.c_uint16
        )
        self.membrane_q16: NDArray[np.int32] = self._view(library.silif_membrane_q16(handle), classes, ctypes.c_int32)
        self.frame: NDArray[np.int16] = self._view(library.silif_frame(handle), info.input_count, ctypes.c_int16)
        addresses = [library.silif_spikes(handle, layer, ctypes.byref(count)) for layer in range(len(info.layer_sizes))]
        # An encoder has no spikes.
        self.spikes: tuple[NDArray[np.uint8], ...] = tuple(
            self._view(address, size, ctypes.c_uint8) if address else np.zeros(0, np.uint8)
            for address, size in zip(addresses, info.layer_sizes, strict=True)
        )

    def _view(self, address: int, count: int, element: type) -> NDArray[Any]:
        return np.frombuffer(self._engine.view(address, count, element), np.dtype(element))

    @property
    def info(self) -> ModelInfo:
        """What the model is."""
        return self._engine.info

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probabilities of the last step, [class], 0 to 1: a copy."""
        return self.probabilities_q15 / 32768

    def step(self, frame: ArrayLike) -> NDArray[np.uint16]:
        """Makes one step.

        Args:
            frame: [input] integers in the model's input format (`info.input_fraction_bits`), within int16. Values
                beyond the model's limit are saturated.

        Returns:
            `probabilities_q15`, the view.

        Raises:
            InputError: another count or type.
        """
        values = array_of(frame, "frame")
        if values.shape != (self.info.input_count,):
            raise InputError("frame", f"the shape is {values.shape}", f"give {self.info.input_count} values")
        if values.dtype != np.int16:
            if values.dtype.kind not in "iu":
                raise InputTypeError(
                    "frame", f"the type is {values.dtype}", "give integers in the model's input format"
                )
            if values.min() < -32768 or values.max() > 32767:
                raise InputError("frame", "values are beyond int16", "give them in the model's input format")
        values = np.ascontiguousarray(values, np.int16)
        with self._lock:
            code = _library.held.silif_push_frame(
                self._engine.handle, values.ctypes.data, values.size, ctypes.byref(self._event)
            )
            _library.check(code, "frame")
        return self.probabilities_q15

    def set_seed(self, seed: int) -> None:
        """Of a network that samples: draws other numbers from the next step on, as if it were the first.

        Args:
            seed: 0 to 2**64 - 1. `reset` keeps it.

        Raises:
            InputError: this network draws nothing, or the seed is out of range.
        """
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise InputTypeError("seed", f"{seed!r} is no integer", "give 0 to 2**64 - 1")
        if not 0 <= seed < 1 << 64:
            raise InputError("seed", f"{seed} is out of range", "give 0 to 2**64 - 1")
        with self._lock:
            if _library.held.silif_set_seed(self._engine.handle, int(seed)):
                raise InputError("seed", "this network draws no numbers", "leave it out")

    def reset(self) -> None:
        """Forgets all states."""
        with self._lock:
            _library.check(_library.held.silif_reset(self._engine.handle), "network")

    def __reduce__(self) -> NoReturn:
        raise no_copy("network", "silif.Network")

    def __repr__(self) -> str:
        return f"silif.Network({self.info.name!r})"
