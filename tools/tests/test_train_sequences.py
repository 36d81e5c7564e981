"""Sequences of numbers: files, orders, splits, batches, a whole run with its curve, the same network in the engine."""

import gzip
import json
import struct
import zipfile

import numpy as np
import pytest
import torch
from built_commands import built_commands

from silif_tools.commands import train as command
from silif_tools.studies import samplers, sequence_scores
from silif_tools.studies.trained import Trained
from silif_tools.train import from_checkpoint, listops, recipe, sequences
from silif_tools.train.material import MissingData

SETTINGS = {"data": "mnist", "order": "rows", "validation": 20}


def pictures(count, seed):
    """Two classes of 6 x 6 pixels: the upper or the lower half is bright. The labels are sorted, as in one copy of
    MNIST."""
    rng = np.random.default_rng(seed)
    labels = np.sort(np.arange(count) % 2).astype(np.uint8)
    values = rng.integers(0, 60, (count, 6, 6), np.uint8)
    values[labels == 0, :3] += 150
    values[labels == 1, 3:] += 150
    return values, labels


def arrays():
    found = {}
    for split, count in (("train", 120), ("test", 40)):
        found[f"x_{split}"], found[f"y_{split}"] = pictures(count, count)
    return found


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(folder / "mnist.npz", **arrays())
    return folder


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def test_positions_are_in_bit_reversed_order():
    assert sequences.bit_reversed(8).tolist() == [0, 4, 2, 6, 1, 5, 3, 7]
    assert sequences.bit_reversed(6).tolist() == [0, 4, 2, 1, 5, 3]
    order = sequences.bit_reversed(784)
    assert order[:5].tolist() == [0, 512, 256, 768, 128] and sorted(order) == list(range(784))
    x = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    assert sequences.in_order(x, "rows")[0, :, 0].tolist() == list(range(12))
    assert sequences.in_order(x, "bit-reversed")[0, :, 0].tolist() == sequences.bit_reversed(12).tolist()


def test_idx_files_are_as_good_as_an_npz(data, tmp_path):
    other = tmp_path / "idx"
    other.mkdir()
    for k, (name, array) in enumerate(zip(sequences.IDX, (arrays()[a] for a in sequences.ARRAYS), strict=True)):
        if k % 2:
            (other / name).write_bytes(idx(array))
        else:
            (other / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    one, two, three = (sequences.load(path, SETTINGS, 2) for path in (data, other, data / "mnist.npz"))
    for split in one:
        for found in (two, three):
            assert np.array_equal(one[split].values, found[split].values)
            assert np.array_equal(one[split].labels, found[split].labels)


def test_validation_pictures_are_drawn_from_all_classes_and_trained_on_by_nobody(data):
    found = sequences.load(data, SETTINGS, 2)
    assert {k: len(v) for k, v in found.items()} == {"train": 100, "validation": 20, "test": 40}
    assert set(found["validation"].labels.tolist()) == {0, 1}
    rows = [{v.tobytes() for v in found[split].values} for split in ("train", "validation")]
    assert not rows[0] & rows[1] and len(rows[0] | rows[1]) == 120


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "mnist.npz").unlink(), "neither mnist.npz .* nor train-images-idx3-ubyte"),
        (lambda f: np.savez(f / "mnist.npz", **arrays() | {"x_train": np.zeros((120, 6, 6))}), "x_train must be uint8"),
        (lambda f: np.savez(f / "mnist.npz", **arrays() | {"y_test": np.zeros(3, np.uint8)}), "do not fit"),
        (lambda f: np.savez(f / "mnist.npz", **arrays() | {"y_test": np.full(40, 2, np.uint8)}), "do not fit"),
    ],
)
def test_files_that_do_not_fit_are_refused(data, change, message):
    change(data)
    with pytest.raises(MissingData, match=message):
        sequences.load(data, SETTINGS, 2)


@pytest.mark.parametrize("damage", [lambda b: b[:-12], lambda b: b[:10] + b"\x07" + b[11:], lambda b: b"no" + b[2:]])
def test_damaged_gzip_files_are_refused_by_name(tmp_path, capsys, damage):
    """Cut short, a broken stream, no gzip at all."""
    path = tmp_path / f"{sequences.IDX[0]}.gz"
    path.write_bytes(damage(gzip.compress(idx(arrays()["x_train"]))))
    options = ["smnist-s4d", "--data", str(tmp_path), "--output", str(tmp_path / "out"), "--threads", "1"]
    assert command.main(options) == 1
    assert f"{path}: damaged" in capsys.readouterr().err


