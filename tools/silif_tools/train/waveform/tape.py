"""All recordings of a run on one tape, and what is known of them: what plans (plan.py) draw from."""

import numpy as np
import torch

from silif_tools.train import synthetic, waves
from silif_tools.train.bank import loudest_second, responses
from silif_tools.train.clips import Clips, joined
from silif_tools.train.fbank import FRAME, HOP, SAMPLE_RATE, log_mel
from silif_tools.train.material import SILENCE, UNKNOWN, Material
from silif_tools.train.stream import UNTOLD, without_command
from silif_tools.train.stream_scenes import active_range, loudness
from silif_tools.train.waveform.mix import WARPS, Mixer
from silif_tools.train.waveform.plan import Planner, Spoken, Stretch
from silif_tools.train.waveform.scenes import Places, WaveScenes, Words

ROOM_SAMPLES = 12000  # of an impulse response
BEFORE = 16  # of them before the loudest
MADE_UP_ROOMS = 40
GAP = 64  # samples between groups of recordings, and before the first


def groups(found: Material, recipe: dict) -> dict[str, Clips]:
    """Clips of people (spoken) and synthesised ones (made), clips that are all unknown (others), noise, and the reels
    of [stream.speech_shares]. found: without what was held out."""
    settings, train = recipe["stream"], found.splits["train"]
    counts = [settings[f"synthetic_{kind}"] for kind in ("sentences", "words", "listed", "commands")]
    sentences, words, made = synthetic.material(*counts, recipe["seed"])

    def part(clips: Clips, kept) -> Clips:
        return clips.chosen([i for i in range(len(clips)) if kept(clips, i)])

    def second(clips: Clips) -> Clips:
        return joined(clips.names, [loudest_second(clips.clip(i)) for i in range(len(clips))])

    spoken = second(part(train, lambda clips, i: clips.folder(i) != SILENCE))
    others, silent = second(found.other_words), part(train, lambda clips, i: clips.folder(i) == SILENCE)
    unknown = found.words.index(UNKNOWN)
    return {
        "spoken": spoken,
        "made": second(made),
        "others": others,
        "noise": joined(
            found.noise.names + silent.names, [c.clip(i) for c in (found.noise, silent) for i in range(len(c))]
        ),
        "told": part(found.speech, lambda clips, i: without_command(found, clips.names[i])),
        "untold": part(found.speech, lambda clips, i: clips.names[i].startswith(UNTOLD)),
        "foreign": others,
        "sentences": sentences,
        "words": words,
        "unknown": part(spoken, lambda clips, i: found.label(clips.folder(i)) == unknown),
    }


def spoken(clips: Clips, start: int, labels: list[int], weight: np.ndarray) -> Spoken:
    """What is known of clips that begin at `start` on the tape."""
    first, last, power = np.zeros(len(clips), np.int64), np.zeros(len(clips), np.int64), np.zeros(len(clips))
    for i in range(len(clips)):
        x = clips.clip(i).astype(np.float32) / 32768
        padded = np.pad(x, (0, max(0, FRAME - len(x))))
        first[i], last[i] = active_range(loudness(np.exp(log_mel(torch.from_numpy(padded)).numpy())))
        power[i] = np.square(padded[first[i] * HOP : max(last[i] * HOP, first[i] * HOP + FRAME)]).mean() + 1e-9
    starts = np.r_[0, clips.ends][: len(clips)]
    return Spoken(starts + start, clips.ends - starts, np.array(labels), first, last, power, weight)


def by_folder(clips: Clips, labels: list[int], unknown: int) -> np.ndarray:
    """Weights [n]: unknown words by the square root of their folder's size, as Scenes.weigh_unknown."""
    folders = [clips.folder(i) for i in range(len(clips))]
    size = {name: folders.count(name) for name in set(folders)}
    return np.array([size[n] ** -0.5 if k == unknown else 1.0 for n, k in zip(folders, labels, strict=True)])


def rooms_of(found: Clips, seed: int) -> np.ndarray:
    """float32 [rooms, ROOM_SAMPLES]: measured or simulated ones, and some made up; their energy is one."""
    rng = np.random.default_rng([seed, 12])
    heard = [*responses(found), *(waves.room(rng) for _ in range(MADE_UP_ROOMS))]
    out = np.zeros((len(heard), ROOM_SAMPLES), np.float32)
    for row, x in zip(out, heard, strict=True):
        x = x[max(0, int(np.abs(x).argmax()) - BEFORE) :][:ROOM_SAMPLES]
        row[: len(x)] = x / np.sqrt(np.square(x).sum())
    return out


def scenes(found: Material, recipe: dict, device: torch.device, seed: int, workers: int) -> WaveScenes:
    """Sequences of a recipe, mixed on the device. seed: of the plans, which so many other processes draw; 0: this
    one."""
    settings, words = recipe["stream"] | recipe["waveforms"], recipe["words"]
    unknown, silence = words.index("_unknown_"), words.index(SILENCE)
    tape, starts, at = [np.zeros(GAP, np.int16)], {}, GAP
    parts = groups(found, recipe)
    for name, clips in parts.items():
        starts[name] = at
        tape += [clips.samples, np.zeros(GAP, np.int16)]
        at += len(clips.samples) + GAP

    def known(name: str, labels: list[int], weight: np.ndarray | None = None) -> Spoken:
        return spoken(parts[name], starts[name], labels, np.ones(len(labels)) if weight is None else weight)

    def labels_of(name: str) -> list[int]:
        return [found.label(parts[name].folder(i)) for i in range(len(parts[name]))]

    shares = {
        k: share for k, share in settings["speech_shares"].items() if share and len(parts[k].samples) >= SAMPLE_RATE
    }
    reels = [(share, Stretch.of(parts[k].samples, starts[k])) for k, share in shares.items()]
    places, rooms = Places(len(reels)), rooms_of(found.rooms, recipe["seed"])
    planner = Planner(
        settings, recipe["scenes"], len(words), unknown, silence,
        known("spoken", labels_of("spoken"), by_folder(parts["spoken"], labels_of("spoken"), unknown)),
        known("others", [unknown] * len(parts["others"])), known("made", labels_of("made")),
        Stretch.of(parts["noise"].samples, starts["noise"]), reels, len(rooms), WARPS, places.ends, places.counts,
    )  # fmt: skip
    mixer = Mixer(torch.from_numpy(np.concatenate(tape)).to(device), torch.from_numpy(rooms), settings["warp"])
    unmined = [number for number, name in enumerate(shares) if name == "untold"]
    return WaveScenes(settings, Words(recipe["scenes"], words, seed), planner, mixer, places, unmined, seed, workers)
