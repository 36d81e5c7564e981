"""Two float networks that guide the spiking one on sequences from waveforms; they hear what comes after, too.

One is the frames' teacher of stream_teacher.py. The other hears by Google's speech embedding, which knows the voices of
millions of recordings, and goes on training it slowly.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from silif_tools.train import stream_loss
from silif_tools.train.fbank import CLIP_FRAMES
from silif_tools.train.stream import StreamRun
from silif_tools.train.stream_scenes import StreamBatch
from silif_tools.train.stream_teacher import StreamTeacher
from silif_tools.train.waveform import embedding
from silif_tools.train.waveform.scenes import WaveScenes, Words

TRUNK_RATE = 0.1  # of the embedding's own weights, against the head's
DEEP = 3  # layers of the head over embeddings
UNIT = 16.0  # of an embedding, about its standard deviation


Guides = Callable[[StreamBatch], tuple[torch.Tensor, torch.Tensor]]


class MelTeacher(StreamTeacher):
    """The frames' teacher, on batches."""

    def hear_features(self, features: torch.Tensor) -> torch.Tensor:
        """Probabilities [T, B, classes] of features as they are."""
        with torch.autocast(features.device.type, torch.bfloat16):
            return self.logits(self.input_norm(features)).float().softmax(-1)

    def heard(self, batch: StreamBatch, words: Words | None = None) -> torch.Tensor:
        """Logits [T, B, classes]; words: who hides bands and stretches of time, in training."""
        x = self.input_norm(batch.features)
        return self.logits(words.masked(x) if words else x)


class EmbeddingTeacher(nn.Module):
    """Convolutions over the embeddings of a sequence; between two of them its logits lie on a line."""

    def __init__(self, classes: int, size: int, dropout: float):
        super().__init__()
        self.trunk = embedding.Embedding()
        self.front = nn.Conv1d(embedding.SIZE, size, 1)
        self.deep = nn.ModuleList(nn.Conv1d(size, size, 5, padding=2) for _ in range(DEEP))
        self.norms = nn.ModuleList(nn.BatchNorm1d(size) for _ in range(DEEP))
        self.out = nn.Conv1d(size, classes, 1)
        self.dropout = dropout

    def slow_parameters(self) -> list[nn.Parameter]:
        return list(self.trunk.parameters())

    def heard(self, batch: StreamBatch, words: Words | None = None) -> torch.Tensor:
        """Logits [T, B, classes]; number j of the embeddings stands for frame STEP j, in its middle."""
        del words
        steps, half = batch.mel.shape[1], embedding.CONTEXT // 2
        around = (half, half + embedding.STEP)
        padded = functional.pad(batch.mel.transpose(1, 2), around, mode="replicate").transpose(1, 2)
        x = self.trunk(padded).transpose(1, 2) / UNIT
        x = self.front(functional.dropout(x, self.dropout, self.training))
        for deep, norm in zip(self.deep, self.norms, strict=True):
            x = x + functional.dropout(functional.relu(norm(deep(x))), self.dropout, self.training)
        y = self.out(x)
        at = torch.arange(steps, device=y.device) / embedding.STEP
        below = at.long().clamp_max(y.shape[2] - 2)
        share = (at - below).clamp(0, 1)
        return (y[:, :, below] * (1 - share) + y[:, :, below + 1] * share).permute(2, 0, 1)


def train(
    network: nn.Module,
    scenes: WaveScenes,
    settings: dict,
    checkpoint: Path,
    resume: bool,
    report: Callable[[int, float, float, nn.Module], None],
) -> nn.Module:
    """settings: the stage's, with the teacher's in their place."""
    none = [scenes.words.unknown, scenes.words.silence]

    def loss(network: nn.Module, batch: StreamBatch) -> torch.Tensor:
        with torch.autocast(batch.features.device.type, torch.bfloat16):
            logits = network.heard(batch, scenes.words)
        return stream_loss.loss_of(logits.float(), batch, scenes.commands, none, None, settings)[0]

    run = StreamRun(network, scenes, settings | {"ssm_rate": TRUNK_RATE}, checkpoint)
    if resume and checkpoint.exists():
        run.resume()
    return run.train(loss, lambda mean: mean.eval(), report)


def corrected(p: torch.Tensor, allowed: torch.Tensor, none: list[int]) -> torch.Tensor:
    """Probabilities p [T, B, classes] of frames, where no command is due (allowed [T, B, classes]) without those of
    commands that may not be said: they go to the classes without one. What a teacher takes for a command and is none,
    hard negatives above all, no student should learn from it."""
    free = allowed[..., none].any(-1, keepdim=True)
    wrong = p.masked_fill(allowed | ~free, 0)
    wrong[..., none] = 0
    p = p - wrong
    p[..., none[0]] += wrong.sum(-1)
    return p


def guides(networks: Sequence[nn.Module], score_scale: float, none: Sequence[int] = ()) -> Guides:
    """A function from a batch to the networks' mean probabilities: of its frames [T, B, classes], and of its clips
    [clips, classes], for the student's targets. none: the classes without a command, where those of frames are to be
    corrected."""
    for each in networks:
        each.eval()

    @torch.no_grad()
    def of(batch: StreamBatch) -> tuple[torch.Tensor, torch.Tensor]:
        device = batch.features.device
        with torch.autocast(device.type, torch.bfloat16):
            found = [each.heard(batch) for each in networks]
        found = [logits.float().softmax(-1) for logits in found]
        at, b = (torch.from_numpy(batch.clips[:, i]).to(device) for i in range(2))
        frames = at[None] + torch.arange(CLIP_FRAMES, device=device)[:, None]
        clips = [(p[frames, b[None]].mean(0) * score_scale).softmax(-1) for p in found]
        mean = sum(found) / len(found)
        return corrected(mean, batch.allowed, list(none)) if none else mean, sum(clips) / len(clips)

    return of
