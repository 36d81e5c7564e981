"""The parts of silif-score that Ray only calls: what is found, read, scored and written."""

import bz2
import contextlib
import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tracemalloc
import types

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from conftest import commands, json_lines
from job_material import ObjectStore, assert_rows_of_kws_score, clips, shards

import silif
from silif.job._output import Output
from silif.job._parts import Part, parts_of
from silif.job._rows import Counts, Rows, sounds_of
from silif.job.command import main

__all__ = ["clips"]
INFO = silif.Model("kws12").info()


def test_a_folder_of_other_rows_is_refused(clips, tmp_path, capsys):
    model, parts = silif.Model("kws12-small"), parts_of([str(clips)], INFO, 10)
    trained_anew = silif.Model.named("kws12-small", silif.Model("kws12").content())
    output = Output(str(tmp_path), "/")
    assert output.prepare({"rows": "clips"}, model, parts, is_resumed=False) == parts
    assert output.prepare({"rows": "clips"}, model, parts, is_resumed=True) == parts
    for job, other, others, text in (
        ({"rows": "events"}, model, parts, "rows was 'clips' and is 'events'"),
        ({"rows": "clips"}, silif.Model("kws12-csilif"), parts, "model was 'kws12-small' and is 'kws12-csilif'"),
        ({"rows": "clips"}, trained_anew, parts, "the model kws12-small differs from the one that made the rows there"),
        ({"rows": "clips"}, model, parts[:2], "the inputs differ from those of the job whose rows are there; give the"),
        ({"rows": "clips"}, model, [parts[0], parts[2], parts[1]], "the inputs differ from those of the job"),
    ):
        with pytest.raises(silif.InputError, match=text):
            output.prepare(job, other, others, is_resumed=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.parquet").write_bytes(b"")
    with pytest.raises(silif.InputError, match=r"nofs://x: cannot be written \(Protocol not known: nofs\); check"):
        Output("nofs://x", "/").prepare({}, model, parts, is_resumed=False)
    with pytest.raises(silif.InputError, match="holds Parquet files of something else; give another --output"):
        Output(str(tmp_path / "other"), "/").prepare({}, model, parts, is_resumed=False)


def test_a_part_that_ends_its_worker_each_time_is_left_out(tmp_path):
    output, part = Output(str(tmp_path), "/"), Part(0, "files", ["a.wav", "b.wav"], [None, None], "/")
    for _ in range(4):
        output.begin(part)
    with pytest.raises(silif.InputError, match=r"a.wav and the 1 after it: ended their worker 4 times; .* --part 1"):
        output.begin(part)
    output.write(part, pyarrow.table({"path": ["a.wav"]}))
    output.begin(part)


def test_file_systems_that_are_not_local(clips):
    """All steps on fsspec's memory: found, read, scored, written."""
    memory = fsspec.filesystem("memory")
    for path in clips.rglob("*.*"):
        memory.pipe_file(f"/bucket/{path.relative_to(clips)}", path.read_bytes())
    memory.pipe_file("/bucket/_background_noise_/long.wav", b"")
    parts = parts_of(["memory://bucket"], INFO, 1000)
    model, output = silif.Model("kws12"), Output("memory://rows", "/")
    assert output.prepare({}, model, parts, is_resumed=False) == parts
    options = {"thresholds": None, "columns": ("audio", "path")}
    table, counts = Rows(output.model(), are_events=False, **options).of_part(parts[0])
    output.begin(parts[0])
    output.write(parts[0], table)
    assert output.done() == {"part-000000.parquet"}
    assert (counts.sounds, counts.failed) == (26, 1)
    rows = {row["path"]: row for row in table.to_pylist()}
    for row in assert_rows_of_kws_score(rows, [clips], lambda path: path.replace(str(clips), "memory://bucket")):
        assert rows[row["path"].replace(str(clips), "memory://bucket")]["label"] == row["label"]
    events, _ = Rows(model, are_events=True, **options).of_part(parts[0])
    assert [row["path"] for row in events.to_pylist() if row["error"]] == ["memory://bucket/go/broken.wav"]


@pytest.fixture
def objects():
    fsspec.register_implementation("objects", ObjectStore, clobber=True)
    ObjectStore.store.clear()
    ObjectStore.requests = 0
    return fsspec.filesystem("objects")


def test_an_object_store_has_no_empty_folder(clips, objects):
    model, output, parts = (
        silif.Model("kws12-small"),
        Output("objects://bucket/rows", "/"),
        parts_of([str(clips)], INFO, 9),
    )
    assert output.prepare({}, model, parts, is_resumed=False) == parts
    assert output.done() == set()
    output.begin(parts[1])
    output.write(parts[1], pyarrow.table({"path": ["a.wav"], "error": [None]}))
    output.begin(parts[2])
    assert output.prepare({}, model, parts, is_resumed=True) == [parts[0], *parts[2:]]
    assert not [name for name in objects.find("bucket/rows") if "_begun" in name]


def test_what_is_found_takes_few_requests(objects):
    names = [f"bucket/clips-{number:03d}.tar" for number in range(100)]
    for name in names:
        objects.pipe_file(name, b"")
    expected = [f"objects://{name}" for name in names]
    for given, most in (("objects://bucket/clips-*.tar", 10), ("objects://bucket/clips-{000..099}.tar", 100)):
        before = ObjectStore.requests
        assert [part.paths[0] for part in parts_of([given], INFO, 10)] == expected
        assert ObjectStore.requests - before <= most, given


@pytest.mark.parametrize(
    "name", ["take[1].flac", "what?.flac", "a::b.flac", "file::c.flac", "x*.flac", "~d.flac", "{1..2}.flac"]
)
def test_names_that_look_like_patterns_or_chains(clips, tmp_path, monkeypatch, name):
    folder = tmp_path / "rec[2024]::x"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for other in ("take1.flac", "whatx.flac", "xy.flac", "1.flac", name):
        shutil.copy(clips / "yes" / "1.flac", other)
    (part,) = parts_of([name], INFO, 10)
    assert part.paths == [name]
    (of_all,) = parts_of(["*.flac"], INFO, 10)
    assert of_all.paths == sorted(os.listdir("."))
    (of_folder,) = parts_of([str(folder)], INFO, 10)
    assert of_folder.paths == [f"{folder}/{path}" for path in of_all.paths]
    rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))
    for one in (of_all, of_folder):
        assert [row["error"] for row in rows.of_part(one)[0].to_pylist()] == [None] * 5
    with open("list.txt", "w") as file:
        print(name, file=file)
    (of_list,) = parts_of([], INFO, 10, list_path=f"{folder}/list.txt")
    assert rows.of_part(of_list)[1].failed == 0


