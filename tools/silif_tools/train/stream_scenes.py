"""Training sequences for the stream: words, other words, running speech and noise at random times on one time line.

As in scenes.py everything is a sum of band energies. What the network may say at each frame is a set of classes: the
command alone from its end on, the command or no command while it is being said and while it fades, no command
(unknown or silence) everywhere else.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from silif_tools.integer.frontend import FRONT_END
from silif_tools.streams.score import GRACE_S
from silif_tools.train import echo
from silif_tools.train.bank import QUIET, Bank, Reel
from silif_tools.train.fbank import BANDS, CLIP_FRAMES, EPSILON, FFT, FRAME, HIGH_HZ, LOW_HZ, PREEMPHASIS, SAMPLE_RATE
from silif_tools.train.scenes import DB, Scenes

ACTIVE = 25 * DB  # a frame belongs to the word when it is within this of the loudest one, as in streams/active.py
FLOOR_MARGIN = 6 * DB  # and this far above the recording's quiet frames
GRACE = round(GRACE_S / FRONT_END.hop_s)  # frames after a word's end in which its detection is a hit
HARD = 100  # frames that hold a hard negative: a block of mining.py and the window before it
WARPS = 25  # different ones
EARLY, FADE = 6, 28  # frames: the command is due this long before its end; it may linger this long after


@dataclass
class StreamBatch:
    """features [T, B, BANDS] log-mel; allowed [T, B, classes] bool: what may be said at a frame; weight [T, B];
    hit [T, B, classes] bool: an event there is no false alarm; ends: (frame, sequence, class) of whole commands;
    clips: (first frame, sequence, class) of seconds that stand for a labelled clip; mel [B, T, 32]: what the speech
    embedding hears, from waveforms alone; guides: what teachers.guides says of it, of sequences from a
    pool."""

    features: torch.Tensor
    allowed: torch.Tensor
    weight: torch.Tensor
    hit: torch.Tensor
    ends: np.ndarray
    clips: np.ndarray
    mel: torch.Tensor | None = None
    guides: tuple[torch.Tensor, torch.Tensor] | None = None


def _undo_preemphasis() -> np.ndarray:
    """[BANDS]: factors on band energies that take the front end's pre-emphasis back, roughly (at band centres)."""
    low, high = (1127 * math.log(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    mel = low + (high - low) * np.arange(1, BANDS + 1) / (BANDS + 1)
    angle = 2 * np.pi * 700 * (np.exp(mel / 1127) - 1) / SAMPLE_RATE
    return (1 / (1 + PREEMPHASIS**2 - 2 * PREEMPHASIS * np.cos(angle))).astype(np.float32)


def warping(ratio: float) -> np.ndarray:
    """float32 [BANDS, BANDS]: band energies times this are those of a voice whose formants lie `ratio` times as high,
    at the same pitch and speed: each band takes what lies that much lower (Jaitly & Hinton 2013)."""
    low, high = (1127 * math.log(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    step = (high - low) / (BANDS + 1)
    hz = 700 * np.expm1((low + step * np.arange(1, BANDS + 1)) / 1127) / ratio
    at = ((1127 * np.log1p(hz / 700) - low) / step - 1).clip(0, BANDS - 1)
    below = np.minimum(at.astype(int), BANDS - 2)
    found = np.zeros((BANDS, BANDS), np.float32)
    found[below, np.arange(BANDS)] = 1 - (at - below)
    found[below + 1, np.arange(BANDS)] += at - below
    return found


PLAIN = _undo_preemphasis()
# ln of a frame's summed energy at full-scale RMS: FFT / 2 bins, samples of a frame, mean square of the window.
FULL_SCALE = math.log(FFT / 2 * FRAME * 0.3)


def loudness(energy: np.ndarray) -> np.ndarray:
    """ln power per frame [T] of band energies [T, BANDS], without pre-emphasis."""
    return np.log(energy @ PLAIN + 1e-6)


def active_range(loud: np.ndarray) -> tuple[int, int]:
    """First and one-past-last frame of the word in a clip."""
    threshold = max(loud.max() - ACTIVE, min(np.quantile(loud, 0.1) + FLOOR_MARGIN, loud.max() - 10 * DB))
    active = np.flatnonzero(loud > threshold)
    return int(active[0]), int(active[-1]) + 1


class StreamScenes:
    """A source of random sequences. words: the bank and its labels; speech: more of it than the clips' scenes have."""

    def __init__(
        self,
        settings: dict,
        words: Scenes,
        noise: Reel,
        speech: list[tuple[float, Reel]],
        made: tuple[Bank, np.ndarray] | None = None,
        envelopes: np.ndarray | None = None,
        unmined: Sequence[int] = (),
    ):
        """speech: reels with their shares; made: synthesised words with the label of every clip; envelopes: rooms
        (echo.py); unmined: reels, by number, that may hold a command unknown to us."""
        self.r, self.words, self.noise, self.made, self.envelopes = settings, words, noise, made, envelopes
        self.speech = [reel for _, reel in speech]
        self.shares = np.array([share for share, _ in speech]) / sum(share for share, _ in speech)
        self.unmined = unmined
        self.warps = [warping(settings["warp"] ** k) for k in np.linspace(-1, 1, WARPS)] if settings["warp"] > 1 else []
        self.mined = [torch.zeros(0, dtype=torch.int64) for _ in speech]  # of every reel: where hard negatives end
        self.commands = [k for k in range(words.classes) if k not in (words.silence, words.unknown)]

    @property
    def rng(self) -> np.random.Generator:
        return self.words.rng

    def reseed(self, seed: int) -> None:
        self.words.reseed(seed)

    def state(self) -> dict:
        return self.words.state() | {"mined": self.mined}

    def restore(self, state: dict) -> None:
        self.words.restore(state)
        self.mined = state["mined"]

    # Pieces, all as band energies

    def _cut(self, reel: Reel, length: int) -> np.ndarray:
        start = self.rng.integers(len(reel.features) - length)
        return np.exp(reel.features[start : start + length].astype(np.float32))

    def _warped(self, energy: np.ndarray) -> np.ndarray:
        """In another voice."""
        return energy @ self.warps[self.rng.integers(len(self.warps))] if self.warps else energy

    def _speech(self, length: int) -> np.ndarray:
        """A piece of any reel of speech, now and then with a hard negative in it."""
        number = self.rng.choice(len(self.speech), p=self.shares)
        reel, places = self.speech[number], self.mined[number]
        if not len(places) or self.rng.random() >= self.r["p_mined"]:
            return self._warped(self._cut(reel, length))
        end = int(places[self.rng.integers(len(places))])
        start = end - int(self.rng.integers(min(length, HARD), max(length, HARD) + 1))
        start = min(max(start, 0), len(reel.features) - length)  # as it was heard, in the voice that was mistaken
        return np.exp(reel.features[start : start + length].astype(np.float32))

    def _spliced(self, length: int) -> np.ndarray:
        """Pieces of speech of a fraction of a second, one after another, in half of the cases with pauses."""
        parts, have = [], 0
        pauses = self.rng.random() < 0.5
        while have < length:
            part = self._speech(int(self.rng.integers(12, 90)))
            parts.append(part * math.exp(self.rng.normal(0, 4) * DB))
            if pauses:
                parts.append(np.zeros((int(self.rng.integers(50)), BANDS), np.float32))
            have += sum(map(len, parts[-2:])) if pauses else len(part)
        return np.concatenate(parts)[:length]

    def _talk(self, length: int) -> np.ndarray:
        """Speech without commands, loud parts at about one."""
        out = self._spliced(length) if self.rng.random() < self.r["p_spliced"] else self._speech(length)
        out /= np.quantile(out @ PLAIN, 0.9) + 1e-3
        if self.rng.random() < self.r["p_second_talker"]:
            other = self._speech(length)
            out += other / (np.quantile(other @ PLAIN, 0.9) + 1e-3) * math.exp(self.rng.uniform(-12, 0) * DB)
        return out

    def _drawn(self, label: int) -> tuple[Bank, int]:
        """A bank and a row of it. Own words are not among the synthesised ones."""
        if self.made and self.rng.random() < self.r["p_synthetic_word"]:
            bank, labels = self.made
            rows = np.flatnonzero(labels == label)
            if len(rows):
                row = int(self.rng.choice(rows))
                return bank, row + bank.clips * int(self.rng.integers(len(bank.features) // bank.clips))
        banks, found = self.words._clip_rows(np.array([label]))
        return banks[0], int(found[0])

    def _word(self, label: int) -> tuple[np.ndarray, int, int]:
        """Energies of a clip with its active part at one, and that part's range."""
        bank, row = self._drawn(label)
        energy = self._warped(np.exp(bank.features[row, : bank.frames[row]].astype(np.float32)))
        power = energy @ PLAIN
        first, last = active_range(np.log(power + 1e-6))
        return energy / (power[first:last].mean() + 1e-3), first, last

    def _part(self) -> np.ndarray:
        """Less than half of a command, beginning or end: no command."""
        energy, first, last = self._word(int(self.rng.choice(self.commands)))
        middle = first + max(2, int((last - first) * self.rng.uniform(0.25, 0.5)))
        quiet = energy[np.argsort(energy @ PLAIN)[:QUIET]]
        filler = quiet[self.rng.integers(QUIET, size=len(energy))]
        filler[first:middle] = energy[first:middle]
        if self.rng.random() < 0.5:
            middle = last - max(2, int((last - first) * self.rng.uniform(0.25, 0.45)))
            filler = quiet[self.rng.integers(QUIET, size=len(energy))]
            filler[middle:last] = energy[middle:last]
        return filler

    # Whole sequences

    def _filled(self, steps: int, note: "Notes") -> np.ndarray:
        """[steps, BANDS] at levels around one, and what is known about them."""
        rng, r = self.rng, self.r
        if rng.random() < r["p_speech_only"]:
            return self._talk(steps)
        out = np.zeros((steps, BANDS), np.float32)
        fresh = rng.random() < r["p_clip_first"]
        at, free = (0 if fresh else -int(rng.integers(60))), 0 if fresh else steps
        kinds = ["command", "unknown", "speech", "part", "gap"]
        shares = np.array([r["item_shares"][k] for k in kinds])
        while at < steps - 20:
            kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
            gain = math.exp(rng.uniform(-4, 4) * DB)
            whole = at >= free or (at == 0 and fresh)  # a second with nothing else in it
            if kind in ("command", "unknown"):
                label = int(rng.choice(self.commands)) if kind == "command" else self.words.unknown
                piece, first, last = self._word(label)
                if kind == "command":
                    note.command(label, at + first, at + last)
                if whole and len(piece) >= CLIP_FRAMES - 20:
                    start = max(at, at + (len(piece) - CLIP_FRAMES) // 2)
                    if start + CLIP_FRAMES <= steps:
                        note.clips.append((start, label))
                free = at + last + r["hold"] + 10
            elif kind == "speech":
                piece = self._talk(int(rng.integers(50, 250)))
                free = at + len(piece) + 10
            elif kind == "part":
                piece = self._part()
                free = at + len(piece)
            else:
                piece = np.zeros((CLIP_FRAMES, BANDS), np.float32)
                if whole and at >= 0 and at + CLIP_FRAMES <= steps:
                    note.clips.append((at, self.words.silence))
            begin, end = max(at, 0), min(at + len(piece), steps)
            if begin < end:
                out[begin:end] += gain * piece[begin - at : end - at]
            at += len(piece) + int(rng.integers(0, r["gap_frames"]))
        return out

    def sequences(self, size: int, steps: int) -> StreamBatch:
        words, classes, rng, r = self.words, self.words.classes, self.rng, self.r
        energy = np.zeros((steps, size, BANDS), np.float32)
        allowed = np.zeros((steps, size, classes), bool)
        allowed[:, :, [words.unknown, words.silence]] = True
        hit = np.zeros((steps, size, classes), bool)
        weight = np.ones((steps, size), np.float32)
        ends, clips = [], []
        for b in range(size):
            note = Notes()
            scene = self._filled(steps, note)
            if self.envelopes is not None and rng.random() < r["p_room"]:
                scene = echo.heard(scene, self.envelopes[rng.integers(len(self.envelopes))])
            if rng.random() < r["p_noise"]:
                noise = self._cut(self.noise, steps)
                level = math.exp(-rng.uniform(*r["noise_snr_db"]) * DB)
                scene += noise * (level / ((noise @ PLAIN).mean() + 1e-3))
            if rng.random() < r["p_babble"]:
                scene += self._talk(steps) * math.exp(-rng.uniform(*r["babble_snr_db"]) * DB)
                note.clips = [(at, k) for at, k in note.clips if k != words.silence]
            energy[:, b] = scene * math.exp(FULL_SCALE + rng.uniform(*r["level_db"]) * DB)
            weight[: r["warm_up"], b] = 0.0
            note.mark(allowed[:, b], hit[:, b], r["hold"])
            ends += [(z, b, k) for k, a, z in note.words if a >= 0 and z + r["due"] < steps]
            clips += [(at, b, k) for at, k in note.clips]
        features = torch.from_numpy(energy)
        features *= self.words._equaliser(size).exp()[None]
        features = features.clamp_min_(EPSILON).log_()
        return StreamBatch(
            features,
            torch.from_numpy(allowed),
            torch.from_numpy(weight),
            torch.from_numpy(hit),
            np.array(ends, np.int64).reshape(-1, 3),
            np.array(clips, np.int64).reshape(-1, 3),
        )


class Notes:
    """What is said in one sequence, and when."""

    def __init__(self):
        self.words: list[tuple[int, int, int]] = []  # class, first frame, one past the last
        self.clips: list[tuple[int, int]] = []  # first frame, class

    def command(self, label: int, first: int, last: int) -> None:
        self.words.append((label, first, last))

    def mark(self, allowed: np.ndarray, hit: np.ndarray, hold: int) -> None:
        """Into allowed and hit [T, classes] of this sequence."""
        steps = len(allowed)
        for label, first, last in self.words:
            allowed[max(first, 0) : max(last + hold + FADE, 0), label] = True
            hit[max(first, 0) : max(last + GRACE, 0), label] = True
        for label, first, last in self.words:
            begin, end = max(last - EARLY, 0), min(last + hold, steps)
            if first >= 0 and begin < end:
                allowed[begin:end] = False
                allowed[begin:end, label] = True
