"""Accuracy of a network on the clips of a split, from a fresh state and with sound before the clip."""

import numpy as np
import torch

from silif_tools.train.clips import Clips
from silif_tools.train.fbank import CLIP_FRAMES, CLIP_SAMPLES, log_mel
from silif_tools.train.network import Network, scores


def padded(clips: Clips) -> torch.Tensor:
    """float32 [clips, CLIP_SAMPLES] in +-1, zero samples at the end of short clips."""
    out = np.zeros((len(clips), CLIP_SAMPLES), np.float32)
    for i in range(len(clips)):
        clip = clips.clip(i)[:CLIP_SAMPLES]
        out[i, : len(clip)] = clip.astype(np.float32) / 32768
    return torch.from_numpy(out)


class Examination:
    """The features of a split, fresh and after another clip of the same split."""

    def __init__(self, clips: Clips, labels: list[int], seed: int = 1):
        audio = padded(clips)
        self.labels = torch.tensor(labels)
        self.fresh = log_mel(audio).transpose(0, 1).contiguous()
        before = torch.randperm(len(audio), generator=torch.Generator().manual_seed(seed))
        both = torch.cat([audio[before], audio], 1)
        self.after = torch.cat([log_mel(part) for part in both.split(64)]).transpose(0, 1).contiguous()

    @torch.no_grad()
    def results(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Probabilities [clips, classes] for both."""
        network.eval()
        return {
            "fresh": scores(network(self.fresh)).cpu(),
            "context": scores(network(self.after)[-CLIP_FRAMES:]).cpu(),
        }

    @torch.no_grad()
    def teacher_accuracy(self, teacher: torch.nn.Module) -> float:
        """Percent right of a network that takes whole clips."""
        teacher.eval()
        return 100.0 * float((teacher(self.fresh).argmax(1).cpu() == self.labels).float().mean())

    def accuracy(self, network: Network) -> dict[str, float]:
        """Percent right: fresh and context."""
        found = self.results(network)
        return {k: 100.0 * float((p.argmax(1) == self.labels).float().mean()) for k, p in found.items()}
