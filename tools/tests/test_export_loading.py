"""What people bring: state dicts under other names, of other sizes, in other files; and what is refused, by name."""

import pickle

import numpy as np
import pytest
from test_export_fold import arrays, trained_like

from silif_tools.commands.export import main
from silif_tools.errors import ConversionError
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold
from silif_tools.export.state_dict import load_state_dict
from silif_tools.kinds import read_model

torch = pytest.importorskip("torch")
serialization = pytest.importorskip("torch.utils.serialization")


def decay(layer):
    return layer.coefficients["decay"]


def same(one, other):
    return all(
        np.array_equal(a.weights, b.weights) and np.array_equal(a.bias, b.bias) and np.array_equal(decay(a), decay(b))
        for a, b in zip(one, other, strict=True)
    )


class Hostile:
    """Runs code where it is unpickled: writes the file that `proof` names."""

    proof = None

    def __reduce__(self):
        return (open, (str(Hostile.proof), "w"))


@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"snn.0.W.weight": it}, lambda it: {"state_dict": it}])
@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_is_not_run(wrap, legacy, tmp_path):
    Hostile.proof, path = tmp_path / "ran", tmp_path / "hostile.pth"
    torch.save(wrap(Hostile()), path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ConversionError, match="pickled modules are refused because loading them runs code"):
        load_state_dict(path)
    path.write_bytes(pickle.dumps(wrap(Hostile()), protocol=2))
    with pytest.raises(ConversionError, match=r"torch.save\(model.state_dict\(\), path\)"):
        load_state_dict(path)
    assert not Hostile.proof.exists()


def test_a_whole_module_is_refused_with_the_remedy(tmp_path):
    torch.save(trained_like("silif"), tmp_path / "module.pth")
    with pytest.raises(ConversionError, match=r"Save it with torch.save\(model.state_dict\(\), path\)"):
        load_state_dict(tmp_path / "module.pth")


@pytest.mark.parametrize("prefix", ["module.", "net.", "_orig_mod.model."])
def test_names_behind_a_prefix(prefix):
    state = arrays(trained_like("csilif"))
    assert same(fold({prefix + key: values for key, values in state.items()}), fold(state))


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "net"])
def test_a_state_dict_beside_an_optimizer(wrapper, tmp_path):
    network = trained_like("silif")
    torch.save({wrapper: network.state_dict(), "epoch": 3, "optimizer": {"lr": 0.1}}, tmp_path / "x.pth")
    assert same(fold(load_state_dict(tmp_path / "x.pth")), fold(arrays(network)))


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16"])
def test_safetensors_give_the_same_network(kind, tmp_path):
    stored = pytest.importorskip("safetensors.torch")
    state = {k: v.to(getattr(torch, kind)) for k, v in trained_like("silif").state_dict().items()}
    torch.save(state, tmp_path / "x.pth")
    stored.save_file(state, tmp_path / "x.safetensors")
    assert same(fold(load_state_dict(tmp_path / "x.safetensors")), fold(load_state_dict(tmp_path / "x.pth")))


