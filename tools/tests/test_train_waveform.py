"""Sequences composed from waveforms, their teachers, and a whole run of such a recipe."""

import copy
import json
import multiprocessing
import re

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from test_train_command import tiny_data

from silif_tools.commands import export
from silif_tools.commands import train as command
from silif_tools.errors import ConversionError
from silif_tools.train import clips, fbank, loop, recipe, stream
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.stream_scenes import EARLY
from silif_tools.train.waveform import embedding, mix, pool, session, tape, teachers
from silif_tools.train.waveform.plan import ITEMS, Stretch
from silif_tools.train.waveform.scenes import AHEAD

MODELS = recipe.BUNDLED.parents[2] / "models"
WORDS = ["yes", "no", "_unknown_", "_silence_"]


def tone(hz: float, seconds: float, around: float = 0.0, loud: float = 8000) -> np.ndarray:
    quiet = np.zeros(int(around * 16000))
    return np.r_[quiet, loud * np.sin(2 * np.pi * hz * np.arange(int(seconds * 16000)) / 16000), quiet].astype(np.int16)


def hiss(seed: int, seconds: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 500, int(seconds * 16000)).astype(np.int16)


def small() -> dict:
    found = recipe.load(recipe.find("kws12"))
    found["words"] = WORDS
    counts = {f"synthetic_{kind}": 0 for kind in ("sentences", "words", "listed", "commands")}
    found["stream"] |= counts | {"batch": 6, "frames": 200}
    return found


def found_of() -> Material:
    room = np.zeros(4000, np.int16)
    room[40], room[1640] = 30000, 15000
    names = ["yes/a", "no/a", "bed/a", "_silence_/a"]
    spoken = clips.joined(names, [tone(f, 0.4, 0.3) for f in (400, 900, 2000)] + [hiss(1, 1.0)])
    talk = clips.joined(["talk/told.wav", "coffee_orders/a.wav"], [tone(3000, 6.0), tone(2500, 5.0)])
    other = clips.joined(["la/x"], [tone(1500, 0.6, 0.2)])
    rooms = clips.joined(["rir/0.flac"], [room])
    texts = {"talk/told.wav": "good morning"}
    splits = {"train": spoken, "validation": spoken, "test": spoken}
    return Material(WORDS, splits, clips.joined(["hum"], [hiss(2, 8.0)]), talk, other, [], texts, rooms)


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path))
    torch.set_num_threads(1)
    return tape.scenes(found_of(), small(), torch.device("cpu"), 1, 0)


def test_what_is_mixed_is_what_the_plan_says(scenes):
    """At its own speed a piece is the tape's samples but where it is faded; twice as fast, a tone is an octave up."""
    plan = scenes._plan(2, 200)
    for part in (plan.length, plan.gain):
        part.zero_()
    own = scenes.planner.own
    plan.source[:, 0], plan.at[:, 0], plan.length[:, 0], plan.gain[:, 0] = int(own.start[0]), 1000, 8000, 1.0
    plan.speed[0, 0], plan.speed[1, 0] = 1.0, 2.0
    sound = mix.mixed(scenes.mixer.tape, plan, slice(0, ITEMS), mix.samples_of(200))
    start = int(own.start[0])
    expected = scenes.mixer.tape[start : start + 8000].float() / 32768
    assert torch.allclose(sound[0, 1100:8900], expected[100:7900], atol=1e-7)
    assert not sound[:, :1000].any() and not sound[:, 9000:].any()
    pieces = sound[0, 6000:8800], sound[1, 3600:6400]
    loudest = [int(torch.fft.rfft(x).abs().argmax()) * 16000 / len(x) for x in pieces]
    assert loudest[0] == pytest.approx(400, abs=6) and loudest[1] == pytest.approx(800, abs=6)


def test_between_samples_a_tone_goes_on_as_a_tone(scenes):
    plan = scenes._plan(1, 100)
    plan.length.zero_()
    plan.source[0, 0] = int(scenes.planner.own.start[0]) + 4800  # where the tone of 400 Hz begins
    plan.at[0, 0], plan.length[0, 0], plan.gain[0, 0], plan.speed[0, 0] = 0, 4000, 1.0, 1.25
    sound = mix.mixed(scenes.mixer.tape, plan, slice(0, ITEMS), mix.samples_of(100))[0, 100:3900]
    expected = 8000 / 32768 * np.sin(2 * np.pi * 400 / 16000 * 1.25 * np.arange(100, 3900))
    assert np.allclose(sound.numpy(), expected, atol=2e-4)


