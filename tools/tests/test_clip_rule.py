"""Clips scored by their best windows: the reference is the definition, the engine equals it, the choice finds a
plateau."""

import struct
import zlib

import numpy as np
import pytest
import soundfile
from built_commands import REPOSITORY, built_commands
from tiny_models import tiny_model

from silif_tools.commands import calibrate as command
from silif_tools.errors import ConversionError
from silif_tools.export import clip_rule
from silif_tools.export.clips import load_list
from silif_tools.export.new_word import _with_class
from silif_tools.integer import clip_scores
from silif_tools.integer.frontend import FRONT_END
from silif_tools.integer.network import run_model
from silif_tools.kinds import SILIF, read_model
from silif_tools.model_file.calibration import Calibrates, Calibration
from silif_tools.model_file.clip_rule import ClipRule
from silif_tools.model_file.read import ModelFileError
from silif_tools.model_file.tables import DelayKind
from silif_tools.model_file.write import model_bytes, with_clip_rule

RULED = ("kws12", "kws12-stream")


def tiny(rule=None):
    _, model, _ = tiny_model(SILIF, DelayKind.NONE)
    model.clip_rule = rule
    return model


def rule_of(classes, tail=3):
    return clip_scores.for_words(classes, classes - 2, classes - 1, tail, 0.7, 0.3)


@pytest.mark.parametrize("window, steps", [(1, 9), (4, 9), (9, 9), (20, 9)])
def test_scores_are_those_of_the_definition(window, steps):
    rng = np.random.default_rng(window)
    p = rng.integers(0, 32769, size=(7, steps, 4))
    model = tiny(ClipRule(0, (32768, 20000, 32768, 0), (0, 500, 0, 9000)))
    model.words, model.detector.window_frames = list("abcd"), window
    found = clip_scores.clip_sums_q15(model, p.astype(np.uint16))
    floats = clip_scores.float_clip_scores(model, p / 32768)
    for clip in range(7):
        for word, (weight, level) in enumerate(
            zip(model.clip_rule.weights_q15, model.clip_rule.levels_q15, strict=True)
        ):
            sums = [int(p[clip, max(0, end + 1 - window) : end + 1, word].sum()) for end in range(steps)]
            mean = int(np.floor(max(sums) / window + 0.5))
            assert found[clip, word] == steps * (level + int(np.floor(weight * mean / 32768 + 0.5)))
            assert floats[clip, word] == pytest.approx(found[clip, word] / 32768, abs=steps * 2 / 32768)
    model.clip_rule = None
    assert np.array_equal(clip_scores.clip_sums_q15(model, p), p.sum(axis=1))
    assert clip_scores.float_clip_scores(model, p / 32768) == pytest.approx(p.sum(axis=1) / 32768)


def test_a_rule_is_written_and_read_back():
    bare = tiny()
    rule = rule_of(len(bare.words))
    model = tiny(rule)
    model.calibrations = [Calibration(Calibrates.CLIPS, (20000, 0, 12768), ((100, 5), (30000, 32000)))]
    data = model_bytes(model)
    assert read_model(data).clip_rule == rule and read_model(model_bytes(bare)).clip_rule is None
    model.clip_rule = None
    assert with_clip_rule(data, None) == model_bytes(model)
    assert with_clip_rule(model_bytes(model), rule) == data == with_clip_rule(data, rule)
    assert with_clip_rule(model_bytes(bare), rule) == model_bytes(tiny(rule))


@pytest.mark.parametrize(
    "change, field",
    [
        (lambda w: ClipRule(1025, w, (0,) * len(w)), "tail_frames"),
        (lambda w: ClipRule(-1, w, (0,) * len(w)), "tail_frames"),
        (lambda w: ClipRule(0, w[:-1], (0,) * (len(w) - 1)), "clip_class_count"),
        (lambda w: ClipRule(0, w, (0,) * (len(w) - 1)), "clip_class_count"),
        (lambda w: ClipRule(0, (32769, *w[1:]), (0,) * len(w)), "weight_q15"),
        (lambda w: ClipRule(0, w, (1,) * len(w)), "level_q15"),
    ],
)
def test_what_no_reader_takes_is_not_written(change, field):
    model = tiny()
    model.clip_rule = change((32768,) * len(model.words))
    with pytest.raises(ValueError, match=field):
        model_bytes(model)


