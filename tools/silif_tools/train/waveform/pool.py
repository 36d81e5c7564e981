"""Sequences that are composed before training, with what the teachers say of them: on a processor that takes ten times
as long as to train a network on them, so each is heard many times, and by every network.

A pool is a folder of the output folder, its name tells what it was made from. Its arrays hold one row a sequence;
part-N.npz, written last, says that the rows of a part are there, so that composing goes on where it was interrupted.
"""

import contextlib
import errno
import math
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from silif_tools.atomic import replacing
from silif_tools.errors import ConversionError, complain
from silif_tools.processes import end_with_parent, how_it_ended
from silif_tools.train import mining
from silif_tools.train.fbank import BANDS
from silif_tools.train.stream_scenes import StreamBatch
from silif_tools.train.waveform.scenes import WaveScenes, Words
from silif_tools.train.waveform.teachers import Guides, MelTeacher

PART = 1024  # sequences that one process composes before it says so
TOGETHER = 64  # at a time
LEVEL_DB = 6.0  # by which a sequence is louder or softer from one time to the next, at most
FIRST_DRAW = 1 << 20  # of a part's numbers: others of the same seed draw fewer batches than this


ROWS = ("features", "allowed", "hit", "frames")


@dataclass
class _Rows:
    """Of n sequences: features float16 [n, T, BANDS]; allowed, hit [n, T, bytes], of StreamBatch, a bit a class;
    frames float16 [n, T, classes]: what the teachers say."""

    features: np.ndarray
    allowed: np.ndarray
    hit: np.ndarray
    frames: np.ndarray

    @staticmethod
    def there(folder: Path, mode: str) -> "_Rows":
        """The files of a folder, mapped."""
        return _Rows(*(np.load(folder / f"{name}.npy", mmap_mode=mode) for name in ROWS))

    @staticmethod
    def new(folder: Path, size: int, steps: int, classes: int) -> "_Rows":
        """Files without content."""
        files = zip(ROWS, _kinds(classes), strict=True)
        return _Rows(
            *(np.lib.format.open_memmap(folder / f"{k}.npy", "w+", kind, (size, steps, n)) for k, (kind, n) in files)
        )


def _kinds(classes: int) -> tuple[tuple[type, int], ...]:
    """Of each of ROWS its type, and how many there are of a frame."""
    bits = -(-classes // 8)
    return (np.float16, BANDS), (np.uint8, bits), (np.uint8, bits), (np.float16, classes)


def _amount(size: int) -> str:
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size} bytes"


