"""Sequences from waveforms in the place of stream_scenes.StreamScenes: planned elsewhere, mixed on the device."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from silif_tools.train.bank import Reel
from silif_tools.train.fbank import FRAME, HOP
from silif_tools.train.scenes import Scenes, masked
from silif_tools.train.stream_scenes import StreamBatch
from silif_tools.train.waveform.mix import Mixer
from silif_tools.train.waveform.plan import PLACES, Plan, Planner

AHEAD = 4  # plans that wait for every worker
PART = 6000  # frames of a reel that are transformed at a time


class _Plans(IterableDataset):
    def __init__(self, planner: Planner, seed: tuple[int, ...], size: int, steps: int):
        self.planner, self.seed, self.size, self.steps = planner, seed, size, steps

    def __iter__(self) -> Iterator[Plan]:
        worker = get_worker_info()
        self.planner.seed(*self.seed, worker.id if worker else 0)
        while True:
            yield self.planner.plan(self.size, self.steps)


def _as_it_is(plan: Plan) -> Plan:
    return plan


class Places:
    """Hard negatives of every reel, where the planners' processes see them."""

    def __init__(self, reels: int):
        self.ends = torch.zeros(reels, PLACES, dtype=torch.int64).share_memory_()
        self.counts = torch.zeros(reels, dtype=torch.int64).share_memory_()

    def __getitem__(self, number: int) -> torch.Tensor:
        return self.ends[number, : int(self.counts[number])]

    def __setitem__(self, number: int, ends: torch.Tensor) -> None:
        kept = ends[torch.randperm(len(ends))[:PLACES]] if len(ends) > PLACES else ends
        self.ends[number, : len(kept)] = kept
        self.counts[number] = len(kept)


class Words:
    """What stream.train asks of the clips' scenes."""

    masks = Scenes._masks
    _uniform = Scenes._uniform

    def __init__(self, settings: dict, words: list[str], seed: int):
        self.r, self.classes = settings, len(words)
        self.silence, self.unknown = words.index("_silence_"), words.index("_unknown_")
        self.generator = torch.Generator().manual_seed(seed)

    def masked(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised features [T, B, BANDS] with random bands and stretches of time set to their mean, in place."""
        return masked(x, *(mask.to(x.device) for mask in self.masks(*x.shape[:2])))


class WaveScenes:
    """planner: of sequences on the mixer's tape."""

    def __init__(self, r: dict, words: Words, planner: Planner, mixer: Mixer, places: Places, unmined: list[int],
                 seed: int, workers: int):  # fmt: skip
        self.r, self.words, self.planner, self.mixer = r, words, planner, mixer
        self.commands, self.unmined, self.mined = planner.commands, unmined, places
        self.seed, self.workers, self.drawn = seed, workers, 0
        self._plans, self._of = iter(()), (0, 0)
        self._reels: list[Reel] | None = None

    def on(self, device: torch.device) -> "WaveScenes":
        """The same on another device, from here on; this one's processes end."""
        self.close()
        rest = self.planner, self.mixer.on(device), self.mined, self.unmined, self.seed, self.workers
        found = WaveScenes(self.r, self.words, *rest)
        found.drawn, found._reels = self.drawn, self._reels
        return found

    def close(self) -> None:
        """End the processes that plan; the next sequence begins others."""
        self._plans, self._of = iter(()), (0, 0)

    def reseed(self, seed: int) -> None:
        self.close()
        self.seed, self.drawn = seed, 0
        self.words.generator.manual_seed(seed)

    def state(self) -> dict:
        """Batches that were drawn. Those after a resumption are others than they would have been: plans lie ready."""
        places = {"ends": self.mined.ends.clone(), "counts": self.mined.counts.clone()}
        return {"drawn": self.drawn, "masks": self.words.generator.get_state(), **places}

    def restore(self, state: dict) -> None:
        """Raises ValueError where the checkpoint is of sequences of another kind."""
        if "ends" not in state or state["ends"].shape != self.mined.ends.shape:
            raise ValueError(
                "the checkpoint is of another recipe or other recordings: delete it, or leave out --resume"
            )
        self.close()
        self.drawn = state["drawn"]
        self.words.generator.set_state(state["masks"])
        self.mined.ends.copy_(state["ends"])
        self.mined.counts.copy_(state["counts"])

    def _plan(self, size: int, steps: int) -> Plan:
        if self._of != (size, steps):
            self._of = (size, steps)
            self._plans = iter(
                DataLoader(
                    _Plans(self.planner, (self.seed, self.drawn), size, steps),
                    batch_size=None, num_workers=self.workers, prefetch_factor=AHEAD if self.workers else None,
                    collate_fn=_as_it_is, multiprocessing_context="fork" if self.workers else None,
                )
            )  # fmt: skip
        self.drawn += 1
        return next(self._plans)

    @property
    def speech(self) -> list[Reel]:
        """Features of every reel, as mining hears them."""
        if self._reels is None:
            tape = self.mixer.tape
            self._reels = []
            for stretch in self.planner.speech:
                whole = tape[stretch.start : stretch.start + stretch.length]
                starts = range(0, stretch.length - FRAME + 1, PART * HOP)
                parts = [self.mixer.log_mel(whole[at : at + PART * HOP + FRAME - HOP]) for at in starts]
                features = torch.cat(parts).half().cpu().numpy()
                self._reels.append(Reel(features, np.zeros(0, np.float32)))
        return self._reels

    def sequences(self, size: int, steps: int) -> StreamBatch:
        plan, device = self._plan(size, steps), self.mixer.device
        if device.type == "cuda":
            moved = {
                f.name: getattr(plan, f.name).pin_memory().to(device, non_blocking=True)
                for f in dataclasses.fields(plan)
                if isinstance(getattr(plan, f.name), torch.Tensor)
            }
            plan = dataclasses.replace(plan, **moved)
        features, mel = self.mixer.features(self.mixer.sound(plan, steps), plan)
        return StreamBatch(features, plan.allowed, plan.weight, plan.hit, plan.ends, plan.clips, mel)
