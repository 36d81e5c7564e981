"""A whole training run: from recordings to a trained network, all stages of a recipe."""

import argparse
import contextlib
import copy
import ctypes
import hashlib
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from silif_tools.arguments import check_input, make_folder
from silif_tools.atomic import write_atomically
from silif_tools.export.checkpoint import load_pth
from silif_tools.model_file.tables import ModelTables
from silif_tools.train import bank, clips, clock, from_model, material, origin, stream, student, teacher
from silif_tools.train import recipe as recipes
from silif_tools.train.archive import unpack
from silif_tools.train.blocks import BLOCKS, BlockNetwork
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS, EPSILON, FFT, FRAME, HIGH_HZ, HOP, LOW_HZ, PREEMPHASIS, SAMPLE_RATE
from silif_tools.train.loop import save
from silif_tools.train.material import SILENCE, UNKNOWN, Material
from silif_tools.train.network import Network
from silif_tools.train.rounding import with_rounded_weights
from silif_tools.train.scenes import Scenes
from silif_tools.train.stream_recipe import rounded_bits

FRONT_END = {
    "type": "kaldi_fbank", "sample_rate_hz": SAMPLE_RATE, "bands": BANDS, "frame_samples": FRAME, "hop_samples": HOP,
    "fft": FFT, "low_hz": LOW_HZ, "high_hz": HIGH_HZ, "preemphasis": PREEMPHASIS, "window": "povey",
    "energy_floor": EPSILON,
}  # fmt: skip


def keep_memory() -> None:
    """Let glibc keep freed memory: giving hundreds of megabytes back and faulting them in again takes a quarter of
    every step."""
    m_trim_threshold, m_mmap_max = -1, -4
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, 2**31 - 1)


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def unpacked(archive: Path) -> Path:
    """The folder of the archive's recordings, unpacked into the cache if need be."""
    if not archive.exists():
        raise material.MissingData(f"{archive} does not exist: --speech-commands takes the archive or its folder")
    if archive.is_dir():
        return archive
    stat = archive.stat()
    key = hashlib.sha256(os.fsencode(f"{archive.resolve()} {stat.st_size} {stat.st_mtime_ns}")).hexdigest()[:16]
    folder = clips.cache_folder() / f"speech-commands-{key}"
    if not folder.exists():
        say(f"unpacking {archive}")
    return unpack(archive, folder)


def git_commit() -> str | None:
    """Commit of the tools, with a + if the tree differs from it."""
    here = Path(__file__).parent
    try:
        git = lambda *a: subprocess.run(["git", "-C", here, *a], capture_output=True, text=True, check=True).stdout  # noqa: E731
        changed = git("status", "--porcelain", "--", str(here.parent)).strip()
        return git("rev-parse", "HEAD").strip() + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def make_scenes(found: Material, recipe: dict, threads: int) -> Scenes:
    """The bank and what composes batches from it. Silence clips join the noise."""
    train, settings, seed = found.splits["train"], recipe["bank"], recipe["seed"]
    silent = [i for i in range(len(train)) if train.folder(i) == SILENCE]
    spoken = train.chosen([i for i in range(len(train)) if train.folder(i) != SILENCE])
    extra = train.chosen(silent)
    noise = clips.joined(
        found.noise.names + extra.names,
        [c.clip(i) for c in (found.noise, extra) for i in range(len(c))],
    )
    folders = [spoken.folder(i) for i in range(len(spoken))]
    scenes = Scenes(
        recipe["scenes"], recipe["words"],
        bank.clip_bank(spoken, settings["variants"], seed, settings, threads, found.rooms),
        [found.label(f) for f in folders],
        bank.clip_bank(found.other_words, settings["other_variants"], seed, settings, threads, found.rooms),
        bank.reel(noise, settings["reel_variants"], seed, settings, threads, found.rooms),
        bank.reel(found.speech, settings["reel_variants"], seed, settings, threads, found.rooms),
    )  # fmt: skip
    scenes.weigh_unknown(folders)
    return scenes


