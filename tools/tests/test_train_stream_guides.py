"""What guides the stream stage: rooms, mined negatives, the frames' teacher; and that it resumes exactly."""

import numpy as np
import pytest
import torch
from torch import nn

from silif_tools.train import (
    bank,
    clips,
    echo,
    loop,
    mining,
    recipe,
    scan,
    stream,
    stream_loss,
    stream_recipe,
    stream_teacher,
)
from silif_tools.train.fbank import BANDS
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.scenes import Scenes
from silif_tools.train.schedule import FLAT_WARM_UP, rate
from silif_tools.train.stream_scenes import HARD, StreamBatch, StreamScenes, warping

WORDS = ["yes", "no", "_unknown_", "_silence_"]
BANK = {"speed": 1.17, "p_room": 0.5, "p_clip": 0.5}
R = recipe.load(recipe.find("kws12-cpu"))["stream"] | {
    "batch": 2, "frames": 200, "steps": 4, "report_every": 2, "recalibration_batches": 1,
}  # fmt: skip


def sound(seed: int, seconds: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2000, int(seconds * 16000)).astype(np.int16)


def responses() -> clips.Clips:
    """A room without echoes, and one that answers after 0.2 s."""
    plain, late = np.zeros(800, np.int16), np.zeros(6400, np.int16)
    plain[32] = late[32] = 29000
    late[3232] = 14500
    return clips.joined(["rir/0.flac", "rir/1.flac"], [plain, late])


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path))
    torch.set_num_threads(1)
    spoken = clips.joined(["yes/a", "no/a", "bed/a"], [sound(k, 0.8) for k in range(3)])
    settings = recipe.load(recipe.find("kws12-cpu"))["scenes"]
    reel = bank.reel(clips.joined(["talk"], [sound(7, 20.0)]), 1, 1, BANK, 1)
    words = Scenes(settings, WORDS, bank.clip_bank(spoken, 1, 1, BANK, 1), [0, 1, 2],
                   bank.clip_bank(spoken.chosen([2]), 1, 1, BANK, 1), reel, reel)  # fmt: skip
    words.weigh_unknown(["yes", "no", "bed"])
    return StreamScenes(R, words, reel, [(1.0, reel), (0.5, reel)], None, echo.envelopes(responses()), [1])


def test_a_room_without_echoes_changes_nothing_and_one_with_echoes_answers_late():
    plain, late = echo.envelopes(responses())
    assert plain.sum(0).mean() == pytest.approx(1) and late.sum(0).mean() == pytest.approx(1)
    energy = np.zeros((60, BANDS), np.float32)
    energy[10] = 8.0
    assert np.allclose(echo.heard(energy, plain), energy, atol=1e-4)
    heard = echo.heard(energy, late)
    assert heard[10].mean() == pytest.approx(8 / 1.25, rel=0.02)
    assert heard[30].mean() == pytest.approx(heard[10].mean() / 4, rel=0.02)
    assert (heard >= 0).all() and heard[:10].max() < 1e-4


def test_a_warped_tone_lies_where_the_formants_would():
    hz = (
        np.expm1(np.log1p(20 / 700) + np.arange(1, BANDS + 1) * (np.log1p(8000 / 700) - np.log1p(20 / 700)) / 41)
    ) * 700
    energy = np.zeros((1, BANDS), np.float32)
    energy[0, 20] = 1.0
    assert np.allclose(energy @ warping(1.0), energy, atol=1e-5)
    for ratio in (0.87, 1.16):
        out = (energy @ warping(ratio))[0]
        assert (out * hz).sum() / out.sum() == pytest.approx(ratio * hz[20], rel=0.03)
        assert (np.ones((1, BANDS), np.float32) @ warping(ratio)).std() < 1e-6


class Ear(nn.Module):
    """Says the first class where the first band is loud."""

    dropout = 0.0

    def freeze(self, frozen):
        self.frozen = frozen

    def forward(self, features):
        out = torch.zeros(*features.shape[:2], len(WORDS))
        out[..., 0] = 10.0 * (features[..., 0] > 0)
        return out


def test_mining_finds_where_a_command_is_heard():
    features = np.full((5000, BANDS), -5.0, np.float16)
    features[3010:3080] = 5.0
    features[600:620] = 5.0
    reel = bank.Reel(features, features.sum(1))
    found = mining.peaks(mining.judge_of(Ear()), reel, [0, 1], 50)
    assert len(found) == 100 and found.argmax() == 61 and found[61] > 0.9
    places = mining.hardest(mining.judge_of(Ear()), reel, [0, 1], 50, 0.02)
    assert places.tolist() == [3050, 3100]