def test_the_reader_refuses_what_the_writer_does_not_write():
    rule = rule_of(len(tiny().words))
    data = model_bytes(tiny(rule))
    start = data.index(rule.section())
    count = len(rule.weights_q15)
    for offset, value, field in (
        (0, 1025, "tail_frames"),
        (2, count + 1, f"with {count + 1} classes"),
        (4, 1, "reserved"),
        (16, 32769, "weight_q15"),
        (18, 1, "level_q15"),
    ):
        changed = bytearray(data)
        changed[start + offset : start + offset + 2] = value.to_bytes(2, "little")
        struct.pack_into("<I", changed, 16, zlib.crc32(changed[20:], zlib.crc32(changed[:16])))
        with pytest.raises(ModelFileError, match=field):
            read_model(bytes(changed))


def made_clips(model, count, late):
    """Probabilities: a word fills 20 frames, *unknown* 40 at half, silence none; `late` words begin at a clip's end."""
    rng = np.random.default_rng(5)
    steps = model.clip_frames + max(clip_rule.TAILS)
    labels = rng.integers(0, len(model.words), count)
    p = np.zeros((count, steps, len(model.words)), np.int64)
    for clip, label in enumerate(labels):
        at = model.clip_frames - 2 if late else 20
        if label == model.silence_index:
            p[clip, 30:45, rng.integers(0, 2)] = 6000
        elif label == model.unknown_index:
            p[clip, 30:60, label] = 30000
            p[clip, 50:65, rng.integers(0, 2)] = 24000
        else:
            p[clip, at : at + 20, label] = 30000
            p[clip, 20 : 20 + 40, model.unknown_index] = 17000
    p[..., model.silence_index] = 32768 - p.sum(axis=2)
    return p, labels


@pytest.mark.parametrize("late", [False, True])
def test_the_choice_hears_what_is_late_and_weighs_what_lasts(late):
    model = tiny()
    model.words, model.unknown_index, model.silence_index = ["yes", "no", "_unknown_", "_silence_"], 2, 3
    model.clip_frames, model.detector.window_frames = 98, 20
    p, labels = made_clips(model, 300, late)
    rule = clip_rule.fitted(model, p, labels)
    model.clip_rule = rule
    heard = p[:, : clip_scores.heard_frames(model)]
    assert (clip_scores.clip_sums_q15(model, heard).argmax(axis=1) == labels).all()
    assert (heard.sum(axis=1).argmax(axis=1) == labels).mean() < 0.6, "the mean over the clip does not hear them"
    assert rule.tail_frames == (10 if late else 0)
    assert rule.weights_q15[:2] == (32768, 32768) and rule.levels_q15[:3] == (0, 0, 0)
    assert rule.weights_q15[3] == 0 and 0 < rule.levels_q15[3] < 30000
    # In the middle of what is right, not at its edge.
    for step in (-1, 1):
        near = ClipRule(rule.tail_frames, rule.weights_q15, (0, 0, 0, rule.levels_q15[3] + step * 819))
        best = clip_scores.best_means_q15(heard, 20)
        assert (near.scores_q15(best).argmax(axis=1) == labels).all()


