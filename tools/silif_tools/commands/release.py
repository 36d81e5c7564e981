"""silif-release: train, export, tune, measure and describe one of the models that ship."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import LARGEST_SEED, within
from ..atomic import write_atomically
from ..built_commands import Commands
from ..errors import CommandParser, ConversionError, complain
from ..export import clip_rule
from ..export.clips import load_list
from ..export.compare import Comparison, compare
from ..export.convert import Conversion, convert
from ..export.description import carried_over
from ..export.fold import fold
from ..export.self_test import add_self_test, liveliest
from ..export.state_dict import load_state_dict
from ..integer.clip_scores import heard_frames
from ..integer.frontend import CLIP_FRAMES, FRONT_END
from ..kinds import read_model
from ..kinds.choices import described
from ..model_file.tables import Detector, InputKind
from ..model_file.write import model_bytes
from ..plot.curve import curve, draw
from ..release.card import Measured, write_card
from ..release.streams import StreamSet, stream_set
from ..sound import load_pcm
from ..streams.score import read_truth
from ..streams.tune import Stream, score_stream, tune
from ..studies import development_streams, measure_streams
from ..train.hold_out import SHARE, is_held_out
from ..train.stream_recipe import rounded_bits
from . import calibrate

_RECIPES = Path(__file__).parent.parent / "recipes"
_SEED = 1  # of the streams
ALARMS_PER_HOUR = 5
# What kws-listen takes where no model is named (Sources/CommandSupport/Models/ModelLocation.swift): it hears the demo.
LISTENER = "kws12"
# Rounding is a draw: of these numbers of calibration clips the one that does best on the validation list is taken.
_CALIBRATION_CLIPS = (256, 512, 1024)
# Half a second; less in the smallest files, of which it would be a quarter.
_SELF_TEST_SAMPLES = {4: 3200, 8: 8000, 16: 8000}


def _train(name: str, data: Path, work: Path, extra: list[str]) -> Path:
    command = [sys.executable, "-m", "silif_tools.commands.train", str(_RECIPES / f"{name}.toml")]
    done = subprocess.run([*command, "--data", str(data), "--output", str(work), *extra])
    if done.returncode:
        raise ConversionError(f"training {name} ended with {done.returncode}; what it said stands above")
    return work / f"{name}.pth"


def _trace(commands: Commands, model: Path, sound: Path, work: Path) -> Stream:
    probabilities = commands.probabilities_q15(model, sound, work / "trace" / sound.stem)
    return Stream(sound.stem, probabilities, read_truth(sound.with_suffix(".csv")))


def _traces(commands: Commands, model: Path, streams: StreamSet, work: Path) -> tuple[dict[int, Stream], Stream]:
    with_words = {snr: _trace(commands, model, sound, work) for snr, sound in streams.with_words.items()}
    return with_words, _trace(commands, model, streams.without, work)


def hears_the_demo(demo: Stream, detector: Detector, words: list[str]) -> bool:
    """Whether all of its words are heard, and nothing else."""
    found = score_stream(demo, detector, words)
    return not (found.misses or found.wrong_words or found.false_alarms)


def _held_out(description: dict) -> Callable[[str], bool] | None:
    """Which recordings of the training lists a network for streams was not trained on; None where it had all."""
    share = description.get("recipe", {}).get("stream", {}).get("held_out")
    if not share:
        return None
    return lambda name: is_held_out(name, share)


def _tuned_on_development_streams(
    commands: Commands,
    draft: Path,
    base: Detector,
    words: list[str],
    data: Path,
    folder: Path,
    share: float,
    rate: float,
    demo: Stream | None = None,
) -> tuple[Detector, str]:
    """The setting with the most hits at so many false alarms an hour over all streams; and that in words.

    demo: what the setting has to hear besides; None where it need not.
    """
    for path, *_ in development_streams.write(development_streams.streams(data, _SEED, share), folder):
        print(path)
    streams = measure_streams.traces(commands, draft, sorted(folder.glob("*.wav")))
    points = measure_streams.curves(streams, words, base)
    found = measure_streams.best(points, rate, measure_streams.LATENCY_MS)
    if found is None:
        raise ValueError(f"{folder}: no setting raises as few as {rate:g} false alarms an hour; see --alarms-per-hour")
    if demo:
        hearing = [p for p in points if hears_the_demo(demo, measure_streams.detector_of(p, base), words)]
        found = measure_streams.best(hearing, rate, measure_streams.LATENCY_MS)
        if found is None:
            raise ValueError(
                f"no setting with as few as {rate:g} false alarms an hour hears the words of {demo.name}, as the"
                " network that kws-listen takes by default has to; see --alarms-per-hour"
            )
    hours = sum(stream.audio_h for stream in streams)
    told = (
        f"detector tuned on {hours:.1f} h of development streams (`python -m silif_tools.studies.development_streams`):"
        f" the fewest misses, {100 * (1 - found.words.hit_rate):.1f} %, at no more than {rate:g} false alarms an hour"
        " over all of them"
    )
    if found.least_share:
        told += f"; a word with {found.least_share:g} of all commands' probability is scored by all of it"
    if demo:
        told += "; only settings that hear the demo were chosen from"
    return measure_streams.detector_of(found, base), told


def _calibration_sounds(
    data: Path, folder: Path, share: float | None, kept: Callable[[str], bool] | None
) -> list[Path]:
    """Development streams; where there is no material for them, those of the validation list."""
    if (data / "rir").is_dir():
        development = folder / "development"
        makers = development_streams.streams(data, _SEED, share or SHARE)
        list(development_streams.write(makers, development))
        return sorted(development.glob("*.wav"))
    validation = stream_set(data, "validation", "train", folder, kept)
    return [*validation.with_words.values(), validation.without]


def _chosen(detector: Detector, settings: dict) -> Detector:
    """The detector that a checkpoint's description asks for."""
    frames = {key: int(settings[key]) for key in ("window_frames", "warm_up_frames", "refractory_frames")}
    levels = {key: np.full(np.shape(detector.threshold), float(settings[key])) for key in ("threshold", "rearm")}
    return replace(detector, **frames, **levels)


