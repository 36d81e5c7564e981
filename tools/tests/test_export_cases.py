"""Every file of ../shared/cases/export ends as its script says: what converts, what is said of it, what is refused."""

import numpy as np
import pytest
from shared_data import shared_folder

from silif_tools.commands.export import main
from silif_tools.integer.network import run_model
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
    assumed = [line.split(": ", 1)[1] for line in lines if line.startswith(("assumed: ", "changed: ", "suspect: "))]
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
    assert not any("clamped" in line or line.startswith(("assumed", "changed", "suspect")) for line in lines)


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
    assumed = [line for line in lines if line.startswith(("assumed: ", "changed: "))]
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


def graph_case(name, tmp_path, capsys, *options, gain=1):
    """(spikes of the first layer on the frames times gain, what was said)"""
    cases = shared_folder() / "cases/export"
    status, lines, error, target = export(cases / f"{name}.nir", tmp_path, capsys, "--bits", "16", *options)
    assert status == 0, error
    spikes = run_model(read_model(target), gain * np.load(cases / "frames.npy")[None]).spikes[0][0]
    said = [line for line in lines if line.startswith(("assumed: ", "changed: ", "suspect: "))]
    return spikes, said


@pytest.mark.parametrize("name", ["reset_undecayed", "tau_in_tenths_of_ms"])
@pytest.mark.parametrize("reset", [None, "subtract", "hard"])
def test_a_graph_of_snntorch_needs_no_option_but_the_reset(name, reset, tmp_path, capsys):
    options = ("--step-ms", "4", *(("--reset", reset) if reset else ()))
    spikes, said = graph_case(name, tmp_path, capsys, *options)
    expected = {None: "reset_undecayed", "subtract": "reset_decayed", "hard": "hard_reset"}[reset]
    assert np.array_equal(spikes, np.load(shared_folder() / f"cases/export/expected_{expected}.npy"))
    assert spikes.mean() > 0.05
    assert said[0].startswith("assumed: the graph was written by snnTorch: r = tau / 0.1 ms")
    assert [line for line in said[1:] if "reset_mechanism" in line] == ([] if reset else said[1:])


def leaky_spikes(name, step, gain):
    """Spikes of the first layer on the frames times gain, by step(u, s, current, tau) -> u, in float64."""
    h5py = pytest.importorskip("h5py")
    cases = shared_folder() / "cases/export"
    with h5py.File(cases / f"{name}.nir") as file:
        nodes = file["node/nodes"]
        weight, bias, tau = nodes["w/weight"][()], nodes["w/bias"][()], nodes["lif/tau"][()]
    u = s = np.zeros(len(weight))
    out = []
    for x in gain * np.load(cases / "frames.npy"):
        u, s = step(u, s, weight @ x + bias, tau)
        out.append(s)
    return np.array(out, np.uint8)


def test_time_constants_in_steps_are_those_of_sinabs(tmp_path, capsys):
    def step(u, s, current, tau):
        u = np.exp(-1 / tau) * (u - s) + (1 - np.exp(-1 / tau)) * current
        return u, (u >= 1).astype(float)

    spikes, said = graph_case("tau_in_steps", tmp_path, capsys, "--step-ms", "4", gain=5)
    expected = leaky_spikes("tau_in_steps", step, gain=5)
    assert np.array_equal(spikes, expected)
    assert expected.mean() > 0.02
    assert "written by sinabs: r = 1 and time constants of 1 and more: in steps" in said[0]
    assert "SingleSpike" in said[1]


def test_time_constants_times_the_step_are_those_of_norse(tmp_path, capsys):
    def step(u, s, current, tau):
        u = (1 - s) * u
        u = u + 1e-6 / tau * (current - u)
        return u, (u > 1).astype(float)

    spikes, said = graph_case("tau_times_dt", tmp_path, capsys, "--step-ms", "1", gain=5)
    expected = leaky_spikes("tau_times_dt", step, gain=5)
    assert np.array_equal(spikes, expected)
    assert expected.mean() > 0.02
    assert "written by Norse: r = 1 and time constants below 0.1 ms: times the step" in said[0]


def test_delays_that_are_no_whole_steps_are_said_to_be_rounded(tmp_path, capsys):
    _, said = graph_case("delays_rounded_silently", tmp_path, capsys, "--step-ms", "1")
    assert "changed: delay: 6 of 8 delays are no whole steps of 1 ms and were rounded, by up to 0.5 steps" in said
    path = shared_folder() / "cases/export/delays_rounded_silently.nir"
    given = ("--library", "nir", "--discretization", "exact", "--reset", "hard", "--step-ms", "1")
    status, _, error, _ = export(path, tmp_path, capsys, "--strict", *given)
    assert status == 1
    assert error.startswith("silif-export: --strict: delay: 6 of 8 delays")


def test_neurons_that_can_never_fire_are_suspect(tmp_path, capsys):
    spikes, said = graph_case("threshold_1e9", tmp_path, capsys, "--step-ms", "1")
    assert not spikes.any()
    assert said[-1].startswith("suspect: layer 0: 12 of 12 neurons can never fire")
    path = shared_folder() / "cases/export/threshold_1e9.nir"
    np.save(tmp_path / "X.npy", np.load(path.with_name("frames.npy"))[None])
    lines = export(path, tmp_path, capsys, "--step-ms", "1", "--frames", str(tmp_path / "X.npy"))[1]
    assert "  note: layer 0 does not fire at all on X.npy" in lines


@pytest.mark.parametrize(("scores", "said"), [(None, 1), ("spikes", 0), ("potentials", 0)])
def test_a_last_layer_that_fires_is_read_by_spikes_or_potentials(scores, said, tmp_path, capsys):
    cases = shared_folder() / "cases/export"
    options = ("--step-ms", "1", "--bits", "16", *(("--scores", scores) if scores else ()))
    status, lines, error, target = export(cases / "last_node_lif.nir", tmp_path, capsys, *options)
    assert status == 0, error
    assert sum(line.startswith("assumed: out fires, and its spikes are counted") for line in lines) == said
    frames = np.load(cases / "frames.npy")[None]
    trace = run_model(read_model(target), frames)
    expected = last_layer(cases / "last_node_lif.nir", trace.spikes[0][0])
    if scores == "potentials":
        softmax = np.exp(expected[0]) / np.exp(expected[0]).sum(axis=1, keepdims=True)
        assert trace.scores_q15[0] / 32768 == pytest.approx(softmax.sum(axis=0), abs=0.05)
    else:
        assert np.array_equal(trace.scores_q15[0] / 32768, expected[1].sum(axis=0))
    assert expected[1].any()


def last_layer(path, spikes):
    """(potentials, spikes) [step, class] of snnTorch's Leaky, read before the reset of the next step."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path) as file:
        weight = file["node/nodes/r/weight"][()]
    u = s = np.zeros(len(weight))
    potentials, fired = [], []
    for x in spikes:
        u = 0.9 * u + weight @ x - s
        s = (u > 1).astype(float)
        potentials.append(u)
        fired.append(s)
    return np.array(potentials), np.array(fired)
