"""NIR graphs, written by the package nir, against a simulation of the graph that is written here node by node."""

import itertools

import numpy as np
import pytest
from built_commands import built_commands
from shared_data import shared_folder

from silif_tools.commands.export import main
from silif_tools.errors import ConversionError
from silif_tools.export.float_network import run_float
from silif_tools.export.nir_graph import GraphChoices, read_graph
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model
from silif_tools.model_file.tables import Scores

nir = pytest.importorskip("nir")
h5py = pytest.importorskip("h5py")
STEP_MS = 2.0


def shape(count):
    return {"input": np.array([count])}, {"output": np.array([count])}


def neurons(count, seed, cls=None):
    random = np.random.default_rng(seed)
    cls = cls or nir.LIF
    fields = {
        "tau": random.uniform(0.005, 0.04, count),
        "r": random.uniform(0.5, 2, count),
        "v_leak": random.uniform(-0.2, 0.2, count),
    }
    if cls is nir.LIF:
        fields["v_threshold"] = random.uniform(0.4, 2.5, count)
    return cls(**fields)


def nodes_of(delays=("axonal", "dendritic", "both")):
    """7 -> LIF 12 -> LIF 9 -> LI 4, with delays before, behind, or around the matrix of each layer."""
    random, chain = np.random.default_rng(8), {"input": nir.Input(shape(7)[0])}
    sizes, kinds = [7, 12, 9, 4], [nir.LIF, nir.LIF, nir.LI]
    for index, (cls, delay) in enumerate(zip(kinds, delays, strict=True)):
        inputs, outputs = sizes[index], sizes[index + 1]
        if delay in ("axonal", "both"):
            chain[f"before{index}"] = nir.Delay(random.integers(0, 6, inputs) * STEP_MS / 1000)
        weight, bias = random.normal(0.5, 1.5, (outputs, inputs)), random.normal(0.1, 0.3, outputs)
        chain[f"matrix{index}"] = nir.Linear(weight) if index == 1 else nir.Affine(weight, bias)
        if delay in ("dendritic", "both"):
            chain[f"after{index}"] = nir.Delay(random.integers(0, 6, outputs) * STEP_MS / 1000)
        chain[f"neurons{index}"] = neurons(outputs, index, cls)
    chain["output"] = nir.Output(shape(4)[1])
    return chain


def write(path, chain, edges=None, with_reset=False):
    names = list(chain)
    nir.write(path, nir.NIRGraph(nodes=chain, edges=edges or list(itertools.pairwise(names))))
    if not with_reset:  # as NIR before 1.0.5 wrote it
        import h5py

        with h5py.File(path, "a") as file:
            for node in file["node/nodes"].values():
                if "v_reset" in node:
                    del node["v_reset"]
    return path


def simulate(chain, inputs, discretization):
    """values [step, input] -> potentials of the last node [step, class]; one node after the other, plain loops."""
    dt, values = STEP_MS / 1000, np.asarray(inputs, float)
    resting = np.zeros(values.shape[1])  # what a node puts out before the first step
    for node in chain.values():
        if isinstance(node, nir.Linear | nir.Affine):
            bias = getattr(node, "bias", 0.0)
            values, resting = np.array([node.weight @ x + bias for x in values]), node.weight @ resting + bias
        elif isinstance(node, nir.Delay):
            late = np.empty_like(values)
            for t in range(len(values)):
                for j, delay in enumerate(node.delay):
                    then = t - round(delay / dt)
                    late[t, j] = values[then, j] if then >= 0 else resting[j]
            values = late
        elif isinstance(node, nir.LIF | nir.LI):
            v, out = np.zeros(len(node.tau)), []
            for current in values:
                target = node.v_leak + node.r * current
                if discretization == "exact":
                    v = target + (v - target) * np.exp(-dt / node.tau)
                else:
                    v = v + dt / node.tau * (target - v)
                if isinstance(node, nir.LI):
                    out.append(v.copy())
                    continue
                spiked = v > node.v_threshold
                v = v - node.v_threshold * spiked
                out.append(spiked.astype(float))
            values, resting = np.array(out), np.zeros(len(node.tau))
    return values


