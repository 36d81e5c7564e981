"""The bank: features of many waveform variants of every training clip, made once, drawn from by scenes.py.

What needs the waveform (speed and pitch, rooms, clipping, shifts of less than a frame) is done here; what can be done
on band energies (noise, gain, equalisation, shifts by frames, masks) is done anew for every training step.
"""

import contextlib
import hashlib
import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from silif_tools.processes import end_with_parent
from silif_tools.train import waves
from silif_tools.train.clips import Clips, cache_folder
from silif_tools.train.fbank import BANDS, CLIP_SAMPLES, FLOOR, FRAME, HOP, frame_count, log_mel

FRAMES = 120  # room for a clip slowed down by 1.2
QUIET = 8  # frames of a clip that stand for its background
VERSION = 1


@dataclass
class Bank:
    """Variants of short clips. Row i belongs to clip i % clips."""

    features: np.ndarray  # float16 [entries, FRAMES, BANDS], log-mel, floor after the end
    frames: np.ndarray  # int16 [entries]
    level: np.ndarray  # float32 [entries]: 90th percentile over frames of ln(sum of band energies)
    quiet: np.ndarray  # uint8 [entries, QUIET]: indices of the quietest frames
    clips: int


@dataclass
class Reel:
    """Long material end to end: noise or running speech."""

    features: np.ndarray  # float16 [frames, BANDS]
    loudness: np.ndarray  # float32 [frames]: ln(sum of band energies)


def loudest_second(audio: np.ndarray) -> np.ndarray:
    """At most one second: the one with the most energy."""
    if len(audio) <= CLIP_SAMPLES:
        return audio
    energy = np.cumsum(np.r_[0.0, np.square(audio.astype(np.float64))])
    starts = np.arange(0, len(audio) - CLIP_SAMPLES + 1, HOP)
    start = int(starts[np.argmax(energy[starts + CLIP_SAMPLES] - energy[starts])])
    return audio[start : start + CLIP_SAMPLES]


def responses(rooms: Clips | None) -> list[np.ndarray]:
    """Impulse responses as float32, the loudest sample of each at one."""
    found = [rooms.clip(i).astype(np.float32) for i in range(len(rooms))] if rooms else []
    return [x / np.abs(x).max() for x in found]


def _entry(
    samples: np.ndarray, rng: np.random.Generator, plain: bool, recipe: dict, rooms: list[np.ndarray]
) -> np.ndarray:
    """log-mel [frames, BANDS] of one variant; plain: the recording as it is."""
    audio = loudest_second(samples).astype(np.float32) / 32768
    if not plain:
        audio = waves.varied(audio, rng, recipe["speed"], recipe["p_room"], recipe["p_clip"], rooms)
        audio = audio[int(rng.integers(HOP)) :]
    if len(audio) < FRAME:
        audio = np.pad(audio, (0, FRAME - len(audio)))
    return log_mel(torch.from_numpy(np.ascontiguousarray(audio, np.float32))).numpy()[:FRAMES]


def _pass(
    clips: Clips, first: int, variant: int, seed: int, recipe: dict, rooms: Clips | None
) -> tuple[np.ndarray, ...]:
    """Bank rows of one variant of clips, of which so many come before."""
    torch.set_num_threads(1)
    n, heard = len(clips), responses(rooms)
    features = np.full((n, FRAMES, BANDS), FLOOR, np.float16)
    frames, level = np.zeros(n, np.int16), np.zeros(n, np.float32)
    quiet = np.zeros((n, QUIET), np.uint8)
    for i in range(n):
        rng = np.random.default_rng([seed, variant, first + i])
        x = _entry(clips.clip(i), rng, variant == 0, recipe, heard)
        loud = np.log(np.exp(x).sum(1))
        features[i, : len(x)] = x
        frames[i], level[i] = len(x), np.quantile(loud, 0.9)
        quiet[i] = np.resize(np.argsort(loud)[:QUIET], QUIET)
    return features, frames, level, quiet


def _reel_pass(clips: Clips, first: int, variant: int, seed: int, recipe: dict, rooms: Clips | None) -> np.ndarray:
    torch.set_num_threads(1)
    parts, heard = [], responses(rooms)
    for i in range(len(clips)):
        rng = np.random.default_rng([seed, variant, first + i])
        audio = clips.clip(i).astype(np.float32) / 32768
        if variant:
            audio = waves.varied(audio, rng, recipe["speed"], recipe["p_room"], 0.0, heard)
        if frame_count(len(audio)):
            parts.append(log_mel(torch.from_numpy(np.ascontiguousarray(audio, np.float32))).numpy().astype(np.float16))
    return np.concatenate(parts) if parts else np.zeros((0, BANDS), np.float16)


def _key(clips: Clips, variants: int, seed: int, recipe: dict, rooms: Clips | None) -> str:
    settings = [VERSION, variants, seed, *(recipe[k] for k in ("speed", "p_room", "p_clip"))]
    digest = hashlib.sha256(clips.samples.tobytes())
    digest.update(clips.ends.tobytes() + repr(settings).encode())
    if rooms and len(rooms):
        digest.update(rooms.samples.tobytes())
    return digest.hexdigest()[:24]


def _stored(path: Path, names: list[str], make) -> list[np.ndarray]:
    """Arrays from the cache (memory-mapped), made first if they are not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{path.name}-", dir=path.parent))
        for name, array in zip(names, make(), strict=True):
            np.save(partial / f"{name}.npy", array)
        with contextlib.suppress(OSError):  # another run was faster
            partial.rename(path)
    return [np.load(path / f"{name}.npy", mmap_mode="r") for name in names]


def _pool(workers: int) -> ProcessPoolExecutor:
    """Fresh processes: a fork of one that has run torch's threads can hang."""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), end_with_parent)


def _each_variant(make: Callable, clips: Clips, variants: int, seed: int, recipe: dict, rooms, workers: int) -> list:
    """make() of every variant, in their order, each of all clips one after another: of so many parts of them that every
    worker has one. One worker is this process: PyTorch takes seconds to load in another."""
    if workers == 1:
        return [make(clips, 0, v, seed, recipe, rooms) for v in range(variants)]
    parts = [part for part in np.array_split(np.arange(len(clips)), -(-workers // variants)) if len(part)]
    chosen = [clips.chosen(part) for part in parts]
    with _pool(workers) as pool:
        jobs = [
            pool.submit(make, some, int(part[0]), v, seed, recipe, rooms)
            for v in range(variants)
            for part, some in zip(parts, chosen, strict=True)
        ]
        return [job.result() for job in jobs]


def clip_bank(clips: Clips, variants: int, seed: int, recipe: dict, workers: int, rooms: Clips | None = None) -> Bank:
    """The first variant is the recording as it is, the others are random."""

    def make():
        passes = _each_variant(_pass, clips, variants, seed, recipe, rooms, workers)
        return [np.concatenate(parts) for parts in zip(*passes, strict=True)]

    path = cache_folder() / f"bank-{_key(clips, variants, seed, recipe, rooms)}"
    return Bank(*_stored(path, ["features", "frames", "level", "quiet"], make), len(clips))


def reel(clips: Clips, variants: int, seed: int, recipe: dict, workers: int, rooms: Clips | None = None) -> Reel:
    """All recordings, in as many variants, end to end."""

    def make():
        features = np.concatenate(_each_variant(_reel_pass, clips, variants, seed, recipe, rooms, workers))
        return [features, np.log(np.exp(features.astype(np.float32)).sum(1))]

    path = cache_folder() / f"reel-{_key(clips, variants, seed, recipe, rooms)}"
    return Reel(*_stored(path, ["features", "loudness"], make))
