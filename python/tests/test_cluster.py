"""silif-score on a local Ray cluster, against kws-score."""

import contextlib
import functools
import http.server
import io
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

import fsspec
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from conftest import REPOSITORY, json_lines
from job_material import assert_rows_of_kws_score, clips, rows_of, shards

import silif
from silif.job._parts import Part, parts_of
from silif.job._rows import Rows
from silif.job.command import arguments_of, main

__all__ = ["clips"]
WORKERS = 2


@pytest.fixture(scope="module")
def cluster():
    import ray

    ray.init(num_cpus=WORKERS, log_to_driver=False)
    yield
    ray.shutdown()


def test_a_folder_gives_the_rows_of_kws_score(cluster, clips, tmp_path, capsys):
    output = tmp_path / "rows"
    assert main([str(clips), "--output", str(output), "--part", "4"]) == 1
    assert "26 sounds, 1 failed, 0.01 h" in capsys.readouterr().out
    rows = rows_of(output)
    for row in assert_rows_of_kws_score(rows, [clips]):
        assert rows[row["path"]]["label"] == row["label"]
    assert len(list(output.glob("part-*.parquet"))) == 7
    assert [path.name for path in sorted(output.glob("_*"))] == ["_model.silif", "_silif-score.json"]
    broken = rows[f"{clips}/go/broken.wav"]
    assert "broken.wav: is not a sound file that can be read" in broken["error"]


def test_shards_give_the_same_rows(cluster, clips, tmp_path):
    shards(clips, tmp_path)
    output = tmp_path / "rows"
    inputs = [tmp_path / "clips-{000..001}.tar", tmp_path / "*.parquet"]
    assert main([*map(str, inputs), "--output", str(output), "--model", "kws12-small"]) == 1
    rows = rows_of(output)
    assert len(list(output.glob("part-*.parquet"))) == 4
    for shard in ("flat.parquet", "nested.parquet", "clips-*.tar"):
        prefix = f"{tmp_path}/{shard.split('*')[0]}"
        found = {
            path.split(shard[-8:] if "*" not in shard else ".tar")[1]: row
            for path, row in rows.items()
            if path.startswith(prefix)
        }
        assert_rows_of_kws_score(found, [clips], lambda path: path.removeprefix(str(clips)), "kws12-small")