def test_patterns(clips):
    (part,) = parts_of([f"{clips}/yes/[0-2].flac", f"{clips}//b*/?.flac", f"{clips}/**/stereo.*"], INFO, 100)
    assert [path.removeprefix(f"{clips}/").lstrip("/") for path in part.paths] == [
        *[f"yes/{index}.flac" for index in range(3)],
        *[f"bird/{index}.flac" for index in range(6)],
        "go/stereo.wav",
    ]
    assert part.labels == ["yes"] * 3 + ["_unknown_"] * 6 + ["go"]


def test_a_pattern_follows_no_links(clips, tmp_path, monkeypatch):
    """With two of them it found the same files again without end."""
    monkeypatch.chdir(tmp_path)
    for path in ("a.flac", "sub/b.flac", "sub/.hidden.flac"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(clips / "yes" / "1.flac", path)
    for name in ("up", "over"):
        (tmp_path / "sub" / name).symlink_to("..")
    (tmp_path / "link.flac").symlink_to("a.flac")
    (part,) = parts_of(["**/*.flac"], INFO, 100)
    assert part.paths == ["a.flac", "link.flac", "sub/b.flac"]
    (part,) = parts_of(["sub/.h*.flac"], INFO, 100)
    assert part.paths == ["sub/.hidden.flac"]
    monkeypatch.chdir(tmp_path / "sub" / "up" / "sub")
    (part,) = parts_of(["../sub/*.flac"], INFO, 100)
    assert part.paths == ["../sub/b.flac"]


class Failing(ObjectStore):
    """Whose errors are no OSError, as those of S3 without credentials."""

    protocol = "failing"

    def info(self, path, **options):
        raise RuntimeError("no credentials")

    ls = cat_file = pipe_file = _open = exists = isdir = isfile = info


def test_errors_of_a_file_system_s_own(clips, capsys, in_this_process):
    fsspec.register_implementation("failing", Failing, clobber=True)
    good = str(clips / "yes")
    for arguments, text in (
        (
            ["failing://x/clips.tar", "--output", "rows"],
            "failing://x/clips.tar: cannot be looked into (no credentials)",
        ),
        (["failing://x/*.tar", "--output", "rows"], "failing://x/*.tar: cannot be looked into (no credentials)"),
        (["--list", "failing://x", "--output", "rows"], "failing://x: the list cannot be read (no credentials)"),
        ([good, "--output", "failing://x"], "failing://x: cannot be written (no credentials); check --output"),
    ):
        assert main(arguments) == 1
        assert capsys.readouterr().err.startswith(f"silif-score: {text}")
    with pytest.raises(silif.InputError, match=r"does not see the job in it \(no credentials\); give an --output that"):
        Output("failing://x", "/").model()
    with pytest.raises(silif.InputError, match=r"cannot be listed \(no credentials\)"):
        Output("failing://x", "/").done()


def test_a_path_where_nothing_is_loses_no_other(clips, tmp_path, capsys, in_this_process):
    fsspec.register_implementation("failing", Failing, clobber=True)
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/unfound/1.flac", (clips / "yes" / "1.flac").read_bytes())
    (tmp_path / "empty").mkdir()
    missing = [
        f"{tmp_path}/typed wrong.wav",
        f"{tmp_path}/no folder",
        f"{tmp_path}/empty",
        f"{tmp_path}/*.flac",
        "failing://x/clips.tar",
        "memory://unfound/2.flac",
        f"{tmp_path}/gone-1.tar",
        f"{tmp_path}/gone-2.tar",
    ]
    inputs = [*missing[:3], "memory://unfound/1.flac", *missing[3:6], f"{tmp_path}/gone-{{1..2}}.tar"]
    job = [*inputs, "--output", str(tmp_path / "rows")]
    assert main(job) == 1
    heard = capsys.readouterr()
    assert heard.out.startswith("9 sounds, 8 failed, 0.00 h")
    told = [line.removeprefix("silif-score: ") for line in heard.err.splitlines()]
    assert [line.startswith(f"{path}: ") for line, path in zip(told, missing, strict=True)] == [True] * 8
    rows = pyarrow.parquet.read_table(tmp_path / "rows").to_pylist()
    assert {row["path"] for row in rows if row["error"]} == set(missing)
    assert [(row["path"], row["word"]) for row in rows if not row["error"]] == [("memory://unfound/1.flac", "yes")]
    # One that has come by then is no other input.
    shutil.copy(clips / "yes" / "1.flac", tmp_path / "typed wrong.wav")
    (tmp_path / "rows" / "part-000000.parquet").unlink()
    assert main([*job, "--resume"]) == 1
    rows = pyarrow.parquet.read_table(tmp_path / "rows").to_pylist()
    assert {row["path"] for row in rows if row["error"]} == set(missing[1:])


def test_a_relative_path_is_another_one_elsewhere(clips, tmp_path, monkeypatch, capsys, in_this_process):
    for folder in ("a", "b"):
        shutil.copytree(clips / "yes", tmp_path / folder / "clips")
    output = str(tmp_path / "rows")
    monkeypatch.chdir(tmp_path / "a")
    assert main(["clips", "--output", output]) == 0
    assert main(["clips", "--output", output, "--resume"]) == 0
    monkeypatch.chdir(tmp_path / "b")
    assert main(["clips", "--output", output, "--resume"]) == 1
    assert "the inputs differ from those of the job whose rows are there" in capsys.readouterr().err
    whole = [f"{tmp_path}/a/clips", "--output", str(tmp_path / "whole")]
    assert main(whole) == 0
    monkeypatch.chdir(tmp_path / "a")
    assert main([*whole, "--resume"]) == 0


def test_the_columns_of_shards_belong_to_a_job(clips, tmp_path, capsys, in_this_process):
    content = (clips / "yes" / "1.flac").read_bytes()
    table = pyarrow.table({"audio": [content], "far": [content], "path": ["x"]})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
    arguments = [str(tmp_path / "x.parquet"), "--output", str(tmp_path / "rows")]
    assert main(arguments) == 0 and main([*arguments, "--resume"]) == 0
    assert main([*arguments, "--resume", "--audio-column", "far"]) == 1
    assert "columns was ['audio', 'path'] and is ['far', 'path']; give another" in capsys.readouterr().err


LOOKING = """
import sys, time, types
stand_in = types.ModuleType("silif.job._workers")
stand_in.run = stand_in.connected = None
sys.modules[stand_in.__name__] = stand_in
import silif.job._parts
def look(*_, **__):
    print("looking", flush=True)
    time.sleep(600)
silif.job._parts.parts_of = look
from silif.job.command import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_is_interrupted_while_it_looks(tmp_path, number, status):
    command = [sys.executable, "-c", LOOKING, "x.wav", "--output", str(tmp_path / "rows")]
    # Shells let what they start in the background ignore it.
    minding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **minding)
    assert process.stdout.readline() == "looking\n"
    process.send_signal(number)
    errors = process.communicate()[1]
    assert (process.returncode, errors) == (
        status,
        "silif-score: interrupted; the same command with --resume does the rest\n",
    )


def test_shards_that_break_off(clips, tmp_path):
    shards(clips, tmp_path)
    for name in ("clips-000.tar", "flat.parquet"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / f"cut-{name}").write_bytes(content[: len(content) // 2])
    pyarrow.parquet.write_table(pyarrow.table({"audio": ["text", None]}), tmp_path / "text.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"sound": [1]}), tmp_path / "other.parquet")
    rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))
    found = {}
    for name in ("cut-clips-000.tar", "cut-flat.parquet", "text.parquet", "other.parquet", "missing.tar"):
        part = Part(0, "tar" if name.endswith("tar") else "parquet", [str(tmp_path / name)], [None], "/")
        found[name] = [(row["path"], row["error"]) for row in rows.of_part(part)[0].to_pylist()]
    *good, (path, error) = found["cut-clips-000.tar"]
    assert len(good) >= 3 and all(error is None for _, error in good)
    assert path == f"{tmp_path}/cut-clips-000.tar" and (
        "cannot be read further" in error or "ends in the middle" in error
    )
    assert "cannot be read further" in found["cut-flat.parquet"][0][1]
    assert [error.split(": ")[1] for _, error in found["text.parquet"]] == [
        "there are no bytes; put the file's content into 'audio'"
    ] * 2
    assert "there is no column 'audio' among ['sound']; name it by --audio-column" in found["other.parquet"][0][1]
    assert "No such file" in found["missing.tar"][0][1]


def damaged_shards(content: bytes) -> dict[str, tuple[bytes, int, str]]:
    """Of a tar: what is left of it, members that are whole in that, and what is said of the rest."""
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        headers = [member.offset for member in tar]
        end = tar.offset
    header = headers[5]
    zipped = gzip.compress(content, mtime=0)
    pieces = [content[start : start + 65_280] for start in range(0, len(content), 65_280)]
    return {
        "whole.tar": (content, 10, ""),
        "end.tar": (content[:header], 5, "empty header at byte"),
        "header.tar": (content[: header + 200], 5, "truncated header at byte"),
        "bit.tar": (content[:header] + bytes([content[header] ^ 1]) + content[header + 1 :], 5, "bad checksum at byte"),
        "zeros.tar": (content[:header] + bytes(4096) + content[header + 4096 :], 5, "overwritten by zeros"),
        "mark.tar": (content[: end + tarfile.BLOCKSIZE], 10, "its end is cut off"),
        "half.tar": (content[: end + tarfile.BLOCKSIZE + 9], 10, "its end is cut off"),
        "two.tar": (content + content, 10, "it goes on after its end"),
        "whole.tar.gz": (zipped, 10, ""),
        "pieces.tar.gz": (b"".join(gzip.compress(piece, mtime=0) for piece in pieces), 10, ""),
        "sum.tgz": (zipped[:-6] + bytes([zipped[-6] ^ 1]) + zipped[-5:], 10, "CRC check failed"),
        "end.tgz": (
            gzip.compress(content[: end + 2 * tarfile.BLOCKSIZE], mtime=0)[:-8] + bytes(8),
            10,
            "CRC check failed",
        ),
        "rest.tgz": (zipped + b"something else", 10, "Not a gzipped file"),
        "whole.tar.bz2.tar": (bz2.compress(content), 10, ""),
    }


def test_a_shard_that_is_damaged_says_so(demo, tmp_path):
    """tarfile takes a header that is damaged or missing for the end, and reads of several gzip members the first."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for index in range(10):
            sound = io.BytesIO()
            soundfile.write(sound, demo[8000 * index : 8000 * index + 16_000], 16_000, format="WAV")
            member = tarfile.TarInfo(f"{index}.wav")
            member.size = len(sound.getvalue())
            tar.addfile(member, io.BytesIO(sound.getvalue()))
    rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))
    for name, (content, whole, text) in damaged_shards(buffer.getvalue()).items():
        path = tmp_path / name
        path.write_bytes(content)
        found = rows.of_part(Part(0, "tar", [str(path)], [None], "/"))[0].to_pylist()
        good = [row["path"] for row in found if row["error"] is None]
        errors = [(row["path"], row["error"]) for row in found if row["error"] is not None]
        assert good == [f"{path}/{index}.wav" for index in range(whole)], name
        assert [path for path, _ in errors] == [str(path)] * bool(text) and all(text in error for _, error in errors), (
            name
        )