def test_features_are_the_front_ends(scenes):
    plan = scenes._plan(2, 200)
    plan.warp[:], plan.curve[:] = mix.WARPS // 2, 0.0
    plan.curve[:, 5] = 1.0
    sound = scenes.mixer.sound(plan, 200)
    features, mel = scenes.mixer.features(sound, plan)
    assert torch.allclose(features, fbank.log_mel(sound).transpose(0, 1), atol=2e-3)
    assert mel.shape == (2, 200, embedding.BANDS)
    assert torch.equal((sound * 32768).round(), sound * 32768)
    whole = scenes.mixer.log_mel(scenes.mixer.tape[:16000])
    assert torch.allclose(whole, fbank.log_mel(scenes.mixer.tape[:16000].float() / 32768), atol=2e-3)


def test_a_room_answers_and_keeps_the_energy(scenes):
    plan = scenes._plan(2, 200)
    plan.length.zero_()
    plan.limit[:], plan.level[:] = 10.0, 0.01
    own = scenes.planner.own
    plan.source[:, 0], plan.at[:, 0], plan.length[:, 0] = int(own.start[0]) + 4800, 3000, 160
    plan.gain[:, 0], plan.speed[:, 0] = 1.0, 1.0
    plan.rows, plan.room = torch.tensor([1]), torch.tensor([0])
    dry, wet = scenes.mixer.sound(plan, 200)
    assert not dry[4400:].any() and wet[4600:4700].abs().max() > 0.2 * wet.abs().max()
    assert float(wet.square().sum() / dry.square().sum()) == pytest.approx(1.0, abs=0.1)


def test_sequences_are_labelled_and_repeatable(scenes):
    scenes.reseed(3)
    batch = scenes.sequences(24, 300)
    assert batch.features.shape == (300, 24, fbank.BANDS) and torch.isfinite(batch.features).all()
    assert batch.allowed.any(-1).all() and len(batch.ends) and len(batch.clips)
    for end, b, label in batch.ends:
        assert label in (0, 1) and batch.allowed[end, b].tolist() == [k == label for k in range(4)]
    assert set(batch.clips[:, 2]) <= {0, 1, 2, 3}
    scenes.reseed(3)
    again = scenes.sequences(24, 300)
    assert torch.equal(batch.features, again.features) and np.array_equal(batch.ends, again.ends)
    scenes.reseed(4)
    assert not torch.equal(batch.features, scenes.sequences(24, 300).features)


def test_labelled_seconds_lie_within_their_sequence(scenes):
    planner = scenes.planner
    planner.seed(5)
    plans = [planner.plan(64, 300) for _ in range(20)]
    first = np.concatenate([plan.clips[:, 0] for plan in plans])
    assert len(first) > 500 and (first >= 0).all() and (first + fbank.CLIP_FRAMES <= 300).all()
    for plan in plans:
        heard = plan.length > 0
        last = plan.source + ((plan.length - 1) * plan.speed).long()
        assert (plan.source[heard] >= 0).all() and (last[heard] < len(scenes.mixer.tape)).all()


def test_a_checkpoint_holds_hard_negatives_and_masks(scenes):
    scenes.sequences(2, 200)
    scenes.mined[0] = torch.tensor([100, 250])
    state = scenes.state()
    x = torch.ones(200, 4, fbank.BANDS)
    masked = scenes.words.masked(x.clone())
    scenes.mined[0] = torch.tensor([50])
    shared = scenes.planner.places.data_ptr()
    scenes.restore(state)
    assert scenes.mined[0].tolist() == [100, 250] and scenes.planner.places.data_ptr() == shared and scenes.drawn == 1
    assert torch.equal(scenes.words.masked(x.clone()), masked)
    with pytest.raises(ValueError, match="of another recipe or other recordings"):
        scenes.restore({"numpy": None})


