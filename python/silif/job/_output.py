"""The folder of a job's rows: one Parquet file for each part, whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow
import pyarrow.parquet

from silif._errors import InputError, reason
from silif._model import Model
from silif.job._job_files import BEGUN, JOB_NAME, MODEL_NAME, WRITING, rows_name
from silif.job._parts import Part, location

#: How often a part is begun. One that ends its worker each time, and nobody knows why, is left out.
_ATTEMPTS = 4
#: Files that are read at a time: of a remote folder each takes its while.
_READS = 16


class Output:
    """A folder, local or on any file system of fsspec."""

    def __init__(self, url: str, folder: str):
        """
        Args:
            url: a path or URL.
            folder: what a relative path starts from.
        """
        self.url, self._folder = url, folder

    def __reduce__(self) -> tuple[object, ...]:
        return Output, (self.url, self._folder)

    def _at(self, name: str = "") -> tuple[Any, str]:
        fs, folder = location(self.url, self._folder)
        return fs, f"{folder.rstrip('/')}/{name}"

    def prepare(self, job: dict[str, Any], model: Model, parts: list[Part], *, is_resumed: bool) -> list[Part]:
        """Makes the folder the job's own.

        Args:
            job: what the rows depend on besides model and parts.

        Returns:
            The parts that are still to be done.

        Raises:
            InputError: the folder holds rows already, or with `is_resumed` those of another job.
        """
        if not self.url:
            raise InputError("--output", "the path is empty", "give a folder")
        plan = json.dumps([(part.kind, part.paths, part.labels, part.start) for part in parts]).encode()
        job = {**job, "model": model.name, "model_sha256": hashlib.sha256(model.content()).hexdigest()}
        job |= {"parts": len(parts), "inputs_sha256": hashlib.sha256(plan).hexdigest()}
        content = json.dumps(job, indent=1).encode()
        try:
            fs, path = self._at(JOB_NAME)
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            if not fs.exists(path):
                if self.done():
                    raise InputError(self.url, "holds Parquet files of something else", "give another --output")
                self._write(MODEL_NAME, model.content())
                self._write(JOB_NAME, content)
                return parts
            if not is_resumed:
                raise InputError(
                    self.url, "holds the rows of a job", "go on with it by --resume, or give another --output"
                )
            there = fs.cat_file(path)
            if there != content:
                raise InputError(self.url, *_difference(there, content))
            done = self.done()
            for name in self._paths():
                if name.rpartition("/")[2].startswith((BEGUN, WRITING)):
                    fs.rm_file(name)
        except InputError:
            raise
        except Exception as error:  # Every file system has errors of its own.
            raise InputError(self.url, f"cannot be written ({reason(error)})", "check --output") from error
        return [part for part in parts if rows_name(part.number) not in done]

    def done(self) -> set[str]:
        """Names of the files of parts that are there.

        Raises:
            InputError: the folder cannot be listed.
        """
        names = {path.rpartition("/")[2] for path in self._paths()}
        return {name for name in names if name.endswith(".parquet") and not name.startswith("_")}

    def _paths(self) -> list[str]:
        fs, folder = self._at()
        fs.invalidate_cache()
        try:
            return list(fs.ls(folder.rstrip("/"), detail=False))
        except FileNotFoundError:  # Object stores have no empty folders.
            return []
        except Exception as error:  # Every file system has errors of its own.
            raise InputError(self.url, f"cannot be listed ({reason(error)})", "check --output") from error

    def failed(self) -> int:
        """Recordings that could not be read, by the rows that are there.

        Raises:
            InputError: some rows are damaged.
        """
        with ThreadPoolExecutor(_READS) as pool:
            return sum(pool.map(self._failed, self.done()))

    def _failed(self, name: str) -> int:
        try:
            fs, path = self._at(name)
            with fs.open(path, "rb") as file:
                (errors,) = pyarrow.parquet.read_table(file, columns=["error"]).columns
        except Exception as error:  # Every file system has errors of its own.
            problem = f"the rows in {name} cannot be read ({reason(error)})"
            raise InputError(self.url, problem, "remove that file, and --resume does its part again") from error
        return int(len(errors) - errors.null_count)

    def model(self) -> Model:
        """The job's model, for workers anywhere.

        Raises:
            InputError: this machine does not see the folder.
        """
        try:
            fs, path = self._at(JOB_NAME)
            job = json.loads(fs.cat_file(path))
            fs, path = self._at(MODEL_NAME)
            content = fs.cat_file(path)
        except Exception as error:  # Every file system has errors of its own.
            problem = f"a worker does not see the job in it ({reason(error)})"
            raise InputError(self.url, problem, "give an --output that every machine can write") from error
        return Model.named(job["model"], content)

    def begin(self, part: Part) -> None:
        """Notes that a worker begins a part.

        Raises:
            InputError: it was begun too often, and never done.
        """
        fs, path = self._at(f"{BEGUN}{part.number:06d}")
        fs.invalidate_cache()
        attempts = len(fs.cat_file(path)) if fs.exists(path) else 0
        if attempts >= _ATTEMPTS:
            what = part.paths[0] if len(part.paths) == 1 else f"{part.paths[0]} and the {len(part.paths) - 1} after it"
            raise InputError(what, f"ended their worker {attempts} times", "find the one to blame with --part 1")
        fs.pipe_file(path, b"x" * (attempts + 1))

    def write(self, part: Part, table: pyarrow.Table) -> None:
        """Writes a part's rows. Twice does no harm: a part is done again where its worker was lost."""
        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(table, sink, compression="zstd")
        self._write(rows_name(part.number), sink.getvalue().to_pybytes())
        fs, path = self._at(f"{BEGUN}{part.number:06d}")
        with contextlib.suppress(FileNotFoundError):  # Another worker did the same part, and was taken for lost.
            fs.rm_file(path)

    def _write(self, name: str, content: bytes) -> None:
        # Moved when it is whole. On object stores a file is never half, and the move is a copy.
        fs, temporary = self._at(f"{WRITING}{uuid.uuid4().hex}")
        fs.pipe_file(temporary, content)
        fs.mv(temporary, self._at(name)[1])


def _difference(there: bytes, content: bytes) -> tuple[str, str]:
    """What makes the job that is there another one, and what to do."""
    another = "give another --output"
    try:
        before, now = json.loads(there), json.loads(content)
        field = next(key for key in now if before.get(key) != now[key])
    except (ValueError, StopIteration, AttributeError):
        return "holds the rows of something else", another
    if field not in before:
        return "holds the rows of a job that an earlier version began", another
    if field in ("parts", "inputs_sha256"):
        problem = "the inputs differ from those of the job whose rows are there"
        return problem, "give the same ones (also in the folders) and the same --part, or another --output"
    if field == "model_sha256":
        problem = f"the model {now['model']} differs from the one that made the rows there"
        return problem, "give that one, or another --output"
    return f"holds the rows of another job: {field} was {before.get(field)!r} and is {now[field]!r}", another
