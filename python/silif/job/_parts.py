"""What a job has to score, cut into parts that are done one at a time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from glob import escape
from itertools import chain, islice
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from silif._errors import InputError, reason
from silif._model import ModelInfo
from silif._sound import has_sound_ending
from silif.job._job_files import without_job_files

_TAR_ENDINGS = (".tar", ".tar.gz", ".tgz")
#: Long recordings that are no clips: what kws-score passes over too.
_PASSED_OVER = "_background_noise_"
_WEB = ("http://", "https://")
#: Paths that are looked up at a time: a remote one takes a request.
_LOOKUPS = 16


@dataclass(frozen=True)
class Part:
    """Sound files, or one shard.

    Attributes:
        number: place in the job, from 0.
        kind: "files", "tar" or "parquet".
        paths: as they were given or found: paths or URLs.
        labels: the word that each file's folder names, as in kws-score; None where there is none.
        folder: what relative paths start from.
    """

    number: int
    kind: str
    paths: list[str]
    labels: list[str | None]
    folder: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @property
    def start(self) -> str | None:
        """What its paths start from; None where they are whole."""
        is_whole = all("://" in path or os.path.isabs(path) for path in self.paths)
        return None if is_whole else self.folder

    @staticmethod
    def from_json(text: str) -> Part:
        return Part(**json.loads(text))

    def location(self, path: str) -> tuple[Any, str]:
        """File system of one of the paths, and its path there."""
        return location(path, self.folder)


def location(path: str, folder: str) -> tuple[Any, str]:
    """File system of a path or URL, and its path there. Relative paths start from `folder`."""
    if "://" not in path:
        # Not by url_to_fs, to which `::` in a name is a file system inside another.
        return LocalFileSystem(), os.path.join(folder, path).rstrip("/") or "/"
    fs, there = fsspec.core.url_to_fs(path)
    return fs, there


def parts_of(
    inputs: Iterable[str],
    info: ModelInfo,
    part_clips: int,
    *,
    list_path: str | None = None,
    root: str | None = None,
    tell: Callable[[InputError], None] = lambda _: None,
) -> list[Part]:
    """Finds what there is to score, in an order that does not depend on the machine.

    A path where nothing is found is in a part all the same: it fails in its turn and loses no other.

    Args:
        inputs: sound files, folders, shards (.tar, .tar.gz, .tgz, .parquet), patterns (`*`, `{000..099}`); as paths or
            URLs.
        info: the model's: a folder that is called like a word of it labels the clips in it.
        part_clips: sound files in a part.
        list_path: a list, one path a line, instead of `inputs`; the parent folder is the word, where there is one.
        root: folder that the list's paths start from; None for the list's own.
        tell: hears why nothing is found at a path, where there is something at another.

    Raises:
        InputError: nothing is found at all, or a path is empty.
    """
    search = _Search(info, os.getcwd())
    found = search.of_list(list_path, root) if list_path is not None else []
    paths = chain.from_iterable(map(search.spelled, inputs))
    unfound: list[InputError] = []

    def look(path: str) -> list[tuple[str, str | None]] | InputError:
        try:
            return search.of_path(path)
        except InputError as error:
            return error

    with ThreadPoolExecutor(_LOOKUPS) as pool:
        while some := list(islice(paths, _LOOKUPS)):
            for path, there in zip(some, pool.map(look, some), strict=True):
                if not isinstance(there, InputError):
                    found += there
                elif path:
                    found.append((path, None))
                    unfound.append(there)
                else:
                    raise there
    if unfound and len(found) == len(unfound):
        raise unfound[0]
    for error in unfound:
        tell(error)
    parts: list[Part] = []

    def add(kind: str, clips: list[tuple[str, str | None]]) -> None:
        paths, labels = [path for path, _ in clips], [label for _, label in clips]
        parts.append(Part(len(parts), kind, paths, labels, search.folder))

    files: list[tuple[str, str | None]] = []
    for path, label in found:
        kind = _kind(path)
        if kind == "files":
            files.append((path, label))
        if files and (kind != "files" or len(files) == part_clips):
            add("files", files)
            files = []
        if kind != "files":
            add(kind, [(path, None)])
    if files:
        add("files", files)
    if not parts:
        raise InputError("input", "there is nothing to score", "give sound files, folders or shards")
    return parts


def _bare(path: str) -> str:
    """Without what a web server is asked besides."""
    return path.partition("?")[0] if path.startswith(_WEB) else path


def _kind(path: str) -> str:
    name = _bare(path).lower()
    return "tar" if name.endswith(_TAR_ENDINGS) else "parquet" if name.endswith(".parquet") else "files"


def _is_wanted(path: str) -> bool:
    return has_sound_ending(_bare(path)) or _kind(path) != "files"


def _is_hidden(name: str, pattern: str) -> bool:
    """Whether a part begins with a dot, which a pattern has to spell, as in shells."""
    spelled, hidden = ([part for part in path.split("/") if part.startswith(".")] for path in (pattern, name))
    return not all(any(fnmatchcase(part, each) for each in spelled) for part in hidden)


class _Search:
    """Finds files and their labels as kws-score does.

    Twins: Sources/kws-score/Clips/FolderSearch.swift, Sources/kws-score/Clips/WordRule.swift
    """

    def __init__(self, info: ModelInfo, folder: str):
        self.folder = folder
        self._info = info
        self._is_word_folder: dict[str, bool] = {}

    def spelled(self, path: str) -> Iterator[str]:
        """`{000..099}` as WebDataset writes it, if that is not a file's own name."""
        match = re.search(r"\{(\d+)\.\.(\d+)\}", path)
        if match is None or ("://" not in path and os.path.exists(os.path.join(self.folder, path))):
            yield path
            return
        for number in range(int(match[1]), int(match[2]) + 1):
            yield from self.spelled(f"{path[: match.start()]}{number:0{len(match[1])}}{path[match.end() :]}")

    def of_path(self, path: str) -> list[tuple[str, str | None]]:
        """What a path, a folder or a pattern stands for, each with its label."""
        if not path:
            raise InputError("input", "a path is empty", "give . for this folder")
        try:
            fs, there = location(path, self.folder)
            magic = re.search(r"[*\[]" if path.startswith(_WEB) else r"[*?\[]", path)
            # What is called like a file needs no listing of its folder, which a web server may refuse.
            if _is_wanted(path) and fs.isfile(there):
                found = [(path, there)]
            elif magic and not fs.exists(there):
                found = self._matching(fs, path, there, path.rfind("/", 0, magic.start()) + 1)
            elif fs.isdir(there):
                given, start = path.rstrip("/"), there.rstrip("/")
                found = [(given + name[len(start) :], name) for name in self._in_folder(fs, there)]
            elif fs.exists(there):
                found = [(path, there)]
            else:
                raise InputError(path, "no such file or folder", "check the path")
            if not found:
                raise InputError(path, "no sound file and no shard is there", "give a folder that holds some")
            found.sort(key=lambda pair: _by_folders(pair[1]))
            return [(given, self._label_of(fs, name)) for given, name in found]
        except InputError:
            raise
        except Exception as error:  # Every file system has errors of its own.
            raise InputError(path, f"cannot be looked into ({reason(error)})", "check the path") from error

    def _matching(self, fs: Any, path: str, there: str, start: int) -> list[tuple[str, str]]:
        """Files that a pattern stands for, as it spells them and in full. It begins after `start`."""
        if "://" not in path:
            # In this folder's own name brackets are no pattern.
            folder = "" if os.path.isabs(path) else escape(self.folder).rstrip("/") + "/"
            skipped = 0 if os.path.isabs(path) else len(self.folder.rstrip("/")) + 1
            names = without_job_files(fs.glob(re.sub("/+", "/", folder + path)), fs.exists)
            matches = [(name[skipped:], name) for name in names if os.path.isfile(name)]
            return [match for match in matches if not _is_hidden(match[0], path)]
        given, skipped = path[:start], len(there) - (len(path) - start)
        names = [name for name, entry in fs.glob(there, detail=True).items() if entry["type"] == "file"]
        return [(given + name[skipped:], name) for name in without_job_files(names, fs.exists)]

    def of_list(self, path: str, root: str | None) -> list[tuple[str, str | None]]:
        """Every line, whatever it says: one that is no recording fails in its turn and loses no other.

        Twins: Sources/kws-score/Clips/ClipList.swift
        """
        try:
            fs, there = location(path, self.folder)
            with fs.open(there) as file:
                content = file.read()
        except Exception as error:  # Every file system has errors of its own.
            raise InputError(path, f"the list cannot be read ({reason(error)})", "check the path") from error
        lines = _lines(content, path)
        root = root if root is not None else path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
        # Others than local ones have folders only where something is in them.
        if "://" not in root and not (root and os.path.isdir(os.path.join(self.folder, root))):
            raise InputError(root, "no such folder", "check --root")
        found = list(self._listed(lines, root))
        if not found:
            raise InputError(path, "the list is empty", "give one with a path a line")
        return found

    def _listed(self, lines: list[str], root: str) -> Iterator[tuple[str, str | None]]:
        for line in lines:
            parts = [part for part in line.split("/") if part not in ("", ".")]
            folder = parts[-2] if len(parts) > 1 else None
            if folder != _PASSED_OVER:
                label = self._label(folder) if folder else None
                yield (line if line.startswith("/") or "://" in line else f"{root}/{line}"), label

    def _in_folder(self, fs: Any, folder: str) -> Iterable[str]:
        if isinstance(fs, LocalFileSystem):
            return without_job_files(list(self._local(folder, set())), os.path.exists)
        return self._remote(fs, folder)

    def _local(self, folder: str, searched: set[tuple[int, int]]) -> Iterator[str]:
        """Follows links, but not to a folder that it has been in: its clips would count twice."""
        status = os.stat(folder)
        identity = (status.st_dev, status.st_ino)
        if identity in searched:
            return
        searched.add(identity)
        with os.scandir(folder) as unsorted:
            entries = sorted(unsorted, key=lambda entry: os.fsencode(entry.name))
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _answer(entry.is_dir):
                if entry.name != _PASSED_OVER:
                    yield from self._below(entry.path, searched)
            elif _is_wanted(entry.name) and (_answer(entry.is_file) or not os.path.exists(entry.path)):
                yield entry.path

    def _below(self, folder: str, searched: set[tuple[int, int]]) -> Iterator[str]:
        """A folder in one that is searched. One that cannot be looked into fails in its turn and loses no other."""
        try:
            yield from self._local(folder, searched)
        except OSError:
            yield folder

    def _remote(self, fs: Any, folder: str) -> Iterator[str]:
        names = fs.find(folder)
        for name in without_job_files(names, set(names).__contains__):
            parts = name[len(folder) :].split("/")
            if _is_wanted(name) and not any(part.startswith(".") or part == _PASSED_OVER for part in parts):
                yield name

    def _label_of(self, fs: Any, there: str) -> str | None:
        """The parent folder names the word, where that folder's own parent holds the folder of at least one word.

        None for shards: what is in them lies in no folder.
        """
        if _kind(there) != "files":
            return None
        if isinstance(fs, LocalFileSystem):
            there = os.path.realpath(there)
        above, _, folder = _bare(there).rpartition("/")[0].rpartition("/")
        if not above:
            return None
        if above not in self._is_word_folder:
            self._is_word_folder[above] = any(
                entry["type"] == "directory" and entry["name"].rstrip("/").rpartition("/")[2] in self._info.words
                for entry in _entries(fs, above)
            )
        return self._label(folder) if self._is_word_folder[above] else None

    def _label(self, folder: str) -> str | None:
        if folder in self._info.words:
            return folder
        return self._info.silence if folder == "_silence_" else self._info.unknown


def _answer(question: Callable[[], bool]) -> bool:
    """No, where a link goes round in a circle or through a folder that nobody may enter."""
    try:
        return question()
    except OSError:
        return False


def _lines(content: bytes, path: str) -> list[str]:
    """Of a list in UTF-16 that says so; else its names are bytes, as they are in folders."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        text = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf"))
    if "\0" in text:
        raise InputError(path, "is no text", "give a list with one path a line")
    return [stripped for line in re.split(r"[\r\n]", text) if (stripped := line.strip(" \t"))]


def _by_folders(name: str) -> list[bytes]:
    """Sorted by bytes, folder by folder, so that every machine sees the same order."""
    return [os.fsencode(part) for part in name.split("/")]


def _entries(fs: Any, folder: str) -> list[dict[str, Any]]:
    try:
        return list(fs.ls(folder, detail=True))
    except Exception:  # Every file system has errors of its own, and a web server's top has no folder above it.
        return []