def test_a_shard_without_sound_is_a_row(clips, tmp_path, capsys, in_this_process):
    for name, members in (("none", []), ("labels", ["1.cls", "1.json"])):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as tar:
            for member in members:
                tar.addfile(tarfile.TarInfo(member))
    table = pyarrow.table({"audio": pyarrow.array([], pyarrow.binary()), "path": pyarrow.array([], pyarrow.string())})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    members = "no member is called like a sound file; leave it out, or give members such names: .wav, .flac"
    for kind in ([], ["--events"]):
        output = str(tmp_path / f"rows{len(kind)}")
        assert main([str(tmp_path / "*.*"), f"{clips}/yes/1.flac", "--output", output, *kind]) == 1
        assert capsys.readouterr().out.startswith("4 sounds, 3 failed")
        rows = pyarrow.parquet.read_table(output).to_pylist()
        assert [(row["path"], row["error"]) for row in rows if row["error"]] == [
            (f"{tmp_path}/{name}", f"{tmp_path}/{name}: {text}")
            for name, text in (
                ("labels.tar", members),
                ("none.tar", members),
                ("rows.parquet", "it has no rows; leave it out, or write it anew"),
            )
        ]


def test_names_in_a_shard(clips, tmp_path):
    content = (clips / "yes" / "1.flac").read_bytes()
    rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))

    def found(audio, names):
        path = tmp_path / "x.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"audio": audio, "path": names}), path)
        table = rows.of_part(Part(0, "parquet", ["x.parquet"], [None], str(tmp_path)))[0]
        return [(row["path"], row["error"]) for row in table.to_pylist()]

    nested = [{"bytes": content, "path": b"in.wav"}]
    for audio, names, expected in (
        ([content] * 3, [b"x.wav", b"y\xfc.wav", None], ["x.wav", "y\ufffd.wav", "2"]),
        ([content] * 3, pyarrow.array(["a", "a", "b"]).dictionary_encode(), ["a", "a", "b"]),
        ([content] * 2, [0, 7], ["0", "7"]),
        (nested, pyarrow.array([None], pyarrow.string()), ["in.wav"]),
        (nested, [0], ["0"]),
    ):
        assert found(audio, names) == [(f"x.parquet/{name}", None) for name in expected]
    for names, kind in (([{"a": 1}], "dict"), ([True], "bool"), ([0.5], "float"), ([["x"]], "list")):
        error = f"x.parquet: a name in it is a {kind}; name a column of text by --path-column"
        assert found([content], names) == [("x.parquet", error)]


