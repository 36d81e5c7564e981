"""Keywords in a stream of samples."""

from __future__ import annotations

import ctypes
import math
import os
import threading
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silif import _library
from silif._errors import InputError, InputTypeError
from silif._model import Engine, Model, ModelInfo, no_copy
from silif._samples import FLOAT32, FLOAT64, INT16, int16_samples, not_finite, samples_of

#: Blocks up to this long are copied, which is faster than to ask NumPy where they lie, and heard under the
#: interpreter's lock.
_SHORT_SAMPLES = 1600
#: For short blocks, where to convert arguments would cost as much as the call.
_hear = _library.unconverted("silif_hear")
_from_float = _library.unconverted("silif_int16_from_float")
_from_double = _library.unconverted("silif_int16_from_double")


class Event(NamedTuple):
    """A word that was heard.

    Attributes:
        word: the word.
        score: its mean probability over the detector's window, 0 to 1; that of all words together where the model has a
            least share (docs/SCORING.md).
        time_s: seconds of sound since the spotter was made, at the decision.
        sample: the same in samples.
        probability: that the word was said, 0 to 1; None where the model does not say how sure to be.
    """

    word: str
    score: float
    time_s: float
    sample: int
    probability: float | None = None


class KeywordSpotter:
    """Hears keywords in sound that comes in blocks of any size: 16 kHz, one channel.

        spotter = silif.KeywordSpotter("kws12")
        for block in blocks:
            for event in spotter.process(block):
                print(event.word, event.score, event.time_s)

    What it hears does not depend on the sizes of the blocks and is what `kws-listen` hears, in every bit. Threads may
    share one: their blocks follow one another.
    """

    __slots__ = (
        "_block",
        "_count",
        "_engine",
        "_event",
        "_event_reference",
        "_handle",
        "_lock",
        "_rate",
        "_used",
        "_used_reference",
    )

    def __init__(
        self,
        model: str | os.PathLike[str] | bytes | Model = "kws12",
        *,
        thresholds: float | Mapping[str, float] | None = None,
    ):
        """
        Args:
            model: a name of `silif.models()`, a path, the bytes of a file, or a Model. It needs a front end.
            thresholds: mean probability at which words are reported, 0 to 1: one for all keywords, or one for each word
                that is named. None: the model's own.

        Raises:
            ModelError, InputError
        """
        self._engine = Engine(Model(model))
        self._lock = threading.Lock()
        self._rate = self._engine.info.sample_rate_hz
        if self._rate == 0:
            raise InputError("model", "it takes frames, not samples", "use silif.Network, or a model with a front end")
        self._handle = ctypes.c_void_p(self._engine.handle)
        #: A short block of floats, as int16.
        self._block = (ctypes.c_int16 * _SHORT_SAMPLES)()
        self._count, self._used, self._event = ctypes.c_size_t(), ctypes.c_size_t(), _library.Event()
        self._event_reference, self._used_reference = ctypes.byref(self._event), ctypes.byref(self._used)
        if isinstance(thresholds, Mapping):
            for word, threshold in thresholds.items():
                self.set_threshold(word, threshold)
        elif thresholds is not None:
            for word in self._engine.info.keywords:
                self.set_threshold(word, thresholds)

    @property
    def info(self) -> ModelInfo:
        """What the model is."""
        return self._engine.info

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are reported unless others are given a threshold."""
        return self._engine.info.keywords

    def process(self, samples: ArrayLike) -> list[Event]:
        """Hears the next samples.

        Args:
            samples: one channel at 16 kHz, [count]; any count, also 0. int16 as it is; bytes are int16,
                little-endian. float32 and float64 are from -1 to 1: multiplied by 32768, rounded half up, clamped, so
                that x / 32768 of an int16 gives the same bits.

        Returns:
            The words decided on in these samples, mostly none.

        Raises:
            InputError: another type or shape, or values that are not finite. Nothing was taken then.
        """
        if not (
            type(samples) is np.ndarray
            and samples.ndim == 1
            and samples.size <= _SHORT_SAMPLES
            # By identity, which is fastest; the rare type that fails it is only looked at longer.
            and ((kind := samples.dtype) is INT16 or kind is FLOAT32 or kind is FLOAT64)
        ):
            samples = samples_of(samples)
            if samples.size > _SHORT_SAMPLES:
                return self._process_long(int16_samples(samples))
        count, width_bytes = samples.size, samples.itemsize
        content: bytes | ctypes.Array[ctypes.c_int16] = samples.tobytes()
        with self._lock:
            self._count.value = count
            if width_bytes != 2:
                convert = _from_float if width_bytes == 4 else _from_double
                if convert(content, self._count, self._block):
                    raise not_finite("samples")
                content = self._block
            if _hear(self._handle, content, self._count, self._used_reference, self._event_reference):
                raise InputError("samples", "they were refused", "report this")
            if self._event.word < 0:  # Then all of the block was taken.
                return []
            start = ctypes.cast(content, ctypes.c_void_p).value  # type: ignore[arg-type]  # It takes bytes too.
            return self._rest(_library.held, start or 0, count)

    def _process_long(self, samples: NDArray[np.int16]) -> list[Event]:
        address, count = samples.ctypes.data, samples.shape[0]
        with self._lock:
            self._used.value, self._event.word = 0, -1
            return self._rest(_library.released, address, count)

    def _rest(self, library: ctypes.CDLL, address: int, count: int) -> list[Event]:
        """Goes on after what the last call took and decided."""
        heard, start = [], self._used.value
        while True:
            if self._event.word >= 0:
                position = self._event.position
                word = self._engine.info.words[self._event.word]
                probability = _library.probability(library.silif_event_probability_q15(self._engine.handle))
                heard.append(Event(word, self._event.score_q15 / 32768, position / self._rate, position, probability))
            if start >= count:
                return heard
            code = library.silif_hear(
                self._engine.handle,
                address + 2 * start,
                count - start,
                self._used_reference,
                self._event_reference,
            )
            _library.check(code, "samples")
            start += self._used.value

    def reset(self) -> None:
        """After lost samples, or for another recording: forgets all that was heard. The count of samples runs on."""
        with self._lock:
            _library.check(_library.held.silif_reset(self._engine.handle), "spotter")

    def set_threshold(self, word: str, threshold: float) -> None:
        """Sets the mean probability at which a word is reported.

        Args:
            word: one of the model's; unknown and silence are reported once they have a threshold.
            threshold: 0 to 1. A higher one reports less, later, and is wrong less often.

        Raises:
            InputError: the model has no such word, or the threshold is out of range.
        """
        words = self._engine.info.words
        if not isinstance(word, str) or word not in words:
            raise InputError("word", f"the model has no {word!r}", f"give one of {', '.join(words)}")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.integer | np.floating):
            raise InputTypeError("threshold", f"{threshold!r} is no number", "give one from 0 to 1")
        if not 0 <= threshold <= 1:
            raise InputError("threshold", f"{threshold} is out of range", "give one from 0 to 1")
        threshold_q15 = math.floor(float(threshold) * 32768 + 0.5)
        with self._lock:
            code = _library.held.silif_set_threshold_q15(self._engine.handle, words.index(word), threshold_q15)
            _library.check(code, "threshold")

    def __reduce__(self) -> NoReturn:
        raise no_copy("spotter", "silif.KeywordSpotter")

    def __repr__(self) -> str:
        return f"silif.KeywordSpotter({self._engine.info.name!r})"
