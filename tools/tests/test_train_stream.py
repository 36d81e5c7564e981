"""Sequences for the stream, their loss, the synthesised material's text, and the stage's hold-out."""

import math

import numpy as np
import pytest
import torch

from silif_tools.train import bank, clips, recipe, stream, stream_exam, stream_loss, synthetic_text
from silif_tools.train.fbank import BANDS, CLIP_FRAMES, FLOOR
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.scenes import Scenes
from silif_tools.train.stream_exam import features_of, probabilities
from silif_tools.train.stream_scenes import EARLY, FADE, GRACE, Notes, StreamScenes, active_range

WORDS = ["yes", "no", "_unknown_", "_silence_"]
BANK = {"speed": 1.17, "p_room": 0.5, "p_clip": 0.5}
R = recipe.load(recipe.find("kws12-stream"))["stream"]


def tone(hz: float, seconds: float, around: float = 0.0) -> np.ndarray:
    t = np.arange(int(seconds * 16000)) / 16000
    quiet = np.zeros(int(around * 16000))
    return np.concatenate([quiet, 8000 * np.sin(2 * np.pi * hz * t), quiet]).astype(np.int16)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SILIF_CACHE", str(tmp_path_factory.mktemp("cache")))
    rng = np.random.default_rng(0)
    spoken = clips.joined(["yes/a", "no/a", "bed/a"], [tone(f, 0.4, 0.3) for f in (400, 900, 2000)])
    hiss = clips.joined(["hiss"], [rng.normal(0, 50, 96000).astype(np.int16)])
    chatter = clips.joined(["chatter"], [tone(3000, 6.0)])
    settings = recipe.load(recipe.find("kws12-stream"))["scenes"]
    others = bank.clip_bank(spoken.chosen([2]), 1, 1, BANK, 1)
    reels = [bank.reel(c, 1, 1, BANK, 1) for c in (hiss, chatter)]
    words = Scenes(settings, WORDS, bank.clip_bank(spoken, 2, 1, BANK, 1), [0, 1, 2], others, *reels)
    words.weigh_unknown(["yes", "no", "bed"])
    yield StreamScenes(R, words, reels[0], [(1.0, reels[1])])
    patch.undo()


def test_active_range_is_the_loud_part():
    loud = np.full(98, -5.0)
    loud[30:60] = 5.0
    assert active_range(loud) == (30, 60)
    assert active_range(np.zeros(98)) == (0, 98)


def test_what_may_be_said_around_a_command():
    note, hold = Notes(), 30
    note.command(0, 100, 150)
    allowed, hit = np.zeros((400, 4), bool), np.zeros((400, 4), bool)
    allowed[:, 2:] = True
    note.mark(allowed, hit, hold)
    assert not allowed[99, 0] and allowed[100].tolist() == [True, False, True, True]
    assert all(row.tolist() == [True, False, False, False] for row in allowed[150 - EARLY : 150 + hold])
    assert allowed[150 + hold + FADE - 1, 0] and not allowed[150 + hold + FADE, 0]
    assert not allowed[:, 1].any()
    assert hit[100 : 150 + GRACE, 0].all() and hit.sum() == 50 + GRACE


def test_a_command_whose_beginning_is_cut_off_is_not_asked_for():
    note = Notes()
    note.command(1, -10, 20)
    allowed, hit = np.zeros((400, 4), bool), np.zeros((400, 4), bool)
    allowed[:, 2:] = True
    note.mark(allowed, hit, 30)
    assert allowed[:20].tolist() == [[False, True, True, True]] * 20


def test_sequences_are_finite_labelled_and_repeatable(scenes):
    scenes.reseed(3)
    batch = scenes.sequences(16, 300)
    assert batch.features.shape == (300, 16, BANDS) and torch.isfinite(batch.features).all()
    assert float(batch.features.min()) >= FLOOR - 1e-4
    assert batch.allowed.any(-1).all()
    for end, b, label in batch.ends:
        assert label in (0, 1) and batch.allowed[end, b].tolist() == [k == label for k in range(4)]
    assert set(batch.clips[:, 2]) <= {0, 1, 2, 3}
    assert (batch.clips[:, 0] + CLIP_FRAMES <= 300).all()
    scenes.reseed(3)
    again = scenes.sequences(16, 300)
    assert torch.equal(batch.features, again.features) and np.array_equal(batch.ends, again.ends)


def test_window_means_are_the_detectors():
    from silif_tools.integer.detector import window_sums

    q15 = np.random.default_rng(1).integers(0, 32768, (120, 3))
    means = stream_loss.window_means(torch.from_numpy(q15).double(), 25)
    assert np.allclose(means.numpy() * 25, window_sums(q15, 25))


def test_loss_prefers_the_word_after_its_end(scenes):
    scenes.reseed(4)
    batch = scenes.sequences(24, 400)
    right = torch.where(batch.allowed, 6.0, -6.0)
    late = torch.full_like(right, -6.0)
    late[..., 2:] = 6.0
    wrong = late.clone()
    wrong[..., 0] = 12.0
    losses = [float(stream_loss.loss_of(x, batch, scenes.commands, [2, 3], None, R)[0]) for x in (right, late, wrong)]
    assert losses[0] < losses[1] < losses[2]
    assert all(math.isfinite(x) for x in losses)