def statistics(scenes: Scenes) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation [BANDS] of the features of training scenes."""
    frames = torch.cat([scenes.batch(128, 0).features.flatten(0, 1) for _ in range(16)])
    return frames.mean(0), frames.std(0)


def teacher_path(recipe: dict, found: Material, output: Path) -> Path:
    """Where the teacher lies: its name tells what it was trained from, so networks with equal settings share it."""
    parts = [recipe[k] for k in ("words", "seed", "bank", "scenes", "teacher")]
    if "stream" in recipe:
        parts.append(recipe["stream"]["held_out"])
    return output / f"teacher-{found.fingerprint(parts)}.pth"


def device_of(options: argparse.Namespace, recipe: dict) -> torch.device:
    """Where the float rounds compute."""
    if not re.fullmatch(r"cpu|cuda(:\d+)?", options.device):
        raise ValueError(f"--device {options.device}: cpu, or cuda (cuda:1 and so on for another than the first)")
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"--device {options.device}: this PyTorch ({torch.__version__}) sees no such GPU")
    if device.type == "cuda" and "delay" in recipe:
        raise ValueError("--device: a recipe with [delay] trains on the processor; leave --device out")
    return device


def name_of(device: torch.device) -> str:
    """For NAME.json."""
    return device.type if device.type == "cpu" else torch.cuda.get_device_name(device)


def trained_teacher(
    recipe: dict, found: Material, scenes: Scenes, exams: dict, output: Path, resume: bool, device: torch.device
):
    """The teacher as a function, trained or loaded; None if the recipe wants none."""
    settings, classes = recipe["teacher"], len(recipe["words"])
    if not settings["steps"] or not recipe["training"]["teacher_weight"]:
        return None
    path = teacher_path(recipe, found, output)
    if path.exists():
        network = teacher.Teacher(BANDS, classes, settings["size"])
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        say(f"teacher {path}")
        return teacher.probabilities(network.to(device))

    def report(step: int, loss: float, speed: float, mean: torch.nn.Module) -> None:
        right = exams["validation"].teacher_accuracy(mean)
        say(f"teacher step {step}/{settings['steps']} loss {loss:.4f} validation {right:.1f} % ({speed:.0f} clips/s)")

    torch.manual_seed(recipe["seed"])
    scenes.reseed(recipe["seed"])
    network = teacher.train(
        scenes, statistics(scenes), settings, classes, path.with_suffix(".checkpoint"), resume, report, device
    )
    save(network.state_dict(), path)
    return teacher.probabilities(network)


def untrained(recipe: dict, inputs: int, dropout: float = 0.0) -> Network | BlockNetwork:
    """The recipe's network, before its initial values."""
    kind, classes = recipe["kind"], len(recipe["words"])
    if kind in BLOCKS:
        return BlockNetwork(kind, inputs, recipe["width"], recipe["blocks"], recipe["pairs"], classes, dropout)
    return Network(kind, inputs, recipe["hidden"], classes, dropout, recipe.get("delay"))


def describe(
    recipe: dict, seed: int, found: Material, network: Network, exams: dict, seconds: float, history: str = ""
) -> dict:
    """What NAME.json says. seed: of the network, which may be another than the recipe's; history: its beginning."""
    return {
        "name": recipe["name"],
        "kind": recipe["kind"],
        "words": recipe["words"],
        "inputs": BANDS,
        "hidden": recipe["hidden"],
        "delay": recipe.get("delay"),
        "step_ms": 10,
        "front_end": FRONT_END,
        "accuracy_percent": {k: exams[k].accuracy(network) for k in exams},
        "weight_bits": network.bits or rounded_bits(recipe),
        "clips": {k: len(v) for k, v in found.splits.items()},
        "seed": seed,
        "recipe": recipe,
        "git_commit": git_commit(),
        "torch": torch.__version__,
        "trained": time.strftime("%Y-%m-%d", time.gmtime()),
        "training_seconds": round(seconds),
        "credits": found.credits,
    } | ({"history": history} if history else {})