@pytest.mark.parametrize("discretization", ["exact", "euler"])
@pytest.mark.parametrize(
    "delays", [(None, None, None), ("axonal", "dendritic", "both"), ("both", "axonal", "dendritic")]
)
def test_a_graph_computes_what_its_nodes_say(delays, discretization, tmp_path):
    chain = nodes_of(delays)
    layers = read_graph(write(tmp_path / "x.nir", chain), GraphChoices(STEP_MS, discretization)).layers
    counts = np.random.default_rng(3).poisson(0.7, (4, 60, 7))
    trace = run_float(layers, counts.astype(float))
    assert 0.05 < trace.spikes[0].mean() < 0.95
    assert 0.05 < trace.spikes[1].mean() < 0.95
    for clip, scores in zip(counts, trace.scores, strict=True):
        potentials = simulate(chain, clip, discretization)
        softmax = np.exp(potentials) / np.exp(potentials).sum(axis=1, keepdims=True)
        assert scores == pytest.approx(softmax.sum(axis=0), abs=1e-9)


def test_a_graph_becomes_a_model_that_verifies(tmp_path, capsys):
    chain = nodes_of()
    output, path = tmp_path / "x.silif", write(tmp_path / "x.nir", chain)
    options = ["--step-ms", str(STEP_MS), "--words", "a,b,c,d", "--bits", "16", "--clip-steps", "60"]
    assert main([str(path), "--output", str(output), *options]) == 0
    model = read_model(output)
    assert model.step_us == 2000
    counts = np.random.default_rng(3).poisson(0.7, (8, 60, 7))
    fixed = run_model(model, counts)
    expected = [simulate(chain, clip, "exact")[-1].argmax() for clip in counts]
    assert (fixed.membrane[:, -1].argmax(axis=1) == expected).mean() >= 0.75
    built_commands().verify(output)


def changed(**changes):
    def make(folder):
        chain = nodes_of() | changes
        return write(folder / "x.nir", chain)

    return make


def skipping(folder):
    chain = nodes_of((None, None, None))
    names = list(chain)
    edges = [*itertools.pairwise(names), ("input", "neurons0")]
    graph = nir.NIRGraph(nodes=chain, edges=edges, type_check=False)
    nir.write(folder / "x.nir", graph)
    return folder / "x.nir"


def twice_recurrent(folder):
    """Back to a layer that is not the spikes' own."""
    chain = nodes_of((None, None, None)) | {"back": nir.Linear(np.ones((12, 9)))}
    names = [name for name in chain if name != "back"]
    edges = [*itertools.pairwise(names), ("neurons1", "back"), ("back", "neurons0")]
    nir.write(folder / "x.nir", nir.NIRGraph(nodes=chain, edges=edges, type_check=False))
    return folder / "x.nir"


def edited(item, value):
    """A graph one of whose values was written over."""

    def make(folder):
        path = write(folder / "x.nir", nodes_of())
        with h5py.File(path, "r+") as file:
            del file["node"][item]
            file["node"][item] = value
        return path

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (edited("nodes/neurons0/type", "Conv1d"), "neurons0: a node of the type Conv1d cannot run here"),
        (changed(neurons0=neurons(12, 0, nir.LI)), "neurons0: LI runs here as the last node"),
        (changed(before0=nir.Delay(np.full(7, 9.0))), "before0: a delay of 4500 steps"),
        (changed(before0=nir.Delay(np.full(7, 1e300))), "before0: a delay of .* 0 to 255 run here"),
        (edited("nodes/neurons0/tau", np.zeros(12)), "neurons0.tau must be positive"),
        (edited("nodes/input/shape", np.array([9])), r"input.shape is \[9\], but the network has 7 inputs"),
        (edited("nodes/output/shape", np.array([9])), r"output.shape is \[9\], but the network has 4 outputs"),
        (edited("nodes/neurons0/type", np.arange(3)), "neurons0: a node of the type"),
        (edited("edges", np.array(3)), "not a NIR graph"),
        (lambda folder: folder / "none.nir", "none.nir: no such file"),
        (skipping, "only chains run here"),
        (twice_recurrent, "only chains run here"),
        (lambda folder: (folder / "x.nir").write_bytes(b"no") and folder / "x.nir", "not a NIR graph"),
    ],
)
def test_what_a_graph_says_and_this_runtime_cannot_is_refused_by_name(make, message, tmp_path):
    with pytest.raises(ConversionError, match=message):
        read_graph(make(tmp_path), GraphChoices(STEP_MS))