def test_other_processes_see_hard_negatives_that_are_found_later(scenes):
    """And end where the scenes move on."""
    scenes.workers = 1
    scenes.planner.r |= {"p_mined": 1.0, "p_speech_only": 1.0, "p_spliced": 0.0, "p_second_talker": 0.0,
                         "p_babble": 0.0}  # fmt: skip
    number = next(k for k in range(len(scenes.planner.speech)) if k not in scenes.unmined)
    scenes.planner.shares = [float(k >= number) for k in range(len(scenes.planner.speech))]
    before = len(multiprocessing.active_children())
    assert (scenes._plan(4, 100).speed[:, 0] != 1).any()
    scenes.mined[number] = torch.tensor([250])
    for _ in range(AHEAD + 2):
        plan = scenes._plan(4, 100)
    begin = (plan.source[:, 0] - scenes.planner.speech[number].start) / 160
    assert (begin <= 250).all() and (begin + 100 * plan.speed[:, 0] > 250 - 100).all()
    assert len(multiprocessing.active_children()) == before + 1
    there = scenes.on(torch.device("cpu"))
    there.workers = 0
    assert there.sequences(2, 100).features.shape == (100, 2, fbank.BANDS)
    assert len(multiprocessing.active_children()) == before


def test_a_command_is_loud_before_it_is_due(scenes):
    """Labels and sound belong together: the tone of the word that is due has just been heard."""
    scenes.planner.r |= {"p_speech_only": 0.0, "p_noise": 0.0, "p_babble": 0.0, "p_room": 0.0, "p_warp": 0.0,
                         "p_synthetic_word": 0.0, "speed": 1.0, "p_clip": 0.0}  # fmt: skip
    scenes.planner.kind_shares = [1.0] * 5
    batch = scenes.sequences(12, 300)
    hz = 700 * (np.exp(np.linspace(0, 1, 42)[1:-1] * np.log(8700 / 720) + np.log(720 / 700)) - 1)
    bands = [int(np.abs(hz - f).argmin()) for f in (400, 900)]
    assert len(batch.ends) > 5
    for end, b, label in batch.ends:
        loud = batch.features[max(0, end - 2 * EARLY) : end - 2, b].exp().mean(0)
        assert loud[bands[label]] > 5 * loud[bands[1 - label]]


def test_hard_negatives_are_cut_out_where_they_end(scenes):
    planner = scenes.planner
    number = next(k for k in range(len(planner.speech)) if k not in scenes.unmined)
    planner.shares = [float(k >= number) for k in range(len(planner.speech))]
    planner.r |= {"p_mined": 1.0}
    scenes.mined[number] = torch.tensor([250])
    planner.seed(1)
    for frames in (30, 90):
        for _ in range(30):
            source, speed, length, _ = planner._talk(frames)
            first = (source - planner.speech[number].start) / 160
            assert first <= 250 and first + length * speed / 160 > 250 - 100 and 0.97 <= speed <= 1.03


def test_a_stretch_is_as_loud_as_its_loud_parts():
    x = np.zeros(16000, np.int16)
    x[8000:] = 16384
    found = Stretch.of(x, 0)
    assert found.level(0, 100) == pytest.approx(0.25, rel=1e-3) and found.mean(0, 100) == pytest.approx(0.125, rel=1e-3)


def held() -> dict[str, np.ndarray]:
    """Weights under the names of embedding_model.onnx."""
    torch.manual_seed(1)
    found = {}
    for number, conv in enumerate(embedding.Embedding().conv):
        name = "model/conv2d" + (f"_{number}" if number else "") + "/Conv2D"
        last = number == len(embedding.LAYERS) - 1
        found[f"{name}/ReadVariableOp:0" if last else f"{name}_weights_fused_bn"] = conv.weight.detach().numpy()
        if not last:
            found[f"{name}_bias_fused_bn"] = conv.bias.detach().numpy()
    return found


def stored(path, held: dict[str, np.ndarray]):
    graph = helper.make_graph([], "g", [], [], [numpy_helper.from_array(v, k) for k, v in held.items()])
    onnx.save(helper.make_model(graph), path)
    return path