def test_of_long_recordings_in_parquet_few_are_held(tmp_path):
    contents = [os.urandom(1 << 20) for _ in range(32)]
    pyarrow.parquet.write_table(pyarrow.table({"audio": contents}), tmp_path / "x.parquet", row_group_size=1)
    part, held = Part(0, "parquet", [str(tmp_path / "x.parquet")], [None], "/"), 0
    before = pyarrow.total_allocated_bytes()
    tracemalloc.start()
    try:
        for sound, content in zip(sounds_of(part, ("audio", "path"), is_whole=False), contents, strict=True):
            assert sound.open() == content
            held = max(held, tracemalloc.get_traced_memory()[1] + pyarrow.total_allocated_bytes() - before)
    finally:
        tracemalloc.stop()
    assert held < 8 << 20


def test_links_in_a_shard_are_rows_with_errors(clips, tmp_path):
    (tmp_path / "a.flac").write_bytes((clips / "yes" / "1.flac").read_bytes())
    os.link(tmp_path / "a.flac", tmp_path / "b.flac")
    (tmp_path / "c.flac").symlink_to("a.flac")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for name in ("a.flac", "b.flac", "c.flac"):
            tar.add(tmp_path / name, name)
    rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))
    table, counts = rows.of_part(Part(0, "tar", [str(tmp_path / "x.tar")], [None], "/"))
    assert (counts.sounds, counts.failed) == (3, 2)
    errors = [row["error"] for row in table.to_pylist()]
    assert errors[0] is None and all(
        "is a link to a.flac; write the shard anew, with tar --deref" in e for e in errors[1:]
    )