def test_damaged_safetensors_are_refused(tmp_path):
    pytest.importorskip("safetensors")
    (tmp_path / "x.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ConversionError, match="not a safetensors file"):
        load_state_dict(tmp_path / "x.safetensors")


def test_biases_add_to_the_current():
    state = arrays(trained_like("silif"))
    plain = fold(state)
    state["snn.0.W.bias"] = np.random.default_rng(1).normal(0, 1, 23)
    gain = state["snn.0.norm.weight"] / np.sqrt(state["snn.0.norm.running_var"] + 1e-5)
    assert fold(state)[0].bias == pytest.approx(
        plain[0].bias + state["snn.0.W.bias"] * gain * plain[0].coefficients["input_gain"]
    )


def test_without_normalization():
    state = {key: values for key, values in arrays(trained_like("csilif")).items() if ".norm." not in key}
    layers = fold(state | {"snn.0.W.bias": np.full(23, 0.5)})
    scaled = state["snn.0.W.weight"].T * state["snn.0.b"] / state["input_norm.std"][:, None]
    assert layers[0].weights == pytest.approx(scaled)
    shift = state["input_norm.mean"] @ scaled
    assert layers[0].bias == pytest.approx(0.5 * state["snn.0.b"] - shift)


def test_normalization_without_a_learned_gain():
    state = arrays(trained_like("csilif"))
    full = state | {"snn.0.norm.weight": np.ones(23), "snn.0.norm.bias": np.zeros(23)}
    bare = {key: values for key, values in full.items() if key not in ("snn.0.norm.weight", "snn.0.norm.bias")}
    assert same(fold(bare), fold(full))


@pytest.mark.parametrize("hidden", [[5], [9, 4, 7, 3, 6], [4] * 15])
@pytest.mark.parametrize("step_ms", ["4", "10"])
def test_other_sizes_depths_and_steps(hidden, step_ms, tmp_path):
    from silif_tools.train.network import Network

    torch.manual_seed(1)
    network = Network("silif", 6, hidden, 3)
    torch.save(network.state_dict(), tmp_path / "x.pth")
    options = ["--step-ms", step_ms, "--clip-steps", "20", "--output", str(tmp_path / "x.silif")]
    assert main([str(tmp_path / "x.pth"), *options]) == 0
    model = read_model(tmp_path / "x.silif")
    assert [layer.outputs for layer in model.layers] == [*hidden, 3]
    assert model.step_us == int(step_ms) * 1000
    assert len(run_float(fold(arrays(network)), np.ones((1, 4, 6))).spikes) == len(hidden)


def test_a_seventeenth_layer_is_refused():
    from silif_tools.train.network import Network

    with pytest.raises(ConversionError, match="17 layers; at most 16 run here"):
        fold(arrays(Network("silif", 6, [4] * 16, 3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.update({"snn.1.W.weight": np.zeros((17, 46))}),
            "snn.1.W.weight .*bidirectional networks cannot run",
        ),
        (
            lambda s: [s.pop(f"snn.0.norm.running_{what}") for what in ("mean", "var")],
            "snn.0.norm .* layer normalization",
        ),
        (lambda s: s.update({"snn.2.norm_output.weight": np.ones(5)}), "snn.2.norm_output.weight: layer normalization"),
        (
            lambda s: s.update({"snn.1.synapse_filter.w": np.ones(1)}),
            "snn.1.synapse_filter.w: learnable synapse filters",
        ),
        (lambda s: s.update({"snn.1.neuron.a": np.ones(1)}), "snn.1.neuron.a: neurons of spikingjelly"),
        (lambda s: s.update({"snn.1.neuron.w": np.ones(17)}), "snn.1.neuron.w has the shape .*17.*; ParametricLIFNode"),
        (
            lambda s: s.update({"snn.1.tau": np.ones(17)}),
            "snn.1: no neuron that runs here has the tensors .*tau; without tau it would be one that runs",
        ),
        (lambda s: s.pop("snn.1.beta"), "has the tensors a, alpha, b, dt; with beta it would be one that runs"),
        (
            lambda s: s.update({"snn.1.tau": s.pop("snn.1.beta")}),
            "a, alpha, b, dt, tau; with beta and without tau it would be one that runs",
        ),
        (lambda s: s.update({"encoder.weight": np.ones(1)}), "encoder.weight: only layers named snn.N run here"),
        (lambda s: s.update({"snn.00.W.bias": np.ones(1)}), r"snn\.00\.W\.bias: only layers named snn.N run here"),
        (lambda s: s.update({"snn.extra": np.ones(1)}), r"snn\.extra: only layers named snn.N run here"),
        (lambda s: s.update({"other.snn.0.W.weight": np.ones(1)}), "two networks in one file"),
        (lambda s: s.pop("snn.0.W.weight"), "snn.0 has no W.weight"),
        (lambda s: [s.pop(key) for key in list(s) if key.startswith("snn.2")], "snn.1: only the last layer is"),
        (lambda s: [s.pop(key) for key in list(s) if key.startswith("snn.1")], "no tensors of snn.1, but of snn.2"),
        (lambda s: s.update({"snn.0.alpha": np.ones(24)}), r"snn.0.alpha has the shape \[24\]; \[23\]"),
        (lambda s: s.update({"snn.1.W.bias": np.ones((17, 1))}), r"snn.1.W.bias has the shape \[17, 1\]; \[17\]"),
        (lambda s: s.update({"snn.0.W.weight": np.ones((23, 0))}), "snn.0.W.weight has the shape .* is wanted"),
        (lambda s: s.update({"snn.0.W.weight": np.ones(23)}), "snn.0.W.weight has the shape .* is wanted"),
        (lambda s: s.pop("snn.0.norm.running_var"), "snn.0.norm has no running statistics"),
        (lambda s: s.update({"snn.0.norm.running_var": -np.ones(23)}), "running_var is negative"),
        (lambda s: s.update({"snn.0.dt": np.full(23, -1e3), "snn.0.alpha": np.full(23, 1e3)}), "alpha.* out of range"),
        (lambda s: s.update({"snn.0.delay_layer.weight": np.ones((11, 1, 1))}), "delay_layer.P and delay_layer.weight"),
        (lambda s: s.pop("input_norm.std"), "input_norm.std is missing"),
        (lambda s: s.update({"input_norm.std": np.zeros(11)}), "input_norm.std must be positive"),
    ],
)
def test_what_cannot_run_is_refused_by_name_and_reason(change, message):
    state = arrays(trained_like("silif"))
    change(state)
    with pytest.raises(ConversionError, match=message):
        fold(state)


def test_one_value_stands_for_all_neurons_of_a_layer():
    state = arrays(trained_like("silif"))
    whole = state | {"snn.0.alpha": np.full(23, 3.0)}
    assert same(fold(state | {"snn.0.alpha": np.array(3.0)}), fold(whole))
    assert same(fold(state | {"snn.0.alpha": np.array([3.0])}), fold(whole))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_is_named(share, tmp_path):
    path = tmp_path / "short.pth"
    torch.save(trained_like("silif").state_dict(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ConversionError, match=r"short.pth: not a plain PyTorch state dict, or damaged"):
        load_state_dict(path)


def test_a_weight_that_is_damaged_is_refused_by_its_part(tmp_path):
    """One bit of it: PyTorch reads it as another number."""
    path, content = tmp_path / "x.pth", trained_like("silif").state_dict()
    weights = content["snn.0.W.weight"].numpy().tobytes()
    torch.save(content, path)
    assert load_state_dict(path)
    data = bytearray(path.read_bytes())
    data[data.index(weights) + 100] ^= 64
    path.write_bytes(data)
    assert not torch.equal(torch.load(path)["snn.0.W.weight"], content["snn.0.W.weight"])
    with pytest.raises(ConversionError, match=r"x.pth: damaged: the checksum of its part x/data/\d+ does not fit"):
        load_state_dict(path)


def test_a_file_without_checksums_is_read(tmp_path):
    with serialization.config.patch("save.compute_crc32", False):
        torch.save(trained_like("silif").state_dict(), tmp_path / "x.pth")
    assert same(fold(load_state_dict(tmp_path / "x.pth")), fold(arrays(trained_like("silif"))))


@pytest.mark.parametrize(
    ("tensor", "what"),
    [
        (torch.ones(2, dtype=torch.complex64), "the type torch.complex64"),
        (torch.ones(2, dtype=torch.bool), "the type torch.bool"),
        (torch.ones(2, device="meta"), "no values"),
    ],
)
def test_tensors_that_are_no_real_numbers_are_refused_by_name(tensor, what, tmp_path):
    torch.save({"snn.0.alpha": tensor}, tmp_path / "x.pth")
    with pytest.raises(ConversionError, match=rf"x.pth: snn.0.alpha has {what}"):
        load_state_dict(tmp_path / "x.pth")


def test_neurons_that_an_euler_step_throws_out_of_range_are_refused():
    state = arrays(trained_like("silif"))
    for name in ("dt", "alpha", "beta", "a", "b"):
        state.pop(f"snn.0.{name}")
    state |= {"snn.0.alpha_real": np.full(23, -1000.0), "snn.0.alpha_im": np.ones(23)}
    with pytest.raises(ConversionError, match=r"snn.0.alpha_real and alpha_im: .* beyond ±1"):
        fold(state)
