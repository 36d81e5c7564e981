"""A float convolutional network that guides the spiking one frame by frame on sequences; it is not shipped.

It is teacher.py's network without the mean over the clip: a second of what comes before and after every frame, trained
on the same scenes with the same loss as the network that it guides, from the weights of the clips' teacher.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional

from silif_tools.train import stream_loss
from silif_tools.train.loop import Run
from silif_tools.train.stream_scenes import StreamBatch, StreamScenes
from silif_tools.train.teacher import Teacher


class StreamTeacher(Teacher):
    """Log-mel features [T, B, bands] of sequences -> logits [T, B, classes]."""

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        steps = len(x)
        x = self.blocks(self.front(x.permute(1, 2, 0)))
        x = self.last(functional.relu(self.wide(x))).permute(2, 0, 1)
        y = self.out(functional.dropout(x, self.dropout, self.training))
        return y.repeat_interleave(2, 0)[:steps]  # the front has a stride of 2


class SequenceRun(Run):
    """A run whose batches are sequences."""

    exams_on_processor = True

    def _batch(self) -> StreamBatch:
        return self.scenes.sequences(self.recipe["batch"], self.recipe["frames"])


def train(
    network: StreamTeacher,
    scenes: StreamScenes,
    settings: dict,
    checkpoint: Path,
    resume: bool,
    report: Callable[[int, float, float, torch.nn.Module], None],
) -> StreamTeacher:
    """settings: the stage's, with those of [stream.teacher] in their place."""
    none = [scenes.words.unknown, scenes.words.silence]

    def loss(network: StreamTeacher, batch: StreamBatch) -> torch.Tensor:
        x = scenes.words.masked(network.input_norm(batch.features))
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = network.logits(x)
        return stream_loss.loss_of(logits.float(), batch, scenes.commands, none, None, settings)[0]

    network.dropout = settings["dropout"]
    run = SequenceRun(network, scenes, settings, checkpoint)
    if resume and checkpoint.exists():
        run.resume()
    return run.train(loss, lambda mean: mean.eval(), report)


def frame_probabilities(network: StreamTeacher) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function from features [T, B, bands] to probabilities [T, B, classes]."""
    network.eval()

    @torch.no_grad()
    def of(features: torch.Tensor) -> torch.Tensor:
        device = network.input_norm.mean.device
        with torch.autocast(device.type, torch.bfloat16):
            return network(features.to(device)).float().softmax(-1).to(features.device)

    return of
