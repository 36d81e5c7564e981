"""State dicts of snnTorch, sinabs and spikingjelly, by the names of their tensors, against their equations."""

import numpy as np
import pytest

from silif_tools.commands.export import main
from silif_tools.errors import ConversionError
from silif_tools.export.float_network import run_float
from silif_tools.export.module_graph import ModuleChoices, library_of, module_graph
from silif_tools.export.nir_graph import GraphChoices, read_modules
from silif_tools.kinds import read_model
from silif_tools.model_file.tables import Scores

INPUTS, HIDDEN, CLASSES = 6, 9, 4


def matrices(bias=True):
    random = np.random.default_rng(21)
    first = {"fc1.weight": random.normal(0.2, 0.8, (HIDDEN, INPUTS)), "fc1.bias": random.normal(0, 0.1, HIDDEN)}
    second = {"fc2.weight": random.normal(0.2, 0.8, (CLASSES, HIDDEN))}
    return first, second | ({"fc2.bias": random.normal(0, 0.1, CLASSES)} if bias else {})


def frames():
    return np.random.default_rng(22).poisson(0.5, (4, 70, INPUTS))


def spikes_of(state, choices=None, **graph_choices):
    choices = choices or ModuleChoices()
    library = library_of(state, choices)
    modules = module_graph(state, library, choices)
    graph = read_modules(modules, GraphChoices(1.0, **{"scores": Scores.SPIKES} | graph_choices))
    trace = run_float(graph.layers, frames().astype(float), scores=graph.scores)
    return library, trace.spikes[0], trace.scores


def simulate(state, step, threshold=1.0, fires=np.greater):
    """step(layer, u, s, current) -> u before the spike; (spikes of the first layer, counts of the last)."""
    hidden, counts = [], []
    for clip in frames():
        u, s, total, kept = [np.zeros(HIDDEN), np.zeros(CLASSES)], [np.zeros(HIDDEN), np.zeros(CLASSES)], 0, []
        for values in clip:
            for layer, name in enumerate(("fc1", "fc2")):
                current = state[f"{name}.weight"] @ values + state.get(f"{name}.bias", 0)
                u[layer] = step(layer, u[layer], s[layer], current)
                values = s[layer] = fires(u[layer], threshold).astype(float)
            kept.append(s[0])
            total = total + s[1]
        hidden.append(kept)
        counts.append(total)
    return np.array(hidden), np.array(counts)


def same(found, expected):
    assert 0.05 < expected[0].mean() < 0.8
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


def snntorch(mechanism, beta=0.85, threshold=1.3):
    one = {"graded_spikes_factor": np.ones(())}
    neurons = one | {
        "threshold": np.array(threshold),
        "reset_mechanism_val": np.array(mechanism),
        "beta": np.array(beta),
    }
    first, second = matrices()
    return (
        first
        | {f"lif1.{key}": values for key, values in neurons.items()}
        | second
        | {f"lif2.{key}": values for key, values in neurons.items()}
    )


@pytest.mark.parametrize("beta", [0.85, 1.0, 1.2, -0.1])
@pytest.mark.parametrize("mechanism", [0, 1, 2])
def test_snntorch_tells_its_reset_and_clamps_its_decay(mechanism, beta):
    state, threshold = snntorch(mechanism, beta), 1.3

    def step(layer, u, s, current):
        if mechanism == 1:
            u = u * (1 - s)
        u = np.clip(beta, 0, 1) * u + current
        return u - s * threshold if mechanism == 0 else u

    library, *found = spikes_of(state)
    assert library == "snntorch"
    expected = simulate(state, step, threshold)
    if beta == 1.0 or beta == 1.2:  # 1 - 2^-32 in float, 1 in the format
        assert np.mean(found[0] == expected[0]) > 0.999
        return
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


def test_sinabs_tells_time_constants_in_steps():
    first, second = matrices()
    lif = {"tau_mem": np.array(7.0), "spike_threshold": np.array(1.0), "v_mem": np.zeros(0)}
    iaf = {"spike_threshold": np.array(2.0), "v_mem": np.zeros(0)}
    state = first | {f"lif.{key}": values for key, values in lif.items()}
    state |= second | {f"iaf.{key}": values for key, values in iaf.items()}
    state["fc1.weight"] *= 4
    al = np.exp(-1 / 7)

    def step(layer, u, s, current):
        return al * (u - s) + (1 - al) * current if layer == 0 else u - 2 * s + current

    library, hidden, counts = spikes_of(state)
    assert library == "sinabs"
    expected = simulate(state, step, fires=lambda u, _: u >= (1.0 if len(u) == HIDDEN else 2.0))
    same((hidden, counts), expected)


@pytest.mark.parametrize(("tau", "said"), [(0.5, "shorter than a step"), (2000.0, "over 1000 steps"), (7.0, None)])
def test_time_constants_that_nobody_trains_are_suspect(tau, said):
    first, second = matrices()
    neurons = {"tau_mem": np.array(tau), "spike_threshold": np.array(1.0), "v_mem": np.zeros(0)}
    state = first | {f"lif.{key}": values for key, values in neurons.items()}
    state |= second | {f"iaf.{key}": values for key, values in neurons.items() if key != "tau_mem"}
    network = read_modules(module_graph(state, "sinabs", ModuleChoices()), GraphChoices(1.0))
    found = [remark.text for remark in network.remarks if remark.label == "suspect"]
    assert len(found) == (said is not None)
    assert all(f"lif.tau: 9 of 9 time constants are {said}" in text for text in found)