def test_a_folder_that_has_two_names_counts_once(tmp_path):
    (tmp_path / "yes").mkdir()
    (tmp_path / "yes" / "a.wav").write_bytes(b"")
    (tmp_path / "yes" / "up").symlink_to("..")
    (tmp_path / "another").symlink_to("yes")
    (part,) = parts_of([str(tmp_path)], INFO, 10)
    assert part.paths == [f"{tmp_path}/another/a.wav"] and part.labels == ["yes"]


def test_what_cannot_be_looked_into_loses_no_other(clips, tmp_path, monkeypatch):
    folder = shutil.copytree(clips, tmp_path / "clips")
    for name, target in (("circle", "circle"), ("yes/circle.wav", "circle.wav"), ("go/gone.wav", "nowhere")):
        (folder / name).symlink_to(target)
    rows = Rows(silif.Model("kws12"), are_events=False, thresholds=None, columns=("audio", "path"))
    (part,) = parts_of([str(folder)], INFO, 100)
    found, counts = rows.of_part(part)
    assert (counts.sounds, counts.failed) == (28, 3)
    assert_rows_of_kws_score({row["path"]: row for row in found.to_pylist()}, [folder])

    # Nobody may read it, but root.
    def scandir(path, scandir=os.scandir):
        if path == str(folder / "go"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (part,) = parts_of([str(folder)], INFO, 100)
    errors = [row["error"] for row in rows.of_part(part)[0].to_pylist() if row["error"]]
    assert len(part.paths) == 20 and [error.partition("; ")[0] for error in errors] == [
        f"{folder}/go: cannot be looked into (Permission denied)",
        f"{folder}/yes/circle.wav: cannot be read (Too many levels of symbolic links)",
    ]
    with pytest.raises(silif.InputError, match=r"go: cannot be looked into"):
        parts_of([str(folder / "go")], INFO, 100)


def test_files_that_were_put_together(demo, tmp_path):
    """As clips and as streams: the second half is heard, too."""
    folder = tmp_path / "yes"
    folder.mkdir()
    for form, subtype in (("FLAC", "PCM_16"), ("OGG", "VORBIS")):
        halves = [tmp_path / "first", tmp_path / "second"]
        for path, samples in zip(halves, (demo[:100_000], demo[100_000:]), strict=True):
            soundfile.write(path, samples, 16_000, subtype, format=form)
        (folder / f"both.{form.lower()}").write_bytes(b"".join(path.read_bytes() for path in halves))
    (part,) = parts_of([str(folder)], INFO, 10)
    options = {"thresholds": None, "columns": ("audio", "path")}
    table, _ = Rows(silif.Model("kws12"), are_events=False, **options).of_part(part)
    assert_rows_of_kws_score({row["path"]: row for row in table.to_pylist()}, [folder], str)
    events, counts = Rows(silif.Model("kws12"), are_events=True, **options).of_part(part)
    expected = [event.word for event in silif.KeywordSpotter("kws12").process(demo)]
    assert counts.failed == 0 and abs(counts.sound_s - 2 * len(demo) / 16_000) < 0.1
    for path in part.paths:
        assert [row["word"] for row in events.to_pylist() if row["path"] == path] == expected, path


def test_a_name_that_is_no_utf8(demo, tmp_path):
    name = os.fsencode(tmp_path) + b"/gr\xfc\xdfe.wav"
    with open(name, "wb") as file:
        soundfile.write(file, demo[:16_000], 16_000, format="WAV")
    with open(os.fsencode(tmp_path) + b"/\xfc.flac", "wb") as file:
        file.write(b"no sound")
    parts = parts_of([str(tmp_path)], INFO, 10)
    assert Output(str(tmp_path / "rows"), "/").prepare({}, silif.Model("kws12-small"), parts, is_resumed=False) == parts
    model = silif.Model.named("\udcfc.silif", silif.Model("kws12-small").content())
    rows = Rows(model, are_events=False, thresholds=None, columns=("audio", "path"))
    part = Part.from_json(parts[0].to_json())
    first, second = rows.of_part(part)[0].to_pylist()
    assert first["path"] == f"{tmp_path}/gr\ufffd\ufffde.wav" and first["word"] is not None
    assert first["model"] == "\ufffd.silif"
    assert "\ufffd.flac: is not a sound file" in second["error"]


@pytest.fixture
def in_this_process(monkeypatch):
    """silif-score does its parts itself, without Ray."""

    def run(parts, output, options, workers):
        counts, rows = Counts(), Rows(output.model(), **options)
        for part in parts:
            table, found = rows.of_part(part)
            output.write(part, table)
            counts.add(found)
        return counts

    stand_in = types.ModuleType("silif.job._workers")
    stand_in.run, stand_in.connected = run, lambda address: contextlib.nullcontext()
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)


