"""A float convolutional network whose probabilities guide the spiking ones; it is not shipped.

Separable convolutions over time in residual blocks, after MatchboxNet (Majumdar & Ginsburg 2020, arXiv 2004.08531).
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from silif_tools.train.fbank import BANDS, CLIP_FRAMES
from silif_tools.train.loop import Run
from silif_tools.train.network import InputNorm
from silif_tools.train.scenes import Batch, Scenes


class Separable(nn.Module):
    """Depthwise then pointwise convolution with batch normalisation; same length out (per stride)."""

    def __init__(self, inputs: int, size: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        padding = dilation * (kernel - 1) // 2
        self.deep = nn.Conv1d(inputs, inputs, kernel, stride, padding, dilation, groups=inputs, bias=False)
        self.point = nn.Conv1d(inputs, size, 1, bias=False)
        self.norm = nn.BatchNorm1d(size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.point(self.deep(x)))


class Block(nn.Module):
    """Two separable convolutions beside a pointwise one."""

    def __init__(self, size: int, kernel: int, dropout: float):
        super().__init__()
        self.first, self.second = Separable(size, size, kernel), Separable(size, size, kernel)
        self.bypass = nn.Sequential(nn.Conv1d(size, size, 1, bias=False), nn.BatchNorm1d(size))
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.dropout(functional.relu(self.first(x)), self.dropout, self.training)
        return functional.dropout(functional.relu(self.second(y) + self.bypass(x)), self.dropout, self.training)


class Teacher(nn.Module):
    """Log-mel features [T, B, bands] of a clip -> logits [B, classes]."""

    def __init__(self, bands: int, classes: int, size: int = 128, dropout: float = 0.1):
        super().__init__()
        self.input_norm = InputNorm(bands)
        self.front = nn.Sequential(nn.Conv1d(bands, size, 5, 2, 2, bias=False), nn.BatchNorm1d(size), nn.ReLU())
        self.blocks = nn.Sequential(*(Block(size, k, dropout) for k in (9, 11, 13, 15)))
        self.wide = Separable(size, size, 15, dilation=2)
        self.last = nn.Sequential(nn.Conv1d(size, 2 * size, 1, bias=False), nn.BatchNorm1d(2 * size), nn.ReLU())
        self.out = nn.Linear(2 * size, classes)
        self.dropout = dropout

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.logits(self.input_norm(features.to(self.input_norm.mean.device)))

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """The same from normalised features."""
        x = self.blocks(self.front(x.permute(1, 2, 0)))
        x = self.last(functional.relu(self.wide(x))).mean(2)
        return self.out(functional.dropout(x, self.dropout, self.training))


def train(
    scenes: Scenes,
    statistics: tuple[torch.Tensor, torch.Tensor],
    recipe: dict,
    classes: int,
    checkpoint: Path,
    resume: bool,
    report: Callable[[int, float, float, nn.Module], None],
    device: torch.device,
) -> "Teacher":
    """statistics: mean and standard deviation [bands] of the features."""
    network = Teacher(BANDS, classes, recipe["size"], recipe["dropout"])
    network.input_norm.fix(*statistics)
    network.to(device)

    def loss(network: Teacher, batch: Batch) -> torch.Tensor:
        x = batch.masked(network.input_norm(batch.features))[-CLIP_FRAMES:]
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = network.logits(x)
        return functional.cross_entropy(logits.float(), batch.labels, label_smoothing=recipe["label_smoothing"])

    run = Run(network, scenes, recipe, checkpoint)
    if resume and checkpoint.exists():
        run.resume()
    return run.train(loss, lambda mean: mean.eval(), report)


def probabilities(network: "Teacher") -> Callable[[torch.Tensor], torch.Tensor]:
    """A function from features [T, B, bands] to probabilities [B, classes], for the student's targets."""
    network.eval()

    @torch.no_grad()
    def of(features: torch.Tensor) -> torch.Tensor:
        device = network.input_norm.mean.device
        with torch.autocast(device.type, torch.bfloat16):
            return network(features.to(device)).float().softmax(1).to(features.device)

    return of
