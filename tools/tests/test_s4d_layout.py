"""State dicts of the S4 code base: a network after its example.py converts; what cannot run is refused by name."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from silif_tools.commands import export
from silif_tools.errors import ConversionError
from silif_tools.export.compare import compare
from silif_tools.export.convert import convert
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold
from silif_tools.kinds import read_model
from silif_tools.kinds.choices import Choices
from silif_tools.kinds.readout import DECAY_RANGE
from silif_tools.model_file.tables import InputKind

WORDS = ["yes", "no", "_unknown_"]
THRESHOLD = 0.2


class Kernel(nn.Module):
    """S4DKernel of models/s4/s4d.py."""

    def __init__(self, width, pairs):
        super().__init__()
        self.C = nn.Parameter(torch.view_as_real(torch.randn(width, pairs, dtype=torch.cfloat)))
        self.log_dt = nn.Parameter(torch.empty(width).uniform_(math.log(0.05), math.log(0.5)))
        self.log_A_real = nn.Parameter(torch.full((width, pairs), math.log(0.5)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(pairs).repeat(width, 1).float())

    def forward(self, steps):
        a = -torch.exp(self.log_A_real) + 1j * self.A_imag
        turned = a * torch.exp(self.log_dt).unsqueeze(-1)
        c = torch.view_as_complex(self.C) * (torch.exp(turned) - 1.0) / a
        powers = torch.exp(turned.unsqueeze(-1) * torch.arange(steps))
        return 2 * torch.einsum("hn,hnl->hl", c, powers).real


class Layer(nn.Module):
    """S4D of the same file, with a step in place of its GELU."""

    def __init__(self, width, pairs):
        super().__init__()
        self.D, self.kernel = nn.Parameter(torch.randn(width)), Kernel(width, pairs)
        self.output_linear = nn.Sequential(nn.Conv1d(width, 2 * width, kernel_size=1), nn.GLU(dim=-2))

    def forward(self, u):
        steps = u.size(-1)
        k_f, u_f = torch.fft.rfft(self.kernel(steps), n=2 * steps), torch.fft.rfft(u, n=2 * steps)
        y = torch.fft.irfft(u_f * k_f, n=2 * steps)[..., :steps] + u * self.D.unsqueeze(-1)
        return self.output_linear((y > THRESHOLD).to(u.dtype))


class Network(nn.Module):
    """S4Model of example.py with prenorm and batch normalisation; logits of every step, before its mean."""

    def __init__(self, inputs=5, width=24, pairs=4, layers=2, classes=3, norm=nn.BatchNorm1d):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(inputs, width), nn.Linear(width, classes)
        self.s4_layers = nn.ModuleList(Layer(width, pairs) for _ in range(layers))
        self.norms = nn.ModuleList(norm(width) for _ in range(layers))

    def forward(self, x):
        x = self.encoder(x).transpose(-1, -2)
        for layer, norm in zip(self.s4_layers, self.norms, strict=True):
            x = layer(norm(x)) + x
        return self.decoder(x.transpose(-1, -2))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    made = Network().double()
    for _ in range(30):
        made(torch.randn(16, 40, 5).double())
    return made.eval()


@pytest.fixture
def state(network):
    return {key: value.double().numpy() for key, value in network.state_dict().items()}


def test_a_converted_network_makes_the_logits_of_the_original(network, state):
    inputs = torch.randn(20, 30, 5).double()
    with torch.no_grad():
        logits = network(inputs).numpy()
    membrane, scores = np.zeros((20, 3)), np.zeros((20, 3))
    for step in range(30):
        membrane = DECAY_RANGE[1] * membrane + (1 - DECAY_RANGE[1]) * logits[:, step]
        e = np.exp(membrane - membrane.max(-1, keepdims=True))
        scores += e / e.sum(-1, keepdims=True)
    trace = run_float(fold(state, Choices(spike_threshold=THRESHOLD)), inputs.numpy())
    assert np.median(np.abs(trace.scores - scores)) < 1e-6
    other = run_float(fold(state, Choices(spike_threshold=0.5)), inputs.numpy())
    assert np.median(np.abs(other.scores - scores)) > 1e-3, "the threshold is that of the caller"
    counts = np.random.default_rng(1).poisson(0.7, (64, 40, 5)).astype(np.int16)
    conversion = convert(
        state,
        WORDS,
        choices=Choices(spike_threshold=THRESHOLD),
        input_kind=InputKind.COUNTS,
        step_us=10_000,
        clip_frames=40,
        calibration=counts[:16],
    )
    assert compare(conversion, counts).same_winner > 0.9


def test_the_command_converts_it(network, tmp_path, capsys):
    torch.save(network.float().state_dict(), tmp_path / "x.pth")
    network.double()
    arguments = [str(tmp_path / "x.pth"), "-o", str(tmp_path / "x.silif"), "--words", ",".join(WORDS)]
    assert export.main([*arguments, "--spike-threshold", str(THRESHOLD)]) == 0
    assert "assumed: each norms.N stands before its layer, as with prenorm=True" in capsys.readouterr().out
    assert [layer.kind.slug for layer in read_model(tmp_path / "x.silif").layers] == [
        "encoder",
        "s4d-glu",
        "s4d-glu",
        "readout",
    ]
    assert export.main(arguments) == 1


def values(*shape):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("s4_layers.1.kernel.P", values(24, 4, 2), r"s4_layers\.1\.kernel\.P: .*mode: diag"),
        ("s4_layers.0.kernel.kernel.P", values(24, 4, 2), r"kernel\.kernel\.P: .*mode: diag"),
        ("s4_layers.0.kernel.inv_dt", values(24), r"inv_dt: .*models/s4/s4d\.py"),
        ("s4_layers.0.kernel.B", values(24, 4, 2), r"kernel\.B: .*models/s4/s4d\.py"),
        ("s4_layers.0.kernel.C", values(2, 24, 4, 2), r"s4_layers\.0\.kernel\.C has 2 channels: .*bidirectional=False"),
        ("s4_layers.0.kernel.C", values(1, 24, 4, 2), r"C has the shape \[1, 24, 4, 2\].*s4d\.py.* is \[24, 4, 2\]"),
        ("s4_layers.0.reverse_layer.D", values(24), r"reverse_layer\.D: .*bidirectional=False"),
        ("s4_layers.0.V", values(24), r"s4_layers\.0\.V: an S4D layer here has"),
        ("s4_layers.00.D", values(24), r"s4_layers\.00\.D: a network of s4_layers has no such tensor"),
        ("s4_layers.1234567.D", values(24), r"s4_layers\.1234567\.D: a network of s4_layers has no such tensor"),
        ("s4_layers.extra", values(24), r"s4_layers\.extra: a network of s4_layers has no such tensor"),
        ("nonsense", values(24), r"nonsense: a network of s4_layers has no such tensor"),
        ("decoder.bias", None, r"decoder\.bias is missing"),
        ("norms.1.running_mean", None, r"norms\.1 has no running statistics: .*BatchNorm1d"),
        ("s4_layers.1.output_linear.0.weight", None, r"blocks\.1 lacks out\.weight"),
        ("s4_layers.0.D", values(23), r"ssm\.D has the shape \[23\]"),
    ],
)
def test_what_cannot_run_is_refused_by_name(state, key, value, message):
    changed = {name: each for name, each in state.items() if name != key}
    if value is not None:
        changed[key] = value
    with pytest.raises(ConversionError, match=message):
        fold(changed, Choices(spike_threshold=THRESHOLD))


def test_layer_normalisation_is_refused():
    state = {key: value.double().numpy() for key, value in Network(norm=nn.LayerNorm).state_dict().items()}
    with pytest.raises(ConversionError, match=r"norms\.0 has no running statistics: layer normalization"):
        fold(state, Choices(spike_threshold=THRESHOLD))


def test_what_makes_the_spikes_must_be_said(state):
    with pytest.raises(ConversionError, match=r"--spike-threshold 0; the GELU"):
        fold(state)
