"""Pools: sequences that are composed before training."""

import multiprocessing

import numpy as np
import pytest
import torch
from test_train_waveform import found_of, small

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


def test_a_pool_that_finds_no_room_says_so_before_it_begins(made, monkeypatch):
    monkeypatch.setattr(pool.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**5}))
    with pytest.raises(OSError, match=r"one: 0.0 GB are needed, 0.0 are free: make room, or lower pool"):
        made("one")


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
    with pytest.raises(OSError, match=r"composing sequences failed; --resume goes on"):
        made("one", 2)