def test_what_failed_before_counts_when_a_job_goes_on(clips, tmp_path, capsys, in_this_process):
    clips = shutil.copytree(clips, tmp_path / "clips")
    (clips / "yes" / "empty.wav").write_bytes(b"")
    for kind in ([], ["--events"]):
        output = tmp_path / f"rows{len(kind)}"
        arguments = [str(clips), "--output", str(output), "--part", "4", *kind]
        assert main(arguments) == 1
        assert "27 sounds, 2 failed, 0.0" in capsys.readouterr().out
        assert main([*arguments, "--resume"]) == 1
        said = capsys.readouterr()
        assert "0 sounds, 0 failed now and 2 before, 0.00 h" in said.out
        assert "7 of 7 parts are there already" in said.err
        (output / "part-000006.parquet").unlink()
        assert main([*arguments, "--resume"]) == 1
        assert "3 sounds, 1 failed now and 1 before, 0.00 h" in capsys.readouterr().out
        (output / "part-000003.parquet").write_bytes(b"PAR1")
        assert main([*arguments, "--resume"]) == 1
        assert "the rows in part-000003.parquet cannot be read" in capsys.readouterr().err
    (clips / "yes" / "empty.wav").unlink()
    assert main([*arguments, "--resume"]) == 1
    assert f"silif-score: {output}: the inputs differ from those of the job whose rows" in capsys.readouterr().err
    good = [str(clips / "yes"), "--output", str(tmp_path / "good")]
    assert main(good) == 0 and main([*good, "--resume"]) == 0


