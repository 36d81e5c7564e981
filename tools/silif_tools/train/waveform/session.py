"""A whole training run of a recipe with [waveforms]: two teachers, the network, its round in integers."""

import argparse
import copy
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from silif_tools.errors import ConversionError
from silif_tools.train import material, session, stream
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS
from silif_tools.train.loop import save
from silif_tools.train.material import Material
from silif_tools.train.stream_exam import StreamExamination
from silif_tools.train.waveform import embedding, tape, teachers
from silif_tools.train.waveform.scenes import WaveScenes

MISSING = "--embedding FILE is missing: the wheel of openwakeword 0.5.1 (pip download --no-deps openwakeword==0.5.1)"
MOST_WORKERS = 14  # processes that plan
STORE_EVERY = 100  # steps of the round in integers, which takes seconds for each
SETTLING = 8  # batches from which the features' mean and deviation are taken


def statistics(scenes: WaveScenes, settings: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation [BANDS] of the features of sequences."""
    sizes = settings["batch"], settings["frames"]
    frames = torch.cat([scenes.sequences(*sizes).features.flatten(0, 1) for _ in range(SETTLING)])
    return frames.mean(0).cpu(), frames.std(0).cpu()


def teacher_path(recipe: dict, name: str, found: Material, output: Path) -> Path:
    """Where a teacher lies: its name tells what it was trained from, so that networks share it."""
    settings = {k: v for k, v in recipe["stream"].items() if k not in stream.OF_THE_NETWORK}
    parts = [*(recipe[k] for k in ("words", "seed", "scenes")), settings, recipe["waveforms"][name]]
    waves = {k: recipe["waveforms"][k] for k in ("speed", "p_clip", "p_warp")}
    return output / f"waveform-{name}-{found.fingerprint([*parts, waves])}.pth"


def trained_teachers(
    recipe: dict,
    found: Material,
    scenes: WaveScenes,
    weights: dict[str, torch.Tensor] | None,
    output: Path,
    resume: bool,
    say: Callable[[str], None],
) -> list[nn.Module]:
    """Both, trained or loaded from the output folder. weights: of the speech embedding."""
    settings, classes, both = recipe["stream"], len(recipe["words"]), []
    for name in ("teacher", "embedding"):
        own, path = recipe["waveforms"][name], teacher_path(recipe, name, found, output)
        if name == "teacher":
            network = teachers.MelTeacher(BANDS, classes, own["size"], own["dropout"])
        else:
            network = teachers.EmbeddingTeacher(classes, own["size"], own["dropout"])
        if path.exists():
            network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
            say(f"{name} {path}")
            both.append(network.to(scenes.mixer.device))
            continue
        if name == "embedding":
            network.trunk.load_state_dict(weights)
        torch.manual_seed(recipe["seed"])
        scenes.reseed(recipe["seed"] + 3)
        mine = settings | own
        if name == "teacher":
            mean, std = statistics(scenes, mine)
            network.input_norm.mean.copy_(mean)
            network.input_norm.std.copy_(std)

        def report(step: int, loss: float, speed: float, _: nn.Module, name=name, steps=own["steps"]) -> None:
            say(f"{name} step {step}/{steps} loss {loss:.4f} ({speed:.0f} sequences/s)")

        checkpoint = path.with_suffix(".checkpoint")
        network = teachers.train(network.to(scenes.mixer.device), scenes, mine, checkpoint, resume, report)
        save(network.state_dict(), path)
        both.append(network)
    return both


def run(options: argparse.Namespace, recipe: dict) -> None:
    if options.quick:
        shorten(recipe)
    if options.start:
        raise ValueError("--start: a recipe with [waveforms] begins from nothing; leave it out")
    device = session.device_of(options, recipe)
    # Before what takes long:
    weights = embedding.weights_of(options.embedding) if options.embedding else None
    if weights is None and not list(options.output.glob("waveform-embedding-*.pth")):
        raise ConversionError(MISSING)
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        raise ConversionError("--device cuda needs the package triton, which comes with PyTorch for CUDA")
    session.keep_memory()
    began = time.monotonic()
    torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    folders = session.unpacked(options.speech_commands) if options.speech_commands else options.folders
    found = material.load(options.data, recipe["words"], folders)
    session.require_words(found, recipe)
    found, kept = stream.held_out(found, recipe)
    if weights is None and not teacher_path(recipe, "embedding", found, options.output).exists():
        raise ConversionError(MISSING)
    say, name = session.say, recipe["name"]
    settings = recipe["stream"] | {"teacher": {"weight": recipe["waveforms"]["guide_weight"]}}
    say(f"clips: {', '.join(f'{k} {len(v)}' for k, v in found.splits.items())}; making the tape")
    scenes = tape.scenes(found, recipe, device, options.seed, min(max(1, options.threads - 2), MOST_WORKERS))
    exams = {k: Examination(found.splits[k], found.labels(k)) for k in ("validation", "test")}
    exam = StreamExamination(
        recipe["words"], found.splits["validation"], kept.noise, kept.speech, copies=0 if options.quick else 1
    )
    both = trained_teachers(recipe, found, scenes, weights, options.output, options.resume, say)
    guides = teachers.guides(both, settings["score_scale"])
    report = stream.reporter(name, options.output, exams["validation"], exam, say)

    torch.manual_seed(options.seed)
    scenes.reseed(options.seed + 2)
    network = session.untrained(recipe, BANDS, settings["dropout"])
    network.start(*(recipe["waveforms"][f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = statistics(scenes, settings)
    network.input_norm.mean.copy_(mean)
    network.input_norm.std.copy_(std)
    checkpoint = options.output / f"{name}-stream.checkpoint"
    network = stream.train(
        network.to(device), scenes, settings, checkpoint, options.resume, None, report, guides=guides
    )
    network.to("cpu")  # the engine's integers are the processor's
    for each in both:
        each.to("cpu")
    before, finish = copy.deepcopy(network), settings | settings["finish"] | {"store_every": STORE_EVERY}
    network.quantize(finish["weight_bits"])
    checkpoint = options.output / f"{name}-stream-finish.checkpoint"
    here = scenes.on(torch.device("cpu"))
    network = stream.train(network, here, finish, checkpoint, options.resume, None, report, guides=guides)
    here.close()
    session.finish(options, recipe, found, network, before, exams, time.monotonic() - began, device)


def shorten(recipe: dict) -> None:
    """For a quick trial."""
    settings, waves = recipe["stream"], recipe["waveforms"]
    for part in (settings, settings["finish"], waves["teacher"], waves["embedding"]):
        part["steps"], part["batch"] = max(2, part["steps"] // 1000), 4
    settings["report_every"], settings["recalibration_batches"] = settings["steps"], 2
    for key in ("synthetic_sentences", "synthetic_words", "synthetic_listed"):
        settings[key] = min(settings[key], 20)
    settings["synthetic_commands"] = min(settings["synthetic_commands"], 1)
