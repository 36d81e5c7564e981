"""Quantization-aware training: a network whose forward pass is the engine's, integer for integer.

Weights are rounded to integers per row as the engine sees the rows, that is with the features' standard deviations
folded into the first layer's columns (folding batch normalisation and the constant gains multiplies whole rows, which
their scales take up). The rows' scales are learned: LSQ, Esser et al., arXiv 1902.08153, here on their logarithms, so
that AdamW moves them by shares of themselves. Coefficients, bias, states and potentials are rounded as
docs/ARITHMETIC.md says. Gradients pass straight through every rounding; where a weight was clipped they go to the scale
alone.
"""

import numpy as np
import torch
from torch import nn

from silif_tools.export.fold import fold
from silif_tools.export.quantize import integer_tables, round_to_trained_scales, row_scales
from silif_tools.integer.frontend import FRONT_END
from silif_tools.model_file.tables import DelayKind, LayerTables
from silif_tools.train import delays, fixed

BITS = (4, 8)
SHRINKS = 15  # scales that `nearest` tries
DELAY_KINDS = {
    delays.Axonal: DelayKind.AXONAL, delays.Dendritic: DelayKind.DENDRITIC, delays.Synaptic: DelayKind.SYNAPTIC,
}  # fmt: skip
INPUT_FRACTION_BITS, INPUT_LIMIT = FRONT_END.output_fraction_bits, FRONT_END.input_limit


def nearest(weight: torch.Tensor, bits: int, within_row: torch.Tensor) -> torch.Tensor:
    """Weights [outputs, inputs] as integers of so many bits would give them, each row with the scale of the least
    squared error (row_scales); gradients pass straight through. within_row: as `_within_row`."""
    limit = 2 ** (bits - 1) - 1
    rows = weight.detach() / within_row
    full = rows.abs().amax(1, keepdim=True).clamp_min(1e-30) / limit
    scales = full * torch.linspace(1.0, 0.3 if bits == 4 else 0.7, SHRINKS, device=rows.device)[:, None, None]
    rounded = (rows / scales).round().clamp(-limit, limit) * scales
    best = (rounded - rows).square().sum(-1).argmin(0)
    return weight + (rounded[best, torch.arange(len(rows), device=rows.device)] * within_row - weight).detach()


def start(network: nn.Module, bits: int) -> None:
    """Give every layer of a float network scales, chosen by least squared error; its delays are learned no further."""
    for index, layer in enumerate(network.snn):
        if layer.delay_layer is not None:
            layer.delay_layer.settle()
        rows = (layer.W.weight / _within_row(network, index)).detach().double().numpy()
        scales = row_scales(rows.T, bits, np.ones(rows.shape[1]))
        layer.W.log_scale = nn.Parameter(torch.from_numpy(np.log(scales)).float())


def _within_row(network: nn.Module, index: int) -> torch.Tensor:
    """What the stored weights [outputs, inputs] are larger by, per column, than those that the engine sees."""
    return network.input_norm.std if index == 0 else torch.ones(())


def weights(network: nn.Module, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Integers [outputs, inputs] of a layer, as floats, and the stored weights that they stand for: with gradients."""
    layer, limit, within_row = network.snn[index], 2 ** (network.bits - 1) - 1, _within_row(network, index)
    scale = layer.W.log_scale.exp()[:, None]
    steps = (layer.W.weight / within_row / scale).clamp(-limit, limit)
    integers = steps.detach().round()
    return integers, (steps + (integers - steps).detach()) * scale * within_row


@torch.no_grad()
def state(network: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict that goes to the exporter: rounded weights, and their scales as snn.N.W.scale [outputs].

    The integers are W.weight / W.scale, in the first layer W.weight / input_norm.std / W.scale.
    """
    found = network.state_dict()
    for index in range(len(network.snn)):
        prefix = f"snn.{index}."
        scale = found.pop(f"{prefix}W.log_scale").exp()
        found[f"{prefix}W.scale"] = scale
        rounded = weights(network, index)[0] * scale[:, None] * _within_row(network, index)
        if f"{prefix}W.weight" in found:
            found[f"{prefix}W.weight"] = rounded
        else:  # delays.py's layout for synaptic delays
            found[f"{prefix}delay_layer.weight"] = rounded.unsqueeze(-1)
    return found


@torch.no_grad()
def tables(network: nn.Module, spike_unit: float = 1.0) -> list[LayerTables]:
    """The layers as the engine runs them. spike_unit: what a spike counts, more than 1 with dropout."""
    made = []
    numbers = {key: value.double().numpy() for key, value in _without_delays(state(network)).items()}
    for index, layer in enumerate(fold(numbers)):
        integers, _ = round_to_trained_scales(layer.weights, network.bits, layer.weight_scale)
        found, _ = integer_tables(
            layer, integers, layer.weight_scale, layer.bias, name=f"layer {index}", bits=network.bits,
            input_unit=spike_unit if index else 2.0**-INPUT_FRACTION_BITS,
        )  # fmt: skip
        delay = network.snn[index].delay_layer
        if delay is not None:
            found.delay_kind = DELAY_KINDS[type(delay)]
            steps = delay.delays().numpy()
            synaptic = found.delay_kind == DelayKind.SYNAPTIC
            found.delays = steps.reshape(layer.weights.T.shape).T if synaptic else steps
        made.append(found)
    return made


def _without_delays(found: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict as though the network had none: they change nothing in a layer's numbers."""
    plain = {}
    for key, value in found.items():
        prefix, _, name = key.partition("delay_layer.")
        if key == prefix:
            plain[key] = value
        elif name == "weight" and f"{prefix}W.weight" not in found:
            plain[f"{prefix}W.weight"] = value.squeeze(-1)
    return plain


def _kernel_table(layer: LayerTables) -> torch.Tensor:
    """int64 [rows, outputs] for fixed.c, whose sums are of the integers in `layer`."""
    rows = [layer.scale_mantissa, layer.scale_shift, layer.bias, *layer.neuron.values()]
    return torch.from_numpy(np.stack(rows).astype(np.int64))


def run(network: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Potentials [T, B, classes] of normalised features float32 [T, B, inputs]."""
    training = network.training and torch.is_grad_enabled()
    dropout = network.dropout if training else 0.0
    spike_unit = 1.0 / (1.0 - dropout)
    norm = network.input_norm
    frames = ((x * norm.std + norm.mean) * 2**INPUT_FRACTION_BITS).round().clamp(-INPUT_LIMIT, INPUT_LIMIT).int()
    for index, (layer, table) in enumerate(zip(network.snn, tables(network, spike_unit), strict=True)):
        integers = torch.from_numpy(table.weights).T
        values, product = (x, fixed.byte_sums) if index else (frames, fixed.frame_sums)
        delay = layer.delay_layer
        sums = product(values, integers) if delay is None else delay.exact(values, integers, product)
        rows, last = _kernel_table(table), index == len(network.snn) - 1
        if not training:
            x = fixed.run_readout(sums, rows) if last else fixed.run_scan(layer.kind, sums, rows)[0]
            continue
        weight = weights(network, index)[1] * (spike_unit if index else 1.0)
        z = layer.product(x.bfloat16(), weight.bfloat16())
        if last:
            potentials = layer.integrated(z.float(), layer.fixed_statistics())
            return potentials + (fixed.run_readout(sums, rows) - potentials).detach()
        x = fixed.FixedScan.apply(
            layer.kind, z, sums, rows, dropout, int(torch.randint(2**31, ())), layer.fixed_statistics(),
            layer.norm.weight, layer.norm.bias, *layer.parameters_in_equations(),
        )  # fmt: skip
    return x
