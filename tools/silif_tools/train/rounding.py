"""A copy of a network whose weights were rounded to integers per row, as the exporter will: what rounding costs."""

import copy

import torch

from silif_tools.train.blocks import BlockNetwork
from silif_tools.train.network import Network


@torch.no_grad()
def with_rounded_weights(network: Network, bits: int = 8) -> Network:
    """Batch normalisation (and, in the first layer, the features' scale) folded into the rows before rounding.

    A row's factor from the normalisation does not change its rounding, for each row has its own scale; the features'
    standard deviations do, for they differ within a row. A network that has integers already is returned as it is.
    """
    if network.bits:
        return network
    copied = copy.deepcopy(network)
    highest = 2 ** (bits - 1) - 1
    if isinstance(copied, BlockNetwork):
        for weight, within_row in copied.matrices():
            _round_rows(weight, within_row, highest)
        return copied
    for index, layer in enumerate(copied.snn):
        within_row = 1.0 / copied.input_norm.std if index == 0 else torch.ones(())
        _round_rows(layer.W.weight, within_row, highest)
    return copied


def _round_rows(weight: torch.Tensor, within_row: torch.Tensor, highest: int) -> None:
    rows = weight * within_row
    scale = rows.abs().amax(1, keepdim=True).clamp_min(1e-30) / highest
    weight.copy_(torch.round(rows / scale) * scale / within_row)
