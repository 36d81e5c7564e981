"""A whole training run of a recipe with [waveforms]: two teachers, the network, its round in integers."""

import argparse
import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from silif_tools.arguments import check_input
from silif_tools.errors import ConversionError
from silif_tools.train import from_model, origin, session, stream, wave_recipe
from silif_tools.train import recipe as recipes
from silif_tools.train.evaluate import Examination
from silif_tools.train.fbank import BANDS
from silif_tools.train.loop import save
from silif_tools.train.material import Material
from silif_tools.train.network import Network
from silif_tools.train.stream_exam import StreamExamination
from silif_tools.train.waveform import embedding, pool, tape, teachers
from silif_tools.train.waveform.scenes import WaveScenes

MISSING = "--embedding FILE is missing: the wheel of openwakeword 0.5.1 (pip download --no-deps openwakeword==0.5.1)"
MOST_WORKERS = 14  # processes that plan
STORE_EVERY = 100  # steps of the round in integers, which takes seconds for each
SETTLED = 256  # sequences from which the statistics of a model file's normalisation are taken
SETTLING = 8  # batches from which the features' mean and deviation are taken


def statistics(scenes: WaveScenes, settings: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation [BANDS] of the features of sequences."""
    sizes = settings["batch"], settings["frames"]
    frames = torch.cat([scenes.sequences(*sizes).features.flatten(0, 1) for _ in range(SETTLING)])
    return frames.mean(0).cpu(), frames.std(0).cpu()


def scenes_of(recipe: dict) -> dict:
    """Of [scenes], what sequences know: of the last round on clips, if there are any."""
    scenes = recipes.rounds(recipe)[-1]["scenes"]
    return {k: scenes[k] for k in wave_recipe.SCENES}


def parts_of(recipe: dict, name: str) -> list:
    """What a teacher is trained from."""
    settings = {k: v for k, v in recipe["stream"].items() if k not in stream.OF_THE_NETWORK}
    parts = [recipe["words"], recipe["seed"], scenes_of(recipe), settings | recipe["waveforms"][name]]
    return [*parts, {k: recipe["waveforms"][k] for k in ("speed", "p_clip", "p_warp")}]


def teacher_path(recipe: dict, name: str, found: Material, output: Path) -> Path:
    """Where a teacher lies: its name tells what it was trained from, so that networks share it."""
    return output / f"waveform-{name}-{found.fingerprint(parts_of(recipe, name))}.pth"


def pool_path(recipe: dict, found: Material, output: Path) -> Path:
    """Where the pool lies, likewise."""
    parts = [parts_of(recipe, "teacher"), parts_of(recipe, "embedding"), recipe["waveforms"]["pool"]]
    return output / f"pool-{found.fingerprint(parts)}"


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
        mine = stream.for_teachers(settings) | own
        if name == "teacher":
            mean, std = statistics(scenes, mine)
            network.input_norm.fix(mean, std)

        def report(step: int, loss: float, speed: float, _: nn.Module, name=name, steps=own["steps"]) -> None:
            say(f"{name} step {step}/{steps} loss {loss:.4f} ({speed:.0f} sequences/s)")

        checkpoint = path.with_suffix(".checkpoint")
        network = teachers.train(network.to(scenes.mixer.device), scenes, mine, checkpoint, resume, report)
        save(network.state_dict(), path)
        both.append(network)
    return both


def stage(
    options: argparse.Namespace,
    recipe: dict,
    found: Material,
    kept: Material,
    begun: Network | Callable[[WaveScenes, dict], Network],
    exams: dict[str, Examination],
    weights: dict[str, torch.Tensor] | None,
    device: torch.device,
) -> tuple[Network, Network | None]:
    """Teachers, the network on sequences, the same in integers; returns the network and the float one before, None
    where the recipe has no round in integers. begun: what the rounds on clips left, or else a function that makes it
    from the scenes and the stage's settings. weights: of the speech embedding; None where the teacher that was trained
    on them lies in the output folder."""
    say, name = session.say, recipe["name"]
    settings = recipe["stream"] | {"teacher": {"weight": recipe["waveforms"]["guide_weight"]}}
    say("making the tape")
    workers = min(max(1, options.threads - 2), MOST_WORKERS)
    scenes = tape.scenes(found, recipe | {"scenes": scenes_of(recipe)}, device, options.seed, workers)
    exam = StreamExamination(
        recipe["words"], found.splits["validation"], kept.noise, kept.speech, copies=0 if options.quick else 1
    )
    both = trained_teachers(recipe, found, scenes, weights, options.output, options.resume, say)
    none = [scenes.words.unknown, scenes.words.silence]
    corrected = none if recipe["waveforms"].get("corrected_guides") else ()
    guides = teachers.guides(both, settings["score_scale"], corrected)
    report = stream.reporter(name, options.output, exams["validation"], exam, say)
    if "pool" in recipe["waveforms"] and device.type == "cpu":
        folder, size = pool_path(recipe, found, options.output), recipe["waveforms"]["pool"]
        pool.compose(scenes, both[0], guides, folder, size, recipe["seed"], options.threads, say)
        scenes, guides = pool.Pool(folder, settings, scenes.words, options.seed), None

    torch.manual_seed(options.seed)
    scenes.reseed(options.seed + 2)
    network = begun if isinstance(begun, Network) else begun(scenes, settings)
    checkpoint = options.output / f"{name}-stream.checkpoint"
    first = copy.deepcopy(network.to(device))
    resume, mine = options.resume, origin.of_stream(recipe, options, is_finish=False)
    network = stream.train(network, scenes, settings, checkpoint, resume, None, report, guides=guides, origin=mine)
    stream.keep_start(network, first, settings)
    network.round_weights(0)
    network.to("cpu")  # the engine's integers are the processor's
    if "finish" not in settings:
        scenes.close()
        return network, None
    for each in both:
        each.to("cpu")
    before, finish = copy.deepcopy(network), settings | settings["finish"] | {"store_every": STORE_EVERY}
    network.quantize(finish["weight_bits"])
    checkpoint = options.output / f"{name}-stream-finish.checkpoint"
    here = scenes.on(torch.device("cpu"))
    mine = origin.of_stream(recipe, options, is_finish=True)
    network = stream.train(network, here, finish, checkpoint, resume, None, report, guides=guides, origin=mine)
    here.close()
    return network, before


def from_nothing(recipe: dict, scenes: WaveScenes, settings: dict) -> Network:
    """The network of a recipe without rounds on clips."""
    network = session.untrained(recipe, BANDS, recipe["stream"]["dropout"])
    network.start(*(recipe["waveforms"][f"initial_{k}"] for k in ("norm_weight", "norm_bias", "dt")))
    mean, std = statistics(scenes, settings)
    network.input_norm.fix(mean, std)
    return network


def run(options: argparse.Namespace, recipe: dict) -> None:
    from_clips = "training" in recipe
    if options.quick:
        shorten(recipe)
    if options.start and not from_clips:
        raise ValueError("--start: a recipe with [waveforms] and without [training] begins from nothing; leave it out")
    device = session.device_of(options, recipe)
    # Before what takes long:
    start = session.started_from(options.start, recipe)
    check_input(options.embedding, "--embedding")
    weights = embedding.weights_of(options.embedding) if options.embedding else None
    if weights is None and not list(options.output.glob("waveform-embedding-*.pth")):
        raise ConversionError(MISSING)
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        raise ConversionError("--device cuda needs the package triton, which comes with PyTorch for CUDA")
    session.prepare(options)
    found, kept = session.material_of(options, recipe)
    path = teacher_path(recipe, "embedding", found, options.output)
    if weights is None and not path.exists():
        raise ConversionError(f"{MISSING}; or else {path}, which a run with it made")
    if "pool" in recipe["waveforms"] and device.type == "cpu":
        folder, settings = pool_path(recipe, found, options.output), recipe["stream"]
        pool.check_room(folder, recipe["waveforms"]["pool"], settings["frames"], len(recipe["words"]))
    exams = {k: Examination(found.splits[k], found.labels(k)) for k in ("validation", "test")}
    history = []

    def begun(scenes: WaveScenes, settings: dict) -> Network:
        if not options.start:
            return from_nothing(recipe, scenes, settings)
        network, said = session.started(options, start, recipe, statistics(scenes, settings))
        history.append(said)
        if start[0] and settings["frozen_from"]:
            from_model.measure_statistics(network, scenes.sequences(SETTLED, settings["frames"]).features.cpu())
        return network

    first = begun
    if from_clips and not options.start:
        first = session.rounds_on_clips(options, recipe, found, exams, start, device).network
    network, before = stage(options, recipe, found, kept, first, exams, weights, device)
    session.finish(options, recipe, found, network, before, exams, device, "".join(history))


def shorten(recipe: dict) -> None:
    """For a quick trial."""
    if "training" in recipe:
        session.shorten(recipe)
    settings, waves = recipe["stream"], recipe["waveforms"]
    for part in (settings, settings.get("finish", {"steps": 0}), waves["teacher"], waves["embedding"]):
        part["steps"], part["batch"] = max(2, part["steps"] // 1000), 4
    settings["report_every"], settings["recalibration_batches"] = settings["steps"], 2
    for key in ("synthetic_sentences", "synthetic_words", "synthetic_listed"):
        settings[key] = min(settings[key], 20)
    if "pool" in waves:
        waves["pool"] = min(waves["pool"], 10)
    settings["synthetic_commands"] = min(settings["synthetic_commands"], 1)
