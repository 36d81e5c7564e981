"""Rows of a part: one for each clip, as `kws-score --each` writes them, or one for each event of a stream."""

from __future__ import annotations

import gzip
import io
import os
import pathlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import isnan
from typing import Any, BinaryIO, Self, cast

import numpy as np
import pyarrow
import pyarrow.parquet
from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray

from silif._clips import score
from silif._errors import InputError, SilifError, reason
from silif._model import Model
from silif._sound import has_sound_ending, read_sound, sound_blocks
from silif._spotter import KeywordSpotter
from silif.job._parts import Part

#: Clips that are fetched or scored together, and the samples at which no more are waited for.
_CLIPS, _SAMPLES = 64, 1 << 24
#: How a Parquet shard is read whose recordings may be hours long: not a group of rows at a time, but so many bytes.
_FRUGAL = {"pre_buffer": False, "buffer_size": 1 << 20}
#: Remote files that a worker fetches at a time.
_FETCHES = 16
#: Of a shard without sound, by its kind: why, and what to do.
_EMPTY = {
    "tar": ("no member is called like a sound file", "leave it out, or give members such names: .wav, .flac"),
    "parquet": ("it has no rows", "leave it out, or write it anew"),
}


@dataclass(frozen=True)
class Sound:
    """One recording of a part.

    Attributes:
        name: path or URL; in a shard SHARD/NAME.
        label: the word that its folder names; None where there is none.
        open: gives a path, the content or an open file, or raises why there is none.
    """

    name: str
    label: str | None
    open: Callable[[], str | bytes | BinaryIO]


@dataclass
class Counts:
    """What a part held.

    Attributes:
        sounds, failed: clips or streams; those that could not be read.
        sound_s: seconds of sound that were heard.
        core_s: seconds of a core that it took.
    """

    sounds: int = 0
    failed: int = 0
    sound_s: float = 0
    core_s: float = 0

    def add(self, other: Counts) -> None:
        """Makes these the counts of both."""
        self.sounds += other.sounds
        self.failed += other.failed
        self.sound_s += other.sound_s
        self.core_s += other.core_s


class Rows:
    """Makes the rows of parts with one model, on one core."""

    def __init__(self, model: Model, *, are_events: bool, thresholds: float | None, columns: tuple[str, str]):
        """
        Args:
            are_events: whether each recording is a stream with events, not a clip with probabilities.
            thresholds: as in `KeywordSpotter`, for events.
            columns: of Parquet shards: the sound's bytes, and its name.
        """
        self._model, self._are_events, self._thresholds, self._columns = model, are_events, thresholds, columns
        self._words = model.info().words
        name = pathlib.PurePath(model.name).name
        self._model_name = _utf8(name if name.endswith(".silif") else f"{name}.silif")

    @property
    def schema(self) -> pyarrow.Schema:
        """Columns of the rows. Twins: docs/CLUSTER.md, Sources/kws-score/Clips/ClipRow.swift"""
        text, number = pyarrow.string(), pyarrow.float64()
        if self._are_events:
            fields = [("word", text), ("score", number), ("probability", number), ("time_s", number)]
            fields += [("sample", pyarrow.int64())]
        else:
            fields = [("label", text), ("word", text), ("score", number), ("probability", number)]
            fields += [("steps", pyarrow.int64()), ("spikes", pyarrow.int64())]
            fields += [(f"p_{word}", number) for word in self._words]
        return pyarrow.schema([("path", text), ("model", text), *fields, ("error", text)])

    def of_part(self, part: Part) -> tuple[pyarrow.Table, Counts]:
        """Reads and scores a part. What cannot be read is a row with its error."""
        counts, rows = Counts(), []
        make = self._events if self._are_events else self._clips
        for row in make(sounds_of(part, self._columns, is_whole=not self._are_events), counts):
            row["model"] = self._model_name
            for name in ("path", "error"):
                if name in row:
                    row[name] = _utf8(row[name])
            rows.append(row)
        return pyarrow.Table.from_pylist(rows, self.schema), counts

    def _clips(self, sounds: Iterator[Sound], counts: Counts) -> Iterator[dict[str, Any]]:
        waiting: list[tuple[dict[str, Any], NDArray[np.int16] | None]] = []
        samples = 0
        for sound in sounds:
            row: dict[str, Any] = {"path": sound.name, "label": sound.label}
            found = None
            counts.sounds += 1
            try:
                with _opened(sound) as source:
                    found = read_sound(source, sound.name)
                samples += len(found)
            except SilifError as error:
                row["error"] = str(error)
                counts.failed += 1
            waiting.append((row, found))
            if len(waiting) == _CLIPS or samples >= _SAMPLES:
                yield from self._scored(waiting)
                waiting, counts.sound_s, samples = [], counts.sound_s + samples / 16_000, 0
        yield from self._scored(waiting)
        counts.sound_s += samples / 16_000

    def _scored(self, waiting: list[tuple[dict[str, Any], NDArray[np.int16] | None]]) -> Iterator[dict[str, Any]]:
        scores = score([samples for _, samples in waiting if samples is not None], self._model, jobs=1)
        words, best = scores.word, scores.score
        at = 0
        for row, samples in waiting:
            if samples is not None:
                sure = float(scores.probability[at])
                row |= {"word": str(words[at]), "score": float(best[at]), "probability": None if isnan(sure) else sure}
                row |= {"steps": int(scores.steps[at]), "spikes": int(scores.spikes[at])}
                row |= {f"p_{word}": float(p) for word, p in zip(self._words, scores.probabilities[at], strict=True)}
                at += 1
            yield row

    def _events(self, sounds: Iterator[Sound], counts: Counts) -> Iterator[dict[str, Any]]:
        for sound in sounds:
            counts.sounds += 1
            spotter = KeywordSpotter(self._model, thresholds=self._thresholds)
            try:
                with _opened(sound) as source:
                    for block in sound_blocks(source, sound.name):
                        counts.sound_s += len(block) / 16_000
                        for event in spotter.process(block):
                            yield {"path": sound.name, **event._asdict()}
            except SilifError as error:
                counts.failed += 1
                yield {"path": sound.name, "error": str(error)}


