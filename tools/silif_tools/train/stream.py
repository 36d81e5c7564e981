"""The stream stage of a recipe: a trained clip network learns to listen without end (docs/STREAMS.md)."""

import argparse
import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from silif_tools.train import bank, delays, stream_exam, stream_loss, synthetic
from silif_tools.train.clips import Clips, joined
from silif_tools.train.evaluate import Examination
from silif_tools.train.hold_out import is_held_out
from silif_tools.train.loop import Run
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.scenes import Scenes
from silif_tools.train.stream_exam import StreamExamination
from silif_tools.train.stream_scenes import StreamBatch, StreamScenes

Teacher = Callable[[torch.Tensor], torch.Tensor]


def held_out(found: Material, recipe: dict) -> tuple[Material, Material | None]:
    """Noise, speech, other words and rooms in two: to train on, and to count false alarms on."""
    if "stream" not in recipe:
        return found, None
    share = recipe["stream"]["held_out"]

    def parts(clips: Clips) -> tuple[Clips, Clips]:
        kept = [is_held_out(name, share) for name in clips.names]
        return clips.chosen([i for i, k in enumerate(kept) if not k]), clips.chosen(
            [i for i, k in enumerate(kept) if k]
        )

    split = {name: parts(getattr(found, name)) for name in ("noise", "speech", "other_words", "rooms")}
    first, second = ({name: pair[k] for name, pair in split.items()} for k in (0, 1))
    return replace(found, **first), replace(found, **second)


def shorten(recipe: dict) -> None:
    """For a quick trial."""
    if "stream" in recipe:
        r = recipe["stream"]
        for part in (r, r.get("finish", {"steps": 0})):
            part["steps"] = max(2, part["steps"] // 1000)
        r["report_every"] = r["steps"]
        r["speech_variants"], r["synthetic_variants"], r["recalibration_batches"] = 1, 1, 2
        for key in ("synthetic_sentences", "synthetic_words"):
            r[key] = min(r[key], 20)
        r["synthetic_commands"] = min(r["synthetic_commands"], 1)


def make_scenes(found: Material, scenes: Scenes, recipe: dict, threads: int) -> StreamScenes:
    """found: without what was held out."""
    settings, seed = recipe["stream"], recipe["seed"] + 1
    wide = recipe["bank"] | {"speed": settings["speech_speed"]}
    speech = [
        (1.0, bank.reel(found.speech, settings["speech_variants"], seed, wide, threads, found.rooms)),
        (settings["other_words_share"], bank.reel(found.other_words, 3, seed, wide, threads, found.rooms)),
    ]
    made = None
    if settings["synthetic_share"] or settings["p_synthetic_word"]:
        counts = settings["synthetic_sentences"], settings["synthetic_words"], settings["synthetic_commands"]
        sentences, words, commands = synthetic.material(*counts, recipe["seed"])
        reel = bank.reel(sentences, settings["synthetic_variants"], seed, wide, threads, found.rooms)
        speech.append((settings["synthetic_share"], reel))
        both = joined(words.names + commands.names, [c.clip(i) for c in (words, commands) for i in range(len(c))])
        labels = np.array([found.label(both.folder(i)) for i in range(len(both))])
        variants = settings["synthetic_variants"] + 1
        made = bank.clip_bank(both, variants, seed, recipe["bank"], threads, found.rooms), labels
    return StreamScenes(settings, scenes, scenes.noise, speech, made)


@torch.no_grad()
def recalibrate(network: Network, scenes: StreamScenes, r: dict) -> None:
    """Batch-normalisation statistics of these very weights on sequences, without dropout."""
    dropout, network.dropout = network.dropout, 0.0
    for layer in network.snn:
        layer.norm.reset_running_stats()
        layer.norm.momentum = None
    network.train()
    delays.use_rounded(network)
    for _ in range(r["recalibration_batches"]):
        network(scenes.sequences(r["batch"], r["frames"]).features)
    for layer in network.snn:
        layer.norm.momentum = 0.1
    network.dropout = dropout
    network.eval()


class StreamRun(Run):
    def _batch(self) -> StreamBatch:
        return self.scenes.sequences(self.recipe["batch"], self.recipe["frames"])


def train(
    network: Network,
    scenes: StreamScenes,
    settings: dict,
    checkpoint: Path,
    resume: bool,
    teacher: Teacher | None,
    report: Callable[[int, dict, float, Network], None],
) -> Network:
    """report: step, mean parts of the loss, sequences per second, network of averaged weights."""
    none = [scenes.words.unknown, scenes.words.silence]
    sums: dict[str, float] = {}
    count = 0

    def loss(network: Network, batch: StreamBatch) -> torch.Tensor:
        nonlocal count
        soft = teacher(stream_loss.clip_features(batch)) if teacher and len(batch.clips) else None
        x = scenes.words.masked(network.input_norm(batch.features))
        total, parts = stream_loss.loss_of(network.run(x), batch, scenes.commands, none, soft, settings)
        for k, v in parts.items():
            sums[k] = sums.get(k, 0.0) + v
        count += 1
        return total

    def tell(step: int, _: float, speed: float, mean: Network) -> None:
        nonlocal count
        report(step, {k: v / max(count, 1) for k, v in sums.items()}, speed, mean)
        sums.clear()
        count = 0

    network.dropout = settings["dropout"]
    network.freeze(bool(network.bits))  # the rounds on clips may have ended with frozen statistics
    run = StreamRun(network, scenes, settings, checkpoint)
    if resume and checkpoint.exists():
        run.resume()

    def settle(mean: Network) -> None:
        if mean.bits:
            mean.eval()
        else:
            recalibrate(mean, scenes, settings)

    return run.train(loss, settle, tell)


def stage(
    network: Network,
    found: Material,
    kept: Material,
    scenes: Scenes,
    recipe: dict,
    teacher: Teacher | None,
    clips: Examination,
    options: argparse.Namespace,
    say: Callable[[str], None],
) -> tuple[Network, Network | None]:
    """The whole stage: scenes, validation streams, training with reports. With [stream.finish] the second network is
    the float one that the first came from."""
    settings, name = recipe["stream"], recipe["name"]
    torch.manual_seed(recipe["seed"])
    scenes.reseed(recipe["seed"] + 2)
    sequences = make_scenes(found, scenes, recipe, options.threads)
    exam = StreamExamination(
        recipe["words"], found.splits["validation"], kept.noise, kept.speech, copies=0 if options.quick else 3
    )
    say(f"validation streams: {', '.join(f'{k} {v.audio_h:.2f} h' for k, v in exam.run(network).items())}")

    def report(step: int, parts: dict[str, float], speed: float, mean: Network) -> None:
        right = clips.accuracy(mean)
        curve = stream_exam.line(exam.curve(exam.run(mean)))
        losses = " ".join(f"{k} {v:.3f}" for k, v in parts.items())
        say(f"{name} step {step} {losses} ({speed:.0f} sequences/s)")
        say(f"  validation clips {right['fresh']:.1f} {right['context']:.1f} %; hits at 10 and 20 dB, {curve}")

    checkpoint = options.output / f"{name}-stream.checkpoint"
    network = train(network, sequences, settings, checkpoint, options.resume, teacher, report)
    if "finish" not in settings:
        return network, None
    before, finish = copy.deepcopy(network), settings | settings["finish"]
    network.quantize(finish["weight_bits"])
    checkpoint = options.output / f"{name}-stream-finish.checkpoint"
    return train(network, sequences, finish, checkpoint, options.resume, teacher, report), before