@pytest.mark.parametrize("where", ["inputs/scores", "inputs", "memory://among-1/scores", "memory://among-2"])
def test_rows_among_the_inputs_are_none_of_them(clips, tmp_path, monkeypatch, capsys, in_this_process, where):
    monkeypatch.chdir(tmp_path)
    shards(clips, tmp_path)
    inputs = where.removesuffix("/scores")
    fs, folder = fsspec.core.url_to_fs(inputs)
    fs.makedirs(f"{folder}/sub")
    for index, path in enumerate((*clips.rglob("*.flac"), tmp_path / "flat.parquet")):
        fs.pipe_file(f"{folder}/sub/{index:02d}{path.suffix}", path.read_bytes())
    job = [inputs, f"{inputs}/**/*.parquet", "--part", "5"]
    for output in (where, f"{where}/second", "elsewhere"):
        # 24 files, and twice the 26 clips of the shard.
        assert main([*job, "--output", output]) == 1
        assert "76 sounds, 2 failed" in capsys.readouterr().out
        assert main([*job, "--output", output, "--resume"]) == 1
        heard = capsys.readouterr()
        assert "0 sounds, 0 failed now and 2 before" in heard.out and "7 of 7 parts are there already" in heard.err
    # Nor is what lies beside the rows.
    job = [f"{inputs}/**", "--output", "elsewhere-2"]
    assert main(job) == 1 and capsys.readouterr().out.startswith("50 sounds, 1 failed")
    fs.rm(folder, recursive=True)


def test_lines_that_are_no_recording_lose_no_other(clips, tmp_path, capsys, in_this_process):
    flat = tmp_path / "flat.flac"
    flat.write_bytes((clips / "yes" / "1.flac").read_bytes())
    (tmp_path / "folder").mkdir()
    lines = ["./flat.flac", "# comment", "yes", "folder", "/", "nofs://x/y.wav", "# of https://a.b/c"]
    (tmp_path / "list.txt").write_text("\n".join([*lines, f"{clips}/go/1.flac"]))
    assert main(["--list", str(tmp_path / "list.txt"), "--output", str(tmp_path / "rows")]) == 1
    assert "8 sounds, 6 failed" in capsys.readouterr().out
    rows = pyarrow.parquet.read_table(tmp_path / "rows").to_pylist()
    assert [row["error"] is None for row in rows] == [True, *[False] * 6, True]
    assert (rows[0]["path"], rows[0]["label"], rows[0]["word"]) == (f"{tmp_path}/./flat.flac", None, "yes")
    # As kws-score.
    local = [line for line in lines if "://" not in line]
    (tmp_path / "local.txt").write_text("\n".join([*local, f"{clips}/go/1.flac"]))
    same = json_lines("kws-score", "--list", tmp_path / "local.txt", "--each", "--format", "jsonl", statuses=(1,))
    assert [(row["label"], "error" in row) for row in same] == [
        (row["label"], row["error"] is not None) for row in rows if "://" not in row["path"]
    ]
    (tmp_path / "binary.txt").write_bytes(flat.read_bytes())
    with pytest.raises(silif.InputError, match=r"binary\.txt: is no text"):
        parts_of([], INFO, 10, list_path=str(tmp_path / "binary.txt"))
    assert rows[-1]["label"] == "go"
    assert rows[1]["error"] == f"{tmp_path}/# comment: cannot be read (No such file or directory); check the path"
    assert "is no regular file; give a sound file" in rows[3]["error"]
    assert "nofs://x/y.wav: cannot be read (Protocol not known: nofs)" in rows[5]["error"]


