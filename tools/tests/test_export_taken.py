"""An option of silif-export that nothing in a file takes is refused; what the file takes changes the model."""

import numpy as np
import pytest
from test_export_delays import delayed_state
from test_export_fold import trained_like
from test_export_modules import snntorch
from test_export_nir import nodes_of, write
from test_s4d_layout import Network

from silif_tools.commands.export import main

torch = pytest.importorskip("torch")
nir = pytest.importorskip("nir")

SIZES = [(9, 6), (7, 9), (4, 7)]


def layers(**own):
    """snn.N of matrices and, for all layers or as (hidden, readout), a tensor of the neurons."""
    random = np.random.default_rng(3)
    state = {f"snn.{index}.W.weight": random.normal(0.3, 1, shape) for index, shape in enumerate(SIZES)}
    for index, (count, _) in enumerate(SIZES):
        for name, value in own.items():
            if index < 2 or name == "alpha":
                state[f"snn.{index}.{name}"] = np.full(count, value)
    return state


def parametric():
    state = layers()
    return state | {f"snn.{index}.neuron.w": np.zeros(1) for index in range(len(SIZES))}


def firing_graph():
    chain = nodes_of((None, None, None))
    ones = np.ones(4)
    return chain | {"neurons2": nir.LIF(tau=0.01 * ones, r=ones, v_leak=0 * ones, v_threshold=ones)}


def graph_without_time():
    random, chain = np.random.default_rng(5), {"input": nir.Input({"input": np.array([3])})}
    for index in range(2):
        chain[f"matrix{index}"] = nir.Linear(random.normal(0.5, 1, (3, 3)))
        chain[f"neurons{index}"] = nir.IF(r=np.full(3, 500.0), v_threshold=np.ones(3))
    return chain | {"output": nir.Output({"output": np.array([3])})}


STATES = {
    "silif": lambda: trained_like("silif").state_dict(),
    "lif": lambda: layers(alpha=0.9),
    "adlif": lambda: layers(alpha=0.9, beta=0.97, a=-0.5, b=0.5),
    "coded": layers,
    "parametric": parametric,
    "delays": lambda: delayed_state("axonal")[0],
    "s4d": lambda: Network().state_dict(),
    "spikingjelly": lambda: {"0.weight": np.ones((5, 4)), "2.weight": np.ones((3, 5))},
    "snntorch": lambda: snntorch(1),
}
GRAPHS = {"graph": lambda: nodes_of((None, None, None)), "firing": firing_graph, "without-time": graph_without_time}
NEEDED = {
    "coded": ("--lif-tau", "2"),
    "spikingjelly": ("--lif-tau", "2"),
    "s4d": ("--spike-threshold", "0"),
    **dict.fromkeys(GRAPHS, ("--step-ms", "2")),
}


def export(name, folder, capsys, *options):
    """(model file, or None; what was said)"""
    path, target = folder / f"{name}.pth", folder / f"{name}.silif"
    if name in GRAPHS:
        path = write(path.with_suffix(".nir"), GRAPHS[name]())
    else:
        torch.manual_seed(1)
        torch.save({key: torch.as_tensor(value) for key, value in STATES[name]().items()}, path)
    status = main([str(path), "-o", str(target), *NEEDED.get(name, ()), *options])
    said = capsys.readouterr()
    assert status == int(not target.exists())
    return (None if status else target.read_bytes()), said.out + said.err


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("lif", "--reset subtract"),
        ("lif", "--reset hard"),
        ("lif", "--reset none"),
        ("lif", "--scores potentials"),
        ("lif", "--scores spikes"),
        ("lif", "--no-decay-input"),
        ("lif", "--library norse"),
        ("lif", "--graph-dt 1"),
        ("lif", "--discretization euler"),
        ("lif", "--neuron cadlif"),
        ("lif", "--delays axonal"),
        ("lif", "--delay-kernel 9"),
        ("lif", "--lif-tau 2"),
        ("lif", "--norm-epsilon 1e-3"),
        ("lif", "--spike-threshold 0"),
        ("silif", "--lif-tau 2"),
        ("silif", "--neuron adlif"),
        ("adlif", "--reset hard"),
        ("parametric", "--lif-tau 2"),
        ("coded", "--scores spikes"),
        ("delays", "--delays dendritic"),
        ("delays", "--delays synaptic"),
        ("s4d", "--reset hard"),
        ("spikingjelly", "--library spikingjelly"),
        ("spikingjelly", "--graph-dt 1"),
        ("spikingjelly", "--norm-epsilon 1e-3"),
        ("spikingjelly", "--delays axonal"),
        ("snntorch", "--lif-tau 2"),
        ("snntorch", "--no-decay-input"),
        ("snntorch", "--neuron adlif"),
        ("snntorch", "--spike-threshold 0"),
        ("graph", "--key net"),
        ("graph", "--lif-tau 2"),
        ("graph", "--delay-kernel 9"),
        ("without-time", "--discretization euler"),
    ],
)
def test_an_option_that_nothing_takes_is_refused(name, option, tmp_path, capsys):
    model, said = export(name, tmp_path, capsys, *option.split())
    assert model is None
    assert said.startswith(f"silif-export: {option.split()[0]}: nothing in {tmp_path / name}.")
    assert "; leave it out (it is for " in said


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("silif", "--norm-epsilon 0.5"),
        ("adlif", "--neuron adlif"),
        ("coded", "--reset hard"),
        ("coded", "--lif-tau 3"),
        ("parametric", "--reset hard"),
        ("delays", "--delay-kernel 9"),
        ("s4d", "--norm-epsilon 0.5"),
        ("s4d", "--spike-threshold 0.5"),
        ("spikingjelly", "--reset subtract"),
        ("spikingjelly", "--no-decay-input"),
        ("spikingjelly", "--scores potentials"),
        ("spikingjelly", "--discretization exact"),
        ("spikingjelly", "--lif-tau 3"),
        ("snntorch", "--reset subtract"),
        ("snntorch", "--scores potentials"),
        ("firing", "--scores potentials"),
        ("firing", "--reset hard"),
        ("graph", "--discretization euler"),
        ("graph", "--graph-dt 1"),
        ("without-time", "--graph-dt 1"),
    ],
)
def test_an_option_that_the_file_takes_changes_the_model(name, option, tmp_path, capsys):
    before, _ = export(name, tmp_path, capsys)
    after, said = export(name, tmp_path, capsys, *option.split())
    assert before is not None
    assert after is not None, said
    assert before != after


@pytest.mark.parametrize(("name", "option"), [("delays", "--delays axonal"), ("coded", "--no-decay-input")])
def test_what_the_file_is_may_be_said(name, option, tmp_path, capsys):
    assert export(name, tmp_path, capsys)[0] == export(name, tmp_path, capsys, *option.split())[0]


@pytest.mark.parametrize(("name", "is_assumed"), [("coded", True), ("parametric", True), ("lif", False)])
def test_the_reset_is_assumed_where_no_tensor_tells_it(name, is_assumed, tmp_path, capsys):
    assert ("assumed: LIF neurons subtract" in export(name, tmp_path, capsys)[1]) == is_assumed