def test_the_embeddings_weights_are_read_from_onnx_and_others_refused(tmp_path):
    weights = embedding.weights_of(stored(tmp_path / "a.onnx", held()))
    network = embedding.Embedding()
    network.load_state_dict(weights)
    torch.manual_seed(1)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), embedding.Embedding().parameters(), strict=True))
    bad = tmp_path / "b.onnx"
    wide = held() | {"model/conv2d/Conv2D_bias_fused_bn": np.zeros(25, np.float32)}
    others = [stored(tmp_path / "c.onnx", each).read_bytes() for each in ({"x": np.zeros(3)}, wide)]
    for content in (b"", b"none", *others):
        bad.write_bytes(content)
        with pytest.raises(ConversionError, match=r"b.onnx: no speech embedding as in openwakeword 0.5.1"):
            embedding.weights_of(bad)


def test_an_embedding_hears_its_frames_and_no_others():
    network = embedding.Embedding().eval()
    mel = torch.randn(1, 100, embedding.BANDS)
    with torch.no_grad():
        whole = network(mel)
        assert whole.shape == (1, 4, embedding.SIZE)
        for j in range(4):
            alone = network(mel[:, 8 * j : 8 * j + embedding.CONTEXT])
            assert torch.allclose(alone[:, 0], whole[:, j], atol=1e-4)


def test_the_teachers_guide_frames_and_clips(scenes):
    batch = scenes.sequences(24, 203)
    both = [teachers.MelTeacher(fbank.BANDS, 4, 8, 0.0), teachers.EmbeddingTeacher(4, 8, 0.0)]
    frames, heard = teachers.guides(both, 15.0)(batch)
    assert frames.shape == (203, 24, 4) and heard.shape == (len(batch.clips), 4) and len(batch.clips)
    for p in (frames, heard):
        assert torch.allclose(p.sum(-1), torch.ones(()), atol=1e-3)
    alone = teachers.guides(both[:1], 15.0)(batch)[0]
    assert not torch.allclose(alone, frames, atol=1e-3)


def test_what_a_teacher_takes_for_a_command_where_none_may_be_said_goes_to_none(scenes):
    batch = scenes.sequences(24, 203)
    teacher = [teachers.MelTeacher(fbank.BANDS, 4, 8, 0.0)]
    plain, clips_before = teachers.guides(teacher, 15.0)(batch)
    found, clips_after = teachers.guides(teacher, 15.0, [2, 3])(batch)
    assert torch.equal(clips_before, clips_after)
    due = ~batch.allowed[..., 2:].any(-1)
    assert due.any() and torch.equal(found[due], plain[due]), "a command that is due may be taken for another"
    none = batch.allowed[..., 2:].any(-1) & ~batch.allowed[..., :2].any(-1)
    assert (plain[none][:, :2] > 0.01).any() and (found[none][:, :2] == 0).all()
    assert torch.allclose(found.sum(-1), torch.ones(()), atol=1e-3)
    either = ~due & batch.allowed[..., 0]
    assert either.any() and torch.equal(found[either][:, 0], plain[either][:, 0]) and (found[either][:, 1] == 0).all()


def shrunk(name: str, *more: tuple[str, str]) -> str:
    """A recipe that comes with the package as one of the name "w" for three classes, smaller by these replacements."""
    text = recipe.find(name).read_text()
    for old, new in [
        (f'name = "{name}"', 'name = "w"'),
        (r"words = \[.*?\]", 'words = ["yes", "_unknown_", "_silence_"]'),
        ("size = (256|96)", "size = 8"),
        ("frames = 400", "frames = 150"),
        *more,
    ]:
        assert re.search(old, text)
        text = re.sub(old, new, text)
    return text