def test_hard_negatives_are_drawn_and_stored_but_not_from_untold_speech(scenes):
    mining.mine(mining.judge_of(Network("silif", BANDS, [8], len(WORDS))), scenes)
    assert len(scenes.mined[0]) and not len(scenes.mined[1])
    scenes.mined[0] = torch.tensor([500])
    scenes.r, scenes.warps = R | {"p_mined": 1.0}, []
    scenes.shares = np.array([1.0, 0.0])
    expected = np.exp(scenes.speech[0].features.astype(np.float32))
    for length in (30, 150):
        for _ in range(20):
            piece = scenes._speech(length)
            start = next(k for k in range(len(expected)) if np.array_equal(expected[k], piece[0]))
            assert start <= 500 and start + length > 500 - HARD
    state = scenes.state()
    scenes.mined = []
    scenes.restore(state)
    assert [len(x) for x in scenes.mined] == [1, 0]


def test_the_frames_teacher_has_an_answer_for_every_frame():
    torch.manual_seed(0)
    network = stream_teacher.StreamTeacher(BANDS, len(WORDS), 8)
    for steps in (200, 201):
        p = stream_teacher.frame_probabilities(network)(torch.randn(steps, 3, BANDS))
        assert p.shape == (steps, 3, len(WORDS)) and torch.allclose(p.sum(-1), torch.ones(()), atol=1e-3)


def test_guidance_is_least_where_the_teacher_is_followed(scenes):
    scenes.reseed(1)
    batch = scenes.sequences(4, 200)
    soft = torch.randn(200, 4, len(WORDS), generator=torch.Generator().manual_seed(2)).softmax(-1)
    swapped = soft[..., [0, 1, 3, 2]]  # which of the classes without a command makes no difference
    other = soft[..., [1, 0, 2, 3]]
    followed, same, wrong = (float(stream_loss.guidance(p.log(), soft, batch, [2, 3])) for p in (soft, swapped, other))
    assert same == pytest.approx(followed, rel=1e-5) and wrong > followed


def test_the_rate_stays_until_flat_and_ends_near_nothing():
    assert rate(0, 1000, 1.0, flat=0.7) == pytest.approx(0.04)
    assert rate(FLAT_WARM_UP, 10000, 1.0, flat=0.7) == rate(6999, 10000, 1.0, flat=0.7) == 1.0
    assert rate(FLAT_WARM_UP, 10000, 1.0, flat=0.7) == rate(FLAT_WARM_UP, 20000, 1.0, flat=0.7)
    assert rate(8500, 10000, 1.0, flat=0.7) == pytest.approx(0.501) and rate(9999, 10000, 1.0, flat=0.7) < 0.01


def _trained(scenes, path, stop_at, resume, frozen_from):
    """The stage until a step, from the same beginning, or from its checkpoint."""
    torch.manual_seed(3)
    scenes.reseed(3)
    scenes.mined = [torch.zeros(0, dtype=torch.int64) for _ in scenes.mined]
    frames = stream_teacher.StreamTeacher(BANDS, len(WORDS), 8)
    guide = stream_teacher.frame_probabilities(frames)
    network = Network("silif", BANDS, [8], len(WORDS))
    settings = R | {"steps": stop_at, "rate_steps": 4, "frozen_from": frozen_from}
    return stream.train(network, scenes, settings, path, resume, None, lambda *report: None, guide)