def test_a_fixed_reset_runs_where_the_user_says_that_it_is_none(tmp_path):
    path = write(tmp_path / "x.nir", nodes_of(), with_reset=True)
    assert len(read_graph(path, GraphChoices(STEP_MS, reset="subtract")).layers) == 3


def leaky(weights, frames, decay, threshold=1.0):
    """Spikes [step, neuron] of snnTorch's Leaky with its default reset: the threshold of the last step's spike is
    subtracted after the decay. weights: a matrix for each layer."""
    values, spikes = np.asarray(frames, float), []
    for matrix in weights:
        u, out = np.zeros(len(matrix)), []
        for x in values:
            reset = u > threshold
            u = decay * u + matrix @ x - reset * threshold
            out.append((u > threshold).astype(float))
        values = np.array(out)
        spikes.append(values)
    return spikes


def test_a_reset_that_does_not_decay_runs_where_the_user_says_so(tmp_path):
    decay, threshold, random = 0.9, 0.8, np.random.default_rng(4)
    weights = [random.normal(0.05, 0.3, shape) for shape in ((11, 6), (9, 11))]

    def node(cls, count, **fields):
        # As snnTorch writes a Leaky: dt = 0.1 ms, tau = dt / (1 - beta), r = tau / dt.
        tau = np.full(count, 1e-4 / (1 - decay))
        return cls(tau=tau, r=tau / 1e-4, v_leak=np.zeros(count), **fields)

    chain = {"input": nir.Input(shape(6)[0])}
    for index, matrix in enumerate(weights):
        chain[f"matrix{index}"] = nir.Linear(matrix)
        chain[f"neurons{index}"] = node(nir.LIF, len(matrix), v_threshold=np.full(len(matrix), threshold))
    chain |= {
        "matrix": nir.Linear(random.normal(size=(3, 9))),
        "readout": node(nir.LI, 3),
        "output": nir.Output(shape(3)[1]),
    }
    path, frames = write(tmp_path / "x.nir", chain, with_reset=True), tmp_path / "frames.npy"
    np.save(frames, (random.random((90, 6)) < 0.4).astype(np.int16))
    expected = leaky(weights, np.load(frames), decay, threshold)
    assert all(0.05 < spikes.mean() < 0.5 for spikes in expected), [s.mean() for s in expected]

    def differences(reset):
        target = tmp_path / f"{reset}.silif"
        options = ["--step-ms", "0.1", "--discretization", "euler", "--reset", reset, "--bits", "16"]
        assert main([str(path), "--output", str(target), *options]) == 0
        model = read_model(target)
        float_spikes = run_float(
            read_graph(path, GraphChoices(0.1, "euler", reset)).layers, np.load(frames)[None].astype(float)
        ).spikes
        counts = []
        for found in (float_spikes, run_model(model, np.load(frames)[None]).spikes):
            counts.append(sum(int((mine[0] != theirs).sum()) for mine, theirs in zip(found, expected, strict=True)))
        return [layer.kind.title for layer in model.layers], counts

    assert differences("subtract-undecayed") == (["LIF", "LIF", "readout"], [0, 0])
    kinds, counts = differences("subtract")
    assert kinds == ["SiLIF", "SiLIF", "readout"] and min(counts) > 50


@pytest.mark.parametrize("reset", ["decayed", "undecayed"])
def test_a_file_of_the_shared_cases_fires_as_it_should(reset, tmp_path):
    cases = shared_folder() / "cases/export"
    option = {"decayed": "subtract", "undecayed": "subtract-undecayed"}[reset]
    options = ["--step-ms", "0.1", "--discretization", "euler", "--reset", option, "--bits", "16"]
    target = tmp_path / "x.silif"
    assert main([str(cases / "reset_undecayed.nir"), "--output", str(target), *options]) == 0
    spikes = run_model(read_model(target), np.load(cases / "frames.npy")[None]).spikes[0][0]
    assert np.array_equal(spikes, np.load(cases / f"expected_reset_{reset}.npy"))


