"""Lists, recipes and exits of silif-train."""

import hashlib
import json
import re

import numpy as np
import pytest
import soundfile
import torch

from silif_tools.commands import export
from silif_tools.commands import train as command
from silif_tools.train import material, recipe
from silif_tools.train.network import Network


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path / "cache"))
    torch.set_num_threads(1)


def recordings(root, names, samples=4800):
    """Short noises under root."""
    rng = np.random.default_rng(1)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, rng.normal(0, 0.05, samples).astype(np.float32), 16000)


def tiny_data(root, samples=4800):
    """A tiny copy of the shape of the shared data. samples: of a recording."""
    lists = {
        "gsc": {split: [f"{w}/{split}_nohash_0.wav" for w in ("yes", "bed", "_silence_")] for split in material.SPLITS},
        "noise": {"train": [f"hum/{i}.wav" for i in range(8)]},
        "speech": {"train": [f"talk/{i}.wav" for i in range(8)]},
        "words": {"train": ["other/a.wav"]},
    }
    for part, splits in lists.items():
        for split, names in splits.items():
            recordings(root / part, names, samples)
            (root / part / f"{split}_list.txt").write_text("\n".join(names) + "\n")
    return root


@pytest.fixture
def data(tmp_path):
    return tiny_data(tmp_path / "data")


def small_recipe(tmp_path):
    text = recipe.find("kws12-silif").read_text()
    for old, new in [
        ("hidden = [256, 256, 256]", "hidden = [16]"),
        ("batch = 128", "batch = 8"),
        ("size = 96", "size = 8"),
    ]:
        assert old in text
        text = text.replace(old, new)
    start = text.index("words = [")
    text = text[:start] + 'words = ["yes", "_unknown_", "_silence_"]' + text[text.index("]", start) + 1 :]
    path = tmp_path / "small.toml"
    path.write_text(text.replace("recalibration_batches = 16", "recalibration_batches = 2"))
    return path


def test_bundled_recipes_are_valid():
    for path in sorted(recipe.BUNDLED.glob("*.toml")):
        assert recipe.load(path)["name"] == path.stem


def test_finishing_replaces_single_keys(tmp_path):
    path = small_recipe(tmp_path)
    text = path.read_text().split("[[finish")[0]
    path.write_text(text + "\n[[finish]]\n[finish.training]\nsteps = 7\n[[finish]]\n[finish.scenes]\np_noise = 0\n")
    first, second, third = recipe.rounds(recipe.load(path))
    assert second["training"] == third["training"] == first["training"] | {"steps": 7}
    assert third["scenes"]["p_noise"] == 0.0 and second["scenes"] == first["scenes"]
    path.write_text(text + "\n[[finish]]\n[finish.training]\nstep = 7\n")
    with pytest.raises(recipe.BadRecipe, match="step is unknown"):
        recipe.load(path)