@pytest.mark.parametrize("decay_input", [True, False])
def test_spikingjelly_without_tensors_but_of_parametric_neurons(decay_input):
    first, second = matrices(bias=False)
    random = np.random.default_rng(3)
    norm = {"weight": 1 + 0 * random.random(HIDDEN), "bias": random.normal(0.4, 0.2, HIDDEN)}
    norm |= {"running_mean": random.normal(0.2, 0.2, HIDDEN), "running_var": random.uniform(0.1, 0.4, HIDDEN)}
    norm["num_batches_tracked"] = np.array(9)
    state = first | {f"bn.{key}": values for key, values in norm.items()} | {"plif.w": np.array(0.5)} | second
    tau = [1 + np.exp(-0.5), 2.5]
    gain = norm["weight"] / np.sqrt(norm["running_var"] + 1e-3)

    def step(layer, u, s, current):
        if layer == 0:
            current = (current - norm["running_mean"]) * gain + norm["bias"]
        u = u * (1 - s)
        return u + (current - u) / tau[layer] if decay_input else u - u / tau[layer] + current

    choices = ModuleChoices(2.5, decay_input, norm_epsilon=1e-3)
    library, *found = spikes_of(state, choices)
    assert library == "spikingjelly"
    same(found, simulate(state, step, fires=np.greater_equal))


def test_what_is_no_such_module_is_refused_by_name():
    state = snntorch(0)
    assert library_of(matrices()[0], ModuleChoices()) is None
    with pytest.raises(ConversionError, match=r"conv: no module of snntorch that runs here has weight"):
        module_graph(state | {"conv.weight": np.ones((2, 2, 3))}, "snntorch", ModuleChoices())
    with pytest.raises(ConversionError, match=r"lif1.graded_spikes_factor: spikes have no size here"):
        module_graph(state | {"lif1.graded_spikes_factor": np.array(2.0)}, "snntorch", ModuleChoices())
    with pytest.raises(ConversionError, match=r"lif3: no matrix stands before it in the file"):
        late = {key.replace("lif1", "lif3"): values for key, values in state.items() if key.startswith("lif1")}
        module_graph(state | late, "snntorch", ModuleChoices())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"lif1.reset_mechanism_val": np.zeros(2)}, "lif1.reset_mechanism_val is no single number"),
        ({"lif1.reset_mechanism_val": np.zeros(0)}, "lif1.reset_mechanism_val is no single number"),
        ({"lif1.graded_spikes_factor": np.zeros(0)}, "lif1.graded_spikes_factor: spikes have no size here"),
        ({"bn.running_mean": np.zeros(CLASSES)}, "bn has no running statistics"),
        (
            {"bn.running_mean": np.zeros(CLASSES), "bn.running_var": np.ones(2)},
            r"bn.running_var has the shape \[2\]; \[4\]",
        ),
        ({"bn.running_mean": np.zeros(3), "bn.running_var": np.ones(CLASSES)}, r"bn.running_mean has the shape \[3\]"),
        ({"bn.running_mean": np.zeros(CLASSES), "bn.running_var": -np.ones(CLASSES)}, "bn.running_var is negative"),
    ],
)
def test_tensors_of_a_damaged_file_are_refused_by_name(tensors, message):
    state = snntorch(0)
    late = {key: state.pop(key) for key in list(state) if key.startswith("lif2")}
    with pytest.raises(ConversionError, match=message):
        module_graph(state | tensors | late, "snntorch", ModuleChoices())


def test_the_command_says_what_a_state_dict_of_modules_leaves_open(tmp_path, capsys):
    torch = pytest.importorskip("torch")
    torch.save({key: torch.as_tensor(np.array(values)) for key, values in snntorch(1).items()}, tmp_path / "x.pth")
    target = tmp_path / "x.silif"
    assert main([str(tmp_path / "x.pth"), "-o", str(target), "--step-ms", "2", "--scores", "spikes"]) == 0
    assumed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("assumed: ")]
    assert assumed == [
        "assumed: the modules are those of snnTorch, by the names of their tensors",
        "assumed: modules run in the order in which they stand in the file: fc1, lif1, fc2, lif2",
    ]
    model = read_model(target)
    assert [layer.kind.describe(layer.neuron) for layer in model.layers] == ["LIF, hard reset"] * 2
    assert model.scores == Scores.SPIKES


@pytest.mark.filterwarnings("error")
def test_a_time_constant_beyond_float64_keeps_the_potential():
    first, second = matrices()
    state = first | {"plif.w": np.array(-1000.0)} | second
    modules = module_graph(state, "spikingjelly", ModuleChoices(2.5))
    layers = read_modules(modules, GraphChoices(1.0)).layers
    assert (layers[0].coefficients["decay"] == 1).all()
