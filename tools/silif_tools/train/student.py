"""Training of a spiking network: its loss and the settling of its batch normalisation."""

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch.nn import functional

from silif_tools.train import delays
from silif_tools.train.fbank import CLIP_FRAMES
from silif_tools.train.loop import Run
from silif_tools.train.network import Network, scores
from silif_tools.train.origin import Origin
from silif_tools.train.scenes import Batch, Scenes

CONTEXTS = (0, 60, 100, 200)  # frames before the clip in recalibration: from a fresh start to a stream
SETTLED = 15  # frames after a fresh start that are not judged in context_loss


@torch.no_grad()
def settle_norms(network: Network, features: Iterable[torch.Tensor]) -> None:
    """Batch-normalisation statistics of these very weights, without dropout: those gathered in training belong to
    other weights and to thinned-out spikes. features: [T, B, inputs] of each batch."""
    dropout, network.dropout = network.dropout, 0.0
    for norm in network.norms():
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    delays.use_rounded(network)
    for each in features:
        network(each)
    for norm in network.norms():
        norm.momentum = 0.1
    network.dropout = dropout
    network.eval()


def recalibrate(network: Network, scenes: Scenes, batches: int, size: int) -> None:
    """The same from scenes."""
    settle_norms(network, (scenes.batch(size, CONTEXTS[k % len(CONTEXTS)]).features for k in range(batches)))


def context_loss(potentials: torch.Tensor, batch: Batch, r: dict) -> torch.Tensor:
    """The same on the frames before the clips, where they are known to be silence or unknown: on a stream the network
    must not see words in what lies between words. The state has settled after SETTLED frames."""
    found = scores(potentials[SETTLED : batch.context]) * r["score_scale"]
    sum_of_known = functional.cross_entropy(
        found, batch.context_labels, ignore_index=-1, reduction="sum", label_smoothing=r["label_smoothing"]
    )
    return sum_of_known / len(found)


def loss_of(potentials: torch.Tensor, labels: torch.Tensor, teacher: torch.Tensor | None, r: dict) -> torch.Tensor:
    """Cross-entropy of score_scale times the mean softmax over the clip's frames, which the potentials are of.

    The authors' loss is the same on the sum, that is with a scale of 98. The logarithm of the mean, which looks more
    natural, asks for the word before it was heard; it cost 2 points from a fresh state and 5 after other speech.
    Targets: labels, smoothed, mixed with the teacher's probabilities [B, classes] if there are any.
    """
    found = functional.log_softmax(scores(potentials) * r["score_scale"], 1)
    classes, smoothing = found.shape[1], r["label_smoothing"]
    target = functional.one_hot(labels, classes).float() * (1 - smoothing) + smoothing / classes
    if teacher is not None:
        target = (1 - r["teacher_weight"]) * target + r["teacher_weight"] * teacher
    return -(target * found).sum(1).mean()


def train(
    network: Network,
    scenes: Scenes,
    recipe: dict,
    checkpoint: Path,
    resume: bool,
    teacher: Callable[[torch.Tensor], torch.Tensor] | None,
    report: Callable[[int, float, float, torch.nn.Module], None],
    origin: Origin | None = None,
) -> Network:
    """teacher: log-mel features [T, B, bands] of the clips -> probabilities [B, classes].

    With frozen_statistics the network is trained with the very normalisation it is evaluated with. Batches that
    begin afresh and batches with a context differ in their statistics, and a network whose neurons remember long
    (C-SiLIF above all) comes to rely on being told which by its normalisation.

    With weight_bits it computes as the engine does, with weights of so many bits (quantize.py).
    """

    def loss(network: Network, batch: Batch) -> torch.Tensor:
        soft = teacher(batch.features[-CLIP_FRAMES:]) if teacher else None
        potentials = network.run(batch.masked(network.input_norm(batch.features)))
        wanted = loss_of(potentials[-CLIP_FRAMES:], batch.labels, soft, recipe)
        if batch.context and recipe["context_weight"]:
            wanted = wanted + recipe["context_weight"] * context_loss(potentials, batch, recipe)
        if recipe.get("spike_weight"):
            wanted = wanted + recipe["spike_weight"] * network.activity()
        return wanted

    bits, going_on = recipe.get("weight_bits", 0), resume and checkpoint.exists()
    if bits:
        network.quantize(bits)  # with the statistics that the round before left
    run = Run(network, scenes, recipe, checkpoint, origin)
    if going_on:
        run.resume()
    elif recipe["frozen_statistics"] and not bits:
        recalibrate(network, scenes, recipe["recalibration_batches"], recipe["batch"])

    def settle(mean: Network) -> None:
        if recipe["frozen_statistics"]:
            mean.eval()
        else:
            recalibrate(mean, scenes, recipe["recalibration_batches"], recipe["batch"])

    for each in (network, run.mean):
        each.freeze(recipe["frozen_statistics"])
    return run.train(loss, settle, report)
