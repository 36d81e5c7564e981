"""silif.score gives what kws-score gives."""

import os
import threading
import time

import numpy as np
import pytest
import soundfile
from conftest import SHARED, json_lines

import silif


@pytest.fixture(scope="module")
def clips():
    paths = sorted((SHARED / "data" / "gsc").rglob("*.flac"))[::5][:200]
    if len(paths) < 200:
        missing = f"{SHARED}/data/gsc has no 200 clips"
        (pytest.fail if os.environ.get("SILIF_REQUIRE_SHARED") == "1" else pytest.skip)(missing)
    return paths


@pytest.mark.parametrize("model", silif.models())
def test_200_clips_score_as_kws_score_scores_them(clips, model):
    rows = json_lines("kws-score", *clips, "--model", model, "--each", "--format", "jsonl")
    found = silif.score([soundfile.read(path, dtype="int16")[0] for path in clips], model)
    assert [row["path"] for row in rows] == [str(path) for path in clips]
    assert found.word.tolist() == [row["word"] for row in rows]
    assert found.steps.tolist() == [row["steps"] for row in rows]
    assert found.spikes.tolist() == [row["spikes"] for row in rows]
    expected = [[row["probabilities"][word] for word in found.words] for row in rows]
    # Nine decimals tell all sums apart: 1 / 32768 / steps is far more.
    assert np.abs(found.probabilities - expected).max() < 1e-9


def test_jobs_and_types_change_nothing(demo):
    cut = [demo[start : start + length] for start, length in ((0, 0), (0, 1), (9_000, 16_000), (50_000, 40_000))] * 3
    one = silif.score(cut, jobs=1)
    assert one.probabilities.shape == (12, 12)
    assert np.allclose(one.probabilities.sum(axis=1), 1, atol=1e-3)
    for other in (silif.score(cut, jobs=7), silif.score([clip / 32768 for clip in cut])):
        assert (other.probabilities == one.probabilities).all()
        assert (other.winner == one.winner).all() and (other.spikes == one.spikes).all()
    assert (one.score == one.probabilities.max(axis=1)).all()


def test_an_array_of_clips_and_no_clip(demo):
    table = demo[:160_000].reshape(10, 16_000)
    assert (silif.score(table).winner == silif.score(list(table)).winner).all()
    assert len(silif.score([])) == 0
    assert silif.score([]).probabilities.shape == (0, 12)


def test_other_threads_run_meanwhile(demo):
    """While one long clip is scored, another thread gets on; a call that kept Python for itself would let it run only
    before and after. Where the machine has no time for it, a longer clip gives it more."""
    moments = []
    over = threading.Event()

    def watch():
        while not over.is_set():
            moments.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for length in (10, 20, 40, 80, 160, 320):
            clip = np.tile(demo, length)
            before = time.monotonic()
            silif.score([clip], jobs=1)
            taken = time.monotonic() - before
            if any(before + taken / 4 < moment < before + taken * 3 / 4 for moment in moments):
                break
        else:
            pytest.fail(f"nothing else ran in the {taken:.1f} s of the last call")
    finally:
        over.set()
        thread.join()
