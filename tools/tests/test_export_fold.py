"""The folded float network is the trained one; what cannot be folded is refused by name."""

import numpy as np
import pytest

from silif_tools.errors import ConversionError
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold
from silif_tools.export.state_dict import load_state_dict
from silif_tools.kinds import READOUT

torch = pytest.importorskip("torch")


def trained_like(kind: str, seed: int = 1):
    """A small network whose normalization statistics are far from trivial, in evaluation mode."""
    from silif_tools.train.network import Network

    torch.manual_seed(seed)
    network = Network(kind, 11, [23, 17], 5)
    for layer in network.snn:
        layer.norm.running_mean.normal_(0, 0.3)
        layer.norm.running_var.uniform_(0.2, 2)
        layer.norm.weight.data.uniform_(0.5, 2)
        layer.norm.bias.data.uniform_(-0.5, 1)
    network.input_norm.mean.normal_(-7, 2)
    network.input_norm.std.uniform_(1, 4)
    return network.eval()


def arrays(network) -> dict[str, np.ndarray]:
    return {key: value.detach().numpy().astype(np.float64) for key, value in network.state_dict().items()}


@pytest.mark.parametrize("kind", ["silif", "csilif"])
def test_folded_network_computes_what_torch_computes(kind):
    network = trained_like(kind)
    inputs = np.random.default_rng(2).normal(-7, 3, (6, 40, 11)).astype(np.float32)
    with torch.no_grad():
        membrane = network(torch.from_numpy(inputs.transpose(1, 0, 2).copy())).numpy()
    expected = np.exp(membrane) / np.exp(membrane).sum(axis=-1, keepdims=True)
    trace = run_float(fold(arrays(network)), inputs)
    assert 0.02 < trace.spikes[0].mean() < 0.9
    # A spike that float32 and float64 decide differently moves a score; most clips must agree closely.
    close = np.abs(trace.scores - expected.sum(axis=0)).max(axis=1) < 1e-3
    assert close.mean() >= 0.6
    assert (trace.scores.argmax(axis=1) == expected.sum(axis=0).argmax(axis=1)).mean() >= 0.8


def test_clamped_parameters_are_clamped():
    state = arrays(trained_like("silif"))
    state["snn.0.a"][:3] = [-1, 0.5, 7]
    state["snn.0.b"][:3] = [-1, 0.5, 7]
    state["snn.2.alpha"][:2] = [0, 1]
    layers = fold(state)
    assert layers[0].coefficients["subthreshold_coupling"][:3].tolist() == [0, 0.5, 1]
    assert layers[0].coefficients["spike_coupling"][:3].tolist() == [0, 0.5, 2]
    assert layers[2].kind == READOUT
    assert layers[2].coefficients["decay"][:2] == pytest.approx([np.exp(-1 / 5), np.exp(-1 / 25)])


def test_decay_next_to_one_keeps_its_complement():
    state = arrays(trained_like("silif"))
    state["snn.0.dt"][0], state["snn.0.beta"][0] = np.log(1e-3), np.log(5e-6)
    leak = fold(state)[0].coefficients["adaptation_leak"][0]
    assert leak == pytest.approx(5e-9, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("snn.1.beta"), "snn.1: no neuron"),
        (
            lambda state: state.update({"snn.1.V.weight": np.zeros((17, 16))}),
            r"snn.1.V.weight has the shape \[17, 16\]",
        ),
        (
            lambda state: state.update({"snn.2.V.weight": np.zeros((5, 5))}),
            "snn.2.V.weight: the readout fires no spikes",
        ),
        (lambda state: state.pop("snn.0.norm.running_mean"), "layer normalization"),
        (lambda state: state.update({"snn.1.W.weight": np.zeros((17, 22))}), "takes 22 inputs"),
        (lambda state: state.clear(), "not a network of this family"),
    ],
)
def test_what_cannot_run_is_refused_by_name(change, message):
    state = arrays(trained_like("silif"))
    change(state)
    with pytest.raises(ConversionError, match=message):
        fold(state)


def test_pickled_code_is_refused(tmp_path):
    import pickle

    class Hostile:
        def __reduce__(self):
            return (print, ("this must not run",))

    path = tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps(Hostile(), protocol=2))
    with pytest.raises(ConversionError, match="not a plain PyTorch state dict"):
        load_state_dict(path)
    torch.save(trained_like("silif"), path)
    with pytest.raises(ConversionError, match="state dict"):
        load_state_dict(path)


def test_own_spikes_come_back_without_each_neurons_own():
    """As RLIF of the authors: V of a spike's own row, its diagonal left out, beside what is normalized."""
    state = arrays(trained_like("silif"))
    matrix = np.random.default_rng(4).normal(size=(17, 17))
    plain, own = fold(state)[1], fold(state | {"snn.1.V.weight": matrix})[1]
    gain = plain.coefficients["input_gain"]
    assert np.array_equal(own.weights, plain.weights)
    assert np.array_equal(own.bias, plain.bias)
    assert own.recurrent == pytest.approx((matrix - np.diag(np.diag(matrix))) * gain)