def test_held_out_parts_neither_overlap_nor_lose_anything():
    def many(folder):
        names = [f"{folder}/{k}_x.ogg" for k in range(200)]
        return clips.joined(names, [np.zeros(2, np.int16)] * 200)

    found = Material(WORDS, {}, many("esc10"), many("coffee"), many("arabic/yes"), [])
    train, kept = stream.held_out(found, {"stream": R})
    for part in ("noise", "speech", "other_words"):
        first, second = set(getattr(train, part).names), set(getattr(kept, part).names)
        assert not first & second and len(first | second) == 200
        assert 20 < len(second) < 90
    assert stream.held_out(found, {}) == (found, None)


def test_no_sentence_or_word_to_be_synthesised_holds_a_command():
    for text in [*synthetic_text.sentences(300, 1), *synthetic_text.NEAR, *synthetic_text.NOUNS]:
        assert synthetic_text.clean(text), text
    assert not synthetic_text.clean("Turn it off, please") and not synthetic_text.clean("I know.")
    assert synthetic_text.sentences(20, 1) == synthetic_text.sentences(20, 1) != synthetic_text.sentences(20, 2)


def test_a_long_recording_has_the_features_and_probabilities_of_its_frames():
    from silif_tools.train.network import Network

    rng = np.random.default_rng(2)
    pcm = rng.integers(-3000, 3000, 160 * 6100 + 400).astype(np.int16)
    features = features_of(pcm)
    assert features.shape == (6101, BANDS)
    q15 = probabilities(Network("silif", BANDS, [8], 4), features[:200])
    assert q15.shape == (200, 4) and (abs(q15.sum(1) - 32768) <= 4).all()


def test_a_stream_is_heard_in_sections_each_after_a_run_up(monkeypatch):
    torch.manual_seed(3)
    network = Network("silif", BANDS, [8], 4)
    network.start(1.5, 0.5, [])
    features = np.random.default_rng(3).normal(size=(2500, BANDS)).astype(np.float16)
    whole = probabilities(network, features)
    assert whole.std() > 50
    monkeypatch.setattr(stream_exam, "SECTION", 900)
    parts = probabilities(network, features)
    assert parts.shape == whole.shape and abs(parts - whole).max() <= 2


def test_the_stage_begins_with_moving_statistics_whatever_the_rounds_before_left(scenes, tmp_path):
    torch.manual_seed(1)
    network = Network("silif", BANDS, [8], len(WORDS))
    network.freeze(True)
    settings = R | {"steps": 2, "batch": 2, "frames": 300, "report_every": 2, "recalibration_batches": 1}
    assert settings["frozen_from"] == 1
    mean = stream.train(network, scenes, settings, tmp_path / "x.checkpoint", False, None, lambda *report: None)
    assert not any(layer.frozen for layer in mean.snn)
    assert all((layer.norm.running_mean != 0).all() for layer in mean.snn)


@pytest.mark.parametrize(("share", "moved"), [(0.0, [False] * 4), (0.5, [True, True, True, False]), (1.0, [True] * 4)])
def test_normalisation_is_frozen_from_the_share_of_the_steps_that_the_recipe_gives(scenes, tmp_path, share, moved):
    """At that step it is settled on sequences once more."""
    network = Network("silif", BANDS, [8], len(WORDS))
    settings = R | {"steps": 4, "batch": 2, "frames": 300, "report_every": 1, "recalibration_batches": 1}
    settings["frozen_from"] = share
    last, found = network.snn[0].norm.running_mean.clone(), []

    def note(*report):
        nonlocal last
        now = report[-1].snn[0].norm.running_mean.clone()
        found.append(not torch.equal(now, last))
        last = now

    stream.train(network, scenes, settings, tmp_path / "x.checkpoint", False, None, note)
    assert found == moved


def test_a_float_network_computes_with_rounded_weights_once_normalisation_is_frozen(scenes, tmp_path):
    network = Network("silif", BANDS, [8], len(WORDS))
    settings = R | {"steps": 4, "batch": 2, "frames": 300, "report_every": 1, "recalibration_batches": 1}
    settings |= {"frozen_from": 0.5, "rounded_bits": 4}
    seen = []

    def note(*report):
        layer = report[-1].snn[0]
        seen.append(len((layer.weight() / report[-1].input_norm.std)[0].detach().round(decimals=5).unique()))

    mean = stream.train(network, scenes, settings, tmp_path / "x.checkpoint", False, None, note)
    assert [count > 15 for count in seen] == [True, True, False, False], seen
    mean.round_weights(0)
    assert len(mean.snn[0].weight()[0].unique()) > 15, "what is stored stays as it was trained"


def test_own_words_are_recordings_where_no_synthetic_ones_are_made_of_them(scenes):
    """The synthetic ones are the ten commands: with other words the stage ended at its first sequence."""
    bare = scenes.words.bank
    made = bare, np.array([0, 0, 2])
    for label, own in ((1, {1, 4}), (0, {0, 1, 3, 4})):
        mixed = StreamScenes(R | {"p_synthetic_word": 1.0}, scenes.words, scenes.noise, [(1.0, scenes.speech[0])], made)
        mixed.reseed(5)
        mixed._word(label)
        drawn = [mixed._drawn(label) for _ in range(20)]
        assert {row for _, row in drawn} == own and all(each is bare for each, _ in drawn)
