"""Precomputed input to calibrate on, and what is known without any."""

import numpy as np
import pytest
from test_export_fold import arrays, trained_like

from silif_tools.commands.export import main
from silif_tools.export.fold import fold
from silif_tools.export.input_statistics import measured_statistics, recovered_statistics

torch = pytest.importorskip("torch")


def counting_network():
    """Takes counts; its normalization knows the statistics of what comes in. Wide enough to tell every input."""
    from silif_tools.train.network import Network

    torch.manual_seed(4)
    network = Network("csilif", 12, [40, 45], 30).eval()
    counts = np.random.default_rng(5).poisson(np.linspace(0.1, 2, 12), (20, 50, 12))
    state = arrays(network)
    state = {key: values for key, values in state.items() if not key.startswith("input_norm")}
    values = counts.astype(float)
    for index in range(3):
        products = values @ state[f"snn.{index}.W.weight"].T
        state[f"snn.{index}.norm.running_mean"] = products.mean(axis=(0, 1))
        state[f"snn.{index}.norm.running_var"] = products.var(axis=(0, 1)) + 1e-3
        if index < 2:
            from silif_tools.export.float_network import run_float

            values = run_float(fold(state), counts).spikes[index].astype(float)
    return state, counts


def test_normalization_knows_the_means_of_the_inputs():
    state, counts = counting_network()
    layers = fold(state)
    known, measured = recovered_statistics(state, layers), measured_statistics(layers, counts)
    for index in (0, 1):
        assert known[index].mean == pytest.approx(measured[index].mean, abs=0.02)
    assert known[0].mean == pytest.approx(counts.mean(axis=(0, 1)), abs=0.02)


def test_nothing_is_invented_where_no_means_explain_what_was_seen():
    state, _ = counting_network()
    state["snn.0.norm.running_mean"] = np.random.default_rng(1).normal(0, 5, 40)
    state = {key: values for key, values in state.items() if not key.startswith("snn.1.norm.")}
    known = recovered_statistics(state, fold(state))
    assert not known[0].mean.any()
    assert not known[1].mean.any()


def test_precomputed_input_calibrates(tmp_path, capsys):
    state, counts = counting_network()
    torch.save({key: torch.tensor(values) for key, values in state.items()}, tmp_path / "x.pth")
    np.save(tmp_path / "x.npy", counts.astype(np.uint8))
    options = ["--calibrate", str(tmp_path / "x.npy"), "--calibration-clips", "7"]
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "with.silif"), *options]) == 0
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "out.silif")]) == 0
    assert (tmp_path / "with.silif").read_bytes() != (tmp_path / "out.silif").read_bytes()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 4, 5), np.uint8), r"the shape is \[3, 4, 5\]; \[clip, step, 12\] is wanted"),
        (np.zeros((3, 4, 12)), "counts are integers"),
        (np.array([None]), "allow_pickle"),
    ],
)
def test_input_that_does_not_fit_is_refused(values, message, tmp_path, capsys):
    state, _ = counting_network()
    torch.save({key: torch.tensor(values) for key, values in state.items()}, tmp_path / "x.pth")
    np.save(tmp_path / "x.npy", values, allow_pickle=True)
    options = ["--calibrate", str(tmp_path / "x.npy"), "--output", str(tmp_path / "x.silif")]
    assert main([str(tmp_path / "x.pth"), *options]) == 1
    import re

    assert re.search(message, capsys.readouterr().err)


def test_the_fold_of_a_front_end_network_keeps_its_own_statistics():
    state = arrays(trained_like("silif"))
    known = recovered_statistics(state, fold(state))
    assert np.array_equal(known[0].mean, state["input_norm.mean"])


def test_counts_beyond_the_input_limit_are_cut_and_said(tmp_path, capsys):
    """70000 is 4464 in Int16, which nobody gave."""
    state, counts = counting_network()
    torch.save({key: torch.tensor(values) for key, values in state.items()}, tmp_path / "x.pth")
    counts = counts.astype(np.int64)
    counts[0, 0, 0] = 70000
    np.save(tmp_path / "x.npy", counts)
    target = tmp_path / "x.silif"
    assert main([str(tmp_path / "x.pth"), "--calibrate", str(tmp_path / "x.npy"), "--output", str(target)]) == 0
    said = capsys.readouterr().out
    assert "changed: x.npy: " in said
    assert "(up to 70000)" in said


def test_no_clips_to_calibrate_on_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "x.pth"), "--calibration-clips", "0", "--output", str(tmp_path / "x.silif")])
    assert "--calibration-clips: 0: give 1 or more" in capsys.readouterr().err