def _missing(folder: Path, size: int) -> list[int]:
    """The parts of a pool of so many sequences that are still to be composed."""
    return [part for part in range(-(-size // PART)) if not (folder / f"part-{part}.npz").exists()]


def _parts_there(folder: Path) -> bool:
    return any(folder.glob("part-*.npz"))


def _taken(folder: Path) -> int:
    """What the arrays that are there have of the disk: less than their size where nothing was written or reserved."""
    files = [path.stat() for path in (folder / f"{name}.npy" for name in ROWS) if path.exists()]
    return sum(min(file.st_size, 512 * file.st_blocks) for file in files)


def check_room(folder: Path, size: int, steps: int, classes: int) -> None:
    """Raises ConversionError where the disk has no room for a pool of so many sequences, or for what one that was begun
    still lacks."""
    if not _missing(folder, size):
        return
    needed = size * steps * sum(np.dtype(kind).itemsize * last for kind, last in _kinds(classes)) - _taken(folder)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if (free := shutil.disk_usage(there).free) < needed:
        raise ConversionError(
            f"{folder}: {_amount(needed)} are needed, {_amount(free)} are free: make room, lower pool, or give another"
            " --output"
        )


def _reserve(folder: Path) -> None:
    """Takes the disk's room for the arrays: a process that writes to a map for which there is none is ended by SIGBUS.
    Raises ConversionError."""
    if not hasattr(os, "posix_fallocate"):
        return
    paths = [folder / f"{name}.npy" for name in ROWS]
    for path in paths:
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise ConversionError(
                    f"{folder}: the disk's room cannot be reserved ({error.strerror}): make room, lower pool, or give"
                    " another --output"
                ) from None


def _opened(folder: Path, size: int, steps: int, classes: int) -> _Rows:
    """The arrays of a pool to be filled, with all the room that they take. Raises ConversionError."""
    check_room(folder, size, steps, classes)
    folder.mkdir(parents=True, exist_ok=True)
    if _parts_there(folder):
        _reserve(folder)
        return _Rows.there(folder, "r+")
    try:
        rows = _Rows.new(folder, size, steps, classes)
        _reserve(folder)
    except BaseException:
        for name in ROWS:
            (folder / f"{name}.npy").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    return rows


def _compose(scenes: WaveScenes, guides: Guides, rows: _Rows, folder: Path, part: int, seed: int) -> None:
    size, steps = len(rows.features), rows.features.shape[1]
    scenes.reseed(seed)
    scenes.drawn = FIRST_DRAW + part
    ends, clips, heard = [], [], []
    last = min(size, (part + 1) * PART)
    for at in range(part * PART, last, TOGETHER):
        # All of one size: the processes that plan would begin anew for another.
        batch = scenes.sequences(TOGETHER, steps)
        frames, of_clips = guides(batch)
        kept = min(TOGETHER, last - at)
        here = slice(at, at + kept)
        rows.features[here] = batch.features.transpose(0, 1).numpy()[:kept]
        rows.frames[here] = frames.transpose(0, 1).numpy()[:kept]
        for name in ("allowed", "hit"):
            getattr(rows, name)[here] = np.packbits(getattr(batch, name).transpose(0, 1).numpy(), axis=-1)[:kept]
        ends.append(batch.ends[batch.ends[:, 1] < kept] + [0, at, 0])
        mine = batch.clips[:, 1] < kept
        clips.append(batch.clips[mine] + [0, at, 0])
        heard.append(of_clips.numpy()[mine])
    with replacing(folder / f"part-{part}.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, ends=np.concatenate(ends), clips=np.concatenate(clips), heard=np.concatenate(heard))


def _work(scenes: WaveScenes, guides: Guides, rows: _Rows, folder: Path, parts: list[int], seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that ends this one
    end_with_parent()
    torch.set_num_threads(1)
    try:
        for part in parts:
            _compose(scenes, guides, rows, folder, part, seed)
    except OSError as error:
        sys.exit(complain("silif-train", error))


def compose(
    scenes: WaveScenes,
    teacher: MelTeacher,
    guides: Guides,
    folder: Path,
    size: int,
    seed: int,
    processes: int,
    say: Callable[[str], None],
) -> None:
    """Make what is missing of a pool of so many sequences. teacher: where it comes nearest to an alarm are the hard
    negatives. Every part is drawn from its own number: the pool does not depend on how many processes there are.

    Raises ConversionError where the disk has no room, or a process ended before it was done.
    """
    parts = _missing(folder, size)
    if not parts:
        say(f"sequences {folder}")
        return
    say(f"composing {size} sequences in {folder}")
    rows = _opened(folder, size, scenes.r["frames"], scenes.words.classes)
    if scenes.r["p_mined"]:
        mining.mine(teacher.hear_features, scenes)
    scenes.close()  # its processes are not those of the ones that begin here
    workers, scenes.workers = scenes.workers, 0  # a process plans what it composes
    context = multiprocessing.get_context("fork")
    count = min(processes, len(parts))
    rest = (scenes, guides, rows, folder)
    running = []
    try:
        for k in range(count):
            running.append(context.Process(target=_work, args=(*rest, parts[k::count], seed)))
            running[-1].start()
        for each in running:
            each.join()
    finally:
        for each in running:
            if each.is_alive():
                each.terminate()
        scenes.workers = workers
    failed = [each.exitcode for each in running if each.exitcode]
    if failed:
        how = how_it_ended(min(failed))
        raise ConversionError(f"{folder}: a process that composed sequences {how}; --resume goes on from what is there")


class Pool:
    """Sequences of a folder that `compose` filled, in the place of WaveScenes: all of them in random order, then in
    another order, each a little louder or softer than before."""

    speech: tuple = ()  # nothing to mine: what was hard was drawn when they were composed

    def __init__(self, folder: Path, r: dict, words: Words, seed: int):
        """r: settings of the stage. seed: of the order."""
        self.r, self.words, self.seed, self.drawn = r, words, seed, 0
        self.commands = [k for k in range(words.classes) if k not in (words.unknown, words.silence)]
        self._rows = _Rows.there(folder, "r")
        self.size, self.steps = self._rows.features.shape[:2]
        parts = [np.load(folder / f"part-{part}.npz") for part in range(-(-self.size // PART))]
        self._ends, self._clips, self._heard = (
            np.concatenate([part[k] for part in parts]) for k in ("ends", "clips", "heard")
        )
        whole = np.arange(self.size + 1)
        self._order: tuple[int, np.ndarray] = (-1, whole[:0])
        self._end_of, self._clip_of = (np.searchsorted(each[:, 1], whole) for each in (self._ends, self._clips))

    def reseed(self, seed: int) -> None:
        self.seed, self.drawn = seed, 0
        self.words.generator.manual_seed(seed)

    def on(self, device: torch.device) -> "Pool":
        """Itself: a pool is for processors."""
        del device
        return self

    def close(self) -> None:
        """Nothing to end."""

    def state(self) -> dict:
        return {"drawn": self.drawn, "of": self.size, "masks": self.words.generator.get_state()}

    def restore(self, state: dict) -> None:
        """Raises ValueError where the checkpoint is of sequences of another kind."""
        if state.get("of") != self.size:
            raise ValueError(
                "the checkpoint is of another recipe or other recordings: delete it, or leave out --resume"
            )
        self.drawn = state["drawn"]
        self.words.generator.set_state(state["masks"])

    def _next(self, count: int) -> np.ndarray:
        """Which sequences come next, as rows."""
        found = []
        while len(found) < count:
            time, at = divmod(self.drawn, self.size)
            if self._order[0] != time:
                self._order = time, np.random.default_rng([self.seed, time]).permutation(self.size)
            new = self._order[1][at : at + count - len(found)]
            found.extend(new)
            self.drawn += len(new)
        return np.array(found)

    def sequences(self, size: int, steps: int) -> StreamBatch:
        """steps: of the pool."""
        assert steps == self.steps
        rows = self._next(size)

        def of(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(values[rows]).transpose(0, 1)

        def classes(packed: np.ndarray) -> torch.Tensor:
            bits = np.unpackbits(packed[rows], axis=-1, count=self.words.classes)
            return torch.from_numpy(bits).bool().transpose(0, 1)

        def labelled(table: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """Rows of ends or clips, with the number in the batch; and which of the table they are."""
            at = np.concatenate([np.arange(first[row], first[row + 1]) for row in rows]).astype(int)
            number = np.repeat(np.arange(size), first[rows + 1] - first[rows])
            return np.stack([table[at, 0], number, table[at, 2]], 1), at

        ends, _ = labelled(self._ends, self._end_of)
        clips, which = labelled(self._clips, self._clip_of)
        level = (2 * torch.rand(size, 1, generator=self.words.generator) - 1) * (LEVEL_DB * math.log(10) / 10)
        weight = torch.ones(steps, size)
        weight[: self.r["warm_up"]] = 0.0
        frames = of(self._rows.frames).float().contiguous()
        return StreamBatch(
            (of(self._rows.features).float() + level).contiguous(), classes(self._rows.allowed), weight,
            classes(self._rows.hit), ends, clips, None, (frames, torch.from_numpy(self._heard[which])),
        )  # fmt: skip