def test_a_damaged_npz_is_refused_by_name(data, tmp_path, capsys):
    path = data / "mnist.npz"
    np.savez_compressed(path, **arrays())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        at = file.getinfo("x_train.npy").header_offset
    start = at + 30 + sum(struct.unpack_from("<HH", content, at + 26))  # header, name, extra field
    content[start] |= 6  # a block type that there is not
    path.write_bytes(content)
    options = ["smnist-s4d", "--data", str(data), "--output", str(tmp_path / "out"), "--threads", "1"]
    assert command.main(options) == 1
    assert f"{path}: not a .npy or .npz file of plain arrays" in capsys.readouterr().err


def test_damaged_idx_files_are_refused(tmp_path):
    for content, message in ((b"\0\0\x0d\1\0\0\0\1", "not an IDX file"), (idx(np.zeros(4, np.uint8))[:-1], "holds 3")):
        (tmp_path / sequences.IDX[0]).write_bytes(content)
        with pytest.raises(MissingData, match=message):
            sequences.load(tmp_path, SETTINGS, 2)


def test_batches_go_through_every_picture_once_an_epoch_and_go_on_where_they_were(data):
    train = sequences.load(data, SETTINGS, 2)["train"]
    train.reseed(3)
    epochs = []
    for _ in range(2):
        seen = [train.drawn({"batch": 25}) for _ in range(4)]
        assert seen[0].features.shape == (36, 25, 1) and seen[0].features.dtype == torch.float32
        epochs.append(torch.cat([b.features[:, :, 0].T for b in seen]))
        everything = np.sort(train.values[:, :, 0].astype(np.float32), 0)
        assert np.array_equal(np.sort(epochs[-1].numpy(), 0), everything)
    assert not torch.equal(*epochs)
    state, expected = train.state(), train.drawn({"batch": 25})
    train.reseed(9)
    train.restore(state)
    again = train.drawn({"batch": 25})
    assert torch.equal(again.features, expected.features) and torch.equal(again.labels, expected.labels)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[MAX 2 9 [MIN 4 7 ] 0 ]", 9), ("[MED 1 2 9 ]", 2), ("[MED 1 2 4 9 ]", 3), ("[MED 1 2 5 9 ]", 3),
        ("[SM 8 7 [MIN 6 4 5 ] ]", 9), ("[SM 1 [MED [MAX 3 8 ] 5 ] 4 ]", 1),
    ],
)  # fmt: skip
def test_expressions_have_their_value(text, value):
    """The evaluator of the tests reads tokens, as a network does; the generator makes a tree."""
    assert evaluated([listops.TOKENS.index(word) for word in text.split()]) == value


def evaluated(tokens):
    stack = [[]]
    for token in tokens:
        if token < 10:
            stack[-1].append(token)
        elif token < listops.CLOSE:
            stack.append([listops.OPERATORS[token - 10]])
        else:
            name, *numbers = stack.pop()
            found = {"[MIN": min, "[MAX": max, "[MED": lambda n: int(np.median(n)), "[SM": lambda n: sum(n) % 10}[name]
            stack[-1].append(found(numbers))
    assert len(stack) == len(stack[0]) == 1, "brackets do not match"
    return stack[0][0]


def test_listops_keeps_to_its_grammar(tmp_path):
    x, y = listops.expressions(30, 5)
    assert len({row.tobytes() for row in x}) == 30 and x.shape == (30, 2048)
    for row, value in zip(x, y, strict=True):
        length = int(np.argmax(row == listops.END))
        assert 500 < length < 2000 and (row[length:] == listops.END).all()
        assert evaluated(row[:length].tolist()) == value
        depth = np.cumsum(((row >= 10) & (row < listops.CLOSE)).astype(int) - (row == listops.CLOSE))
        assert depth.max() <= 9, "operators stand at depth 1 to 9"
    assert np.array_equal(x[:7], listops.expressions(7, 5)[0])
    path = tmp_path / "listops.npz"
    assert listops.main([str(path), "--train", "6", "--test", "3"]) == 0
    settings = {"data": "listops", "order": "rows", "validation": 2, "tokens": 16}
    train = sequences.load(path, settings, 10)["train"]
    batch = train.drawn({"batch": 4})
    assert batch.features.shape == (2048, 4, 16) and (batch.features.sum(2) == 1).all()
    assert torch.equal(batch.features.argmax(2).T.sort(0).values, torch.from_numpy(train.values[..., 0]).sort(0).values)
    assert torch.allclose(train.statistics()[0], batch.features.mean((0, 1)), atol=1e-6)
    with pytest.raises(MissingData, match="has the token 15; the recipe has 15"):
        sequences.load(path, settings | {"tokens": 15}, 10)


