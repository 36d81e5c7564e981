"""Composed training sequences, on a small made-up bank."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from silif_tools.train import bank, clips, recipe, waves
from silif_tools.train.fbank import BANDS, CLIP_FRAMES, FLOOR
from silif_tools.train.scenes import Scenes

WORDS = ["yes", "no", "_unknown_", "_silence_"]
BANK = {"speed": 1.17, "p_room": 0.5, "p_clip": 0.5}


def tone(hz: float, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * 16000)) / 16000
    return (8000 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SILIF_CACHE", str(tmp_path_factory.mktemp("cache")))
    rng = np.random.default_rng(0)
    spoken = clips.joined(["yes/a.wav", "no/a.wav", "bed/a.wav"], [tone(f, 0.8) for f in (400, 900, 2000)])
    hiss = clips.joined(["hiss.wav"], [rng.normal(0, 50, 64000).astype(np.int16)])
    chatter = clips.joined(["chatter.wav"], [tone(3000, 4.0)])
    settings = recipe.load(recipe.find("kws12-silif"))["scenes"]
    made = Scenes(
        settings,
        WORDS,
        bank.clip_bank(spoken, 2, 1, BANK, 1),
        [0, 1, 2],
        bank.clip_bank(spoken.chosen([2]), 1, 1, BANK, 1),
        bank.reel(hiss, 1, 1, BANK, 1),
        bank.reel(chatter, 1, 1, BANK, 1),
    )
    made.weigh_unknown(["yes", "no", "bed"])
    yield made
    patch.undo()


@pytest.mark.parametrize("context", [0, 37])
def test_shapes_floor_and_labels(scenes, context):
    scenes.reseed(1)
    batch = scenes.batch(64, context)
    assert batch.features.shape == (context + CLIP_FRAMES, 64, BANDS)
    assert torch.isfinite(batch.features).all()
    assert float(batch.features.min()) >= FLOOR - 1e-4
    assert set(batch.labels.tolist()) == {0, 1, 2, 3}
    assert set(batch.context_labels.tolist()) == ({-1, 2, 3} if context else {-1})


def test_same_seed_same_batches_also_after_restoring(scenes):
    scenes.reseed(2)
    first = scenes.batch(8, 20)
    state = scenes.state()
    second = scenes.batch(8, 0)
    scenes.restore(state)
    assert torch.equal(scenes.batch(8, 0).features, second.features)
    scenes.reseed(2)
    assert torch.equal(scenes.batch(8, 20).features, first.features)


def test_a_word_sounds_like_its_label(scenes):
    """The loudest band of a clip of "yes" (400 Hz here) lies below that of "no" (900 Hz)."""
    scenes.reseed(3)
    batch = scenes.batch(256, 0)
    loudest = batch.features.exp().mean(0).argmax(1).float()
    assert loudest[batch.labels == 0].median() < loudest[batch.labels == 1].median()


def test_masks_leave_most_untouched(scenes):
    scenes.reseed(4)
    x = torch.ones(CLIP_FRAMES, 32, BANDS)
    kept = float(scenes.masked(x).mean())
    assert 0.5 < kept < 0.95


def test_plain_variant_is_the_recording(scenes):
    assert scenes.bank.clips == 3
    assert (scenes.bank.frames[:3] == 1 + (12800 - 400) // 160).all()


def test_resampling_moves_a_tone():
    audio = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000).astype(np.float32)
    faster = waves.resampled(audio, 1.25)
    assert len(faster) == 6400
    assert abs(np.abs(np.fft.rfft(faster)).argmax() * 16000 / 6400 - 1250) < 5
    assert abs(np.abs(faster[500:-500]).max() - 1) < 0.02


def test_where_only_own_words_are_labelled_the_others_are_unknown(scenes):
    """It ended training after minutes: nothing was there to be drawn from."""
    bare = Scenes(scenes.r, WORDS, scenes.bank, [0, 1, 1], scenes.others, scenes.noise, scenes.speech)
    bare.weigh_unknown(["yes", "no", "no"])
    bare.reseed(4)
    banks, rows = bare._clip_rows(np.full(50, 2))
    assert all(each is scenes.others for each in banks) and rows.max() < len(scenes.others.features)
    assert 2 in bare.batch(64, 20).labels


def test_a_small_batch_may_draw_no_noise(scenes):
    """It ended training, now and then."""
    settings = scenes.r | {"p_noise": 0.0, "p_babble": 0.0}
    quiet = Scenes(settings, WORDS, scenes.bank, [0, 1, 2], scenes.others, scenes.noise, scenes.speech)
    quiet.weigh_unknown(["yes", "no", "bed"])
    assert torch.isfinite(quiet.batch(2, 0).features).all()


def test_a_drawn_batch_has_the_masks_that_would_have_been_drawn_next(scenes):
    settings = {"batch": 9, "context_frames": [5, 9], "p_context": 1.0}
    scenes.reseed(3)
    batch = scenes.drawn(settings)
    scenes.reseed(3)
    scenes.rng.random()  # whether there is a context
    context = int(scenes.rng.integers(5, 10))
    plain = scenes.batch(9, context)
    assert torch.equal(batch.features, plain.features) and plain.masked_bands is None
    x = torch.randn(batch.features.shape)
    expected = scenes.masked(x.clone())
    assert torch.equal(batch.masked(x.clone()), expected) and not torch.equal(expected, x)
    assert torch.equal(plain.masked(x.clone()), x), "a batch without masks shows everything"


@pytest.mark.parametrize("workers", [2, 5])
def test_more_workers_make_the_same_bank(workers, tmp_path, monkeypatch):
    """Of parts of the clips where there are more of them than variants."""
    rng = np.random.default_rng(4)
    some = clips.joined([f"yes/{i}.wav" for i in range(5)], [rng.normal(0, 900, 9000).astype(np.int16)] * 5)
    monkeypatch.setattr(bank, "_pool", ThreadPoolExecutor)
    found = []
    for count in (1, workers):
        monkeypatch.setenv("SILIF_CACHE", str(tmp_path / str(count)))
        made, reel = bank.clip_bank(some, 2, 1, BANK, count), bank.reel(some, 2, 1, BANK, count)
        found.append([made.features, made.frames, made.level, made.quiet, reel.features, reel.loudness])
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)
