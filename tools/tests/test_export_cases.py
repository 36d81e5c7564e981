"""Every file of ../shared/cases/export ends as its script says: what converts, what is said of it, what is refused."""

import numpy as np
import pytest
from shared_data import shared_folder

from silif_tools.commands.export import main
from silif_tools.kinds import read_model

pytest.importorskip("torch")
pytest.importorskip("h5py")

_ONLY_STEP_AND_NORM = {"a step lasts 4 ms", "batch normalization adds"}
# The file -> how all of its assumptions begin, beside the two that every state dict makes.
_CHECKPOINTS = {
    "plain_silif": (),
    "adlif_unmarked": (
        "snn.0: cAdLIF, whose tensors adLIF stores too",
        "snn.0.a: 7 of 12 below 0 are clamped",
        "snn.1: cAdLIF",
        "snn.1.a: 4 of 12 below 0 are clamped",
    ),
    "silif_without_dt": (
        "snn.0: cAdLIF",
        "snn.0: every alpha is above 1, as SiLIF stores them; SiLIF has snn.0.dt beside them",
        "snn.0.alpha: 12 of 12 above 0.96 are clamped",
        "snn.0.beta: 12 of 12 above 0.99",
        "snn.1: cAdLIF",
        "snn.1: every alpha is above 1",
        "snn.1.alpha: 12 of 12 above 0.96",
        "snn.1.beta: 1 of 12 below 0.96 and 11 of 12 above 0.99",
    ),
    "numpy_best_accuracy": (),
    "argparse_namespace": (),
    "averaged_model": (),
    "loss_weight": (),
    "under_model_state": (),
    "under_weights": (),
    "under_module": (),
    "under_net_state_dict": (),
    "under_params": (),
    "under_ema": (),
}


def export(path, folder, capsys, *options):
    """(status, lines, error, model file)"""
    target = folder / f"{path.stem}.silif"
    status = main([str(path), "--output", str(target), *options])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err, target


@pytest.mark.parametrize("name", _CHECKPOINTS)
def test_a_checkpoint(name, tmp_path, capsys):
    path = shared_folder() / f"cases/export/{name}.pth"
    status, lines, _, target = export(path, tmp_path, capsys)
    assert status == 0
    assumed = [line.removeprefix("assumed: ") for line in lines if line.startswith("assumed: ")]
    expected = [*_ONLY_STEP_AND_NORM, *_CHECKPOINTS[name]]
    assert len(assumed) == len(expected)
    for beginning in expected:
        assert any(line.startswith(beginning) for line in assumed), beginning
    assert read_model(target).layers[0].inputs == 8
    # The same network wherever it stands in the file.
    if not _CHECKPOINTS[name]:
        plain = export(path.with_name("plain_silif.pth"), tmp_path, capsys)[3]
        assert np.array_equal(read_model(plain).layers[0].weights, read_model(target).layers[0].weights)
    said = ("--step-ms", "4", "--norm-epsilon", "1e-5")
    status, _, error, _ = export(path, tmp_path, capsys, "--strict", *said)
    assert status == (1 if _CHECKPOINTS[name] else 0)
    for beginning in _CHECKPOINTS[name]:
        assert beginning in error


def test_what_is_passed_over_is_named(tmp_path, capsys):
    cases = shared_folder() / "cases/export"
    for name, stranger in (("averaged_model", "n_averaged"), ("loss_weight", "loss.weight")):
        lines = export(cases / f"{name}.pth", tmp_path, capsys)[1]
        assert f"note: passed over, no part of the network that runs: {stranger}" in lines


def test_a_user_who_names_the_neuron_is_believed(tmp_path, capsys):
    path = shared_folder() / "cases/export/adlif_unmarked.pth"
    options = ("--strict", "--step-ms", "4", "--norm-epsilon", "1e-5", "--neuron", "adlif")
    status, lines, _, _ = export(path, tmp_path, capsys, *options)
    assert status == 0
    assert not any("clamped" in line or line.startswith("assumed") for line in lines)


def test_normalization_without_statistics_is_called_by_both_its_names(tmp_path, capsys):
    path = shared_folder() / "cases/export/batchnorm_without_statistics.pth"
    status, _, error, _ = export(path, tmp_path, capsys)
    assert status == 1
    assert "snn.0.norm has no running statistics" in error
    assert "batch normalization without them (track_running_stats=False)" in error


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ("plain", None),
        ("fractions", "25.9 % of the values are fractions, rounded to counts by up to 0.4"),
        ("above_limit", "25.9 % of the values are beyond ±255, the largest input of this model, and are cut to it"),
    ],
)
def test_frames_that_counts_do_not_hold(frames, said, tmp_path, capsys):
    cases = shared_folder() / "cases/export"
    options = ("--step-ms", "4", "--norm-epsilon", "1e-5", "--frames", str(cases / f"frames_{frames}.npy"))
    status, lines, _, target = export(cases / "plain_silif.pth", tmp_path, capsys, *options)
    assert status == 0
    assumed = [line for line in lines if line.startswith("assumed: ")]
    rates = next(line for line in lines if "layer 0: firing rate" in line)
    as_float, as_fixed = (float(rates.split(kind)[1].split(" %")[0]) for kind in ("float", "fixed"))
    if said is None:
        assert assumed == []
        assert as_float == pytest.approx(as_fixed, abs=0.1)
        return
    assert len(assumed) == 1
    assert said in assumed[0]
    # Float reads what was given, so the two differ, which the figures show.
    assert abs(as_float - as_fixed) > 0.3
    target.unlink()
    status, _, error, _ = export(cases / "plain_silif.pth", tmp_path, capsys, "--strict", *options)
    assert status == 1
    assert said in error
    assert not target.exists()