def test_without_the_two_classes_there_is_only_a_tail_to_choose():
    model = tiny()
    model.words, model.unknown_index, model.silence_index = ["yes", "no"], None, None
    model.clip_frames, model.detector.window_frames = 98, 20
    labels = np.array([0, 1] * 20)
    p = np.zeros((40, 128, 2), np.int64)
    p[np.arange(40), 95:, labels] = 32768
    rule = clip_rule.fitted(model, p, labels)
    assert rule == ClipRule(0, (32768, 32768), (0, 0))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """A list of pieces of the demo: shorter than a clip, and as long; of both kinds of label."""
    folder = tmp_path_factory.mktemp("clips")
    sound, rate = soundfile.read(REPOSITORY / "models" / "demo.flac", dtype="int16")
    names = []
    for number, at in enumerate(range(0, len(sound) - rate, rate // 2)):
        names.append(f"{('yes', 'stop', 'other')[number % 3]}/{number}.wav")
        (folder / names[-1]).parent.mkdir(exist_ok=True)
        soundfile.write(folder / names[-1], sound[at : at + rate - 1700 * (number % 4)], rate)
    (folder / "list.txt").write_text("\n".join(names) + "\n")
    return folder / "list.txt"


@pytest.mark.parametrize("name", RULED)
def test_the_engine_scores_as_the_reference_does(name, pieces):
    path = REPOSITORY / "models" / f"{name}.silif"
    model = read_model(path)
    assert model.clip_rule is not None and model.clip_rule.tail_frames > 0
    frames, _ = load_list(pieces, pieces.parent, model.words, clip_scores.heard_frames(model), FRONT_END)
    expected = clip_scores.clip_sums_q15(model, run_model(model, frames).probabilities_q15)
    rows = built_commands().clip_rows(path, pieces)
    assert len(rows) == len(frames) > 10 and {row["steps"] for row in rows} == {frames.shape[1]}
    found = [[row["probabilities"][word] * row["steps"] * 32768 for word in model.words] for row in rows]
    assert np.array_equal(np.rint(found), expected)
    assert [row["word"] for row in rows] == [model.words[k] for k in expected.argmax(axis=1)]
    assert [row["score"] for row in rows] == pytest.approx(expected.max(axis=1) / frames.shape[1] / 32768, abs=6e-5)


def test_the_command_writes_a_rule_and_takes_it_out_again(pieces, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "write", lambda *_: None)
    monkeypatch.setattr(command, "measure", lambda *_: {})
    path = tmp_path / "my.silif"
    path.write_bytes((REPOSITORY / "models" / "kws12-s4d.silif").read_bytes())
    before = read_model(path)
    options = [str(path), "--build", str(built_commands().folder)]
    clips = ["--clips", str(pieces)]
    for more in (clips, ["--streams", str(tmp_path), "--write"]):
        with pytest.raises(SystemExit):
            command.main([*options, *more, "--clip-rule", "window"])
        assert "--clip-rule is written into the model and chosen on clips" in capsys.readouterr().err
    command.main([*options, *clips, "--write", "--clip-rule", "window"])
    ruled = read_model(path)
    assert ruled.clip_rule is not None and before.clip_rule is None
    # How sure to be of clips was known for the mean, of events it still is.
    assert [each.calibrates for each in ruled.calibrations] == [Calibrates.EVENTS]
    command.main([*options, *clips, "--write", "--clip-rule", "mean"])
    assert read_model(path).clip_rule is None

    kept = path.read_bytes()
    for failure in (command.TooFew("too few"), RuntimeError("kws-score failed")):
        monkeypatch.setattr(command, "write", lambda *_, failure=failure: (_ for _ in ()).throw(failure))
        assert command.main([*options, *clips, "--write", "--clip-rule", "window"]) == 1
        assert str(failure) in capsys.readouterr().err and path.read_bytes() == kept


def test_models_of_frames_have_no_rule(tmp_path, pieces):
    path = tmp_path / "frames.silif"
    path.write_bytes(model_bytes(tiny()))
    with pytest.raises(ConversionError, match="where a model hears sound"):
        command.write_clip_rule(path, pieces, "window")


def test_a_rule_is_chosen_on_what_kws_score_would_label_and_hear(pieces, tmp_path):
    model = read_model(REPOSITORY / "models" / "kws12-small.silif")
    names = [pieces.parent / name for name in pieces.read_text().split()]
    listed = tmp_path / "list.txt"
    for name in ("yes/a.wav", "_silence_/b.wav", "tree/c.wav", "_background_noise_/d.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(names[0].read_bytes())
    listed.write_text("yes/a.wav\n_silence_/b.wav\ntree/c.wav\n_background_noise_/d.wav\n")
    probabilities, labels = clip_rule.heard(model, listed)
    assert labels.tolist() == [0, model.silence_index, model.unknown_index] and len(probabilities) == 3
    assert probabilities.shape == (3, model.clip_frames + max(clip_rule.TAILS), len(model.words))
    soundfile.write(tmp_path / "yes/a.wav", np.zeros(16_100, np.int16), 16_000)
    with pytest.raises(ConversionError, match=r"a\.wav: longer than a clip"):
        clip_rule.heard(model, listed)
    listed.write_text("_background_noise_/d.wav\n")
    with pytest.raises(ConversionError, match="names no clip"):
        clip_rule.heard(model, listed)
    model.front_end = model.front_end[:-2] + b"\1\1"
    with pytest.raises(ConversionError, match="this model has another"):
        clip_rule.heard(model, listed)


def test_a_new_word_is_scored_as_the_others_are():
    model = read_model(REPOSITORY / "models" / "kws12.silif")
    added = _with_class(model, "lumos", model.layers[-1], 0.5)
    assert added.clip_rule.weights_q15 == (*model.clip_rule.weights_q15, 32768)
    assert added.clip_rule.levels_q15 == (*model.clip_rule.levels_q15, 0)
    assert _with_class(tiny(), "lumos", tiny().layers[-1], 0.5).clip_rule is None