def cost_of_rounding(network: Network, before: Network | None, exams: dict, bits: int) -> dict:
    """What weights of so many bits do to a float network: rounded alone, and trained on. before: the float network
    that a quantized one came from."""
    if before is None:
        return {"rounding_alone": {"weight_bits": bits} | _accuracies(with_rounded_weights(network, bits), exams)}
    rounded = with_rounded_weights(before, network.bits)
    return {
        "float": _accuracies(before, exams),
        "rounding_alone": {"weight_bits": network.bits} | _accuracies(rounded, exams),
        "trained_in_integers": {"weight_bits": network.bits} | _accuracies(network, exams),
    }


def _accuracies(network: Network, exams: dict) -> dict:
    return {k: exam.accuracy(network) for k, exam in exams.items()}


def write_result(name: str, network: Network, about: dict, output: Path) -> None:
    save(network.result(), output / f"{name}.pth")
    write_atomically(output / f"{name}.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def started_from(path: Path | None, recipe: dict) -> tuple[ModelTables | None, dict | None]:
    """What --start names: a model file, or the state dict of a run."""
    if path is None:
        return None, None
    check_input(path, "--start")
    if path.suffix == ".silif":
        return from_model.fitting(path, recipe), None
    state = load_pth(path).tensors
    try:
        untrained(recipe, BANDS).load_result(state)
    except RuntimeError as error:
        raise ValueError(f"{path}: of a recipe with other layers, classes or kind") from error
    return None, state


def finish(
    options: argparse.Namespace,
    recipe: dict,
    found: Material,
    network: Network,
    before: Network | None,
    exams: dict,
    device: torch.device,
    history: str = "",
) -> None:
    """Write what a run made: the network, and the float one that a quantized one came from."""
    seconds = clock.COMMAND.seconds()
    if before is not None:
        name = f"{recipe['name']}-float"
        about = describe(recipe, options.seed, found, before, exams, seconds, history)
        write_result(name, before, about | {"name": name}, options.output)
    about = describe(recipe, options.seed, found, network, exams, seconds, history) | cost_of_rounding(
        network, before, exams, rounded_bits(recipe) or 8
    )
    write_result(recipe["name"], network.to("cpu"), about | {"device": name_of(device)}, options.output)
    say(f"wrote {options.output / recipe['name']}.pth: {json.dumps(about['accuracy_percent'])}")


def require_words(found: Material, recipe: dict) -> None:
    """Raises MissingData where a word has no recordings to train on."""
    for word in recipe["words"]:
        if word not in (UNKNOWN, SILENCE) and found.label(word) not in found.labels("train"):
            raise material.MissingData(f"no training recordings of {word}")


@dataclass
class Begun:
    """What the rounds on clips left. before: the float network that one in integers came from; scenes, guide: that they
    were composed by and guided by."""

    network: Network
    before: Network | None
    scenes: Scenes
    guide: stream.Teacher | None
    history: str


def started(options: argparse.Namespace, found: tuple[ModelTables | None, dict | None], recipe: dict,
            statistics: tuple[torch.Tensor, torch.Tensor]) -> tuple[Network | None, str]:  # fmt: skip
    """The network that --start named, found by `started_from`, and what to say of it; None where it named none."""
    model, state = found
    if model:
        digest = hashlib.sha256(options.start.read_bytes()).hexdigest()
        history = f"Training went on from the model file {options.start.name} (SHA-256 {digest[:16]}...)."
        return from_model.network_of(model, *(each.numpy() for each in statistics), recipe.get("delay")), history
    if state is None:
        return None, ""
    network = untrained(recipe, BANDS)
    network.load_result(state)
    return network, ""


def material_of(options: argparse.Namespace, recipe: dict) -> tuple[Material, Material | None]:
    """All recordings that the options name, and those held out."""
    folders = unpacked(options.speech_commands) if options.speech_commands else options.folders
    found = material.load(options.data, recipe["words"], folders)
    require_words(found, recipe)
    say(f"clips: {', '.join(f'{k} {len(v)}' for k, v in found.splits.items())}")
    return stream.held_out(found, recipe)


def prepare(options: argparse.Namespace) -> None:
    """This process, its clock and its output folder."""
    clock.COMMAND.start()
    keep_memory()
    torch.set_num_threads(options.threads)
    make_folder(options.output, "--output")


def shorten(recipe: dict) -> None:
    """The rounds on clips, for a quick trial."""
    for part in (recipe["teacher"], recipe["training"], *(f["training"] for f in recipe.get("finish", []))):
        part["steps"] = part["report_every"] = max(2, part.get("steps", 0) // 1000)
    recipe["bank"]["variants"] = recipe["bank"]["other_variants"] = recipe["bank"]["reel_variants"] = 1


def rounds_on_clips(
    options: argparse.Namespace,
    recipe: dict,
    found: Material,
    exams: dict,
    start: tuple[ModelTables | None, dict | None],
    device: torch.device,
) -> Begun:
    """All of them; with --start, those in integers alone, and none before [stream]. found: without what was held
    out."""
    say("making or loading the bank")
    scenes = make_scenes(found, recipe, options.threads)
    guide = trained_teacher(recipe, found, scenes, exams, options.output, options.resume, device)

    torch.manual_seed(options.seed)
    scenes.reseed(options.seed + 1)  # the same batches with a stored teacher as with one trained just now
    network = untrained(recipe, BANDS, recipe["training"]["dropout"])
    network.start(*(recipe["training"][f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = statistics(scenes)
    network.input_norm.fix(mean, std)
    steps = recipe["training"]["steps"]

    def report(step: int, loss: float, speed: float, averaged: torch.nn.Module) -> None:
        right = exams["validation"].accuracy(averaged)
        say(
            f"{recipe['name']} step {step}/{steps} loss {loss:.4f} validation {right['fresh']:.1f} % fresh, "
            f"{right['context']:.1f} % in context ({speed:.0f} clips/s)"
        )

    begun, history = started(options, start, recipe, (mean, std))
    network = begun or network
    before = None  # the last float network
    for number, part in enumerate(recipes.rounds(recipe)):
        bits = part["training"].get("weight_bits", 0)
        if options.start and ("stream" in recipe or not bits):
            continue
        scenes.r, steps = part["scenes"], part["training"]["steps"]
        network.dropout = part["training"]["dropout"]
        network.sampler = part["training"].get("sampler", "draws")
        network.to("cpu" if bits else device)  # the engine's integers are the processor's
        if bits and before is None:
            before = copy.deepcopy(network)
        checkpoint = options.output / f"{recipe['name']}-{number + 1}.checkpoint"
        mine = origin.of_round(recipe, options, number)
        network = student.train(network, scenes, part["training"], checkpoint, options.resume, guide, report, mine)
    return Begun(network, before, scenes, guide, history)


def run(options: argparse.Namespace, recipe: dict) -> None:
    if options.quick:
        shorten(recipe)
        stream.shorten(recipe)
    device = device_of(options, recipe)
    start = started_from(options.start, recipe)  # before what takes hours
    prepare(options)
    found, kept = material_of(options, recipe)
    exams = {k: Examination(found.splits[k], found.labels(k)) for k in ("validation", "test")}
    begun = rounds_on_clips(options, recipe, found, exams, start, device)
    network, before = begun.network, begun.before
    if "stream" in recipe:
        path = teacher_path(recipe, found, options.output)
        network.to(device)
        stage = stream.stage(
            network, found, kept, begun.scenes, recipe, begun.guide, path, exams["validation"], options, say
        )
        network, before = stage
        network.to("cpu")
    finish(options, recipe, found, network, before, exams, device, begun.history)