@contextmanager
def _opened(sound: Sound) -> Iterator[str | bytes | BinaryIO]:
    try:
        source = sound.open()
    except SilifError:
        raise
    except Exception as error:  # Every file system has errors of its own.
        raise InputError(sound.name, f"cannot be read ({reason(error)})", "check the path") from error
    try:
        yield source
    finally:
        if not isinstance(source, str | bytes):
            source.close()


def _utf8(text: str) -> str:
    """Names of files may hold bytes that are none."""
    return os.fsencode(text).decode(errors="replace")


def sounds_of(part: Part, columns: tuple[str, str], *, is_whole: bool) -> Iterator[Sound]:
    """The recordings of a part, in order. A shard that breaks off ends with one that says so; one without any says why.

    Args:
        columns: of Parquet shards: the sound's bytes, and its name.
        is_whole: whether remote files are fetched whole, many at a time; else they are read as they are heard.
    """
    if part.kind == "files":
        yield from _files(part, is_whole)
        return
    (shard,) = part.paths
    is_empty = True
    try:
        with _binary(part, shard) as file:
            is_tar = part.kind == "tar"
            for sound in _of_tar(file, shard) if is_tar else _of_parquet(file, shard, columns, is_whole):
                is_empty = False
                yield sound
        if is_empty:
            raise InputError(shard, *_EMPTY[part.kind])
    except Exception as error:  # Every file system has errors of its own.
        if isinstance(error, SilifError):
            yield Sound(shard, None, _raising(error))
        else:
            problem = f"the shard cannot be read further ({reason(error)})"
            yield Sound(shard, None, _raising(InputError(shard, problem, "copy or write it anew")))


def _raising(error: Exception) -> Callable[[], bytes]:
    def fail() -> bytes:
        raise error

    return fail


def _binary(part: Part, path: str) -> BinaryIO:
    fs, there = part.location(path)
    if isinstance(fs, LocalFileSystem):
        return open(there, "rb")  # fsspec's would look for the end of a pipe.
    remote: BinaryIO = fs.open(there, "rb")
    return remote


def _files(part: Part, is_whole: bool) -> Iterator[Sound]:
    with ThreadPoolExecutor(_FETCHES) as pool:
        fetch = pool.map if any("://" in path for path in part.paths) else map
        for start in range(0, len(part.paths), _CLIPS):
            paths = part.paths[start : start + _CLIPS]
            fetched = fetch(partial(_source, part, is_whole), paths)
            for path, label, open in zip(paths, part.labels[start:], fetched, strict=False):
                yield Sound(path, label, open)


def _source(part: Part, is_whole: bool, path: str) -> Callable[[], str | bytes | BinaryIO]:
    """How to open a file; a remote one that is wanted whole is there then."""
    try:
        fs, there = part.location(path)
        if isinstance(fs, LocalFileSystem):
            return partial(_local, path, there)
        return partial(bytes, fs.cat_file(there)) if is_whole else partial(fs.open, there, "rb")
    except Exception as error:  # Every file system has errors of its own.
        return _raising(error)