def of_two_words(name):
    """The text of a bundled recipe."""
    text = recipe.find(name).read_text()
    start = text.index("words = [")
    return text[:start] + 'words = ["up", "down"]' + text[text.index("]", start) + 1 :]


def small_recipe(tmp_path):
    text = of_two_words("psmnist-pspike")
    for old, new in (
        ("width = 128", "width = 12"), ("pairs = 8", "pairs = 2"), ("validation = 5000", "validation = 20"),
        ("batch = 64", "batch = 20"), ("recalibration_batches = 8", "recalibration_batches = 2"),
        ("steps = 4300 ", "steps = 40 "), ("report_every = 860", "report_every = 20"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    first, last = text.split("[[finish]]")
    path = tmp_path / "small.toml"
    path.write_text(f"{first}[[finish]]{last.replace('steps = 40 ', 'steps = 10 ')}")
    return path


def test_a_whole_run_its_curve_its_end_and_what_the_engine_says_of_it(tmp_path, data, capsys):
    """P-SpikeSSM, both rounds. A run that ended early and is made longer goes on, and its curve has no holes."""
    torch.set_num_threads(1)
    out, path = tmp_path / "out", small_recipe(tmp_path)
    options = [str(path), "--data", str(data), "--threads", "1", "--output"]
    assert command.main([*options, str(out)]) == 0, capsys.readouterr().err
    name = "psmnist-pspike"
    about, curve = (json.loads((out / f"{name}{end}.json").read_text()) for end in ("", "-curve"))
    assert set(about["accuracy_percent"]) == {"validation", "test"} and about["words"] == ["up", "down"]
    assert [(p["round"], p["step"]) for p in curve["points"]] == [(1, 20), (1, 40), (2, 10)]
    assert curve["points"][-1]["validation_percent"] == pytest.approx(about["accuracy_percent"]["validation"], abs=0.01)
    hours = [p["processor_hours"] for p in curve["points"]]
    assert hours == sorted(hours) and hours[0] > 0
    assert (out / f"{name}-curve.png").read_bytes().startswith(b"\x89PNG")

    other = tmp_path / "other"
    path.write_text(path.read_text().replace("steps = 40", "steps = 20").split("[[finish]]")[0])
    assert command.main([*options, str(other)]) == 0
    checkpoint = other / f"{name}-1.checkpoint"
    state = torch.load(checkpoint, weights_only=True)
    torch.save(state | {"processor_seconds": 7200.0}, checkpoint)
    cut = other / f"{name}-curve.json"  # a report whose checkpoint was not written any more
    reported = json.loads(cut.read_text())
    cut.write_text(json.dumps(reported | {"points": [*reported["points"], reported["points"][0] | {"step": 30}]}))
    small_recipe(tmp_path)
    assert command.main([*options, str(other), "--resume"]) == 0
    again = json.loads((other / f"{name}-curve.json").read_text())
    assert [(p["round"], p["step"]) for p in again["points"]] == [(1, 20), (1, 40), (2, 10)]
    assert [int(p["processor_hours"]) for p in again["points"]] == [0, 2, 2]

    # Again from its checkpoints: the same weights.
    before = torch.load(other / f"{name}.pth", weights_only=True)
    assert command.main([*options, str(other), "--resume"]) == 0
    after = torch.load(other / f"{name}.pth", weights_only=True)
    assert all(torch.equal(before[k], after[k]) for k in before)

    # What a running training came to, in the engine: float against int8, and every sampler.
    assert from_checkpoint.main([str(path), str(out / f"{name}.settled"), str(out / "now.pth")]) == 0
    build = ["--build", str(built_commands().folder), "--data", str(data)]
    capsys.readouterr()
    assert sequence_scores.main([str(out / "now.pth"), *build, "--output", str(out)]) == 0, capsys.readouterr().err
    cells = [c.strip() for c in capsys.readouterr().out.splitlines()[-1].strip("|").split("|")]
    assert cells[:2] == ["now", "pspike"] and "p = " in cells[6] and (out / "now.silif").exists()
    assert samplers.main([str(out / "now.pth"), *build, "--seeds", "3"]) == 0, capsys.readouterr().err
    rows = [line.split("|")[1:] for line in capsys.readouterr().out.splitlines() if line.startswith("|")][2:]
    assert [row[0].split()[0] for row in rows] == ["a", "one", "error", "the"]
    assert [row[5].strip() for row in rows] == ["48", "4", "0", "0"]
    for row in rows[:3]:
        mean, low, high = map(float, row[1:4])
        assert 0 <= low <= mean <= high <= 100
    assert samplers.main([str(data / "none.pth"), *build]) == 1

    # Other data of that name into the same folder: no frames of before.
    upside_down = {k: 1 - v if k.startswith("y") else v for k, v in arrays().items()}
    np.savez(data / "mnist.npz", **upside_down)
    capsys.readouterr()
    assert sequence_scores.main([str(out / "now.pth"), *build, "--output", str(out)]) == 0
    others = [c.strip() for c in capsys.readouterr().out.splitlines()[-1].strip("|").split("|")]
    assert float(others[5].split()[0]) == pytest.approx(100 - float(cells[5].split()[0]), abs=0.02)

    (data / "mnist.npz").unlink()
    for study, output in ((samplers, []), (sequence_scores, ["--output", str(out)])):
        assert study.main([str(out / "now.pth"), *build, *output]) == 1
        assert "neither mnist.npz" in capsys.readouterr().err


def test_a_checkpoint_that_does_not_fit_is_refused_by_name(tmp_path, data, capsys):
    out, path = tmp_path / "out", small_recipe(tmp_path)
    options = [str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]
    assert command.main(options) == 0
    checkpoint, text = out / "psmnist-pspike-1.checkpoint", path.read_text()
    state = torch.load(checkpoint, weights_only=True)
    older = {key: value for key, value in state.items() if key != "origin"}
    for old, new in (("width = 12", "width = 10"), ("blocks = 2", "blocks = 3")):
        path.write_text(text.replace(old, new))
        torch.save(state, checkpoint)
        assert command.main([*options, "--resume"]) == 1
        said = f"{old.replace(' =', ' was')}, is {new[-2:].strip()}"
        assert f"{checkpoint}: of another run: {said}" in capsys.readouterr().err
        torch.save(older, checkpoint)
        assert command.main([*options, "--resume"]) == 1
        assert f"{checkpoint}: damaged, or of a recipe with other layers" in capsys.readouterr().err
    path.write_text(text)
    assert command.main([*options, "--resume", "--seed", "99"]) == 1
    assert f"{out / 'psmnist-pspike-2.checkpoint'}: of another run: --seed was " in capsys.readouterr().err
    curve = out / "psmnist-pspike-curve.json"
    curve.write_text("")
    assert command.main([*options, "--resume"]) == 1
    assert f"{curve}: damaged (Expecting value: " in capsys.readouterr().err
    whole = checkpoint.read_bytes()
    for content in (whole[:2000], b"nothing", b""):
        checkpoint.write_bytes(content)
        assert command.main([*options, "--resume"]) == 1
        assert f"{checkpoint}: damaged, or of a recipe with other layers" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["smnist-s4d", "psmnist-silif", "smnist-csilif"])
def test_every_kind_trains_on_pixels(tmp_path, data, kind):
    """Quick: a step or two; the result is a network that the exporter reads."""
    path, out = tmp_path / "kind.toml", tmp_path / "out"
    path.write_text(of_two_words(kind).replace("validation = 5000", "validation = 20").replace("128", "12"))
    assert command.main([str(path), "--data", str(data), "--output", str(out), "--threads", "1", "--quick"]) == 0
    assert Trained.read(out / f"{kind}.pth").model.layers[0].inputs == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('order = "bit-reversed"', 'order = "spiral"', "order must be one of: rows, bit-reversed"),
        ("validation = 20", "validation = 0", "validation must be 1 or more"),
        ("[[finish]]", "[scenes]\np_noise = 0.1\n[[finish]]", r"\[scenes\] cannot be had beside \[sequences\]"),
        ("[finish.training]", "[finish.scenes]\np_noise = 0.1\n[finish.training]", r"\[finish.scenes\] is unknown"),
        ("score_scale", "teacher_weight", "score_scale is missing"),
        ("validation = 20", "validation = 20\ntokens = 1", "tokens must be 2 to 256"),
    ],
)
def test_what_a_recipe_of_sequences_cannot_say(tmp_path, old, new, message):
    path = small_recipe(tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(recipe.BadRecipe, match=message):
        recipe.load(path)


def test_options_of_sound_are_refused(tmp_path, data, capsys):
    options = [str(small_recipe(tmp_path)), "--data", str(data), "--output", str(tmp_path / "out")]
    assert command.main([*options, "--folders", str(data)]) == 1
    assert "--folders: a recipe of sequences has no use for it" in capsys.readouterr().err