def release(arguments) -> None:
    data, work, rate = arguments.data, arguments.work, arguments.alarms_per_hour
    work.mkdir(parents=True, exist_ok=True)
    extra = ["--speech-commands", str(arguments.speech_commands)] if arguments.speech_commands else []
    for option in ("seed", "device", "embedding"):
        value = getattr(arguments, option)
        extra += [f"--{option}", str(value)] if value is not None else []
    checkpoint = arguments.checkpoint or _train(arguments.name, data, work, extra)
    description = json.loads(checkpoint.with_suffix(".json").read_text())
    words, settings = description["words"], FRONT_END
    gsc = data / "gsc"
    validation_clips = load_list(gsc / "validation_list.txt", gsc, words, CLIP_FRAMES, settings)
    provenance = {
        "name": arguments.name,
        "exporter": f"silif-tools {__version__}",
        **carried_over(description),
        "licence": "MIT",
    }

    state, bits = load_state_dict(checkpoint), description.get("weight_bits") or 8
    trained_so = any(key.endswith(".W.scale") for key in state)
    # Trained with the rounding that the exporter chooses by itself: another one is not what it learned to bear.
    trained_rounded = rounded_bits(description.get("recipe", {})) is not None
    trained = trained_so or trained_rounded

    def converted(clips: int) -> tuple[Conversion, Comparison]:
        conversion = convert(
            state,
            words,
            input_kind=InputKind.LOG_MEL,
            step_us=round(description["step_ms"] * 1000),
            clip_frames=CLIP_FRAMES,
            weight_bits=bits,
            front_end=settings,
            choices=described(description),
            calibration=None
            if trained_rounded
            else load_list(gsc / "train_list.txt", gsc, words, CLIP_FRAMES, settings, clips)[0],
            provenance=provenance
            | ({"weights": f"trained with {bits} bits"} if trained else {"calibration clips": str(clips)}),
        )
        return conversion, compare(conversion, *validation_clips)

    # Weights that were trained as integers are written as they are: calibration changes nothing.
    draws = _CALIBRATION_CLIPS[:1] if trained else _CALIBRATION_CLIPS
    conversion, _ = max(map(converted, draws), key=lambda pair: (pair[1].fixed_accuracy, pair[1].same_winner))
    model = conversion.model
    recording = arguments.models / "demo.flac"
    pcm = load_pcm(recording, settings.sample_rate_hz)
    add_self_test(model, liveliest(pcm, _SELF_TEST_SAMPLES[bits]), settings)
    output = arguments.models / f"{arguments.name}.silif"
    draft = work / f"{arguments.name}.draft.silif"
    write_atomically(draft, model_bytes(model))

    commands = Commands(arguments.build)
    demo = _trace(commands, draft, recording, work) if arguments.name == LISTENER else None
    held_out = description.get("recipe", {}).get("stream", {}).get("held_out")
    if "detector" in description:
        # The stream stage chose it on its own validation streams, more of them than here (docs/STREAMS.md).
        model.detector, told = _chosen(model.detector, description["detector"]), "detector chosen with the network"
    elif held_out and (data / "rir").is_dir():
        model.detector, told = _tuned_on_development_streams(
            commands, draft, model.detector, words, data, work / "streams" / "development", held_out, rate, demo
        )
    else:
        validation = stream_set(data, "validation", "train", work / "streams", _held_out(description))
        with_words, without = _traces(commands, draft, validation, work)
        model.detector, _ = tune(
            [*(with_words[snr] for snr in (20, 10)), without],
            words,
            model.detector,
            alarms_per_hour=rate,
        )
        told = (
            "detector tuned on streams made of the validation list and the training lists of noise and speech: the most"
            f" hits at no more than {rate:g} alarms an hour"
        )
    if demo and not hears_the_demo(demo, model.detector, words):
        raise ValueError(
            f"{recording}: {arguments.name} does not hear its words, and nothing else, at its own setting, as the"
            " network that kws-listen takes by default has to"
        )
    if held_out:
        # Trained to say a word when it is over, and nothing else: not by the mean over a clip.
        model.clip_rule = clip_rule.fitted(model, *clip_rule.heard(model, gsc / "validation_list.txt"))
    write_atomically(output, model_bytes(model))
    try:
        sounds = _calibration_sounds(data, work / "streams", held_out, _held_out(description))
        calibrate.write(commands, output, gsc / "validation_list.txt", sounds)
    except calibrate.TooFew as error:
        print(error)  # The model has no probabilities then, and is whole all the same.
    _write_digests(arguments.models)
    read_model(output)

    # The float network is the one before it was trained on in integers, where there was such a round.
    as_float = checkpoint.with_name(f"{checkpoint.stem}-float.pth")
    against = (
        replace(conversion, float_layers=fold(load_state_dict(as_float), described(description)))
        if as_float.exists()
        else conversion
    )
    compared, scored = {}, {}
    for label in ("validation", "test"):
        frames, labels = load_list(gsc / f"{label}_list.txt", gsc, words, heard_frames(model), settings)
        compared[label] = compare(against, frames, labels)
        scored[label] = commands.score_list(output, gsc / f"{label}_list.txt")
    test = stream_set(data, "test", "test", work / "streams")
    with_words, without = _traces(commands, output, test, work)
    curves = {f"{snr} dB": curve(stream, without, model.detector, words) for snr, stream in with_words.items()}
    draw(curves, arguments.models / f"{arguments.name}-curve.png", arguments.name, "words over noise")
    heard = {f"{snr} dB": sound for snr, sound in test.with_words.items()}
    without_words = test.without
    if (data / "rir").is_dir():
        folder = work / "streams" / "test"
        list(development_streams.write(development_streams.test_streams(data, _SEED, held_out or SHARE), folder))
        heard[f"{development_streams.FAR_SNR_DB} dB, from afar"] = folder / "words-far.wav"
        without_words = folder / "none.wav"  # the extra list of speech too
    measured = Measured(
        name=arguments.name,
        description=description,
        options=_options(description, rate),
        bytes=output.stat().st_size,
        info=commands.info(output),
        bench=commands.bench(output, recording),
        compared=compared,
        scored=scored,
        streams={over: commands.score_stream(output, sound) for over, sound in heard.items()},
        without_words=commands.score_stream(output, without_words),
        tuned=told,
        quantization=[
            f"{line.name:32} scale {line.scale:26} SNR {line.signal_to_noise_db:6.1f} dB  saturated {line.saturated}"
            for line in conversion.report
        ]
        + [line for label in compared for line in [f"{label}:", *compared[label].lines()]],
        weight_bits=bits,
        trained_as_integers=trained_so,
        trained_rounded=trained_rounded,
        float_before=as_float.exists(),
    )
    write_card(measured, arguments.models / f"{arguments.name}.md")
    print((arguments.models / f"{arguments.name}.md").read_text())


