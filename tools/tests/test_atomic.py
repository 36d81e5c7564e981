"""Writers leave the old file or the new one, whatever ends them; and nobody leads them elsewhere."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import silif_tools.atomic
from silif_tools.atomic import replacing, write_atomically


def test_permissions_stay(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    for mode in (0o600, 0o640, 0o664):
        path.chmod(mode)
        write_atomically(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "fresh", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "target").read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["folder", "link"]


def test_what_is_no_file_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(tmp_path / "pipe", "new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_file_is_left_alone(tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "x").chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_name_that_somebody_took_is_not_written_through(tmp_path, monkeypatch):
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / ".silif-taken.tmp").symlink_to("victim")
    names = iter(["taken", "free"])
    monkeypatch.setattr("silif_tools.atomic.secrets.token_hex", lambda _: next(names))
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "x").read_bytes() == b"new"


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "x") as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_errors_name_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(OSError, match="'/dev/full'"):
        write_atomically(Path("/dev/full"), b"new")
    with pytest.raises(OSError, match="'/proc/x'"):
        write_atomically(Path("/proc/x"), b"new")
    with pytest.raises(OSError, match="'other'"), replacing(tmp_path / "x"):
        raise OSError(5, "Input/output error", "other")
    assert os.listdir(tmp_path) == []


def test_names_in_text_stay_the_bytes_that_they_are(tmp_path):
    write_atomically(tmp_path / "x", os.fsdecode(b"g\xfc"))
    assert (tmp_path / "x").read_bytes() == b"g\xfc"
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "new/y", "\ud800")
    assert os.listdir(tmp_path) == ["x"]


# An editable installation is not among the paths where -S leaves out what installed it.
TOOLS = str(Path(silif_tools.atomic.__file__).parents[1])
WRITER = """
import sys
from pathlib import Path
from silif_tools.atomic import write_atomically
path, size = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for turn in range(10**9):
    write_atomically(path, bytes([turn % 250 + 1]) * size)
"""


def test_kill_in_the_middle_leaves_the_old_file_or_the_new_one(tmp_path):
    """kill -9 at random moments, 100 of which fall into the write: a temporary file that is left behind shows it.

    From when one is there, some time at random: at most a time that goes down with each kill that came too late and up
    with each that did not, so that on any machine about as many fall into the write as do not.
    """
    path, size = tmp_path / "x", 2 << 20
    generator = random.Random(1)
    within, longest_s = 0, 0.02
    while within < 100:
        writer = subprocess.Popen(
            [sys.executable, "-S", "-c", WRITER, str(path), str(size)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([TOOLS, *filter(None, sys.path)])},
        )
        assert writer.stdout.readline() == b"ready\n"
        while not path.exists() or not any(name.endswith(".tmp") for name in os.listdir(tmp_path)):
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(generator.uniform(0, longest_s))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        left = [name for name in os.listdir(tmp_path) if name != "x"]
        within += bool(left)
        longest_s = min(longest_s * 1.25, 1.0) if left else longest_s / 1.25
        for name in left:
            (tmp_path / name).unlink()
        data = path.read_bytes()
        assert len(data) == size
        assert data == data[:1] * size, "parts of two files"