def _local(path: str, there: str) -> str:
    """A file's own path. A folder is among the files where its search failed, for a reason that says more."""
    if os.path.isdir(there):
        try:
            os.scandir(there).close()
        except OSError as error:
            raise InputError(path, f"cannot be looked into ({error.strerror})", "make it readable") from error
    return there


class _Member(tarfile.TarInfo):
    """To tarfile a header that is damaged or missing is the end of the archive; here only its own mark is."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """The next member. The mark is two blocks of zeros, which only zeros follow."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined, unused-ignore]  # Is in no list of types.
            rest: Any = archive.fileobj
            blocks = iter(partial(rest.read, tarfile.BLOCKSIZE), b"")
            second = next(blocks, b"")
            if len(second) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("its end is cut off") from None
            if any(block.strip(b"\0") for block in chain([second], blocks)):
                raise tarfile.ReadError("it goes on after its end, or was overwritten by zeros") from None
            raise
        except tarfile.HeaderError as error:
            where = f"at byte {archive.offset}, where a member or the end must be"
            raise tarfile.ReadError(f"{error} {where}") from None


class _Unzipped:
    """What a gzip stream holds, up to the byte before what is wrong with it."""

    def __init__(self, file: BinaryIO):
        self._file = gzip.GzipFile(fileobj=file)
        self._error: Exception | None = None

    def read(self, count: int) -> bytes:
        if self._error is not None:
            raise self._error
        got = b""
        try:
            while len(got) < count and (more := self._file.read1(count - len(got))):
                got += more
        except (OSError, EOFError, zlib.error) as error:
            if not got:
                raise
            self._error = error
        return got


def _of_tar(file: BinaryIO, shard: str) -> Iterator[Sound]:
    """Every member that is called like a sound file; what else belongs to a sample of WebDataset is passed over."""
    source: Any = io.BufferedReader(cast(Any, file))
    if source.peek(2)[:2] == b"\x1f\x8b":
        # tarfile's own way reads the first of several gzip members, and no checksum.
        source = _Unzipped(source)
    with tarfile.open(fileobj=source, mode="r|*", tarinfo=_Member) as tar:
        for member in tar:
            if not has_sound_ending(member.name):
                continue
            name = f"{shard}/{member.name}"
            if member.isfile():
                extracted = tar.extractfile(member)
                content = extracted.read() if extracted else b""
                if len(content) < member.size:
                    raise InputError(shard, f"ends in the middle of {member.name}", "copy or write it anew")
                yield Sound(name, None, partial(bytes, content))
            elif member.issym() or member.islnk():
                remedy = "write the shard anew, with tar --dereference --hard-dereference"
                yield Sound(name, None, _raising(InputError(name, f"is a link to {member.linkname}", remedy)))


def _of_parquet(file: BinaryIO, shard: str, columns: tuple[str, str], are_clips: bool) -> Iterator[Sound]:
    """Bytes in one column and names in another, or both in a struct of bytes and path, as Hugging Face writes it."""
    sound_column, name_column = columns
    table = pyarrow.parquet.ParquetFile(file, **({} if are_clips else _FRUGAL))
    present = table.schema_arrow.names
    if sound_column not in present:
        raise InputError(shard, f"there is no column {sound_column!r} among {present}", "name it by --audio-column")
    wanted = [column for column in (sound_column, name_column) if column in present]
    batches = table.iter_batches(batch_size=_CLIPS if are_clips else 1, columns=wanted)
    for row, entry in enumerate(chain.from_iterable(map(_entries, batches))):
        content, name = entry[sound_column], _name(entry.get(name_column), shard)
        if isinstance(content, dict):
            name, content = name or _name(content.get("path"), shard), content.get("bytes")
        name = f"{shard}/{row if name is None else name}"
        if isinstance(content, bytes):
            yield Sound(name, None, partial(bytes, content))
        else:
            problem = InputError(name, "there are no bytes", f"put the file's content into {sound_column!r}")
            yield Sound(name, None, _raising(problem))


def _entries(batch: pyarrow.RecordBatch) -> Iterator[dict[str, Any]]:
    """The rows of a batch, of which only one is there as Python's bytes."""
    for row in range(batch.num_rows):
        yield from batch.slice(row, 1).to_pylist()


def _name(value: object, shard: str) -> str | None:
    """As text, from a column of names; None where it has none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return os.fsdecode(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(shard, f"a name in it is a {type(value).__name__}", "name a column of text by --path-column")
