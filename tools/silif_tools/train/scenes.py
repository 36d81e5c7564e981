"""Training sequences, composed anew for every step from the bank: context, clip, noise, gain, equalisation.

Everything here works on band energies: two sounds that are not related add in energy, a gain is a factor, an
equaliser is a factor per band. That costs microseconds a clip, where the same on waveforms costs milliseconds.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from silif_tools.train.bank import FRAMES, QUIET, Bank, Reel
from silif_tools.train.fbank import BANDS, CLIP_FRAMES, EPSILON

DB = math.log(10) / 10  # energy: natural logarithm of one decibel


@dataclass
class Batch:
    """features [T, B, BANDS] log-mel; labels [B]; the clip is the last CLIP_FRAMES of the T frames.

    context_labels [B]: what the frames before the clip hold, silence or unknown; -1 where it is a word or cut off.
    masked_bands [B, BANDS], masked_steps [T, B]: what training does not get to see, if anything.
    """

    features: torch.Tensor
    labels: torch.Tensor
    context: int
    context_labels: torch.Tensor
    masked_bands: torch.Tensor | None = None
    masked_steps: torch.Tensor | None = None

    def masked(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised features [T, B, BANDS] with the masks at their mean, in place."""
        return x if self.masked_bands is None else masked(x, self.masked_bands, self.masked_steps)