@pytest.mark.parametrize("frozen_from", [0.25, 0.5, 0.75, 1.0])
def test_the_stage_goes_on_as_though_it_had_not_been_interrupted(scenes, tmp_path, frozen_from):
    whole = _trained(scenes, tmp_path / "whole.checkpoint", 4, False, frozen_from)
    _trained(scenes, tmp_path / "halves.checkpoint", 2, False, frozen_from)
    again = _trained(scenes, tmp_path / "halves.checkpoint", 4, True, frozen_from)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_the_frames_teacher_goes_on_as_though_it_had_not_been_interrupted(scenes, tmp_path):
    def trained(path, stop_at, resume):
        torch.manual_seed(3)
        scenes.reseed(3)
        network = stream_teacher.StreamTeacher(BANDS, len(WORDS), 8)
        settings = R | {"steps": stop_at, "rate_steps": 4}
        return stream_teacher.train(network, scenes, settings, path, resume, lambda *report: None)

    whole = trained(tmp_path / "whole.checkpoint", 4, False)
    trained(tmp_path / "halves.checkpoint", 2, False)
    again = trained(tmp_path / "halves.checkpoint", 4, True)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_a_run_killed_between_reports_goes_on_from_the_checkpoint_between_them(scenes, tmp_path, monkeypatch):
    def trained(path):
        torch.manual_seed(3)
        scenes.reseed(3)
        scenes.mined = [torch.zeros(0, dtype=torch.int64) for _ in scenes.mined]
        settings = R | {"report_every": 4, "store_every": 1, "frozen_from": 1.0}
        network = Network("silif", BANDS, [8], len(WORDS))
        return stream.train(network, scenes, settings, path, True, None, lambda *report: None)

    whole = trained(tmp_path / "whole.checkpoint")
    batches = iter([scenes.sequences] * 3)
    with monkeypatch.context() as patch, pytest.raises(StopIteration):
        patch.setattr(scenes, "sequences", lambda *sizes: next(batches)(*sizes))
        trained(tmp_path / "killed.checkpoint")
    assert torch.load(tmp_path / "killed.checkpoint", weights_only=True)["step"] == 3
    again = trained(tmp_path / "killed.checkpoint")
    for key, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_the_loss_stays_on_the_device_of_the_potentials(scenes):
    """Devices must not be mixed: a loss of tensors on "meta", which compute shapes alone, refuses others' numbers."""
    scenes.reseed(1)
    batch = scenes.sequences(4, 200)
    assert len(batch.clips) and len(batch.ends)
    there = loop.moved(batch, torch.device("meta"))
    potentials = torch.zeros(200, 4, len(WORDS), device="meta")
    logp = potentials.log_softmax(-1)
    p, none = logp.exp(), [2, 3]
    found = [
        *stream_loss.frame_losses(logp, there, none),
        stream_loss.guidance(logp, p, there, none),
        stream_loss.ranking(*stream_loss.window_scores(p, there, scenes.commands, R), R["hardest"], R["margin"]),
        *(
            stream_loss.clip_loss(p, there, p[0, :1].expand(len(batch.clips), -1), R | {"clip_score": score}, none)
            for score in stream_recipe.CLIP_SCORES
        ),
        scan.readout(potentials, torch.zeros(len(WORDS), device="meta")).sum(),
        scenes.words.masked(there.features.clone()).sum(),
    ]
    assert all(value.device.type == "meta" and value.ndim == 0 for value in found)
    with pytest.raises(RuntimeError):
        stream_loss.guidance(logp, p, batch, none)


def test_a_clip_is_scored_by_its_best_windows():
    """A word that is said in the clip's last half second alone, silence before it."""
    p = torch.zeros(98, 1, 4)
    p[:48, :, 3], p[48:, :, 0] = 1.0, 1.0
    best = stream_loss.best_windows(p, 50, [2, 3])[0]
    near_best = 1 - sum(range(stream_loss.BEST)) / stream_loss.BEST / 50
    shares = stream_loss.NONE_SHARES
    assert best.tolist() == pytest.approx([near_best, 0.0, 0.0, (near_best - 0.04) * shares[1]], abs=1e-6)
    assert best[0] > best[3], "the word, not the silence before it"
    clips = np.array([[0, 0, 0]])
    batch = StreamBatch(torch.zeros(98, 1, BANDS), *3 * [torch.ones(98, 1, 4)], clips[:0], clips)
    settings = R | {"score_scale": 15.0, "window": 50, "label_smoothing": 0.0}
    by_window, by_mean = (
        float(stream_loss.clip_loss(p, batch, None, settings | {"clip_score": score}, [2, 3]))
        for score in ("window", "mean")
    )
    assert by_window < 0.01 < by_mean


def test_networks_that_differ_in_themselves_alone_share_the_frames_teacher(tmp_path):
    first, found = recipe.load(recipe.find("kws12-cpu")), Material(WORDS, {"train": responses()}, None, None, None, [])
    path = stream.teacher_path(first, found, tmp_path)
    for change in ({"hidden": [64]}, {"kind": "csilif"}, {"stream": first["stream"] | {"steps": 7, "rate": 1.0}}):
        assert stream.teacher_path(first | change, found, tmp_path) == path
    for change in ({"seed": 2}, {"stream": first["stream"] | {"p_room": 0.0}}):
        assert stream.teacher_path(first | change, found, tmp_path) != path