def test_a_bad_recipe_is_wrong_usage(tmp_path, capsys):
    path = small_recipe(tmp_path)
    path.write_text(path.read_text().replace("score_scale", "score_scales"))
    assert command.main([str(path), "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert "score_scale" in capsys.readouterr().err
    assert command.main(["nothing", "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    with pytest.raises(SystemExit) as exit:
        command.main(["kws12-silif"])
    assert exit.value.code == 2
    with pytest.raises(SystemExit) as exit:
        command.main(["kws12-silif", "--data", str(tmp_path), "--output", str(tmp_path / "out"), "--seed", "-5"])
    assert exit.value.code == 2 and "--seed: -5: give 0 to" in capsys.readouterr().err


@pytest.mark.parametrize("ask", [lambda: torch.empty(10**15), lambda: np.zeros(10**15)])
def test_too_little_memory_is_a_failure_that_says_what_to_do(ask, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command.session, "run", lambda *_: ask())
    assert command.main(["kws12-silif", "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "silif-train: not enough memory: give a smaller batch or fewer variants\n"


def test_missing_data_is_a_failure_that_says_what(tmp_path, capsys):
    assert command.main(["kws12-silif", "--data", str(tmp_path / "no"), "--output", str(tmp_path / "out")]) == 1
    assert "--data" in capsys.readouterr().err


def test_official_lists_and_speaker_split(tmp_path):
    names = [f"yes/{i:08x}_nohash_{k}.wav" for i in range(40) for k in range(2)]
    recordings(tmp_path / "own", names)
    splits = material.folder_splits(tmp_path / "own")
    speakers = {s: {n.split("/")[1].split("_")[0] for n in c.names} for s, c in splits.items()}
    assert sum(len(c) for c in splits.values()) == len(names)
    assert not speakers["train"] & (speakers["validation"] | speakers["test"])
    (tmp_path / "own/validation_list.txt").write_text(names[0] + "\n")
    (tmp_path / "own/testing_list.txt").write_text(names[2] + "\n")
    splits = material.folder_splits(tmp_path / "own")
    assert splits["validation"].names == [names[0]] and splits["test"].names == [names[2]]
    assert len(splits["train"]) == len(names) - 2


def test_whole_command_and_resume(tmp_path, data, capsys):
    """All stages on a handful of noises; the result loads without trusting it. A round that is added later goes on from
    the checkpoints of those before."""
    out, path = tmp_path / "out", small_recipe(tmp_path)
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("[[finish]]")])
    assert command.main(options) == 0, capsys.readouterr().err
    state = torch.load(out / "kws12-silif.pth", weights_only=True)
    Network("silif", 40, [16], 3).load_state_dict(state)
    about = json.loads((out / "kws12-silif.json").read_text())
    assert set(about["accuracy_percent"]) == {"validation", "test"} and about["rounding_alone"]["weight_bits"] == 8
    assert not list(out.glob(".silif-*"))

    path.write_text(whole)
    before = {p: p.stat().st_mtime_ns for p in out.glob("*.checkpoint")}
    assert command.main([*options, "--resume"]) == 0
    assert all(p.stat().st_mtime_ns == when for p, when in before.items())
    as_float = torch.load(out / "kws12-silif-float.pth", weights_only=True)
    assert all(torch.equal(state[k], as_float[k]) for k in state)
    quantized = torch.load(out / "kws12-silif.pth", weights_only=True)
    assert set(quantized) - set(state) == {"snn.0.W.scale", "snn.1.W.scale"}
    about = json.loads((out / "kws12-silif.json").read_text())
    assert about["weight_bits"] == about["trained_in_integers"]["weight_bits"] == 8
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", about["trained"])
    assert json.loads((out / "kws12-silif-float.json").read_text())["weight_bits"] is None

    # Another seed's network is not called this one's. What all took is counted from the first command on.
    capsys.readouterr()
    assert command.main([*options, "--resume", "--seed", "99"]) == 1
    assert f"{out / 'kws12-silif-1.checkpoint'}: of another run: --seed was " in capsys.readouterr().err
    for checkpoint in out.glob("kws12-silif-*.checkpoint"):
        torch.save(torch.load(checkpoint, weights_only=True) | {"seconds": 7200.0}, checkpoint)
    assert command.main([*options, "--resume"]) == 0
    assert 7200 <= json.loads((out / "kws12-silif.json").read_text())["training_seconds"] < 10_800

    # The same from the float network alone, and again from its checkpoint.
    other = tmp_path / "other"
    other.mkdir()
    teacher = next(out.glob("teacher-*.pth"))
    teacher.rename(other / teacher.name)
    options[options.index(str(out))] = str(other)
    assert command.main([*options, "--start", str(out / "kws12-silif-float.pth")]) == 0
    first = torch.load(other / "kws12-silif.pth", weights_only=True)
    assert sorted(p.name for p in other.glob("kws12*.checkpoint")) == ["kws12-silif-4.checkpoint"]
    assert command.main([*options, "--resume", "--start", str(out / "kws12-silif-float.pth")]) == 0
    again = torch.load(other / "kws12-silif.pth", weights_only=True)
    assert all(torch.equal(first[k], again[k]) for k in first)


def test_training_goes_on_from_a_model_file(tmp_path, data, capsys):
    out, path = tmp_path / "out", small_recipe(tmp_path)
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    assert command.main(options) == 0, capsys.readouterr().err
    model = tmp_path / "small.silif"
    assert export.main([str(out / "kws12-silif-float.pth"), "--output", str(model)]) == 0
    before = torch.load(out / "kws12-silif.pth", weights_only=True)
    (out / "kws12-silif.pth").unlink()
    assert command.main([*options, "--start", str(model)]) == 0, capsys.readouterr().err
    after = torch.load(out / "kws12-silif.pth", weights_only=True)
    about = json.loads((out / "kws12-silif.json").read_text())
    assert before.keys() == after.keys() and about["weight_bits"] == 8
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert about["history"] == f"Training went on from the model file small.silif (SHA-256 {digest[:16]}...)."
    ships = recipe.BUNDLED.parents[2] / "models/kws12.silif"
    capsys.readouterr()
    assert command.main([*options, "--start", str(ships)]) == 1
    told = capsys.readouterr()
    assert "kws12.silif: its classes are yes no up" in told.err and not told.out  # before anything is read or made
    (tmp_path / "junk.pth").write_bytes(b"junk")
    for start, message in (
        (path, "not a plain PyTorch state dict, or damaged"),
        (tmp_path / "junk.pth", "not a plain PyTorch state dict, or damaged"),
        (out / "none.pth", "no such file"),
        (next(out.glob("teacher-*.pth")), "of a recipe with other layers, classes or kind"),
    ):
        assert command.main([*options, "--start", str(start)]) == 1
        told = capsys.readouterr()
        assert str(start) in told.err and message in told.err and not told.out


def test_another_seed_is_another_network_of_the_same_teacher(tmp_path, data, capsys):
    out, path = tmp_path / "out", small_recipe(tmp_path)
    whole = path.read_text()
    path.write_text(whole[: whole.index("[[finish]]")])
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    found = []
    for extra in ([], ["--seed", "2"], ["--seed", "2"], ["--seed", "1"]):
        assert command.main([*options, *extra]) == 0, capsys.readouterr().err
        about = json.loads((out / "kws12-silif.json").read_text())
        assert about["seed"] == int(extra[1] if extra else 1) and about["recipe"]["seed"] == 1
        found.append(torch.load(out / "kws12-silif.pth", weights_only=True))
    assert len(list(out.glob("teacher-*.pth"))) == 1
    plain, other, again, same = (state["snn.0.W.weight"] for state in found)
    assert torch.equal(plain, same) and torch.equal(other, again) and not torch.equal(plain, other)


def test_bits_are_checked(tmp_path):
    path = small_recipe(tmp_path)
    text = path.read_text()
    for old, new, message in [
        ("weight_bits = 8", "weight_bits = 3", "one of: 4, 8"),
        ("frozen_statistics = true", "frozen_statistics = false", "needs frozen_statistics"),
    ]:
        path.write_text(text.replace(old, new))
        with pytest.raises(recipe.BadRecipe, match=message):
            recipe.load(path)
    stream = recipe.find("kws12-stream").read_text()
    path.write_text(stream + "\n[[finish]]\n[finish.training]\nweight_bits = 8\n")
    with pytest.raises(recipe.BadRecipe, match=r"after \[stream"):
        recipe.load(path)


@pytest.mark.parametrize("share", ["-0.1", "50"])
def test_the_share_from_which_normalisation_is_frozen_is_checked(share, tmp_path):
    path = tmp_path / "kws12.toml"
    path.write_text(recipe.find("kws12-cpu").read_text().replace("frozen_from = 0.5", f"frozen_from = {share}"))
    with pytest.raises(recipe.BadRecipe, match=r"kws12.toml: \[stream\] frozen_from must be from 0 to 1"):
        recipe.load(path)


def test_a_device_that_is_not_there_is_said(tmp_path, data, capsys):
    options = [str(small_recipe(tmp_path)), "--data", str(data), "--output", str(tmp_path / "out")]
    assert command.main([*options, "--device", "tpu"]) == 1
    if not torch.cuda.is_available():
        assert command.main([*options, "--device", "cuda"]) == 1
        assert re.search(
            r"--device tpu: .*\n.*--device cuda: this PyTorch \(.*\) sees no such GPU", capsys.readouterr().err
        )