def masked(x: torch.Tensor, bands: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Normalised features [T, B, BANDS], in place at their mean where bands [B, BANDS] or steps [T, B] say so."""
    return x.masked_fill_(bands, 0.0).masked_fill_(steps[..., None], 0.0)


class Scenes:
    """A source of random batches. bank: labelled clips; others: clips that are all unknown."""

    def __init__(
        self, recipe: dict, words: list[str], bank: Bank, labels: list[int], others: Bank, noise: Reel, speech: Reel
    ):
        self.r, self.bank, self.others, self.noise, self.speech = recipe, bank, others, noise, speech
        self.reseed(0)
        self.classes = len(words)
        self.silence, self.unknown = words.index("_silence_"), words.index("_unknown_")
        self.variants = len(bank.features) // bank.clips
        labels = np.asarray(labels)
        self.members = [np.flatnonzero(labels == k) for k in range(self.classes)]
        self.weights = np.full(self.classes, 1.0)
        self.weights[self.unknown], self.weights[self.silence] = recipe["unknown_weight"], recipe["silence_weight"]
        self.weights /= self.weights.sum()
        self.unknown_p = None  # set by weigh_unknown
        # Beginnings of pieces of running speech that hold enough sound to be called a word.
        loud = np.asarray(self.speech.loudness)
        self.active = np.r_[0, np.cumsum(loud > np.quantile(loud, 0.9) - 6.0)]
        starts = np.arange(len(loud) - CLIP_FRAMES)
        self.speech_starts = starts[(self.active[starts + CLIP_FRAMES] - self.active[starts]) > 0.4 * CLIP_FRAMES]

    def weigh_unknown(self, folders: list[str]) -> None:
        """Draw unknown words by the square root of their folder's size: a few words make up most of them."""
        names = [folders[i] for i in self.members[self.unknown]]
        if not names:  # Own words alone: the others' bank has the unknown ones.
            return
        size = {n: names.count(n) for n in set(names)}
        p = np.array([1.0 / math.sqrt(size[n]) for n in names])
        self.unknown_p = p / p.sum()

    def reseed(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 77])
        self.generator = torch.Generator().manual_seed(seed)

    def state(self) -> dict:
        """Where the random numbers stand."""
        return {"numpy": self.rng.bit_generator.state, "torch": self.generator.get_state()}

    def restore(self, state: dict) -> None:
        self.rng.bit_generator.state = state["numpy"]
        self.generator.set_state(state["torch"])

    # Pieces, all as energies

    def _clip_rows(self, labels: np.ndarray) -> tuple[list[Bank], np.ndarray]:
        """Bank and row for every label but silence."""
        banks, rows = [], np.zeros(len(labels), np.int64)
        for i, k in enumerate(labels):
            if k == self.unknown and (self.rng.random() < self.r["p_other_words"] or not len(self.members[k])):
                banks.append(self.others)
                rows[i] = self.rng.integers(len(self.others.features))
                continue
            p = self.unknown_p if k == self.unknown else None
            banks.append(self.bank)
            clip = self.rng.choice(self.members[k], p=p) if p is not None else self.rng.choice(self.members[k])
            rows[i] = clip + self.bank.clips * self.rng.integers(self.variants)
        return banks, rows

    def _placed(self, banks: list[Bank], rows: np.ndarray, start: np.ndarray, length: int) -> torch.Tensor:
        """[n, length, BANDS]: each clip with its first frame at start; around it digital silence or its own quietest
        frames."""
        n = len(rows)
        if n == 0:
            return torch.zeros(0, length, BANDS)
        own = np.arange(length)[None, :] - start[:, None]
        frames = np.array([b.frames[r] for b, r in zip(banks, rows, strict=True)], np.int64)
        quiet = np.stack([b.quiet[r] for b, r in zip(banks, rows, strict=True)])
        outside = (own < 0) | (own >= frames[:, None])
        filler = np.take_along_axis(quiet, self.rng.integers(QUIET, size=(n, length)), 1)
        index = np.where(outside, filler, np.clip(own, 0, FRAMES - 1))
        features = np.stack([b.features[r] for b, r in zip(banks, rows, strict=True)])
        energy = torch.from_numpy(features[np.arange(n)[:, None], index].astype(np.float32)).exp_()
        silent = (self.rng.random(n) < self.r["p_zero_padding"])[:, None] & outside
        return energy.masked_fill_(torch.from_numpy(silent)[..., None], 0.0)

    def _cut(self, reel: Reel, starts: np.ndarray, length: int) -> torch.Tensor:
        """[n, length, BANDS] energies of pieces of a reel."""
        rows = starts[:, None] + np.arange(length)[None, :]
        return torch.from_numpy(reel.features[rows].astype(np.float32)).exp_()

    def _any_start(self, reel: Reel, n: int, length: int) -> np.ndarray:
        return self.rng.integers(len(reel.features) - length, size=n)

    @staticmethod
    def _level(energy: torch.Tensor) -> torch.Tensor:
        """ln energy of the louder part of a piece: [n]."""
        loud = energy.sum(-1)
        if not len(loud):
            return loud.new_zeros(0)  # torch.quantile takes nothing of nothing
        return torch.quantile(loud, 0.9, dim=1).clamp_min(EPSILON).log()

    def _uniform(self, n: int, low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=self.generator)

    def _chance(self, n: int, p: float) -> torch.Tensor:
        return torch.rand(n, generator=self.generator) < p

    # Whole scenes

    def _clips(self, labels: np.ndarray) -> torch.Tensor:
        """[n, CLIP_FRAMES, BANDS]: the labelled second."""
        n = len(labels)
        out = torch.empty(n, CLIP_FRAMES, BANDS)
        silent = np.flatnonzero(labels == self.silence)
        spoken = np.flatnonzero((labels == self.unknown) & (self.rng.random(n) < self.r["p_running_speech"]))
        words = np.setdiff1d(np.arange(n), np.r_[silent, spoken])
        out[silent] = self._cut(self.noise, self._any_start(self.noise, len(silent), CLIP_FRAMES), CLIP_FRAMES)
        out[silent] *= (self._uniform(len(silent), *self.r["silence_gain_db"]) * DB).exp()[:, None, None]
        out[silent[self.rng.random(len(silent)) < self.r["p_digital_silence"]]] = 0.0
        out[spoken] = self._cut(self.speech, self.rng.choice(self.speech_starts, len(spoken)), CLIP_FRAMES)
        banks, rows = self._clip_rows(labels[words])
        frames = np.array([b.frames[r] for b, r in zip(banks, rows, strict=True)], np.int64)
        shift = self.rng.integers(-self.r["shift_frames"], self.r["shift_frames"] + 1, len(words))
        start = np.minimum((CLIP_FRAMES - frames) // 2, 0) + shift  # longer ones centred, shorter ones as in evaluation
        out[words] = self._placed(banks, rows, start, CLIP_FRAMES)
        return out

    def _contexts(self, length: int, n: int) -> tuple[torch.Tensor, np.ndarray]:
        """[n, length, BANDS] and labels [n]: what comes before: a word, running speech, noise, or only what is added
        to the whole scene."""
        out = torch.zeros(n, length, BANDS)
        kind = self.rng.random(n)
        words = np.flatnonzero(kind < 0.4)
        speech = np.flatnonzero((kind >= 0.4) & (kind < 0.65))
        noise = np.flatnonzero((kind >= 0.65) & (kind < 0.9))
        labels = self.rng.choice(self.classes, len(words), p=self.weights)
        labels[labels == self.silence] = self.unknown
        banks, rows = self._clip_rows(labels)
        frames = np.array([b.frames[r] for b, r in zip(banks, rows, strict=True)], np.int64)
        out[words] = self._placed(banks, rows, length - frames - self.rng.integers(-5, 30, len(words)), length)
        starts = self._any_start(self.speech, len(speech), length)
        out[speech] = self._cut(self.speech, starts, length)
        out[noise] = self._cut(self.noise, self._any_start(self.noise, len(noise), length), length)
        out[noise] *= (self._uniform(len(noise), *self.r["silence_gain_db"]) * DB).exp()[:, None, None]
        known = np.full(n, self.silence)
        known[words] = -1
        known[speech] = np.where(self.active[starts + length] - self.active[starts] > 0.4 * length, self.unknown, -1)
        return out, known

    def _add(self, energy: torch.Tensor, level: torch.Tensor, reel: Reel, p: float, snr_db: list[float]) -> None:
        """Add a piece of a reel to some of the scenes, at a ratio to the level of their clip."""
        chosen = self._chance(len(energy), p).nonzero()[:, 0]
        piece = self._cut(reel, self._any_start(reel, len(chosen), energy.shape[1]), energy.shape[1])
        gain = level[chosen] - self._level(piece) - self._uniform(len(chosen), *snr_db) * DB
        energy[chosen] += piece * gain.clamp_max(30.0).exp()[:, None, None]

    def _equaliser(self, n: int) -> torch.Tensor:
        """ln factors [n, BANDS]: a tilt, two slow waves over the bands, now and then a low-pass."""
        band = torch.linspace(-1, 1, BANDS)
        curve = self._uniform(n, -1, 1)[:, None] * self.r["tilt_db"] * band
        for waves in (1, 2):
            phase = self._uniform(n, 0, 2 * math.pi)[:, None]
            height = self._uniform(n, 0, self.r["ripple_db"])[:, None]
            curve = curve + height * torch.cos(math.pi * waves * band + phase)
        edge = self._uniform(n, 0.4, 1.0)[:, None]
        low_pass = -60.0 * (band - edge).clamp_min(0) * self._chance(n, self.r["p_low_pass"])[:, None]
        return (curve * self._chance(n, self.r["p_equaliser"])[:, None] + low_pass) * DB

    def batch(self, size: int, context: int) -> Batch:
        """A batch whose clips come after that many frames of context (0: a fresh start)."""
        labels = self.rng.choice(self.classes, size, p=self.weights)
        clips = self._clips(labels)
        level = self._level(clips)
        level = torch.where(torch.from_numpy(labels == self.silence), torch.full_like(level, -2.0), level)
        energy, before = clips, np.full(size, -1)
        if context:
            sounds, before = self._contexts(context, size)
            energy = torch.cat([sounds, clips], 1)
        self._add(energy, level, self.noise, self.r["p_noise"], self.r["noise_snr_db"])
        babble = torch.from_numpy(labels != self.silence) & self._chance(size, self.r["p_babble"])
        if babble.any():
            part = energy[babble]
            self._add(part, level[babble], self.speech, 1.0, self.r["babble_snr_db"])
            energy[babble] = part
            before[babble.numpy() & (before == self.silence)] = -1  # speech, but perhaps too faint to tell
        factor = self._equaliser(size) + (self._uniform(size, *self.r["gain_db"]) * DB)[:, None]
        energy *= factor.exp()[:, None, :]
        features = energy.clamp_min_(EPSILON).log_()
        features = features.transpose(0, 1).contiguous()
        return Batch(features, torch.from_numpy(labels), context, torch.from_numpy(before))

    def drawn(self, recipe: dict) -> Batch:
        """A batch as recipe says, with its masks: some come after a context, some begin with the clip."""
        low, high = recipe["context_frames"]
        context = int(self.rng.integers(low, high + 1)) if self.rng.random() < recipe["p_context"] else 0
        batch = self.batch(recipe["batch"], context)
        batch.masked_bands, batch.masked_steps = self._masks(len(batch.features), recipe["batch"])
        return batch

    def _masks(self, steps: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Random bands [size, BANDS] and stretches of time [steps, size]."""
        bands, times = torch.zeros(size, BANDS, dtype=torch.bool), torch.zeros(steps, size, dtype=torch.bool)
        for _ in range(self.r["frequency_masks"]):
            width, start = self._uniform(size, 0, self.r["mask_bands"]), self._uniform(size, 0, BANDS)
            band = torch.arange(BANDS)[None, :]
            bands |= (band >= start[:, None]) & (band < (start + width)[:, None])
        for _ in range(self.r["time_masks"]):
            width, start = self._uniform(size, 0, self.r["mask_frames"]), self._uniform(size, 0, steps)
            step = torch.arange(steps)[:, None]
            times |= (step >= start) & (step < start + width)
        return bands, times

    def masked(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised features [T, B, BANDS] with random bands and stretches of time set to their mean, in place."""
        return masked(x, *(mask.to(x.device) for mask in self._masks(*x.shape[:2])))
