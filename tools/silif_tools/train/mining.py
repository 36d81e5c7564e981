"""Hard negatives over all speech without commands: where the network that is being trained comes nearest to an alarm.

At every report the network of averaged weights hears every reel, or a teacher once (waveform/pool.py); the places where
the mean over the detector's window is highest for a command are then drawn more often (stream_scenes.py).
"""

import copy
from collections.abc import Callable

import numpy as np
import torch

from silif_tools.train import stream_loss
from silif_tools.train.bank import Reel
from silif_tools.train.network import Network
from silif_tools.train.stream_scenes import StreamScenes

PIECE, LEAD, ROWS = 900, 100, 32  # frames judged at a time, frames of run-up before them, pieces side by side
BLOCK = 50  # frames that give one place at most


Judge = Callable[[torch.Tensor], torch.Tensor]  # features [T, B, bands] -> probabilities [T, B, classes]


def judge_of(network: Network) -> Judge:
    """The network with the kernels of training and the normalisation of evaluation."""
    judge = copy.deepcopy(network)
    judge.freeze(True)
    judge.train()
    judge.dropout = 0.0
    return lambda x: judge(x).float().softmax(-1)


@torch.no_grad()
def peaks(judge: Judge, reel: Reel, commands: list[int], window: int) -> np.ndarray:
    """float32 [blocks]: the highest mean over the window, of any command, that ends in each block of a reel."""
    found = np.zeros(len(reel.features) // BLOCK, np.float32)
    starts = np.arange(0, len(found) * BLOCK, PIECE)
    for at in range(0, len(starts), ROWS):
        rows = starts[at : at + ROWS, None] + np.arange(-LEAD, PIECE)
        rows = rows.clip(0, len(reel.features) - 1)
        x = torch.from_numpy(reel.features[rows.T].astype(np.float32))
        q = stream_loss.window_means(judge(x), window)[LEAD:, :, commands].amax(-1)
        best = q.T.reshape(-1, BLOCK).amax(1).cpu().numpy()
        first = int(starts[at]) // BLOCK
        found[first : first + len(best)] = best[: len(found) - first]
    return found


def hardest(judge: Judge, reel: Reel, commands: list[int], window: int, share: float) -> torch.Tensor:
    """int64: frames at which the blocks with the highest peaks end, the given share of all blocks, in time."""
    found = peaks(judge, reel, commands, window)
    count = max(1, round(share * len(found)))
    return torch.from_numpy(np.sort(np.argpartition(found, -count)[-count:]).astype(np.int64) * BLOCK + BLOCK)


def mine(judge: Judge, scenes: StreamScenes) -> None:
    """Look for hard negatives anew in every reel that certainly holds no command."""
    for number, reel in enumerate(scenes.speech):
        if number not in scenes.unmined:
            r = scenes.r
            scenes.mined[number] = hardest(judge, reel, scenes.commands, r["window"], r["mined_share"])