def test_urls(cluster, clips, tmp_path):
    """A folder that a web server lists; fsspec reads S3 and others in the same way."""

    class Server(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            return self.send_error(404) if self.path.endswith("gone.flac") else super().do_GET()

        def log_message(self, *_):
            pass

    go = tmp_path / "clips" / "go"
    shutil.copytree(clips / "go", go)
    (go / "gone.flac").write_bytes(b"no longer there")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=go.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert main([f"{url}/go/", "--output", f"file://{tmp_path}/rows"]) == 1
        server.shutdown()
    rows = rows_of(tmp_path / "rows")
    gone = rows[f"{url}/go/gone.flac"]["error"]
    assert "gone.flac: cannot be read (404" in gone or f"cannot be read ({url}" in gone, gone
    assert_rows_of_kws_score(rows, [go], lambda path: path.replace(str(go.parent), url))


def test_a_web_server_that_lists_nothing(clips, tmp_path):
    """As those of large data sets: what is asked for is there, and folders are forbidden."""

    class Server(http.server.SimpleHTTPRequestHandler):
        def send_head(self):
            return self.send_error(403) if self.path.endswith("/") or "." not in self.path else super().send_head()

        def log_message(self, *_):
            pass

    info = silif.Model("kws12-small").info()
    shards(clips, tmp_path)
    shutil.copytree(clips / "yes", tmp_path / "yes")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        names = [
            "/clips-000.tar",
            "/flat.parquet?download=true",
            "/yes/1.flac?take=a/b.tar",
            "/clips-001.tar?X-Amz-Signature=a/b",
        ]
        parts = parts_of([url + name for name in names], info, 10)
        assert [part.paths for part in parts] == [[url + name] for name in names]
        assert [part.kind for part in parts] == ["tar", "parquet", "files", "tar"] and parts[2].labels == [None]
        rows = Rows(silif.Model("kws12-small"), are_events=False, thresholds=None, columns=("audio", "path"))
        del parts[1]  # Parquet is read by ranges, which this server has not.
        found = [rows.of_part(part)[1] for part in parts]
        assert [(counts.sounds, counts.failed) for counts in found] == [(10, 0), (1, 0), (16, 1)]
        with pytest.raises(silif.InputError, match="no such file or folder; check the path"):
            parts_of([f"{url}/gone.tar"], info, 10)
        server.shutdown()


def test_events_are_those_of_kws_listen(cluster, demo, clips, tmp_path):
    stream = tmp_path / "stream"
    stream.mkdir()
    soundfile.write(stream / "long.flac", np.tile(demo, 2), 16_000)
    soundfile.write(stream / "music.wav", np.repeat(demo, 3), 48_000)
    (stream / "other.wav").write_text("no sound")
    assert main([str(stream), "--events", "--threshold", "0.75", "--output", str(tmp_path / "rows")]) == 1
    rows = pyarrow.parquet.read_table(tmp_path / "rows").to_pylist()
    assert [row["error"] is not None for row in rows if row["path"] == f"{stream}/other.wav"] == [True]
    for name in ("long.flac", "music.wav"):
        lines = json_lines("kws-listen", "--input", stream / name, "--threshold", 0.75, "--format", "json")
        expected = [(line["word"], line["sample"], line["time_s"]) for line in lines if line["event"] == "keyword"]
        found = [row for row in rows if row["path"] == f"{stream}/{name}"]
        assert [(row["word"], row["sample"], pytest.approx(row["time_s"], abs=5.1e-4)) for row in found] == expected
        assert len(expected) >= 7


def pipe_shard(clips, folder):
    """A list of shards, the last a pipe: who reads it waits until this test writes."""
    shards(clips, folder)
    os.mkfifo(folder / "pipe.tar")
    paths = [folder / "clips-000.tar", folder / "pipe.tar"]
    return [str(path) for path in paths], (folder / "clips-001.tar").read_bytes()


def reader_of(path) -> int:
    """The process that has the pipe open for reading."""
    found = set()
    for link in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # A process of somebody else, or one that has ended.
            if os.readlink(link) == str(path):
                found.add(int(link.parts[2]))
    (reader,) = found - {os.getpid()}
    return reader


def kill(process: int) -> None:
    """Ends a process, and comes back when its files are closed."""
    handle = os.pidfd_open(process)
    os.kill(process, signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)


def write_pipe(path, content):
    with open(path, "wb") as pipe:
        pipe.write(content)


def test_a_worker_that_is_killed_loses_nothing(cluster, clips, tmp_path):
    paths, content = pipe_shard(clips, tmp_path)
    status = []
    arguments = [*paths, "--output", str(tmp_path / "rows")]
    job = threading.Thread(target=lambda: status.append(main(arguments)), daemon=True)
    job.start()
    with open(paths[1], "wb"):  # Opens once a worker reads.
        kill(reader_of(paths[1]))
    write_pipe(paths[1], content)
    job.join()
    assert status == [1]  # The one broken file.
    rows = rows_of(tmp_path / "rows")
    found = {path[path.index(".tar") + 4 :]: row for path, row in rows.items()}
    assert_rows_of_kws_score(found, [clips], lambda path: path.removeprefix(str(clips)))


def opened_pipe(paths):
    """The pipe that a worker reads, opened for writing: which part it takes first is Ray's choice."""
    while True:
        for path in paths:
            with contextlib.suppress(OSError):  # Nobody reads it yet.
                return path, open(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "wb")
        time.sleep(0.05)


def test_a_job_that_is_killed_goes_on_where_it_stopped(clips, tmp_path):
    shards(clips, tmp_path)
    contents = {}
    for number in range(2):
        path = tmp_path / f"pipe-{number}.tar"
        os.mkfifo(path)
        contents[path] = (tmp_path / f"clips-00{number}.tar").read_bytes()
    output, first, second = tmp_path / "rows", *contents
    command = [sys.executable, "-m", "silif.job.command", first, second, "--workers", "1", "--output", output]
    process = subprocess.Popen(command, cwd="/")
    done, pipe = opened_pipe(contents)
    os.set_blocking(pipe.fileno(), True)
    with pipe:
        pipe.write(contents[done])
    (left,) = contents.keys() - {done}
    with open(left, "wb"):  # Opens once the worker reads: the other part is written then.
        worker = reader_of(left)
        process.kill()
        process.wait()
        with contextlib.suppress(ProcessLookupError):  # It may have gone with its job.
            kill(worker)
        (part,) = output.glob("part-*.parquet")
        written = part.stat().st_mtime_ns
    # Left by a worker that was killed while it wrote.
    (output / "_writing-0").write_bytes(b"half")
    again = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert again.returncode == 1 and "holds the rows of a job; go on with it by --resume" in again.stderr
    command.append("--resume")
    resumed = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
    write_pipe(left, contents[left])
    out, err = resumed.communicate()
    assert f"{10 if left == first else 16} sounds, " in out and "1 of 2 parts are there already" in err, out + err
    assert part.stat().st_mtime_ns == written
    assert not list(output.glob("_writing-*"))
    found = {path[path.index(".tar") + 4 :]: row for path, row in rows_of(output).items()}
    assert_rows_of_kws_score(found, [clips], lambda path: path.removeprefix(str(clips)))
    over = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert over.returncode == 1 and "2 of 2 parts are there already" in over.stderr
    assert "0 sounds, 0 failed now and 1 before" in over.stdout


def test_sigterm_ends_a_job_as_ctrl_c_does(clips, tmp_path):
    paths, content = pipe_shard(clips, tmp_path)
    command = [sys.executable, "-m", "silif.job.command", *paths, "--workers", "1", "--output", tmp_path / "rows"]
    process = subprocess.Popen(command, cwd="/", stderr=subprocess.PIPE, text=True)
    with open(paths[1], "wb") as pipe:  # Opens once a worker reads.
        process.send_signal(signal.SIGTERM)
        said = next(line for line in process.stderr if line.startswith(("silif-score: ", "Traceback")))
        assert said == "silif-score: interrupted; the same command with --resume does the rest\n"
        with contextlib.suppress(BrokenPipeError):  # Its worker may have gone.
            pipe.write(content)
    assert process.wait() == 143


def test_rows_that_cannot_be_written_miss_a_part_each(clips):
    """Whatever the file system raises: those of S3 are no OSError."""
    from silif.job._workers import Worker

    class Output:
        def model(self):
            return silif.Model("kws12-small")

        def begin(self, part):
            raise RuntimeError("no credentials")

    worker = Worker(Output(), {"are_events": False, "thresholds": None, "columns": ("audio", "path")})
    done = worker({"part": Part(3, "files", [f"{clips}/yes/1.flac"], [None], "/").to_json()})
    assert done["problem"] == "part 3 cannot be done (no credentials)" and done["sounds"] == 0


def test_an_output_that_workers_do_not_see(cluster, tmp_path, capsys):
    """A file system in memory is another one in every process."""
    demo = str(REPOSITORY / "models" / "demo.flac")
    assert main([demo, "--output", "memory://unseen"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("silif-score: ")]
    assert "Ray: stopped the job (memory://unseen: a worker does not see the job in it (" in line
    assert "give an --output that every machine can write" in line


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "give paths, or --list, and not both"),
        (["x", "--list", "y"], 2, "give paths, or --list, and not both"),
        (["x", "--root", "y"], 2, "--root belongs to --list"),
        (["x", "--threshold", "1"], 2, "--threshold belongs to --events"),
        (["x", "--part", "0"], 2, "--part must be 1 or more"),
        (["no/such"], 1, "no/such: no such file or folder; check the path"),
        (["\x1b2J"], 1, "\\u{1B}2J: no such file or folder"),
        (["{demo}", ""], 1, "input: a path is empty; give . for this folder"),
        (["ftpx://x/y"], 1, "ftpx://x/y: cannot be looked into (Protocol not known: ftpx)"),
        (["{folder}"], 1, "no sound file and no shard is there; give a folder that holds some"),
        (["--list", "{folder}/none.txt"], 1, "the list cannot be read"),
        (["--list", "lacking://x/list.txt"], 1, "the list cannot be read (install lacking); check the path"),
        (["x.wav", "--model", "kws13"], 1, "model: there is no 'kws13'"),
        (["{demo}", "--output", "/proc/rows"], 1, "/proc/rows: cannot be written"),
        (["{demo}", "--output", "ftpx://rows"], 1, "ftpx://rows: cannot be written (Protocol not known: ftpx)"),
        (["{demo}", "--output", ""], 1, "--output: the path is empty; give a folder"),
    ],
)
def test_bad_arguments(tmp_path, capsys, arguments, status, message):
    # As s3:// where s3fs is not installed.
    fsspec.register_implementation("lacking", "no_such_package.FileSystem", errtxt="install lacking", clobber=True)
    places = {"folder": tmp_path, "demo": REPOSITORY / "models" / "demo.flac"}
    arguments = [argument.format(**places) for argument in arguments]
    arguments = ["--output", str(tmp_path / "rows"), *arguments]
    if status == 2:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    else:
        assert main(arguments) == status
    assert message in capsys.readouterr().err


