"""The comparison with other runtimes: the peers compute the same network, and what is missing is named."""

import sys

import numpy as np
import pytest
from test_export_command import checkpoint

from silif_tools.commands.bench_peers import Contest
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model
from silif_tools.peers.measure import Measured, PeerError, Worker
from silif_tools.peers.networks import prepare
from silif_tools.peers.table import Group, Row, as_json, as_text

pytest.importorskip("torch")
CONDITIONS = {"rounds": 3, "core": None, "processor": "a processor", "load": 0.0}


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_peers_compute_the_same_network(kind, tmp_path):
    clips = tmp_path / "clips.npz"
    counts = np.random.default_rng(4).poisson(0.5, (20, 50, 11)).astype(np.uint8)
    np.savez(clips, counts=counts, words=np.array(list("abcde")))
    material = prepare(checkpoint(tmp_path, kind), clips, tmp_path)
    assert material.steps == 20 * 50
    frames = np.load(material.frames)
    np.testing.assert_array_equal(frames, counts.reshape(-1, 11))
    expected = [spikes.mean() for spikes in run_model(read_model(material.model), frames[None].astype(np.int16)).spikes]
    for script in ("numpy_step.py", "torch_step.py"):
        worker = Worker(sys.executable, script, [material.network], None)
        # Over 1,000 steps without reset rounding moves single spikes; the rates stay.
        np.testing.assert_allclose(worker.facts["rates"], expected, rtol=0.05)
        assert worker.measure() > 0
        worker.close()


def test_a_peer_that_is_missing_is_named_in_the_table(tmp_path):
    contest = Contest(sys.executable, None, {"onnx": "pip install onnx failed: no network"})
    group = contest.group("a network", "per step")
    group.rows.append(Row("kws-bench", "int8", Measured([2.0, 1.0, 3.0])))
    contest.peer(group, "onnxruntime int8", ["onnxruntime", "onnx"], "onnx_step.py", tmp_path / "none.npz")
    contest.peer(group, "NumPy float32", ["numpy"], "numpy_step.py", tmp_path / "none.npz")
    contest.run(1)
    assert "pip install onnx failed: no network" in as_text(contest.groups, CONDITIONS)
    assert "none.npz" in group.rows[2].note
    assert group.rows[1].measured is None


def test_a_worker_that_ends_says_why(tmp_path):
    with pytest.raises(PeerError, match="No such file"):
        Worker(sys.executable, "numpy_step.py", [tmp_path / "none.npz"], None)


def test_ratios_are_of_medians():
    group = Group("work", "per step", [Row("ours", "1", Measured([2, 9, 1])), Row("other", "2", Measured([7, 8, 1]))])
    rows = as_json([group], CONDITIONS)["groups"][0]["rows"]
    assert [row["median_us"] for row in rows] == [2, 7]
    assert [row["times_ours"] for row in rows] == [1, 3.5]
    assert "3.5 times" in as_text([group], CONDITIONS)
