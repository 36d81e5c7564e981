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
        self._times, self._units = file["spikes/times"], file["spikes/units"]
        self.labels = np.asarray(file["labels"]).astype(np.int64)
        self.words = _words(file)
        lengths = {len(self._times), len(self._units), len(self.labels)}
        if len(lengths) != 1 or not len(self.labels):
            raise EventError(
                f"{path}: {len(self._times)} clips of times, {len(self._units)} of units, {len(self.labels)} labels"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def clip(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(times in seconds, channels) of one clip."""
        times, units = np.asarray(self._times[index]), np.asarray(self._units[index])
        if times.shape != units.shape or times.ndim != 1:
            raise EventError(f"{self.path}: clip {index} has {times.size} times and {units.size} channels")
        if not np.isfinite(times).all() or (times.size and times.min() < 0):
            raise EventError(f"{self.path}: clip {index} has times that are negative or no numbers")
        if units.size and (units.min() < 0 or units.max() >= CHANNELS):
            raise EventError(f"{self.path}: clip {index} has channel {units.max()}; 0 to {CHANNELS - 1} are known")
        return times, units


def _words(file) -> list[str] | None:
    """The words in the order of the labels, where the file says them."""
    if "extra/keys" not in file:
        return None
    return [key.decode() if isinstance(key, bytes) else str(key) for key in file["extra/keys"][()]]


@contextmanager
def recordings(path: Path) -> Iterator[Recordings]:
    try:
        import h5py
    except ImportError:
        raise EventError(f"{path}: reading it needs h5py (pip install 'silif-tools[formats]')") from None
    if not Path(path).is_file():
        raise EventError(f"{path}: no such file")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise EventError(f"{path}: not an HDF5 file ({error})") from None
    with file:
        yield Recordings(Path(path), file)