def test_a_whole_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path / "cache"))
    data = tiny_data(tmp_path / "data")
    more = ("clip_weight = 1.0", "clip_weight = 1.0\nrounded_bits = 8"), ("p_warp", "corrected_guides = true\np_warp")
    text = shrunk("kws12", (r"hidden = \[.*?\]", "hidden = [16]"), *more)
    path, out = tmp_path / "w.toml", tmp_path / "out"
    path.write_text(text)
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    assert command.main(options) == 1
    assert "--embedding FILE is missing: the wheel of openwakeword 0.5.1" in capsys.readouterr().err
    weights = ["--embedding", str(stored(tmp_path / "e.onnx", held()))]
    assert command.main([*options, *weights, "--start", str(path)]) == 1
    assert "--start: a recipe with [waveforms] and without [training] begins from nothing" in capsys.readouterr().err
    assert command.main(["kws12-silif", *options[1:], *weights]) == 2
    assert "--embedding: recipe kws12-silif has no [waveforms]" in capsys.readouterr().err
    options += weights
    assert command.main(options) == 0, capsys.readouterr().err
    about = json.loads((out / "w.json").read_text())
    assert about["weight_bits"] == 8 and about["float"] and about["recipe"]["waveforms"]["embedding"]["size"] == 8
    stems = ["w", "w-float", "waveform-embedding", "waveform-teacher"]
    assert sorted(re.sub("-[0-9a-f]{12}$", "", p.stem) for p in out.glob("*.pth")) == stems
    without = options[: -len(weights)]
    assert command.main([*without, "--resume"]) == 0, "teachers that are there need no weights"
    capsys.readouterr()
    assert command.main([*without, "--resume", "--seed", "99"]) == 1
    assert f"{out / 'w-stream.checkpoint'}: of another run: --seed was " in capsys.readouterr().err
    assert "stream.finish.steps" in torch.load(out / "w-stream-finish.checkpoint", weights_only=True)["origin"]
    path.write_text(text.replace("p_warp = 0.7", "p_warp = 0.6"))
    assert command.main(without) == 1, "and are not those of another recipe"
    assert "--embedding FILE is missing" in capsys.readouterr().err


def test_a_whole_run_whose_weights_are_rounded_and_not_trained_in_integers(tmp_path, monkeypatch):
    """kws12-small's."""
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path / "cache"))
    data, out = tiny_data(tmp_path / "data"), tmp_path / "out"
    (tmp_path / "w.toml").write_text(shrunk("kws12-small", (r"hidden = \[.*?\]", "hidden = [16]")))
    weights = stored(tmp_path / "e.onnx", held())
    options = [str(tmp_path / "w.toml"), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    assert command.main([*options, "--embedding", str(weights)]) == 0
    about = json.loads((out / "w.json").read_text())
    assert about["weight_bits"] == 4 == about["rounding_alone"]["weight_bits"] and "float" not in about
    assert not (out / "w-float.pth").exists() and not (out / "w-stream-finish.checkpoint").exists()
    assert export.main([str(out / "w.pth"), "--output", str(tmp_path / "w.silif"), "--bits", "4"]) == 0


def test_a_whole_run_after_rounds_on_clips_or_from_a_model(tmp_path, monkeypatch, capsys):
    """kws12-small-stream's: delays, 4 bits; --start takes what it made, as state dict or as model file."""
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path / "cache"))
    data = tiny_data(tmp_path / "data", 16000)
    path, out = tmp_path / "w.toml", tmp_path / "out"
    path.write_text(
        shrunk(
            "kws12-small-stream",
            (r"hidden = \[.*?\]", "hidden = [16, 16]"),
            ("batch = 128", "batch = 8"),
            ("recalibration_batches = 16", "recalibration_batches = 2"),
        )
    )
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    options += ["--embedding", str(stored(tmp_path / "e.onnx", held()))]
    with monkeypatch.context() as full:
        full.setattr(pool.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 9}))
        assert command.main(options) == 1
        said = capsys.readouterr()
    assert re.search(r"out/pool-\w+: .* kB are needed, 9 bytes are free: make room", said.err)
    assert "bank" not in said.out and not list(out.iterdir()), "before the rounds and the teachers"
    assert command.main(options) == 0, capsys.readouterr().err
    about = json.loads((out / "w.json").read_text())
    assert len(list(out.glob("pool-*/features.npy"))) == 1
    assert about["weight_bits"] == 4 and about["delay"]["kind"] == "axonal" and "history" not in about
    assert (out / "w-2.checkpoint").exists(), "the rounds on clips"
    model = tmp_path / "w.silif"
    assert export.main([str(out / "w.pth"), "-o", str(model)]) == 0
    for start, said in ((out / "w.pth", None), (model, "went on from the model file w.silif")):
        again = tmp_path / f"again-{start.suffix[1:]}"
        assert command.main([*options, "--start", str(start), "--output", str(again)]) == 0, capsys.readouterr().err
        assert not (again / "w-2.checkpoint").exists()
        history = json.loads((again / "w.json").read_text()).get("history")
        assert said in history if said else history is None
    assert command.main([*options, "--resume"]) == 0, capsys.readouterr().err
    stale = tmp_path / "stale"
    stale.mkdir()
    (stale / "waveform-embedding-000000000000.pth").touch()
    assert command.main([*options[:-2], "--output", str(stale)]) == 1
    said = capsys.readouterr().err
    assert re.search(r"--embedding FILE is missing.*or else \S+waveform-embedding-[0-9a-f]+.pth", said)
    assert len(list(stale.iterdir())) == 1, "before anything long"
    assert command.main([*options, "--start", str(MODELS / "kws12.silif")]) == 1
    assert "kws12.silif: its classes are yes no" in capsys.readouterr().err


