"""Plans of training sequences: which piece of which recording is heard when, how loud, how fast, and what it is.

The rules are those of stream_scenes.py, but that synthesised words stand for commands alone. Pieces are named by
samples of one long tape instead of being cut out, so that the device that trains can cut and mix them (mix.py). Plans
are drawn by other processes.
"""

import bisect
import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch

from silif_tools.train.fbank import CLIP_FRAMES, HOP
from silif_tools.train.stream_scenes import HARD, Notes

ITEMS = 16  # pieces of a sequence at most
AROUND = 2  # pieces that no room is heard around: noise, babble
PLACES = 8192  # hard negatives of a reel at most
UNCHANGED = 0.25  # share of the pieces that are played at their own speed
CURVE = 6  # numbers of an equaliser: tilt, heights and phases of two waves, edge of a low-pass


def db(x: float) -> float:
    """Amplitude of so many decibels."""
    return 10 ** (x / 20)


@dataclass
class Spoken:
    """Clips on the tape. start, length [n] in samples; label [n]; first, last [n]: frames of the active part; power
    [n]: its mean square, of full scale."""

    start: np.ndarray
    length: np.ndarray
    label: np.ndarray
    first: np.ndarray
    last: np.ndarray
    power: np.ndarray
    weight: np.ndarray  # [n]: how often within its class

    def by_class(self, classes: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows of each class, and their shares summed up."""
        found = [np.flatnonzero(self.label == k) for k in range(classes)]
        return [(rows, np.cumsum(self.weight[rows]) / max(self.weight[rows].sum(), 1e-9)) for rows in found]


@dataclass
class Stretch:
    """Long material on the tape, end to end. power, square: sums over its hops of their mean square and of that
    squared."""

    start: int
    length: int
    power: np.ndarray
    square: np.ndarray

    @staticmethod
    def of(samples: np.ndarray, start: int) -> "Stretch":
        """samples: int16, all of it."""
        hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP).astype(np.float32) / 32768
        p = np.square(hops).mean(1).astype(np.float64)
        return Stretch(start, len(samples), np.cumsum(np.r_[0, p]), np.cumsum(np.r_[0, p * p]))

    def level(self, first: int, count: int) -> float:
        """Mean square of the loud hops among `count` from `first` on: their mean, weighted by itself."""
        p = self.power[first + count] - self.power[first]
        return float((self.square[first + count] - self.square[first]) / max(p, 1e-12)) + 1e-10

    def mean(self, first: int, count: int) -> float:
        return float(self.power[first + count] - self.power[first]) / count + 1e-10


@dataclass
class Plan:
    """What is heard in B sequences, and what StreamBatch holds of it.

    source, speed, at, length, gain [B, ITEMS + AROUND]: of every piece its first sample on the tape, samples of the
    tape per sample, first sample in the sequence, samples there (0: no piece), factor. rows, room [n]: sequences that
    are heard in a room, and which. warp [B]: whose filters. level, limit [B]: factor, share of the peak at which it is
    cut off. curve [B, CURVE]: of the equaliser."""

    source: torch.Tensor
    speed: torch.Tensor
    at: torch.Tensor
    length: torch.Tensor
    gain: torch.Tensor
    rows: torch.Tensor
    room: torch.Tensor
    warp: torch.Tensor
    level: torch.Tensor
    limit: torch.Tensor
    curve: torch.Tensor
    allowed: torch.Tensor
    weight: torch.Tensor
    hit: torch.Tensor
    ends: np.ndarray
    clips: np.ndarray


class Planner:
    """Draws plans. own: clips of people; made: synthesised ones, which stand for others with p_synthetic_word; others:
    clips that are all unknown; speech: shares and stretches; places [reels, PLACES], counts [reels]: frames at which
    hard negatives end."""

    def __init__(self, r: dict, scenes: dict, classes: int, unknown: int, silence: int, own: Spoken, others: Spoken,
                 made: Spoken, noise: Stretch, speech: list[tuple[float, Stretch]], rooms: int, warps: int,
                 places: torch.Tensor, counts: torch.Tensor):  # fmt: skip
        self.r, self.s, self.classes, self.unknown, self.silence = r, scenes, classes, unknown, silence
        self.own, self.others, self.made, self.noise = own, others, made, noise
        self.own_by, self.made_by = own.by_class(classes), made.by_class(classes)
        self.speech = [stretch for _, stretch in speech]
        self.shares = list(itertools.accumulate(share for share, _ in speech))
        self.rooms, self.warps, self.places, self.counts = rooms, warps, places, counts
        self.commands = [k for k in range(classes) if k not in (unknown, silence)]
        kinds = ["command", "unknown", "speech", "part", "gap"]
        self.kinds, self.kind_shares = kinds, list(itertools.accumulate(r["item_shares"][k] for k in kinds))

    def seed(self, *seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.u = self.rng.random
        self.between = lambda low, high: low + (high - low) * self.rng.random()
        self.whole = lambda n: int(self.rng.random() * n)

    def _speed(self, widest: float) -> float:
        return 1.0 if self.u() < UNCHANGED else widest ** self.between(-1, 1)

    # Pieces: (first sample on the tape, speed, samples in the sequence, amplitude 1 over its level)

    def _cut(self, stretch: Stretch, frames: int, speed: float, loud: bool) -> tuple[int, float, int, float]:
        """Anywhere; loud: its level is that of the loud parts."""
        hops = min(int(frames * speed) + 2, len(stretch.power) - 3)
        return self._from(stretch, 1 + self.whole(len(stretch.power) - hops - 3), hops, frames, speed, loud)

    def _from(self, stretch, first: int, hops: int, frames: int, speed: float, loud: bool):
        level = stretch.level(first, hops) if loud else stretch.mean(first, hops)
        length = min(frames * HOP, int((hops - 1) * HOP / speed))
        return stretch.start + first * HOP, speed, length, 1 / math.sqrt(level + 1e-7)

    def _talk(self, frames: int) -> tuple[int, float, int, float]:
        """A piece of speech without commands, now and then with a hard negative in it."""
        r, number = self.r, bisect.bisect(self.shares, self.u() * self.shares[-1])
        stretch, count = self.speech[number], int(self.counts[number])
        if not count or self.u() >= r["p_mined"]:
            return self._cut(stretch, frames, self._speed(r["speech_speed"]), True)
        end = int(self.places[number, self.whole(count)])
        first, hops = end - int(self.between(min(frames, HARD), max(frames, HARD))), frames + frames // 32 + 2
        hops = min(hops, len(stretch.power) - 3)
        first = max(1, min(first, len(stretch.power) - hops - 2))
        return self._from(stretch, first, hops, frames, self.between(0.97, 1.03), True)

    def _of_others(self, own: int) -> bool:
        """Whether an unknown word comes from others; own: how many there are among the clips."""
        return len(self.others.start) > 0 and (self.u() < self.s["p_other_words"] or not own)

    def _word(self, label: int) -> tuple[Spoken, int, float]:
        """Clips, a row of them, a speed."""
        clips, (rows, shares) = self.own, self.own_by[label]
        if self.u() < self.r["p_synthetic_word"] and len(self.made_by[label][0]):
            clips, (rows, shares) = self.made, self.made_by[label]
        elif label == self.unknown and self._of_others(len(rows)):
            return self.others, self.whole(len(self.others.start)), self._speed(self.r["speed"])
        row = int(rows[min(bisect.bisect(shares, self.u()), len(rows) - 1)])
        return clips, row, self._speed(self.r["speed"])

    # Whole sequences

    def _items(self, steps: int, note: Notes) -> list[tuple[int, int, float, int, float]]:
        """(first sample, source, speed, samples, gain) of what is said, at levels around one."""
        r, found = self.r, []

        def add(at: int, piece: tuple[int, float, int, float], decibels: float) -> None:
            source, speed, length, amplitude = piece
            found.append((at * HOP + self.whole(HOP), source, speed, length, amplitude * db(decibels)))

        if self.u() < r["p_speech_only"]:
            if self.u() < r["p_spliced"]:
                at, pauses = 0, self.u() < 0.5
                while at < steps and len(found) < ITEMS - 1:
                    frames = 12 + self.whole(78)
                    add(at, self._talk(frames), self.rng.normal(0, 4))
                    at += frames + (self.whole(50) if pauses else 0)
            else:
                add(0, self._talk(steps), 0.0)
            if self.u() < r["p_second_talker"]:
                add(0, self._talk(steps), self.between(-12, 0))
            return found
        fresh = self.u() < r["p_clip_first"]
        at, free = (0, 0) if fresh else (-self.whole(60), steps)
        spliced = 0  # frames of speech in pieces that are still to come
        while at < steps - 20 and len(found) < ITEMS - 1:
            kind = self.kinds[bisect.bisect(self.kind_shares, self.u() * self.kind_shares[-1])]
            kind = "speech" if spliced else kind
            gain = self.between(-4, 4)
            whole = at >= free or (at == 0 and fresh)  # a second with nothing else in it
            gap = self.whole(r["gap_frames"])
            if kind in ("command", "unknown"):
                label = self.commands[self.whole(len(self.commands))] if kind == "command" else self.unknown
                clips, row, speed = self._word(label)
                frames = int(clips.length[row] / speed) // HOP
                first, last = int(clips.first[row] / speed), int(clips.last[row] / speed)
                piece = int(clips.start[row]), speed, frames * HOP, 1 / math.sqrt(clips.power[row] + 1e-7)
                add(at, piece, gain)
                if kind == "command":
                    note.command(label, at + first, at + last)
                if whole and frames >= CLIP_FRAMES - 20:
                    start = max(at, at + (frames - CLIP_FRAMES) // 2)
                    if start >= 0 and start + CLIP_FRAMES <= steps:
                        note.clips.append((start, label))
                free = at + last + r["hold"] + 10
            elif kind == "speech":
                if not spliced and self.u() < r["p_spliced"]:
                    spliced = 50 + self.whole(200)
                frames = 12 + self.whole(78) if spliced else 50 + self.whole(200)
                add(at, self._talk(frames), gain)
                spliced = max(0, spliced - frames)
                gap = gap if not spliced else 0 if self.u() < 0.5 else self.whole(50)
                free = at + frames + 10
            elif kind == "part":
                clips, row, speed = self._word(self.commands[self.whole(len(self.commands))])
                first, last = int(clips.first[row]), int(clips.last[row])
                if self.u() < 0.5:
                    begin, end = max(0, first - 30), first + max(2, int((last - first) * self.between(0.25, 0.5)))
                else:
                    begin, end = last - max(2, int((last - first) * self.between(0.25, 0.45))), last + 3
                    end = min(end, int(clips.length[row]) // HOP)
                frames = max(2, int((end - begin) / speed))
                piece = int(clips.start[row]) + begin * HOP, speed, frames * HOP, 1 / math.sqrt(clips.power[row] + 1e-7)
                add(at, piece, gain)
                free = at + frames
            else:
                frames = CLIP_FRAMES
                if whole and at >= 0 and at + CLIP_FRAMES <= steps:
                    note.clips.append((at, self.silence))
            at += frames + gap
        return found

    def plan(self, size: int, steps: int) -> Plan:
        r, s, slots = self.r, self.s, ITEMS + AROUND
        source, at = np.zeros((size, slots), np.int64), np.zeros((size, slots), np.int32)
        length, speed = np.zeros((size, slots), np.int32), np.ones((size, slots), np.float32)
        gain = np.zeros((size, slots), np.float32)
        room, warp = np.full(size, -1, np.int64), np.zeros(size, np.int64)
        level, limit = np.zeros(size, np.float32), np.full(size, 10, np.float32)
        curve = np.zeros((size, CURVE), np.float32)
        allowed = np.zeros((steps, size, self.classes), bool)
        hit = np.zeros((steps, size, self.classes), bool)
        allowed[..., [self.unknown, self.silence]] = True
        weight = np.ones((steps, size), np.float32)
        weight[: r["warm_up"]] = 0.0
        ends, clips = [], []
        for b in range(size):
            note = Notes()
            near, around = self._items(steps, note), []
            if self.u() < r["p_room"]:
                room[b] = self.whole(self.rooms)
            if self.u() < r["p_noise"]:
                piece = self._cut(self.noise, steps + 2, self._speed(1.25), False)
                around.append((0, *piece[:3], piece[3] * db(-self.between(*r["noise_snr_db"]))))
            if self.u() < r["p_babble"]:
                piece = self._talk(steps)
                around.append((0, *piece[:3], piece[3] * db(-self.between(*r["babble_snr_db"]))))
                note.clips = [(first, k) for first, k in note.clips if k != self.silence]
            for slot, item in itertools.chain(enumerate(near), enumerate(around, ITEMS)):
                at[b, slot], source[b, slot], speed[b, slot], length[b, slot], gain[b, slot] = item
            level[b] = db(self.between(*r["level_db"]))
            if self.u() < r["p_clip"]:
                limit[b] = self.between(0.1, 0.7)
            warp[b] = self.whole(self.warps) if self.u() < r["p_warp"] else self.warps // 2
            if self.u() < s["p_equaliser"]:
                waves = [self.between(0, high) for high in (s["ripple_db"], 2 * math.pi) * 2]
                curve[b, :5] = self.between(-1, 1) * s["tilt_db"], *waves
            curve[b, 5] = self.between(0.4, 1.0) if self.u() < s["p_low_pass"] else 1.0
            note.mark(allowed[:, b], hit[:, b], r["hold"])
            ends += [(z, b, k) for k, a, z in note.words if a >= 0 and z + r["due"] < steps]
            clips += [(first, b, k) for first, k in note.clips]
        rows = np.flatnonzero(room >= 0)
        tensor = torch.from_numpy
        return Plan(
            *map(tensor, (source, speed, at, length, gain, rows, room[rows], warp, level, limit, curve)),
            *map(tensor, (allowed, weight, hit)),
            np.array(ends, np.int64).reshape(-1, 3), np.array(clips, np.int64).reshape(-1, 3),
        )  # fmt: skip
