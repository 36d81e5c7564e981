"""Whole clips, on all cores."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silif import _library
from silif._errors import InputError, InputTypeError
from silif._model import Engine, Model
from silif._samples import int16_samples, samples_of


@dataclass(frozen=True, eq=False)
class Scores:
    """What clips gave, in their order.

    Attributes:
        words: the model's classes, in the order of `probabilities`.
        winner: class of each clip, [clip]: the largest score, the first of equals.
        probabilities: score of each class, [clip, class], 0 to 1; 0 for a clip without a step. The mean over the steps
            of the clip, or, where the model has a rule for clips, what that makes of the class's best window.
        steps: steps of the network, [clip].
        spikes: spikes of all hidden layers, [clip].
        probability: that the winner is right, [clip], 0 to 1; NaN where the model does not say how sure to be, and of
            a clip without a step.
    """

    words: tuple[str, ...]
    winner: NDArray[np.int32]
    probabilities: NDArray[np.float64]
    steps: NDArray[np.uint32]
    spikes: NDArray[np.uint64]
    probability: NDArray[np.float64]

    @property
    def word(self) -> NDArray[np.str_]:
        """The winner's word of each clip, [clip]."""
        return np.array(self.words)[self.winner]

    @property
    def score(self) -> NDArray[np.float64]:
        """The winner's score of each clip, [clip]."""
        return self.probabilities[np.arange(len(self.winner)), self.winner]

    def __len__(self) -> int:
        return len(self.winner)


def score(
    clips: Iterable[ArrayLike],
    model: str | os.PathLike[str] | bytes | Model = "kws12",
    *,
    jobs: int | None = None,
) -> Scores:
    """Scores clips as `kws-score` does, each by itself, with the same bits. Other threads run meanwhile.

    Args:
        clips: arrays of samples as `KeywordSpotter.process` takes them, of any lengths; or one array, [clip, sample].
            Short ones, also those without a sample, get zero samples up to the length that the model was trained on,
            and all of them those that the model's rule for clips hears after the end.
        model: a name of `silif.models()`, a path, the bytes of a file, or a Model. It needs a front end.
        jobs: threads; None for one a core.

    Raises:
        InputError: names the clip that cannot be used.
        ModelError
    """
    if jobs is None:
        jobs = max(1, min(1024, len(os.sched_getaffinity(0))))
    if isinstance(jobs, bool) or not isinstance(jobs, int | np.integer):
        raise InputTypeError("jobs", f"{jobs!r} is no count", "give 1 to 1024, or None")
    if not 1 <= jobs <= 1024:
        raise InputError("jobs", f"{jobs} is out of range", "give 1 to 1024, or None")
    if isinstance(clips, np.ndarray) and clips.ndim < (1 if clips.dtype == object else 2):
        raise InputError("clips", f"the shape is {clips.shape}", "give [clip, sample], or a list: [samples]")
    each = _iterator(clips)
    loaded = Model(model)
    info = loaded.info()
    if info.sample_rate_hz == 0:
        raise InputError("model", "it takes frames, not samples", "use silif.Network, or a model with a front end")
    arrays = [samples_of(clip, f"clips[{index}]") for index, clip in enumerate(each)]
    count = len(arrays)
    threads = min(int(jobs), count)
    sums_q15 = np.zeros((count, len(info.words)), np.int64)
    winner, steps, spikes = np.zeros(count, np.int32), np.zeros(count, np.uint32), np.zeros(count, np.uint64)
    probability = np.full(count, np.nan)

    sums, row_bytes = sums_q15.ctypes.data, sums_q15.strides[0]
    refused: list[tuple[int, InputError]] = []
    has_stopped = threading.Event()

    # Each thread has every so many-th clip: neighbours are of like length.
    def convert(first: int) -> None:
        for index in range(first, count, threads):
            if has_stopped.is_set():
                return
            try:
                arrays[index] = int16_samples(arrays[index], f"clips[{index}]")
            except InputError as error:
                refused.append((index, error))
                return

    def work(first: int) -> None:
        engine, clip = Engine(loaded), _library.Clip()
        for index in range(first, count, threads):
            if has_stopped.is_set():
                return
            samples = arrays[index]
            code = _library.released.silif_score_clip(
                engine.handle, samples.ctypes.data, samples.size, sums + index * row_bytes, ctypes.byref(clip)
            )
            _library.check(code, "model")
            winner[index], steps[index], spikes[index] = clip.winner, clip.steps, clip.spikes
            found_q15 = _library.held.silif_clip_probability_q15(
                engine.handle, sums + index * row_bytes, ctypes.byref(clip)
            )
            if found_q15 >= 0:
                probability[index] = found_q15 / 32768

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        try:
            list(pool.map(convert, range(threads)))
            if refused:
                raise min(refused, key=itemgetter(0))[1]
            list(pool.map(work, range(threads)))
        finally:
            # Of Ctrl-C only this thread learns. The pool waits for the others.
            has_stopped.set()
    probabilities = sums_q15 / np.maximum(steps, 1)[:, np.newaxis] / 32768
    return Scores(info.words, winner, probabilities, steps, spikes, probability)


def _iterator(clips: Iterable[ArrayLike]) -> Iterator[ArrayLike]:
    if not isinstance(clips, str | bytes) and isinstance(clips, Iterable):
        with suppress(TypeError):  # Arrays without a dimension say so only now.
            return iter(clips)
    raise InputTypeError("clips", f"a {type(clips).__name__} is no list of clips", "give a list of arrays")
