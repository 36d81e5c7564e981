"""State dicts inside everything else that a run saves: found, or asked for, and never anybody's code run."""

import collections
import types

import numpy as np
import pytest
from test_export_fold import trained_like

from silif_tools.commands.export import main
from silif_tools.errors import ConversionError
from silif_tools.export.state_dict import load_checkpoint

torch = pytest.importorskip("torch")
serialization = pytest.importorskip("torch.utils.serialization")


class Config:
    """Of the training script: not importable where its checkpoint is converted."""

    def __init__(self):
        self.rate = 0.01


class Trap:
    """Runs code where it is unpickled."""

    proof = None

    def __reduce__(self):
        return (open, (str(Trap.proof), "w"))


def saved(folder, value):
    torch.save(value, folder / "x.pth")
    return folder / "x.pth"


def plain():
    return trained_like("silif").state_dict()


def test_what_lies_beside_a_network_is_neither_run_nor_in_the_way(tmp_path):
    Trap.proof = tmp_path / "ran"
    beside = {
        "config": Config(),
        "nested": types.SimpleNamespace(values=[Config(), np.float32(1), np.arange(3)]),
        "order": collections.defaultdict(list, a=[1]),
        "trap": Trap(),
        "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.ones(4, 4)}}, "param_groups": [{"lr": 0.1}]},
    }
    checkpoint = load_checkpoint(saved(tmp_path, {"model": plain()} | beside))
    assert set(checkpoint.tensors) == set(plain())
    assert checkpoint.remarks == []
    assert not Trap.proof.exists()


def test_a_network_that_is_an_object_is_refused_by_the_name_of_its_type(tmp_path):
    for value in (Config(), {"model": Config()}, {"model": {"snn.0.W.weight": Config()}}):
        with pytest.raises(ConversionError, match=r"Config.*Save it with torch.save\(model.state_dict\(\), path\)"):
            load_checkpoint(saved(tmp_path, value))
    with pytest.raises(ConversionError, match=r"snn.0.alpha is a .*Config, not a tensor"):
        load_checkpoint(saved(tmp_path, plain() | {"snn.0.alpha": Config()}))


def test_of_several_networks_the_one_is_taken_that_is_named_so_and_the_others_are_named(tmp_path, capsys):
    other = {key: 2 * values for key, values in plain().items()}
    path = saved(tmp_path, {"epoch": 2, "ema": other, "state_dict": plain()})
    checkpoint = load_checkpoint(path)
    assert np.array_equal(checkpoint.tensors["snn.0.alpha"], plain()["snn.0.alpha"])
    assert [remark.line() for remark in checkpoint.remarks] == [
        "assumed: the network under state_dict was taken; also in the file: ema (--key says which)"
    ]
    asked = load_checkpoint(path, "ema")
    assert np.array_equal(asked.tensors["snn.0.alpha"], other["snn.0.alpha"])
    assert asked.remarks == []
    assert main([str(path), "--key", "em", "--output", str(tmp_path / "x.silif")]) == 1
    assert "--key em: " in (said := capsys.readouterr().err)
    assert "it has ema, epoch, state_dict" in said
    with pytest.raises(ConversionError, match="networks under first, second; say which with --key"):
        load_checkpoint(saved(tmp_path, {"first": plain(), "second": other}))


def test_a_key_reaches_into_nested_dictionaries_and_into_names(tmp_path):
    nested = saved(tmp_path, {"run": {"ckpt": {"state_dict": plain()}, "losses": [1.0]}})
    assert set(load_checkpoint(nested).tensors) == set(plain())
    assert set(load_checkpoint(nested, "run.ckpt.state_dict").tensors) == set(plain())
    flat = {f"{who}.{key}": values for who in ("student", "teacher") for key, values in plain().items()}
    assert set(load_checkpoint(saved(tmp_path, flat), "student").tensors) == set(plain())
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file({key: values.contiguous() for key, values in flat.items()}, tmp_path / "x.safetensors")
    assert set(load_checkpoint(tmp_path / "x.safetensors", "teacher").tensors) == set(plain())
    with pytest.raises(ConversionError, match=r"--key no: .* no tensor whose name begins with no\."):
        load_checkpoint(tmp_path / "x.safetensors", "no")


@pytest.mark.parametrize(
    "name",
    [
        "n_averaged",
        "num_updates",
        "loss.weight",
        "criterion.weight",
        "model.loss_fn.pos_weight",
        "train_acc.total",
        "val_metrics.accuracy.correct",
        "metrics.f1.tp",
        "best_acc",
    ],
)
def test_what_does_nothing_when_a_network_runs_is_passed_over_by_name(name, tmp_path):
    checkpoint = load_checkpoint(saved(tmp_path, plain() | {name: torch.ones(3)}))
    assert set(checkpoint.tensors) == set(plain())
    assert name in checkpoint.remarks[0].text
    assert checkpoint.remarks[0].is_harmless


@pytest.mark.parametrize("name", ["snn.0.decay", "neuron.w", "encoder.weight", "snn.0.lossy", "accumulate.weight"])
def test_nothing_else_is_passed_over(name, tmp_path):
    assert name in load_checkpoint(saved(tmp_path, plain() | {name: torch.ones(3)})).tensors


@pytest.mark.parametrize("name", [b"\0ollections", b"\xffollections", b"\nollections", b" ollections", b"<ollections"])
def test_a_type_whose_name_is_damaged_is_refused(name, tmp_path):
    with serialization.config.patch("save.compute_crc32", False):  # which would tell of the damage
        path = saved(tmp_path, collections.OrderedDict(plain()))
    data = path.read_bytes()
    assert data.count(b"collections") == 1
    path.write_bytes(data.replace(b"collections", name))
    with pytest.raises(ConversionError, match="not a plain PyTorch state dict, or damaged"):
        load_checkpoint(path)