def _options(description: dict, rate: float) -> str:
    """What `make models` was told beside MODEL, or has to be told to do the same."""
    seed = description.get("seed")
    another = seed is not None and seed != description.get("recipe", {}).get("seed", seed)
    return (
        (" DEVICE=cuda" if description.get("device", "cpu") != "cpu" else "")
        + (" EMBEDDING=openwakeword-0.5.1-py3-none-any.whl" if "waveforms" in description.get("recipe", {}) else "")
        + (f" SEED={seed}" if another else "")
        + (f" ALARMS={rate:g}" if rate != ALARMS_PER_HOUR else "")
    )


def _write_digests(folder: Path) -> None:
    """SHA256SUMS of the models that ship, as sha256sum reads and writes it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.glob("*.silif"))
    ]
    write_atomically(folder / "SHA256SUMS", "".join(lines))


def main(argv=None) -> int:
    parser = CommandParser(prog="silif-release", description=__doc__)
    parser.add_argument("name", help="kws12-small, for example: a recipe of that name")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("../shared/data"),
        help="what silif-data makes",
    )
    parser.add_argument(
        "--speech-commands", type=Path, metavar="PATH", help="the full Speech Commands archive, to train on"
    )
    parser.add_argument(
        "--seed", type=within(0, LARGEST_SEED, int), metavar="N", help="of the training, not the recipe's"
    )
    parser.add_argument("--device", help="cuda: train on a GPU")
    parser.add_argument("--embedding", type=Path, metavar="FILE", help="for recipes with [waveforms]: see silif-train")
    parser.add_argument("--checkpoint", type=Path, help="a trained state dict with its .json: skips the training")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="where kws-score and kws-model are")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="checkpoints, streams and traces")
    parser.add_argument(
        "--alarms-per-hour",
        type=within(0),
        default=ALARMS_PER_HOUR,
        help="what the detector may raise on validation streams; on development streams for a network with a stream"
        " stage (default %(default)s)",
    )
    parser.add_argument("--version", action="version", version=f"silif-release {__version__}")
    arguments = parser.parse_args(argv)
    for option in ("seed", "device", "embedding"):
        if getattr(arguments, option) is not None and arguments.checkpoint:
            parser.error(f"--{option} is of the training, which --checkpoint skips: leave one of them out")
    if not arguments.checkpoint and not (_RECIPES / f"{arguments.name}.toml").is_file():
        have = ", ".join(sorted(path.stem for path in _RECIPES.glob("*.toml")))
        parser.error(f"no recipe {arguments.name}; one of: {have}")
    try:
        release(arguments)
    except (ConversionError, OSError, RuntimeError, ValueError) as error:
        return complain("silif-release", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
