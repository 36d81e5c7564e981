"""SHD and SSC files: HDF5 with spikes/times and spikes/units (one array a clip), labels, extra/keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .bin import CHANNELS


class EventError(ValueError):
    """A file that holds no such recordings; the message names the file and what is wrong."""


class Recordings:
    """Clips of an open file, read one at a time."""

    def __init__(self, path: Path, file):
        self.path = path
        for name in ("spikes/times", "spikes/units", "labels"):
            if name not in file:
                raise EventError(f"{path}: no {name}; is this a file of SHD or SSC (shd_test.h5, ssc_test.h5)?")
            # A group has no dimensions, nor has a single number.
            if not getattr(file[name], "ndim", 0):
                raise EventError(f"{path}: {name} is no list with an entry for each clip")
        self._times, self._units = file["spikes/times"], file["spikes/units"]
        labels = np.asarray(file["labels"])
        if (
            labels.ndim != 1
            or labels.dtype.kind not in "iuf"
            or not (labels >= 0).all()
            or (labels != np.floor(labels)).any()
        ):
            raise EventError(f"{path}: labels are whole numbers from 0 on")
        self.labels = labels.astype(np.int64)
        self.words = _words(file, path)
        lengths = {len(self._times), len(self._units), len(self.labels)}
        if len(lengths) != 1 or not len(self.labels):
            raise EventError(
                f"{path}: {len(self._times)} clips of times, {len(self._units)} of units, {len(self.labels)} labels"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def clip(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(times in seconds, channels) of one clip."""
        try:
            times, units = np.asarray(self._times[index]), np.asarray(self._units[index])
        except (OSError, RuntimeError) as error:
            raise EventError(f"{self.path}: clip {index} cannot be read, the file is damaged ({error})") from None
        if times.dtype.kind not in "fiu" or units.dtype.kind not in "fiu":
            raise EventError(f"{self.path}: clip {index} has times or channels that are no numbers")
        if times.shape != units.shape or times.ndim != 1:
            raise EventError(f"{self.path}: clip {index} has {times.size} times and {units.size} channels")
        if not np.isfinite(times).all() or (times.size and times.min() < 0):
            raise EventError(f"{self.path}: clip {index} has times that are negative or no numbers")
        wrong = ~((units >= 0) & (units < CHANNELS))
        if wrong.any():
            raise EventError(f"{self.path}: clip {index} has channel {units[wrong][0]}; 0 to {CHANNELS - 1} are known")
        return times, units


def _words(file, path: Path) -> list[str] | None:
    """The words in the order of the labels, where the file says them."""
    if "extra/keys" not in file:
        return None
    try:
        return [key.decode(errors="replace") if isinstance(key, bytes) else str(key) for key in file["extra/keys"][()]]
    except TypeError:
        raise EventError(f"{path}: extra/keys is no list of words") from None


@contextmanager
def recordings(path: Path) -> Iterator[Recordings]:
    try:
        import h5py
    except ImportError:
        raise EventError(f"{path}: reading it needs h5py (pip install 'silif-tools[formats]')") from None
    if not Path(path).is_file():
        raise EventError(f"{path}: no such file; check the path")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise EventError(f"{path}: not an HDF5 file ({error})") from None
    with file:
        try:
            source = Recordings(Path(path), file)
        except (KeyError, RuntimeError) as error:
            raise EventError(f"{path}: the file is damaged ({error})") from None
        yield source
