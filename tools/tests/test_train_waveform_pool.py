"""Pools: sequences that are composed before training."""

import errno
import faulthandler
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from test_train_waveform import found_of, small

from silif_tools.errors import ConversionError
from silif_tools.train import fbank
from silif_tools.train.waveform import pool, tape, teachers

STEPS, SIZE, PART = 200, 30, 12


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that composes the pool of so many processes in a folder."""
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path))
    monkeypatch.setattr(pool, "PART", PART)
    monkeypatch.setattr(pool, "TOGETHER", 5)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    teacher = teachers.MelTeacher(fbank.BANDS, 4, 8, 0.0).eval()
    guides = teachers.guides([teacher], 15.0)

    def make(name: str, processes: int = 1, seed: int = 7):
        scenes = tape.scenes(found_of(), small(), torch.device("cpu"), 1, 0)
        scenes.r["frames"] = STEPS
        said = []
        pool.compose(scenes, teacher, guides, tmp_path / name, SIZE, seed, processes, said.append)
        return tmp_path / name, scenes, guides, said

    return make


def files(folder) -> dict[str, bytes]:
    """What lies there; of archives their arrays, for they hold the time of day."""
    return {
        path.name: path.read_bytes() if path.suffix == ".npy" else {k: v.tobytes() for k, v in np.load(path).items()}
        for path in folder.iterdir()
    }


def test_a_pool_does_not_depend_on_the_processes_nor_on_interruptions(made):
    folder, *_ = made("one")
    first = files(folder)
    assert sorted(first) == [
        "allowed.npy", "features.npy", "frames.npy", "hit.npy", "part-0.npz", "part-1.npz", "part-2.npz",
    ]  # fmt: skip
    assert files(made("three", 3)[0]) == first
    np.load(folder / "features.npy", mmap_mode="r+")[PART : 2 * PART] = 0
    (folder / "part-1.npz").unlink()
    again, *_, said = made("one")
    assert files(again) == first and "composing" in said[0]
    assert made("one")[3] == [f"sequences {folder}"], "what is there is not made again"
    assert files(made("other", seed=8)[0]) != first


def test_a_pool_gives_what_was_composed(made):
    folder, scenes, guides, _ = made("one")
    scenes.reseed(7)
    scenes.drawn = pool.FIRST_DRAW  # of the first part
    batch = scenes.sequences(pool.TOGETHER, STEPS)
    frames, heard = guides(batch)
    found = pool.Pool(folder, scenes.r, scenes.words, 3)
    found._order = 0, np.arange(SIZE)
    drawn = found.sequences(pool.TOGETHER, STEPS)
    moved = drawn.features - batch.features
    limit = pool.LEVEL_DB * np.log(10) / 10
    assert (moved.mean((0, 2)).abs() <= limit).all() and moved.mean((0, 2)).std() > 0.1, "each at another level"
    assert torch.allclose(moved, moved.mean((0, 2), keepdim=True), atol=0.02), "and the same in all else"
    for name in ("allowed", "hit", "weight"):
        assert torch.equal(getattr(drawn, name), getattr(batch, name))
    for name in ("ends", "clips"):
        expected = getattr(batch, name)
        assert np.array_equal(getattr(drawn, name), expected[np.argsort(expected[:, 1], kind="stable")])
    assert len(drawn.ends) and len(drawn.clips)
    assert torch.allclose(drawn.guides[0], frames, atol=1e-3) and torch.allclose(drawn.guides[1], heard)


def test_every_part_has_sequences_of_its_own_with_their_labels(made):
    folder, scenes, *_ = made("one", 2)
    found = pool.Pool(folder, scenes.r, scenes.words, 3)
    batch = found.sequences(SIZE, STEPS)
    x = batch.features - batch.features.mean((0, 2), keepdim=True)
    apart = (x[:, :, None] - x[:, None]).abs().mean((0, 3)) + torch.eye(SIZE)
    assert apart.min() > 0.1, "no two alike"
    assert len(batch.ends) > 5 and len({b for _, b, _ in batch.ends}) > 3
    for end, b, label in batch.ends:
        assert batch.allowed[end, b].tolist() == [k == label for k in range(4)]
    of_commands = [(b, label) for _, b, label in batch.clips if label in scenes.commands]
    assert len(of_commands) > 1 and all(batch.hit[:, b, label].any() for b, label in of_commands)


def test_every_sequence_is_drawn_once_before_any_comes_again(made):
    folder, scenes, *_ = made("one")
    found = pool.Pool(folder, scenes.r, scenes.words, 3)
    rows = np.concatenate([found._next(4) for _ in range(15)])
    assert sorted(rows[:SIZE]) == sorted(rows[SIZE:]) == list(range(SIZE))
    assert rows[:SIZE].tolist() != rows[SIZE:].tolist()
    found.reseed(3)
    assert np.array_equal(found._next(2 * SIZE), rows)
    found.reseed(4)
    assert not np.array_equal(found._next(2 * SIZE), rows)


def test_a_checkpoint_knows_what_was_drawn(made):
    folder, scenes, *_ = made("one")
    found = pool.Pool(folder, scenes.r, scenes.words, 3)
    found.sequences(7, STEPS)
    state = found.state()
    expected = found.sequences(7, STEPS)
    other = pool.Pool(folder, scenes.r, scenes.words, 3)
    other.restore(state)
    again = other.sequences(7, STEPS)
    assert torch.equal(again.features, expected.features) and np.array_equal(again.clips, expected.clips)
    with pytest.raises(ValueError, match="of another recipe or other recordings"):
        other.restore(state | {"of": SIZE + 1})
    with pytest.raises(ValueError, match="of another recipe or other recordings"):
        other.restore(scenes.state())
    with pytest.raises(ValueError, match="of another recipe or other recordings"):
        scenes.restore(state)


def test_a_pool_that_finds_no_room_says_so_before_it_begins(made, monkeypatch, tmp_path):
    monkeypatch.setattr(pool.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**5}))
    needed = r"one: 540\.0 kB are needed, 100\.0 kB are free: make room, lower pool, or give another --output"
    with pytest.raises(ConversionError, match=needed):
        made("one")
    assert not (tmp_path / "one").exists()


def full_disk(monkeypatch) -> None:
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pool.os, "posix_fallocate", refuse)


def test_a_disk_that_is_full_all_the_same_is_named_before_anything_is_composed(made, monkeypatch, tmp_path):
    """Others fill it, or a quota does."""
    full_disk(monkeypatch)
    with pytest.raises(ConversionError, match=r"one: the disk.s room cannot be reserved \(.*\): make room"):
        made("one")
    assert not (tmp_path / "one").exists()


def test_the_room_of_a_pool_is_reserved_when_it_is_resumed_too(made, monkeypatch):
    folder, *_ = made("one")
    rows = [folder / f"{name}.npy" for name in pool.ROWS]
    assert all(512 * path.stat().st_blocks >= path.stat().st_size for path in rows)
    (folder / "part-1.npz").unlink()
    with monkeypatch.context() as full:
        full_disk(full)
        with pytest.raises(
            ConversionError, match=r"one: the disk.s room cannot be reserved \(No space left on device\): make room"
        ):
            made("one")
    assert all(path.exists() for path in rows), "what was composed stays"
    for path in rows:  # copied by what leaves out zeros
        size = path.stat().st_size
        path.write_bytes(b"")
        os.truncate(path, size)
    assert not any(path.stat().st_blocks for path in rows)
    monkeypatch.setattr(pool.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**5}))
    with pytest.raises(ConversionError, match=r"one: 540\.\d kB are needed, 100\.0 kB are free"):
        made("one")


@pytest.mark.parametrize(
    ("size", "text"), [(12, "12 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (4_200_000_000, "4.2 GB")]
)
def test_amounts_have_units_of_their_size(size, text):
    assert pool._amount(size) == text


def test_a_pool_is_composed_after_other_threads_and_processes_were_at_work(made, tmp_path):
    """As after the teachers were trained: forks of this process neither wait for them nor end them."""
    torch.set_num_threads(2)
    torch.randn(600, 600) @ torch.randn(600, 600)
    folder, scenes, *_ = made("one")
    scenes.workers, children = 1, len(multiprocessing.active_children())
    scenes.sequences(2, STEPS)
    assert len(multiprocessing.active_children()) == children + 1
    for part in folder.glob("part-*.npz"):
        part.unlink()
    before = files(folder)
    teacher = teachers.MelTeacher(fbank.BANDS, 4, 8, 0.0).eval()
    pool.compose(scenes, teacher, teachers.guides([teacher], 15.0), folder, SIZE, 7, 2, lambda _: None)
    assert files(folder).keys() > before.keys() and scenes.workers == 1
    assert len(multiprocessing.active_children()) == children
    torch.set_num_threads(1)


def test_a_failure_to_compose_is_told(made, monkeypatch):
    monkeypatch.setattr(pool, "_compose", lambda *_: (_ for _ in ()).throw(RuntimeError("no room")))
    with pytest.raises(ConversionError, match=r"a process that composed sequences ended with 1, .*; --resume goes on"):
        made("one", 2)

    def die(*_):
        faulthandler.disable()  # pytest's
        os.kill(os.getpid(), signal.SIGBUS)

    monkeypatch.setattr(pool, "_compose", die)
    with pytest.raises(ConversionError, match=r"was ended by SIGBUS: is the disk full\?; --resume goes on"):
        made("one", 2)


def test_an_error_of_the_system_is_told_in_a_line(made, monkeypatch, capfd):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "part-0.npz")

    monkeypatch.setattr(pool, "_compose", fail)
    with pytest.raises(ConversionError, match="ended with 1"):
        made("one")
    assert capfd.readouterr().err == (
        "silif-train: part-0.npz: no space left on the device; make room, or write elsewhere\n"
    )


PARENT = r"""
import multiprocessing, os, sys, time
from silif_tools.train import bank
from silif_tools.train.waveform import pool

def compose(*_):
    os.write(1, b"at work\n")
    time.sleep(600)

if __name__ == "__main__":
    if sys.argv[1] == "pool":
        pool._compose = compose
        started = multiprocessing.get_context("fork").Process(target=pool._work, args=(None,) * 4 + ([1], 1))
        started.start()
        os.write(1, b"%d\n" % started.pid)
    else:
        workers = bank._pool(1)
        workers.submit(abs, 1).result()
        os.write(1, b"%d\nat work\n" % tuple(workers._processes))
    time.sleep(600)
"""


def is_there(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("of", ["pool", "bank"])
def test_no_process_outlives_the_one_that_began_it(of, how, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py", of], stdout=subprocess.PIPE, text=True)
    said = [parent.stdout.readline().strip() for _ in range(2)]
    (child,) = (int(each) for each in said if each != "at work")
    try:
        assert "at work" in said and is_there(child)
        parent.send_signal(how)
        parent.wait()
        for _ in range(100):
            if not is_there(child):
                break
            time.sleep(0.05)
        assert not is_there(child)
    finally:
        parent.kill()
        if is_there(child):
            os.kill(child, signal.SIGKILL)
        parent.stdout.close()