def test_a_step_longer_than_tau_is_refused_for_euler(tmp_path):
    with pytest.raises(ConversionError, match=r"tau: .* ms is shorter than a step of 50 ms"):
        read_graph(write(tmp_path / "x.nir", nodes_of((None, None, None))), GraphChoices(50.0, "euler"))


def test_the_time_step_must_be_given(tmp_path, capsys):
    path = write(tmp_path / "x.nir", nodes_of())
    assert main([str(path), "--output", str(tmp_path / "x.silif")]) == 1
    assert "--step-ms: a graph describes neurons in continuous time" in capsys.readouterr().err


def each_node(dt):
    """5 -> Scale, IF 6 -> Flatten, CubaLIF 7 that hears itself -> two matrices, Threshold 4, which is last."""
    random = np.random.default_rng(12)

    def of(low, high, count):
        return random.uniform(low, high, count)

    return {
        "input": nir.Input(shape(5)[0]),
        "scale": nir.Scale(of(0.5, 1.5, 5)),
        "w0": nir.Linear(random.normal(0.3, 0.8, (6, 5))),
        "if": nir.IF(of(0.5, 1, 6) / dt, of(0.8, 1.6, 6), np.zeros(6)),
        "flat": nir.Flatten({"input": np.array([6])}, 0, -1),
        "w1": nir.Affine(random.normal(0.4, 1.2, (7, 6)), random.normal(0, 0.2, 7)),
        "behind": nir.Scale(of(0.5, 1.5, 7)),
        "cuba": nir.CubaLIF(
            of(2, 6, 7) * dt, of(4, 9, 7) * dt, of(2, 4, 7), of(-0.1, 0.1, 7), of(0.5, 1, 7), of(-0.2, 0, 7)
        ),
        "w2": nir.Linear(random.normal(0, 1, (5, 7))),
        "w3": nir.Affine(random.normal(0, 1, (4, 5)), random.normal(0, 0.3, 4)),
        "threshold": nir.Threshold(of(0.2, 0.8, 4)),
        "output": nir.Output(shape(4)[1]),
    }


def simulate_each_node(chain, back, frames, dt, reset):
    """Spikes of the last node [step, class], plain loops; reset: "hard" or "subtract"."""
    al, be = np.exp(-dt / chain["cuba"].tau_mem), np.exp(-dt / chain["cuba"].tau_syn)
    v_if, v, i, s = np.zeros(6), np.zeros(7), np.zeros(7), np.zeros(7)
    out, fired = [], []
    for x in frames:
        v_if = v_if + dt * chain["if"].r * (chain["w0"].weight @ (chain["scale"].scale * x))
        s_if = (v_if > chain["if"].v_threshold).astype(float)
        v_if = (1 - s_if) * v_if if reset == "hard" else v_if - s_if * chain["if"].v_threshold
        current = chain["behind"].scale * (chain["w1"].weight @ s_if + chain["w1"].bias) + back @ s
        i = be * i + (1 - be) * chain["cuba"].w_in * current
        v = al * v + (1 - al) * (chain["cuba"].v_leak + chain["cuba"].r * i)
        s = (v > chain["cuba"].v_threshold).astype(float)
        v = np.where(s == 1, chain["cuba"].v_reset, v) if reset == "hard" else v - s * chain["cuba"].v_threshold
        u = chain["w3"].weight @ (chain["w2"].weight @ s) + chain["w3"].bias
        out.append((u > chain["threshold"].threshold).astype(float))
        fired.append(s)
    return np.array(fired), np.array(out)


