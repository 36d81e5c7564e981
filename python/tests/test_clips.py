"""silif.score gives what kws-score gives."""

import io
import os
import sys
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
    assert np.abs(found.probability - [row["probability"] for row in rows]).max() < 5.1e-5
    expected = [[row["probabilities"][word] for word in found.words] for row in rows]
    # Nine decimals tell all sums apart: 1 / 32768 / steps is far more.
    assert np.abs(found.probabilities - expected).max() < 1e-9


def test_jobs_and_types_change_nothing(demo):
    cut = [demo[start : start + length] for start, length in ((0, 0), (0, 1), (9_000, 16_000), (50_000, 40_000))] * 3
    one = silif.score(cut, jobs=1)
    changes = (lambda clip: clip / 32768, lambda clip: (clip / 32768).astype(np.float32), lambda clip: clip.tobytes())
    assert one.probabilities.shape == (12, 12)
    assert ((one.probabilities >= 0) & (one.probabilities <= 1)).all()
    by_the_mean = silif.score(cut, "kws12-s4d")
    assert np.allclose(by_the_mean.probabilities.sum(axis=1), 1, atol=1e-3)
    for other in (silif.score(cut, jobs=7), *(silif.score([change(clip) for clip in cut]) for change in changes)):
        assert (other.probabilities == one.probabilities).all()
        assert (other.winner == one.winner).all() and (other.spikes == one.spikes).all()
    assert (one.score == one.probabilities.max(axis=1)).all()
    assert ((one.probability > 0) & (one.probability < 1)).all()
    assert one == one and len({one, one}) == 1


def test_an_array_of_clips_and_no_clip(demo):
    table = demo[:160_000].reshape(10, 16_000)
    assert (silif.score(table).winner == silif.score(list(table)).winner).all()
    assert len(silif.score([])) == 0
    assert silif.score([]).probabilities.shape == (0, 12)


def test_what_has_no_clips_is_refused():
    for clips in (np.array(None, object), np.array(1, np.int16), np.zeros(3, np.int16)):
        with pytest.raises(silif.InputError, match=r"clips: the shape is \(3?,?\); give \[clip, sample\]"):
            silif.score(clips)
    for clips in (memoryview(np.array(1, np.int16)), "x", b"x", 3, None):
        with pytest.raises(silif.InputError, match=f"clips: a {type(clips).__name__} is no list of clips; give a list"):
            silif.score(clips)


def test_a_clip_without_samples_is_scored_as_silence():
    """As one that is too short; a file without samples `read_sound` refuses, as kws-score does."""
    found = silif.score([np.zeros(count, np.int16) for count in (0, 1)])
    assert (found.probabilities[0] == found.probabilities[1]).all() and found.word[0] == "_silence_"
    file = io.BytesIO()
    soundfile.write(file, np.zeros(0, np.int16), 16_000, format="WAV")
    with pytest.raises(silif.InputError, match="holds no samples"):
        silif.read_sound(file)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_first_bad_clip_is_named_whatever_the_threads(jobs):
    clips = [np.zeros(300, np.float32) for _ in range(12)]
    clips[4][7], clips[5][7], clips[9][7] = np.inf, np.nan, np.nan
    with pytest.raises(silif.InputError, match=r"clips\[4\]: some are not finite; replace"):
        silif.score(clips, jobs=jobs)


def test_what_ends_it_is_not_kept_waiting_for_all_clips(monkeypatch):
    """An error, or Ctrl-C, of which Python tells the main thread only: the others end after their clip."""
    main, calls = threading.main_thread().ident, []

    def does_main_wait_for_the_threads():
        frame, names = sys._current_frames()[main], set()
        while frame is not None:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        return "shutdown" in names

    def score_clip(_, __, count, *___):
        calls.append(count)
        if count == 11:
            return 1
        while not does_main_wait_for_the_threads():
            time.sleep(0.001)
        return 0

    from silif import _library

    monkeypatch.setattr(_library.released, "silif_score_clip", score_clip)
    with pytest.raises(silif.ModelError, match="argument"):
        silif.score([np.zeros(11, np.int16), *[np.zeros(10, np.int16)] * 1000], jobs=3)
    assert len(calls) <= 3


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