def test_lists(clips, tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfyes/1.flac\n\nbird/2.flac\n/other/_silence_/x.wav\n")
    (part,) = parts_of([], INFO, 10, list_path=str(tmp_path / "list.txt"), root=str(clips))
    assert part.paths == [f"{clips}/yes/1.flac", f"{clips}/bird/2.flac", "/other/_silence_/x.wav"]
    assert part.labels == ["yes", "_unknown_", "_silence_"]
    (tmp_path / "utf16.txt").write_text("yes/\u00fc.flac\r\ngo/2.flac\r\n", encoding="utf-16")
    (part,) = parts_of([], INFO, 10, list_path=str(tmp_path / "utf16.txt"), root=str(clips))
    assert part.paths == [f"{clips}/yes/\u00fc.flac", f"{clips}/go/2.flac"]
    (part,) = parts_of([], INFO, 10, list_path=str(tmp_path / "list.txt"))
    assert part.paths[0] == f"{tmp_path}/yes/1.flac"
    (tmp_path / "latin1.txt").write_bytes(b"yes/gr\xfc\xdfe.wav\rflat.wav\r_background_noise_/x.wav")
    (part,) = parts_of([], INFO, 10, list_path=str(tmp_path / "latin1.txt"))
    assert [os.fsencode(path) for path in part.paths] == [
        os.fsencode(tmp_path) + b"/yes/gr\xfc\xdfe.wav",
        os.fsencode(tmp_path / "flat.wav"),
    ]
    assert part.labels == ["yes", None]


def test_a_list_that_is_empty_and_a_root_that_is_none(clips, tmp_path, monkeypatch, capsys, in_this_process):
    """As kws-score says it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("yes/1.flac\n")
    for name, text in (("empty.txt", ""), ("spaces.txt", " \n\t\r"), ("noise.txt", "_background_noise_/x.wav\n")):
        (tmp_path / name).write_text(text)
    for name, root, said in (
        ("empty.txt", [], "empty.txt: the list is empty"),
        ("spaces.txt", [], "spaces.txt: the list is empty"),
        ("noise.txt", ["--root", "."], "noise.txt: the list is empty"),
        ("empty.txt", ["--root", "gone"], "gone: no such folder; check --root"),
        ("list.txt", ["--root", "gone"], "gone: no such folder; check --root"),
        ("list.txt", ["--root", "list.txt"], "list.txt: no such folder; check --root"),
        ("list.txt", ["--root", ""], ": no such folder; check --root"),
    ):
        twin = subprocess.run([commands() / "kws-score", "--list", name, *root], capture_output=True, text=True)
        assert (twin.returncode, twin.stderr) == (1, f"kws-score: {said}\n")
        assert main(["--list", name, *root, "--output", "rows"]) == 1
        assert capsys.readouterr().err.startswith(f"silif-score: {said}")
    monkeypatch.chdir(clips)
    (part,) = parts_of([], INFO, 10, list_path=f"{tmp_path}/list.txt", root=".")
    assert part.paths == ["./yes/1.flac"]
    (part,) = parts_of([], INFO, 10, list_path=f"{tmp_path}/list.txt", root="s3://not-asked")
    assert part.paths == ["s3://not-asked/yes/1.flac"]


def run_without_ray(*arguments):
    program = "import sys; sys.modules['ray'] = None; from silif.job.command import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)


def test_help_and_wrong_options_need_no_ray(tmp_path):
    shown = run_without_ray("--help")
    assert shown.returncode == 0 and "--resume" in shown.stdout
    wrong = run_without_ray("x.wav", "--output", tmp_path, "--part", "0")
    assert wrong.returncode == 2 and "--part must be 1 or more" in wrong.stderr
    same = run_without_ray("x.wav", "--output", tmp_path, "--audio-column", "path")
    assert same.returncode == 2 and "--path-column: path is the audio column; give the column of the" in same.stderr
    obeyed = run_without_ray("x.wav", "--output", tmp_path, "--\x1b[2J")
    assert obeyed.returncode == 2 and "\\u{1B}[2J" in obeyed.stderr and "\x1b" not in obeyed.stderr
    scored = run_without_ray("x.wav", "--output", tmp_path)
    assert scored.returncode == 1 and "pip install 'silif[ray]'" in scored.stderr
    assert os.listdir(tmp_path) == []