@pytest.mark.parametrize("reset", ["hard", "subtract"])
@pytest.mark.parametrize("is_nested", [False, True])
def test_every_node_computes_what_it_says(reset, is_nested, tmp_path):
    dt = STEP_MS / 1000
    chain, back = each_node(dt), np.random.default_rng(3).normal(0, 0.3, (7, 7))
    names, nodes = list(chain), dict(chain)
    edges = list(itertools.pairwise(names))
    loop = [("cuba", "back"), ("back", "cuba")]
    if is_nested:  # as snnTorch writes RSynaptic
        inner = {"input": nir.Input(shape(7)[0]), "cuba": nodes["cuba"], "back": nir.Linear(back)}
        inner["output"] = nir.Output(shape(7)[1])
        through = [("input", "cuba"), ("cuba", "output"), *loop]
        nodes["cuba"] = nir.NIRGraph(nodes=inner, edges=through, type_check=False)
    else:
        nodes["back"] = nir.Linear(back)
        edges += loop
    nir.write(tmp_path / "x.nir", nir.NIRGraph(nodes=nodes, edges=edges, type_check=False))
    graph = read_graph(tmp_path / "x.nir", GraphChoices(STEP_MS, "exact", reset, "nir", scores=Scores.SPIKES))
    assert graph.remarks == []
    frames = np.random.default_rng(5).poisson(0.6, (3, 60, 5))
    trace = run_float(graph.layers, frames.astype(float), scores=graph.scores)
    for clip, spikes, scores in zip(frames, trace.spikes[1], trace.scores, strict=True):
        fired, out = simulate_each_node(chain, back, clip, dt, reset)
        assert 0.05 < fired.mean() < 0.9
        assert np.array_equal(spikes, fired)
        assert np.array_equal(scores, out.sum(axis=0))


@pytest.mark.parametrize(
    ("make", "library"),
    [
        (lambda tau: {"tau": tau * 1e-4, "r": tau}, "snnTorch"),
        (lambda tau: {"tau": tau * 1e-6, "r": 1 + 0 * tau}, "Norse"),
        (lambda tau: {"tau": tau, "r": 1 + 0 * tau}, "sinabs"),
        (lambda tau: {"tau": tau * 1e-3, "r": 1 + 0 * tau}, None),
        (lambda tau: {"tau": tau * 1e-4, "r": tau + 1}, None),
    ],
)
def test_the_library_is_told_by_its_units(make, library, tmp_path):
    tau = np.linspace(5, 20, 12)
    chain = nodes_of((None, None, None))
    chain["neurons0"] = nir.LIF(**make(tau), v_leak=0 * tau, v_threshold=1 + 0 * tau)
    chain["neurons1"] = nir.LIF(**make(tau[:9]), v_leak=0 * tau[:9], v_threshold=1 + 0 * tau[:9])
    chain["neurons2"] = nir.LI(**make(tau[:4]), v_leak=0 * tau[:4])
    graph = read_graph(write(tmp_path / "x.nir", chain, with_reset=True), GraphChoices(STEP_MS))
    said = [remark.text for remark in graph.remarks if "was written by" in remark.text]
    assert [text.split(":")[0] for text in said] == ([f"the graph was written by {library}"] if library else [])
    if library:
        told = {"snnTorch": "snntorch", "Norse": "norse", "sinabs": "sinabs"}[library]
        same = read_graph(tmp_path / "x.nir", GraphChoices(STEP_MS, library=told))
        assert not any("was written by" in remark.text for remark in same.remarks)
        assert all(np.array_equal(a.weights, b.weights) for a, b in zip(graph.layers, same.layers, strict=True))
        other = read_graph(tmp_path / "x.nir", GraphChoices(STEP_MS, "exact", library="nir"))
        assert not np.allclose(graph.layers[0].weights, other.layers[0].weights)


@pytest.mark.parametrize(
    ("place", "values", "message"),
    [
        ("input/shape", np.zeros(0), "input.shape is [], but the network has 7 inputs"),
        ("input/shape", np.array([[1, 2, 3]]), "input.shape is [[1, 2, 3]], but the network has 7 inputs"),
        ("neurons0/tau", np.full(9, 0.01), "neurons0.tau has 9 values for 12 neurons"),
    ],
)
def test_tables_of_another_size_are_refused_by_name(place, values, message, tmp_path, capsys):
    path = write(tmp_path / "x.nir", nodes_of())
    with h5py.File(path, "a") as file:
        del file[f"node/nodes/{place}"]
        file[f"node/nodes/{place}"] = values
    assert main([str(path), "-o", str(tmp_path / "x.silif"), "--step-ms", "2"]) == 1
    assert message in capsys.readouterr().err
