"""silif-cross-check: a user's module beside the network that was made of it."""

import itertools
import textwrap

import numpy as np
import pytest

from silif_tools.commands.cross_check import main
from silif_tools.commands.export import main as export

torch = pytest.importorskip("torch")
nir = pytest.importorskip("nir")

MODULE = """
import torch


class Neurons(torch.nn.Module):
    def __init__(self, hard):
        super().__init__()
        self.hard, self.u = hard, None

    def reset_states(self):
        self.u = None

    def forward(self, current):
        u = torch.zeros_like(current) if self.u is None else self.u
        u = 0.8 * u + 0.2 * current
        spikes = (u > 1).float()
        self.u = u * (1 - spikes) if self.hard else u - spikes
        return spikes


class Network(torch.nn.Module):
    def __init__(self, hard=True):
        super().__init__()
        self.first, self.neurons, self.second = torch.nn.Linear(6, 9), Neurons(hard), torch.nn.Linear(9, 3)
        weights = torch.Generator().manual_seed(2)
        with torch.no_grad():
            self.first.weight.copy_(4 * torch.randn(9, 6, generator=weights))
            self.first.bias.zero_()

    def forward(self, frame):
        return self.second(self.neurons(self.first(frame)))


class OfClips(Network):
    def forward(self, clip):
        return torch.stack([super(OfClips, self).forward(frame) for frame in clip])


def other():
    return Network(hard=False)


def failing():
    raise RuntimeError("no weights here")


class Wider(Network):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(7, 9)


number = 3
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder with net.py, net.silif and frames.npy)"""
    folder = tmp_path_factory.mktemp("cross")
    (folder / "net.py").write_text(textwrap.dedent(MODULE))
    names: dict = {}
    exec(MODULE, names)
    network = names["Network"]()

    def numbers(value, count):
        return np.full(count, float(value))

    lif = nir.LIF(numbers(5, 9), numbers(1, 9), numbers(0, 9), numbers(1, 9), numbers(0, 9))
    chain = {
        "input": nir.Input({"input": np.array([6])}),
        "w": nir.Linear(network.first.weight.detach().numpy().astype(float)),
        "lif": lif,
        "v": nir.Linear(np.ones((3, 9))),
        "li": nir.LI(numbers(5, 3), numbers(1, 3), numbers(0, 3)),
        "output": nir.Output({"output": np.array([3])}),
    }
    names = list(chain)
    nir.write(folder / "net.nir", nir.NIRGraph(chain, list(itertools.pairwise(names))))
    options = ["--library", "nir", "--graph-dt", "1000", "--discretization", "euler", "--reset", "hard"]
    target = str(folder / "net.silif")
    assert export([str(folder / "net.nir"), "-o", target, "--step-ms", "1", "--bits", "16", *options]) == 0
    frames = (np.random.default_rng(1).random((4, 50, 6)) < 0.4).astype(np.int16)
    np.save(folder / "frames.npy", frames)
    return folder


def check(folder, name, capsys, *options):
    status = main([str(folder / "net.silif"), f"{folder}/net.py:{name}", str(folder / "frames.npy"), *options])
    return status, *capsys.readouterr()


def test_the_same_network_is_the_same(made, capsys):
    for name, layout in (("Network", "step"), ("OfClips", "time-first")):
        status, out, error = check(made, name, capsys, "--layout", layout)
        assert status == 0, error
        assert out.startswith("layer 0 (neurons): 100.00 % of ")
        assert "part" not in out


def test_another_reset_is_found_by_step_and_neuron(made, capsys):
    status, out, _ = check(made, "other", capsys)
    assert status == 3
    assert "they part in clip " in out
    assert "fires alone" in out
    assert "100.00 %" not in out


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none", (), "holds nothing named none"),
        ("Network", ("--parts", "second,first"), "--parts: 2 names; the converted network has 1 such layers"),
        ("Network", ("--parts", "first"), "first puts out other values than 0 and 1"),
        ("failing", (), "net.py:failing raised RuntimeError: no weights here"),
        ("number", (), "net.py:number raised TypeError: 'int' object is not callable"),
        ("Wider", (), "the module, with --layout step, raised RuntimeError: mat1 and mat2 shapes"),
        (
            "Network",
            ("--parts", "nobody"),
            "nobody: no part that puts out values in every step; those are first, neurons",
        ),
    ],
)
def test_what_is_not_there_is_said(name, options, message, made, capsys):
    status, _, error = check(made, name, capsys, *options)
    assert status == 1
    assert message in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_there", "own.py raised ModuleNotFoundError: No module named 'nothing_there'"),
        ("def (", "own.py raised SyntaxError: "),
        ("import sys; sys.exit(2)", "own.py raised SystemExit: 2"),
    ],
)
def test_a_file_that_does_not_run_is_said_in_a_line(text, message, made, tmp_path, capsys):
    (tmp_path / "own.py").write_text(text)
    assert main([str(made / "net.silif"), f"{tmp_path}/own.py:Network", str(made / "frames.npy")]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("shape", [(0, 50, 6), (4, 0, 6), (4, 50, 7), (4, 6)])
def test_frames_of_another_shape_are_refused(shape, made, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros(shape, np.int16))
    assert main([str(made / "net.silif"), f"{made}/net.py:Network", str(tmp_path / "x.npy")]) == 1
    assert f"x.npy: the shape is {list(shape)}; [clip, step, 6] is wanted" in capsys.readouterr().err
