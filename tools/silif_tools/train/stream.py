"""The stream stage of a recipe: a trained clip network learns to listen without end (docs/STREAMS.md)."""

import argparse
import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from silif_tools.train import (
    bank,
    echo,
    mining,
    stream_exam,
    stream_loss,
    stream_teacher,
    student,
    synthetic,
    synthetic_text,
)
from silif_tools.train.clips import Clips, joined
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS, HOP, SAMPLE_RATE
from silif_tools.train.hold_out import is_held_out
from silif_tools.train.loop import save
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.origin import Origin, of_stream
from silif_tools.train.scenes import Scenes
from silif_tools.train.schedule import cycle
from silif_tools.train.stream_exam import StreamExamination
from silif_tools.train.stream_scenes import StreamBatch, StreamScenes

Teacher = Callable[[torch.Tensor], torch.Tensor]
UNTOLD = "coffee_orders/"  # speech whose words nobody wrote down: it may hold a command


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
        for part in (r, r.get("finish", {"steps": 0}), r.get("teacher", {"steps": 0})):
            part["steps"] = max(2, part["steps"] // 1000)
        r["report_every"] = r["steps"]
        r["speech_variants"], r["synthetic_variants"], r["recalibration_batches"] = 1, 1, 2
        for key in ("synthetic_sentences", "synthetic_words", "synthetic_listed"):
            r[key] = min(r[key], 20)
        r["synthetic_commands"] = min(r["synthetic_commands"], 1)


def without_command(found: Material, name: str) -> bool:
    """Whether a recording of speech holds none for certain: none by its text, nor what sounds the same ("know")."""
    return not name.startswith(UNTOLD) and synthetic_text.clean(found.texts.get(name, ""))


def make_scenes(found: Material, scenes: Scenes, recipe: dict, threads: int) -> StreamScenes:
    """found: without what was held out."""
    settings, seed = recipe["stream"], recipe["seed"] + 1
    wide = recipe["bank"] | {"speed": settings["speech_speed"]}

    def reel(clips: Clips, variants: int) -> bank.Reel | None:
        return bank.reel(clips, variants, seed, wide, threads, found.rooms) if len(clips) else None

    def part(clips: Clips, kept: Callable[[str], bool]) -> Clips:
        return clips.chosen([i for i, name in enumerate(clips.names) if kept(name)])

    counts = [settings[f"synthetic_{kind}"] for kind in ("sentences", "words", "listed", "commands")]
    sentences, words, commands = synthetic.material(*counts, recipe["seed"])
    spoken, variants = found.splits["train"], settings["synthetic_variants"]
    reels = {
        "told": reel(part(found.speech, lambda name: without_command(found, name)), settings["speech_variants"]),
        "untold": reel(part(found.speech, lambda name: name.startswith(UNTOLD)), settings["speech_variants"]),
        "foreign": reel(found.other_words, 3),
        "sentences": reel(sentences, variants),
        "words": reel(words, variants),
        "unknown": reel(part(spoken, lambda name: found.label(name.split("/")[-2]) == scenes.unknown), 3),
    }
    heard = [(settings["speech_shares"][name], r) for name, r in reels.items() if r and settings["speech_shares"][name]]
    unmined = [k for k, (_, r) in enumerate(heard) if r is reels["untold"]]
    both = joined(words.names + commands.names, [c.clip(i) for c in (words, commands) for i in range(len(c))])
    labels = np.array([found.label(both.folder(i)) for i in range(len(both))])
    made = bank.clip_bank(both, variants + 1, seed, recipe["bank"], threads, found.rooms), labels
    envelopes = echo.envelopes(found.rooms) if len(found.rooms) else None
    return StreamScenes(settings, scenes, scenes.noise, heard, made, envelopes, unmined)


def recalibrate(network: Network, scenes: StreamScenes, r: dict) -> None:
    """Batch-normalisation statistics of these very weights on sequences, without dropout."""
    batches = range(r["recalibration_batches"])
    student.settle_norms(network, (scenes.sequences(r["batch"], r["frames"]).features for _ in batches))


def compute_rounded(network: Network, settings: dict) -> None:
    """Let a float network compute with weights of rounded_bits, where the recipe has them."""
    if "rounded_bits" in settings and not network.bits:
        network.round_weights(settings["rounded_bits"])


@torch.no_grad()
def keep_start(network: Network, start: Network, settings: dict) -> None:
    """Of two networks that one grew out of the other, the one on the line between them that has `start_share` of the
    weights before: it does most of what either does (Wortsman et al., arXiv 2109.01903)."""
    if share := settings.get("start_share", 0.0):
        torch._foreach_lerp_(list(network.parameters()), list(start.parameters()), share)


class StreamRun(stream_teacher.SequenceRun):
    """A run of the network, or of what is trained as it is."""

    own_scenes = False  # mining changes them


def for_teachers(settings: dict) -> dict:
    """Settings of the stage as its teachers are trained by: they score clips by the mean."""
    return {k: v for k, v in settings.items() if k != "clip_score"}


def train(
    network: Network,
    scenes: StreamScenes,
    settings: dict,
    checkpoint: Path,
    resume: bool,
    teacher: Teacher | None,
    report: Callable[[int, dict, float, Network], None],
    frames: Teacher | None = None,
    guides: Callable[[StreamBatch], tuple[torch.Tensor, torch.Tensor]] | None = None,
    origin: Origin | None = None,
) -> Network:
    """From the share `frozen_from` of the steps on, normalisation is fixed: settled on sequences there, or, where that
    is the first step, as the network came with it.

    teacher, frames: probabilities of a clip's features and of a sequence's; guides: of a batch's frames and clips, in
    their place. report: step, mean parts of the loss,
    sequences per second, network of averaged weights."""
    none = [scenes.words.unknown, scenes.words.silence]
    sums: dict[str, torch.Tensor | float] = {}
    count = 0

    def loss(network: Network, batch: StreamBatch) -> torch.Tensor:
        nonlocal count
        if run.step == frozen_from > 0:
            recalibrate(network, scenes, settings)
            network.train()
            for each in (network, run.mean):
                each.freeze(True)
                compute_rounded(each, settings)
        soft = teacher(stream_loss.clip_features(batch)) if teacher and len(batch.clips) else None
        guide = frames(batch.features) if frames else None
        if batch.guides or guides:
            guide, soft = batch.guides or guides(batch)
        x = scenes.words.masked(network.input_norm(batch.features))
        total, parts = stream_loss.loss_of(network.run(x), batch, scenes.commands, none, soft, settings, guide)
        for k, v in parts.items():
            sums[k] = sums.get(k, 0.0) + v
        count += 1
        return total

    def tell(step: int, _: float, speed: float, mean: Network) -> None:
        nonlocal count
        report(step, {k: float(v) / max(count, 1) for k, v in sums.items()}, speed, mean)
        sums.clear()
        count = 0

    network.dropout = settings["dropout"]
    run = StreamRun(network, scenes, settings, checkpoint, origin)
    if resume and checkpoint.exists():
        run.resume()
    frozen_from = 0 if network.bits else round(settings["frozen_from"] * cycle(settings))
    # The rounds on clips may have ended with frozen statistics.
    for each in (network, run.mean):
        each.freeze(run.step > frozen_from or frozen_from == 0)
        if run.step > frozen_from:
            compute_rounded(each, settings)

    def settle(mean: Network) -> None:
        if run.step > frozen_from:
            mean.eval()
        else:
            recalibrate(mean, scenes, settings)
        if settings["p_mined"]:
            mining.mine(mining.judge_of(mean), scenes)

    return run.train(loss, settle, tell)


# Settings of [stream] that say nothing about the frames' teacher.
OF_THE_NETWORK = {
    "steps",
    "rate",
    "flat",
    "dropout",
    "recalibration_batches",
    "frozen_from",
    "start_share",
    "clip_score",
    "rounded_bits",
    "store_every",
    "teacher_weight",
    "finish",
}


def teacher_path(recipe: dict, found: Material, output: Path) -> Path:
    """Where the frames' teacher lies: its name tells what it was trained from, so that networks share it."""
    settings = {k: v for k, v in recipe["stream"].items() if k not in OF_THE_NETWORK}
    settings["teacher"] = {k: v for k, v in settings["teacher"].items() if k != "weight"}
    parts = [recipe[k] for k in ("words", "seed", "bank", "scenes", "teacher")]
    return output / f"frames-teacher-{found.fingerprint([*parts, settings])}.pth"


def trained_teacher(
    found: Material,
    scenes: StreamScenes,
    exam: StreamExamination,
    recipe: dict,
    start: Path,
    options: argparse.Namespace,
    say: Callable[[str], None],
) -> Teacher | None:
    """The frames' teacher, trained or loaded; None if the recipe wants none. It lies in the output folder. start: the
    clips' teacher."""
    if "teacher" not in recipe["stream"]:
        return None
    own = {k: v for k, v in recipe["stream"]["teacher"].items() if k != "weight"}
    settings = for_teachers(recipe["stream"]) | own
    network = stream_teacher.StreamTeacher(BANDS, len(recipe["words"]), recipe["teacher"]["size"], settings["dropout"])
    network.to(options.device)
    path = teacher_path(recipe, found, options.output)
    if path.exists():
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        say(f"teacher {path}")
        return stream_teacher.frame_probabilities(network)
    if start.exists():
        network.load_state_dict(torch.load(start, weights_only=True, map_location="cpu"))

    def report(step: int, loss: float, speed: float, mean: torch.nn.Module) -> None:
        curve = stream_exam.line(exam.curve(exam.run(mean, rounded=False)))
        say(f"frames' teacher step {step}/{settings['steps']} loss {loss:.4f} ({speed:.0f} sequences/s)")
        say(f"  hits at 10 and 20 dB, {curve}")

    torch.manual_seed(recipe["seed"])
    scenes.reseed(recipe["seed"] + 3)
    network = stream_teacher.train(network, scenes, settings, path.with_suffix(".checkpoint"), options.resume, report)
    save(network.state_dict(), path)
    return stream_teacher.frame_probabilities(network)


def reporter(
    name: str, output: Path, clips: Examination, exam: StreamExamination, say: Callable[[str], None]
) -> Callable[[int, dict[str, float], float, Network], None]:
    """What `train` calls at every report: it says how the network does, and stores it as NAME-stream.settled."""

    def report(step: int, parts: dict[str, float], speed: float, mean: Network) -> None:
        right = clips.accuracy(mean)
        curve = stream_exam.line(exam.curve(exam.run(mean)))
        losses = " ".join(f"{k} {v:.3f}" for k, v in parts.items())
        say(f"{name} step {step} {losses} ({speed:.0f} sequences/s)")
        save({"mean": mean.state_dict(), "step": step}, output / f"{name}-stream.settled")
        say(f"  validation clips {right['fresh']:.1f} {right['context']:.1f} %; hits at 10 and 20 dB, {curve}")

    return report


def stage(
    network: Network,
    found: Material,
    kept: Material,
    scenes: Scenes,
    recipe: dict,
    teacher: Teacher | None,
    start: Path,
    clips: Examination,
    options: argparse.Namespace,
    say: Callable[[str], None],
) -> tuple[Network, Network | None]:
    """The whole stage: scenes, validation streams, training with reports. start: the clips' teacher's weights. With
    [stream.finish] the second network is the float one that the first came from."""
    settings, name = recipe["stream"], recipe["name"]
    sequences = make_scenes(found, scenes, recipe, options.threads)
    exam = StreamExamination(
        recipe["words"], found.splits["validation"], kept.noise, kept.speech, copies=0 if options.quick else 1
    )
    hours = {k: len(x) * HOP / SAMPLE_RATE / 3600 for k, x in exam.streams.items()}
    say(f"validation streams: {', '.join(f'{k} {v:.2f} h' for k, v in hours.items())}")

    report = reporter(name, options.output, clips, exam, say)
    frames = trained_teacher(found, sequences, exam, recipe, start, options, say)
    torch.manual_seed(options.seed)
    scenes.reseed(options.seed + 2)
    checkpoint, first = options.output / f"{name}-stream.checkpoint", copy.deepcopy(network)
    mine = of_stream(recipe, options, is_finish=False)
    network = train(network, sequences, settings, checkpoint, options.resume, teacher, report, frames, origin=mine)
    keep_start(network, first, settings)
    if "finish" not in settings:
        return network, None
    network.to("cpu")  # the engine's integers are the processor's
    before, finish = copy.deepcopy(network), settings | settings["finish"]
    network.quantize(finish["weight_bits"])
    checkpoint = options.output / f"{name}-stream-finish.checkpoint"
    mine = of_stream(recipe, options, is_finish=True)
    network = train(network, sequences, finish, checkpoint, options.resume, teacher, report, frames, origin=mine)
    return network, before
