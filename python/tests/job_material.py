"""Clips for the tests of silif-score, and what its rows must be."""

import io
import tarfile
from typing import ClassVar

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from conftest import json_lines
from fsspec.implementations.memory import MemoryFileSystem


class ObjectStore(MemoryFileSystem):
    """In memory, as S3 has it: there are no folders, only names that begin with them. Counts requests."""

    protocol = "objects"
    store: ClassVar[dict] = {}
    requests = 0

    @property
    def pseudo_dirs(self):
        return [""]

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace(f"{cls.protocol}://", "memory://"))

    def makedirs(self, path, exist_ok=False):
        pass

    def ls(self, path, detail=True, **options):
        type(self).requests += 1
        return super().ls(path, detail, **options)

    def info(self, path, **options):
        type(self).requests += 1
        return super().info(path, **options)


@pytest.fixture(scope="module")
def clips(demo, tmp_path_factory):
    """Clips in folders of words, a stereo file of another rate, a file that is no sound, one that is no clip."""
    folder = tmp_path_factory.mktemp("clips")
    for word, first in (("yes", 16_000), ("go", 40_000), ("bird", 90_000), ("_silence_", 5_000)):
        (folder / word).mkdir()
        for index in range(6):
            start = first + 1000 * index
            soundfile.write(folder / word / f"{index}.flac", demo[start : start + 16_000], 16_000)
    stereo = np.repeat(demo[16_000:32_000], 3)
    soundfile.write(folder / "go" / "stereo.wav", np.stack([stereo, stereo // 2], axis=1), 48_000)
    (folder / "go" / "broken.wav").write_bytes(b"RIFF" + bytes(100))
    (folder / "notes.txt").write_text("no sound")
    return folder


def rows_of(output) -> dict[str, dict]:
    """Rows by path, and that no path is there twice."""
    rows = pyarrow.parquet.read_table(output).to_pylist()
    found = {row["path"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_rows_of_kws_score(rows, inputs, name=str, model="kws12"):
    """
    Args:
        name: path that kws-score prints to the path of the row.
    """
    expected = json_lines("kws-score", *inputs, "--model", model, "--each", "--format", "jsonl", statuses=(0, 1))
    assert sorted(rows) == sorted(name(row["path"]) for row in expected)
    for row in expected:
        found = rows[name(row["path"])]
        assert (found["error"] is not None) == ("error" in row), found
        if "error" in row:
            assert found["word"] is None and found["score"] is None
            continue
        for field in ("word", "steps", "spikes"):
            assert found[field] == row[field], (field, found)
        assert all(abs(found[f"p_{word}"] - p) < 1e-9 for word, p in row["probabilities"].items())
        assert abs(found["score"] - row["score"]) < 5.1e-5
        assert abs(found["probability"] - row["probability"]) < 5.1e-5
        if "model" in found:
            assert found["model"] == row["model"] and found["label"] in (row["label"], None)
    return expected


def shards(clips, folder):
    """The clips as two tar shards in WebDataset's layout, and as Parquet in both layouts."""
    paths = sorted(path for path in clips.rglob("*") if path.suffix in (".flac", ".wav"))
    for number, some in enumerate((paths[:10], paths[10:])):
        with tarfile.open(folder / f"clips-{number:03d}.tar", "w") as tar:
            for path in some:
                tar.add(path, path.relative_to(clips))
                label = tarfile.TarInfo(f"{path.relative_to(clips).with_suffix('')}.cls")
                label.size = 1
                tar.addfile(label, io.BytesIO(b"3"))
    contents, names = [path.read_bytes() for path in paths], [str(path.relative_to(clips)) for path in paths]
    table = pyarrow.table({"audio": contents, "path": names, "speaker": [7] * len(paths)})
    pyarrow.parquet.write_table(table, folder / "flat.parquet")
    nested = [{"bytes": content, "path": name} for content, name in zip(contents, names, strict=True)]
    pyarrow.parquet.write_table(pyarrow.table({"audio": nested}), folder / "nested.parquet")