def test_a_part_of_the_weights_before_is_kept():
    torch.manual_seed(1)
    start, network = (Network("silif", fbank.BANDS, [8], 4) for _ in range(2))
    before, after = copy.deepcopy(start), copy.deepcopy(network)
    stream.keep_start(network, start, {})
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), after.parameters(), strict=True))
    stream.keep_start(network, start, {"start_share": 0.25})
    for found, was, became in zip(network.parameters(), before.parameters(), after.parameters(), strict=True):
        assert torch.allclose(found, 0.25 * was + 0.75 * became)


def test_a_batch_that_is_where_it_should_be_is_not_copied(scenes):
    batch = scenes.sequences(2, 100)
    assert loop.moved(batch, torch.device("cpu")) is batch
    assert loop.moved(batch, torch.device("meta")) is not batch


def test_the_networks_of_waveforms_share_their_teachers(tmp_path):
    found = found_of()
    recipes = [recipe.load(recipe.find(name)) for name in ("kws12", "kws12-small-stream", "kws12-csilif")]
    for teacher in ("teacher", "embedding"):
        assert len({session.teacher_path(each, teacher, found, tmp_path) for each in recipes}) == 1
    recipes[0]["waveforms"]["p_warp"] = 0.6
    assert len({session.teacher_path(each, "teacher", found, tmp_path) for each in recipes}) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p_warp = 0.7", "p_warps = 0.7", r"\[waveforms\] p_warp is missing"),
        ("[waveforms.embedding]", "[waveforms.embeddings]", r"\[waveforms\] embedding is missing"),
        ("held_out = 0.25", "speech_variants = 3\nheld_out = 0.25", r"\[stream\] speech_variants is unknown"),
        ("[waveforms] ", "[bank]\n[waveforms] ", r"\[bank\] cannot be had beside \[waveforms\] without \[training\]"),
        ("[waveforms] ", "[training]\n[waveforms] ", r"\[bank\] variants is missing"),
        ("frozen_from = 0.5", "frozen_from = 0.5\nstart_share = 0.4", r"start_share needs frozen_from = 0"),
        ("frozen_from = 0.5", "frozen_from = 0.5\nstart_share = 1.0", r"start_share must be from 0 to below 1"),
        ("p_warp = 0.7", "p_warp = 0.7\npool = 0", r"\[waveforms\] pool must be a number from 1 to"),
        ("hold = 40", "hold = 40\nrounded_bits = 5", "rounded_bits must be one of: 4, 8"),
        ("frozen_from = 0.5", 'frozen_from = 0.5\nclip_score = "best"', "clip_score must be one of: mean, window"),
        ("frozen_from = 0.5", "frozen_from = 0.0", r"\[stream\] frozen_from must be above 0"),
        ("batch = 32", "", r"\[stream.finish\] batch is missing"),
        ('kind = "silif"', 'kind = "pspike"', "kind must be silif or csilif where there is"),
        ("frames = 400", "frames = 4000", r"\[stream\] frames must be at most 600"),
    ],
)
def test_recipes_of_waveforms_are_checked(old, new, message, tmp_path):
    text = recipe.find("kws12").read_text()
    assert old in text
    path = tmp_path / "kws12.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(recipe.BadRecipe, match=message):
        recipe.load(path)