def test_the_cluster_that_runs_on_this_machine(cluster, tmp_path):
    """From another process, as on a machine where `ray start` was."""
    demo = REPOSITORY / "models" / "demo.flac"
    command = [sys.executable, "-m", "silif.job.command", demo, "--output", tmp_path / "rows", "--address", "auto"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert_rows_of_kws_score(rows_of(tmp_path / "rows"), [demo])


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:no", "127.0.0.1:1", "127.0.0.1:99999", "a..b:1"])
def test_an_address_where_no_cluster_is(tmp_path, address):
    demo = REPOSITORY / "models" / "demo.flac"
    command = [sys.executable, "-m", "silif.job.command", demo, "--output", tmp_path / "rows", "--address", address]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"silif-score: --address {address}: " in done.stderr


def test_the_page(cluster, tmp_path, monkeypatch):
    """docs/CLUSTER.md: its commands have the options that there are, and its cell prints what it shows."""
    page = (REPOSITORY / "docs" / "CLUSTER.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("silif-score ")]
    assert len(lines) >= 2
    for line in lines:
        arguments_of(shlex.split(line, comments=True)[1:])
    shown = subprocess.run([sys.executable, "-m", "silif.job.command", "--help"], capture_output=True, text=True)
    options = set(re.findall(r"(--[a-z-]+)", shown.stdout)) - {"--help", "--version"}
    assert options == set(re.findall(r"`(--[a-z-]+)", page)) | {"--list", "--root", "--part"}
    ((cell, printed),) = re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(REPOSITORY)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(cell.replace("build/events", str(tmp_path / "events")), {})
    assert output.getvalue().split("\n", 1)[1] == printed, output.getvalue()
