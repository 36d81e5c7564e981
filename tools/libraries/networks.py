"""Networks of other libraries, each built and briefly trained with the library's code, exported its way, and run.

Runs in an environment that has those libraries (tools/scripts/check_libraries.sh), without silif. Writes one folder a
network: the file to convert, `case.json` (library, versions, options of silif-export), `frames.npy` [input, step,
channel], `spikes-N.npy` of each hidden layer [input, step, neuron], `scores.npy` [input, class].

    python networks.py FOLDER [--old-nir]
"""

import argparse
import importlib.metadata
import json
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import torch

warnings.filterwarnings("ignore")
CHANNELS, HIDDEN, CLASSES, STEPS, INPUTS = 16, 24, 3, 100, 20
ROWS = []
SEEDS = {"snntorch_rleaky": 5, "rockpool_lif": 1}


def row(*options, file="net.nir", old=False, versions=()):
    """Registers a network. options: of silif-export. old: with NIR 1.0.4, which knew no v_reset."""

    def register(make):
        ROWS.append((make.__name__, make, options, file, old, versions))
        return make

    return register


def task(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes [step, input, channel] whose rates tell one of three classes, and the classes."""
    random = torch.Generator().manual_seed(seed)
    rates = 0.02 + 0.35 * torch.rand(CLASSES, CHANNELS, generator=torch.Generator().manual_seed(1))
    classes = torch.randint(CLASSES, (count,), generator=random)
    draws = torch.rand(STEPS, count, CHANNELS, generator=random)
    return (draws < rates[classes]).float(), classes


def train(parameters, forward, rounds: int = 40, rate: float = 2e-2) -> None:
    """forward(frames [step, input, channel]) -> (scores [input, class], ...)."""
    optimizer = torch.optim.Adam(parameters, lr=rate)
    for index in range(rounds):
        frames, classes = task(24, 100 + index)
        # Of 100 steps: as sums the scores would leave nothing to learn.
        loss = torch.nn.functional.cross_entropy(0.2 * forward(frames)[0], classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def livelier(*matrices: torch.nn.Linear, gain: float) -> None:
    """Weights with which neurons fire before there is much training."""
    with torch.no_grad():
        for matrix in matrices:
            matrix.weight *= gain


def outcome(forward) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """(frames, spikes of each layer, scores), inputs first."""
    frames, _ = task(INPUTS, 7)
    with torch.no_grad():
        scores, spikes = forward(frames)
    trains = [layer.permute(1, 0, 2).numpy().astype(np.uint8) for layer in spikes]
    return frames.permute(1, 0, 2).numpy().astype(np.int16), trains, scores.numpy()


def _each(value: float) -> torch.Tensor:
    return torch.full((HIDDEN,), value)


# snnTorch


def snntorch_network(first, last, *, reads: str):
    """forward of Linear, first, Linear, last. reads: "spikes" or "potentials" of the last layer."""
    matrices = torch.nn.Linear(CHANNELS, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
    livelier(*matrices, gain=2.0)
    net = torch.nn.Sequential(matrices[0], first, matrices[1], last)

    def forward(frames):
        for neurons in (first, last):
            neurons.reset_mem()
        hidden, out = [], []
        for values in frames:
            hidden.append(first(matrices[0](values)))
            spikes, membrane = last(matrices[1](hidden[-1]))
            out.append(spikes if reads == "spikes" else torch.softmax(membrane, dim=1))
        return torch.stack(out).sum(dim=0), [torch.stack(hidden)]

    return net, forward


def write_snntorch(net, path: Path) -> None:
    import nir
    from snntorch.export_nir import export_to_nir

    for neurons in (net[1], net[3]):
        neurons.reset_mem()
    nir.write(path, export_to_nir(net, torch.zeros(1, CHANNELS), ignore_dims=[0]))


def snntorch_row(make, reads: str, folder: Path, file: str):
    import snntorch as snn

    first, last = make(snn)
    net, forward = snntorch_network(first, last, reads=reads)
    train(net.parameters(), forward)
    if file.endswith(".pth"):
        torch.save(net.state_dict(), folder / file)
    else:
        write_snntorch(net, folder / file)
    return outcome(forward)


def _leaky(snn, output=False, **options):
    """One value for each neuron: nir refuses those that stand for all."""
    ones = torch.ones(CLASSES if output else HIDDEN)
    return snn.Leaky(beta=0.9 * ones, threshold=ones, init_hidden=True, output=output, **options)


@row("--scores", "spikes", versions=("snntorch", "nir"))
def snntorch_leaky(folder, file):
    return snntorch_row(lambda snn: (_leaky(snn), _leaky(snn, output=True)), "spikes", folder, file)


@row("--scores", "potentials", versions=("snntorch", "nir"))
def snntorch_leaky_membrane(folder, file):
    return snntorch_row(lambda snn: (_leaky(snn), _leaky(snn, output=True)), "potentials", folder, file)


@row("--scores", "spikes", "--reset", "hard", versions=("snntorch", "nir"))
def snntorch_leaky_zero(folder, file):
    def make(snn):
        return [_leaky(snn, reset_mechanism="zero", output=is_last) for is_last in (False, True)]

    return snntorch_row(make, "spikes", folder, file)


@row("--scores", "spikes", versions=("snntorch", "nir"))
def snntorch_learned_beta_and_threshold(folder, file):
    def make(snn):
        beta, threshold = torch.linspace(0.7, 0.97, HIDDEN), torch.linspace(0.6, 1.5, HIDDEN)
        first = snn.Leaky(beta, threshold=threshold, learn_beta=True, learn_threshold=True, init_hidden=True)
        return first, _leaky(snn, output=True)

    return snntorch_row(make, "spikes", folder, file)


@row("--scores", "spikes", versions=("snntorch", "nir"))
def snntorch_synaptic(folder, file):
    def make(snn):
        return snn.Synaptic(alpha=_each(0.7), beta=_each(0.85), threshold=_each(1.0), init_hidden=True), _leaky(
            snn, output=True
        )

    return snntorch_row(make, "spikes", folder, file)


@row("--scores", "spikes", versions=("snntorch", "nir"))
def snntorch_rleaky(folder, file):
    def make(snn):
        return snn.RLeaky(beta=0.85, linear_features=HIDDEN, init_hidden=True), _leaky(snn, output=True)

    return snntorch_row(make, "spikes", folder, file)


@row("--scores", "spikes", file="net.pth", versions=("snntorch",))
def snntorch_leaky_state_dict(folder, file):
    def make(snn):
        return _leaky(snn, reset_mechanism="zero"), _leaky(snn, output=True)

    return snntorch_row(make, "spikes", folder, file)


@row("--scores", "spikes", file="net.pth", versions=("snntorch",))
def snntorch_synaptic_and_recurrent_state_dict(folder, file):
    def make(snn):
        first = snn.RSynaptic(alpha=0.6, beta=0.8, linear_features=HIDDEN, init_hidden=True, reset_mechanism="zero")
        return first, _leaky(snn, output=True)

    return snntorch_row(make, "spikes", folder, file)


# Norse


def norse_row(first, folder: Path, file: str, gain: float):
    import nir
    import norse.torch as norse
    from norse.torch.utils.export_nir import to_nir

    last = norse.LIBoxCell(norse.LIBoxParameters(tau_mem_inv=torch.full((CLASSES,), 50.0), v_leak=torch.zeros(CLASSES)))
    matrices = torch.nn.Linear(CHANNELS, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
    livelier(matrices[0], gain=gain)
    livelier(matrices[1], gain=4.0)
    net = norse.SequentialState(matrices[0], first, matrices[1], last)

    def forward(frames):
        state, read, hidden, out = None, None, [], []
        for values in frames:
            spikes, state = first(matrices[0](values), state)
            potentials, read = last(matrices[1](spikes), read)
            hidden.append(spikes)
            out.append(torch.softmax(potentials, dim=1))
        return torch.stack(out).sum(dim=0), [torch.stack(hidden)]

    train(net.parameters(), forward)
    nir.write(folder / file, to_nir(net, torch.zeros(1, CHANNELS)))
    return outcome(forward)


def norse_lif_box(folder, file):
    import norse.torch as norse

    p = norse.LIFBoxParameters(tau_mem_inv=_each(100.0), v_leak=_each(0.0), v_th=_each(1.0), v_reset=_each(0.0))
    return norse_row(norse.LIFBoxCell(p), folder, file, gain=12.0)


row(versions=("norse", "nir"))(norse_lif_box)


@row(versions=("norse", "nir"), old=True)
def norse_lif_box_nir_1_0_4(folder, file):
    return norse_lif_box(folder, file)


@row(versions=("norse", "nir"))
def norse_lif_cell(folder, file):
    import norse.torch as norse

    p = norse.LIFParameters(
        tau_mem_inv=_each(100.0), tau_syn_inv=_each(200.0), v_leak=_each(0.0), v_th=_each(1.0), v_reset=_each(0.0)
    )
    return norse_row(norse.LIFCell(p), folder, file, gain=4.0)


# sinabs


def sinabs_row(make, folder: Path, file: str, gain: float):
    import sinabs.layers as layers
    from sinabs.activation import SingleSpike

    matrices = torch.nn.Linear(CHANNELS, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
    livelier(*matrices, gain=gain)
    first, last = make(layers, SingleSpike)
    net = torch.nn.Sequential(matrices[0], first, matrices[1], last)

    def forward(frames):
        for layer in (first, last):
            layer.reset_states()
        hidden = first(matrices[0](frames.permute(1, 0, 2)))
        out = last(matrices[1](hidden))
        scores = torch.softmax(out, dim=2) if type(last).__name__ == "ExpLeak" else out
        return scores.sum(dim=1), [hidden.permute(1, 0, 2)]

    train(net.parameters(), forward)
    if file.endswith(".pth"):
        torch.save({key: values for key, values in net.state_dict().items()}, folder / file)
    else:
        import nir
        from sinabs.nir import to_nir

        for layer in (first, last):
            layer.reset_states()
        nir.write(folder / file, to_nir(net, torch.zeros(1, STEPS, CHANNELS)))
    return outcome(forward)


@row(old=True, versions=("sinabs", "nir"))
def sinabs_lif(folder, file):
    def make(layers, spike):
        return layers.LIF(tau_mem=10.0, spike_fn=spike), layers.ExpLeak(tau_mem=20.0)

    return sinabs_row(make, folder, file, gain=6.0)


@row("--scores", "spikes", old=True, versions=("sinabs", "nir"))
def sinabs_iaf(folder, file):
    def make(layers, spike):
        return layers.IAF(spike_fn=spike), layers.IAF(spike_fn=spike)

    return sinabs_row(make, folder, file, gain=1.5)


@row("--scores", "spikes", old=True, file="net.pth", versions=("sinabs",))
def sinabs_lif_state_dict(folder, file):
    def make(layers, spike):
        return layers.LIF(tau_mem=8.0, spike_fn=spike), layers.LIF(tau_mem=15.0, spike_fn=spike)

    return sinabs_row(make, folder, file, gain=6.0)


# spikingjelly


def spikingjelly_row(make, folder: Path, file: str, gain: float, norm: bool = False):
    from spikingjelly.activation_based import functional, layer, neuron

    first, last = make(neuron)
    modules = [layer.Linear(CHANNELS, HIDDEN), first, layer.Linear(HIDDEN, CLASSES, bias=False), last]
    livelier(modules[0], modules[2], gain=gain)
    if norm:
        modules.insert(1, layer.BatchNorm1d(HIDDEN))
    net = torch.nn.Sequential(*modules)
    at = modules.index(first)

    def forward(frames):
        functional.reset_net(net)
        hidden, out = [], []
        for values in frames:
            for module in modules[: at + 1]:
                values = module(values)
            hidden.append(values)
            out.append(last(modules[-2](values)))
        return torch.stack(out).sum(dim=0), [torch.stack(hidden)]

    train(net.parameters(), forward)
    net.eval()
    functional.reset_net(net)
    if file.endswith(".pth"):
        torch.save(net.state_dict(), folder / file)
    else:
        from spikingjelly.activation_based.nir_exchange import export_to_nir

        export_to_nir(net, torch.zeros(1, CHANNELS), save_path=folder / file)
    return outcome(forward)


@row("--scores", "spikes", versions=("spikingjelly", "nir"))
def spikingjelly_lif(folder, file):
    return spikingjelly_row(lambda it: (it.LIFNode(tau=2.0), it.LIFNode(tau=4.0)), folder, file, gain=4.0)


@row("--scores", "spikes", versions=("spikingjelly", "nir"))
def spikingjelly_lif_undecayed_input(folder, file):
    def make(it):
        return it.LIFNode(tau=1.5, decay_input=False), it.LIFNode(tau=3.0, decay_input=False, v_reset=-0.2)

    return spikingjelly_row(make, folder, file, gain=2.5)


@row("--scores", "spikes", versions=("spikingjelly", "nir"))
def spikingjelly_cuba_if(folder, file):
    def make(it):
        return it.CUBALIFNode(c_decay=0.5, v_decay=0.75), it.IFNode()

    return spikingjelly_row(make, folder, file, gain=1.0)


@row("--scores", "spikes", "--lif-tau", "2", file="net.pth", versions=("spikingjelly",))
def spikingjelly_state_dict(folder, file):
    return spikingjelly_row(lambda it: (it.ParametricLIFNode(), it.LIFNode()), folder, file, gain=4.0, norm=True)


# rockpool


@row("--scores", "spikes", versions=("rockpool", "nir"))
def rockpool_lif(folder, file):
    import nir
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir

    def layer(count, **constants):
        return LIFTorch(count, dt=1e-3, max_spikes_per_dt=1, bias=torch.zeros(count), **constants)

    first, last = layer(HIDDEN, tau_mem=0.02, tau_syn=0.005), layer(CLASSES, tau_mem=0.03, tau_syn=0.01)
    matrices = LinearTorch((CHANNELS, HIDDEN)), LinearTorch((HIDDEN, CLASSES))

    def forward(frames):
        for neurons in (first, last):
            neurons.reset_state()
        hidden = first(matrices[0](frames.permute(1, 0, 2))[0])[0]
        return last(matrices[1](hidden)[0])[0].sum(dim=1), [hidden.permute(1, 0, 2)]

    with torch.no_grad():
        for matrix in matrices:
            matrix.weight *= 0.4
    train([matrices[0].weight, matrices[1].weight], forward, rate=3e-3)
    found = outcome(forward)
    nir.write(folder / file, to_nir(Sequential(matrices[0], first, matrices[1], last), torch.zeros(1, STEPS, CHANNELS)))
    return found


# The public delay networks, github.com/Thvnvtos/SNN-delays and github.com/YounesBouhadjar/AxDenSynDelaySNN: written
# anew, with spikingjelly's neurons as those set them, tau 1.5, decay_input=False, a hard reset.

KERNEL = 7


def _late(values: torch.Tensor, steps: int) -> torch.Tensor:
    """[step, input, channel] so many steps later."""
    return torch.cat([torch.zeros_like(values[:steps]), values[: len(values) - steps]])


def delays_row(folder: Path, file: str, kind: str):
    from spikingjelly.activation_based import functional, layer, neuron

    def neurons(threshold):
        return neuron.LIFNode(
            tau=1.5, v_threshold=threshold, decay_input=False, detach_reset=True, step_mode="m", store_v_seq=True
        )

    sizes = [(CHANNELS, HIDDEN), (HIDDEN, CLASSES)]
    weights = [torch.nn.Parameter(0.5 * torch.randn(outputs, inputs)) for inputs, outputs in sizes]
    shapes = [weight.shape if kind == "synaptic" else weight.shape[1:] for weight in weights]
    steps = [torch.randint(KERNEL, shape) for shape in shapes]
    norm, hidden_neurons, readout = layer.BatchNorm1d(HIDDEN, step_mode="m"), neurons(1.0), neurons(1e9)

    def delayed(index, values):
        parts = range(KERNEL)
        if kind == "synaptic":
            return sum(_late(values, d) @ (weights[index] * (steps[index] == d)).T for d in parts)
        return sum(_late(values, d) * (steps[index] == d) for d in parts) @ weights[index].T

    def forward(frames):
        functional.reset_net(hidden_neurons)
        functional.reset_net(readout)
        hidden = hidden_neurons(norm(delayed(0, frames)))
        readout(delayed(1, hidden))
        return torch.softmax(readout.v_seq, dim=2).sum(dim=0), [hidden]

    train([*weights, *norm.parameters()], forward)
    norm.eval()
    state = {}
    for index, (weight, delay) in enumerate(zip(weights, steps, strict=True)):
        position = (KERNEL // 2 - delay).float()
        if kind == "synaptic":
            at = f"model.{4 * index}"
            state |= {f"{at}.weight": weight[..., None], f"{at}.P": position[None, ..., None]}
            state[f"{at}.SIG"] = torch.zeros_like(state[f"{at}.P"])
        else:
            at = f"snn.{index}"
            state |= {f"{at}.W.weight": weight, f"{at}.delay_layer.weight": torch.ones(len(delay), 1, 1)}
            state[f"{at}.delay_layer.P"] = position[None, :, None, None]
            state[f"{at}.delay_layer.SIG"] = torch.zeros(1, len(delay), 1, 1)
    at = "model.1" if kind == "synaptic" else "snn.0.norm"
    torch.save(state | {f"{at}.{key}": values for key, values in norm.state_dict().items()}, folder / file)
    return outcome(forward)


DELAYS = ("--lif-tau", "1.5", "--reset", "hard", "--delay-kernel", str(KERNEL))


@row(*DELAYS, file="net.pth", versions=("spikingjelly",))
def snn_delays_synaptic(folder, file):
    return delays_row(folder, file, "synaptic")


@row(*DELAYS, file="net.pth", versions=("spikingjelly",))
def axden_axonal(folder, file):
    return delays_row(folder, file, "axonal")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--old-nir", action="store_true", help="the rows that want NIR 1.0.4")
    parser.add_argument("--only", help="rows whose names hold this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    for name, make, options, file, old, packages in ROWS:
        if old != arguments.old_nir or (arguments.only and arguments.only not in name):
            continue
        folder = arguments.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        # Spike trains of recurrent layers are chaotic: seeds are such that rounding moves few of them.
        torch.manual_seed(SEEDS.get(name, 3))
        versions = {package: importlib.metadata.version(package) for package in packages}
        about = {"versions": versions, "file": file, "options": options}
        try:
            frames, trains, scores = make(folder, file)
        except Exception as error:
            traceback.print_exc()
            about["failed"] = f"{type(error).__name__}: {error}"
            failed += 1
        else:
            np.save(folder / "frames.npy", frames)
            np.save(folder / "scores.npy", scores)
            for index, train_of_layer in enumerate(trains):
                np.save(folder / f"spikes-{index}.npy", train_of_layer)
            rates = ", ".join(f"{100 * each.mean():.1f} %" for each in trains)
            print(f"{name}: fires {rates}; winners {np.bincount(scores.argmax(axis=1), minlength=CLASSES)}")
        (folder / "case.json").write_text(json.dumps(about, indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
