"""silif-export: a trained state dict becomes a model file, with a report of what rounding did."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from .. import __version__
from ..arguments import check_apart, check_input, check_output, within
from ..atomic import write_atomically
from ..errors import CommandParser, ConversionError, complain, visible
from ..export.clips import load_input, load_list
from ..export.compare import compare
from ..export.convert import Conversion, convert_layers
from ..export.delays import KINDS
from ..export.description import (
    LONGEST_STEP_MS,
    WORDS_WANTED,
    carried_over,
    description_path,
    front_end,
    is_word,
    read_description,
)
from ..export.nir_library import LIBRARIES
from ..export.read_network import read_network, step_of
from ..export.remark import Remark
from ..export.remarks import idle_remarks
from ..export.self_test import add_self_test, liveliest
from ..integer.frontend import CLIP_FRAMES, FrontEndSettings
from ..kinds import HIDDEN_KINDS
from ..kinds.cuba import RESETS
from ..kinds.silif import STORED_RANGES
from ..model_file.bounds import MAXIMUM_CLIP_STEPS
from ..model_file.tables import InputKind
from ..model_file.write import model_bytes, provenance_section
from ..report.data import evaluation_data, load_frames, stored_steps, stored_words
from ..report.evidence import Evidence, load_reference, reference_lines
from ..report.observe import EvaluationData
from ..report.origin import Origin
from ..report.write import check_report_path, write_report
from ..sound import load_pcm

_step_ms = within(0.001, LONGEST_STEP_MS)
_count = within(1, kind=int)


def _page(text: str) -> Path | None:
    return None if text == "no" else Path(text)


def _default_bits() -> str:
    """The kinds' own: the common one, then those that differ."""
    common = Counter(kind.fraction_bits for kind in HIDDEN_KINDS).most_common(1)[0][0]
    others = [f"{kind.title} {kind.fraction_bits}" for kind in HIDDEN_KINDS if kind.fraction_bits != common]
    return ", ".join([str(common), *others])


def _arguments(argv):
    parser = CommandParser(
        prog="silif-export",
        description="Fold, quantize and write a trained SiLIF or C-SiLIF network as a .silif model file.",
        epilog="example: silif-export runs/kws12-silif.pth --output kws12-silif.silif"
        " --calibrate ../shared/data/gsc/train_list.txt --evaluate ../shared/data/gsc/test_list.txt",
    )
    parser.add_argument(
        "checkpoint",
        type=Path,
        help="state dict (.pth, .safetensors; NAME.json beside it describes it, if present) or graph (.nir)",
    )
    parser.add_argument("--output", "-o", type=Path, required=True, help="the model file to write")
    parser.add_argument(
        "--words",
        help="comma-separated classes in the readout's order (default: from NAME.json, else `words` of the --frames,"
        " else numbers)",
    )
    parser.add_argument("--neuron", choices=tuple(STORED_RANGES), help="for layers that fit both (default cadlif)")
    parser.add_argument(
        "--norm-epsilon",
        type=within(1e-12, 1),
        metavar="E",
        help="what batch normalization adds to variances (default 1e-5)",
    )
    parser.add_argument(
        "--key",
        help="where in the checkpoint the network is, as in ema or run.model (default: where it is found)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse where something is assumed or does not fit, instead of saying so"
    )
    parser.add_argument(
        "--lif-tau", type=within(1), metavar="STEPS", help="time constant of LIF layers without tensors of their own"
    )
    parser.add_argument(
        "--no-decay-input",
        action="store_true",
        help="LIFNode and ParametricLIFNode of spikingjelly were made with decay_input=False",
    )
    parser.add_argument(
        "--spike-threshold",
        type=within(-1e6, 1e6),
        metavar="Y",
        help="above which S4D layers named as in the S4 code base spike; their files do not say it",
    )
    parser.add_argument(
        "--delay-kernel", type=_count, metavar="K", help="taps of learned delays (default: from NAME.json, else 31)"
    )
    parser.add_argument("--delays", choices=tuple(KINDS), help="kind of learned delays, where all layers are square")
    parser.add_argument(
        "--discretization",
        choices=("exact", "euler"),
        help="of the neurons of a graph (default: as the library that wrote it steps, else exact)",
    )
    parser.add_argument(
        "--scores",
        choices=("spikes", "potentials"),
        help="what a last layer that fires is read by (default spikes: their count)",
    )
    parser.add_argument(
        "--library",
        choices=(*LIBRARIES, "nir"),
        help="which wrote a graph (default: told from the graph); nir: none, take its numbers as NIR defines them",
    )
    parser.add_argument(
        "--graph-dt",
        type=_step_ms,
        metavar="MS",
        help="the step that a graph's time constants mean (default: the library's, else --step-ms)",
    )
    parser.add_argument(
        "--reset",
        choices=tuple(RESETS),
        help="how a graph's neurons reset, if not as its library's do (docs/CONVERT.md)",
    )
    parser.add_argument(
        "--step-ms",
        type=_step_ms,
        help="duration of one step (default: from NAME.json, of a front end its hop, else 4)",
    )
    parser.add_argument(
        "--clip-steps",
        type=within(1, MAXIMUM_CLIP_STEPS, int),
        help="steps in one clip (default: 1 s of audio, or 300)",
    )
    parser.add_argument(
        "--bits", type=int, choices=(4, 8, 16), help="bits of a weight (default: those it was trained with, else 8)"
    )
    parser.add_argument(
        "--fraction-bits",
        type=int,
        choices=range(8, 25),
        metavar="F",
        help=f"fractional bits of the states, 8 to 24: each one more halves their range (default {_default_bits()})",
    )
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="LIST",
        help="list of training clips, beside their folders; or precomputed training input (.npy, [clip, step, input])",
    )
    parser.add_argument(
        "--calibration-clips", type=_count, default=256, metavar="N", help="clips of it to use (default 256)"
    )
    parser.add_argument(
        "--evaluate", type=Path, metavar="LIST", action="append", default=[], help="list to compare float and fixed on"
    )
    parser.add_argument(
        "--frames",
        type=Path,
        metavar="X",
        help="precomputed input to compare float and fixed on: .npy [clip, step,"
        " input], or .npz with `counts` and `label`",
    )
    parser.add_argument(
        "--reference-scores",
        type=Path,
        metavar="Z",
        help="scores of the framework that trained the network on --frames: .npy [clip, class], or .npz with `scores`",
    )
    parser.add_argument("--labels", type=Path, metavar="Y", help="the labels of --frames (.npy)")
    parser.add_argument(
        "--report",
        type=_page,
        metavar="HTML",
        help="page with plots to write, from the last --evaluate or --frames; no: none (the default)",
    )
    parser.add_argument(
        "--self-test", type=Path, metavar="WAV", help="recording for the self-test (default: generated frames)"
    )
    parser.add_argument("--version", action="version", version=f"silif-export {__version__}")
    return parser.parse_args(argv)


def _refuse_assumptions(is_strict: bool, remarks: list[Remark]) -> None:
    assumed = [remark.text for remark in remarks if not remark.is_harmless]
    if is_strict and assumed:
        raise ConversionError(f"--strict: {'; '.join(assumed)}")


def _generated_frames(steps: int, inputs: int) -> np.ndarray:
    """A self-test input for models without a recording: sparse counts from a fixed seed."""
    return np.random.default_rng(1).poisson(0.3, (min(steps, 100), inputs)).astype(np.int16)


def _inputs(arguments) -> list[Path]:
    """All files that are read, as far as they are known."""
    asked = (
        arguments.frames,
        arguments.labels,
        arguments.reference_scores,
        arguments.calibrate,
        arguments.self_test,
        *arguments.evaluate,
    )
    return [arguments.checkpoint, description_path(arguments.checkpoint), *(path for path in asked if path)]


def _check_files(arguments) -> None:
    """What is read is there, what is written can be. Nothing that is read may be overwritten, a training run's only
    checkpoint least of all."""
    check_apart(arguments.output, "--output", _inputs(arguments))
    for option in ("calibrate", "frames", "labels", "reference_scores", "self_test"):
        check_input(getattr(arguments, option), f"--{option.replace('_', '-')}")
    for each in arguments.evaluate:
        check_input(each, "--evaluate")
    check_output(arguments.output, "--output")
    check_output(arguments.report, "--report")


def _said_words(arguments, description: dict, classes: int) -> tuple[str, list[str]]:
    """(what says them, the words)"""
    if arguments.words:
        return "--words", [word.strip() for word in arguments.words.split(",")]
    if description.get("words"):
        return f"{description_path(arguments.checkpoint)}: words", description["words"]
    stored = stored_words(arguments.frames) if arguments.frames and "words" not in description else None
    if stored and len(stored) == classes:
        return f"{arguments.frames}: words", stored
    return "", [str(index) for index in range(classes)]


def _words(arguments, description: dict, classes: int) -> list[str]:
    source, words = _said_words(arguments, description, classes)
    if len(words) != classes:
        raise ConversionError(f"{source}: {len(words)} words for a readout of {classes} classes; name each class once")
    for index, word in enumerate(words):
        if not is_word(word):
            raise ConversionError(f"{source}: the word {word!r} must have {WORDS_WANTED}")
        if word in words[:index]:
            raise ConversionError(f"{source}: the word {word!r} stands for two classes; name each once")
    return words


def _check_bands(arguments, settings: FrontEndSettings | None, inputs: int) -> None:
    if settings is not None and settings.band_count != inputs:
        path = description_path(arguments.checkpoint)
        raise ConversionError(f"{path}: front_end: bands must be {inputs}, as many as the network takes inputs")


def _clip_steps_of(arguments, is_sound: bool) -> int:
    """As many as the clips of --frames have, else a second of sound, or 300."""
    if arguments.frames and not is_sound and (steps := stored_steps(arguments.frames)):
        return min(steps, MAXIMUM_CLIP_STEPS)
    return CLIP_FRAMES if is_sound else 300


def _with(make, bits: int, coarser: float = 1.0) -> Conversion:
    """make: `convert_layers`, but for these."""
    return make(weight_bits=bits, coarser=coarser)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors about a checkpoint name it, where they name no option."""
    try:
        yield
    except ValueError as error:
        said = str(error)
        if said.startswith("--") or str(path) in said:
            raise
        raise ConversionError(f"{path}: {said}") from error


def export(arguments, command: list[str]) -> list[str]:
    """Does the work; returns the report's lines. Raises ConversionError."""
    if arguments.reference_scores and not arguments.frames:
        raise ConversionError("--reference-scores: give the --frames whose scores they are")
    if arguments.labels and not arguments.frames:
        raise ConversionError("--labels: give the --frames that they belong to")
    _check_files(arguments)
    if arguments.report:
        check_report_path(arguments.report, [arguments.output, *_inputs(arguments)])
    description = read_description(arguments.checkpoint)
    settings = front_end(description)
    if arguments.evaluate and settings is None:
        raise ConversionError("--evaluate: a network without a front end takes precomputed input, with --frames")
    with _naming(arguments.checkpoint):
        network = read_network(arguments, description)
    folded, remarks = network.layers, network.remarks
    _check_bands(arguments, settings, folded[0].weights.shape[0])
    classes = folded[-1].weights.shape[1]
    words = _words(arguments, description, classes)
    clip_steps = arguments.clip_steps or _clip_steps_of(arguments, settings is not None)
    step_ms = step_of(arguments, description)
    calibration = None
    if arguments.calibrate and arguments.calibrate.suffix in (".npy", ".npz"):
        calibration = load_input(arguments.calibrate, folded[0].weights.shape[0], arguments.calibration_clips)
    elif arguments.calibrate:
        if settings is None:
            raise ConversionError("--calibrate: a network without a front end takes precomputed input (.npy)")
        calibration, _ = load_list(
            arguments.calibrate, arguments.calibrate.parent, words, clip_steps, settings, arguments.calibration_clips
        )
    provenance = {
        "name": description.get("name", arguments.output.stem),
        "checkpoint": arguments.checkpoint.name,
        "exporter": f"silif-tools {__version__}",
        **carried_over(description),
    }
    # Before the work, not after it.
    provenance_section(provenance)
    make = partial(
        convert_layers,
        folded,
        words,
        input_kind=InputKind.LOG_MEL if settings else InputKind.COUNTS,
        step_us=round(step_ms * 1000),
        clip_frames=clip_steps,
        front_end=settings,
        known=network.known,
        scores=network.scores,
        calibration=calibration,
        hidden_fraction_bits=arguments.fraction_bits,
        provenance=provenance,
    )
    with _naming(arguments.checkpoint):
        conversion = _with(make, network.bits)
    model = conversion.model
    if arguments.self_test and settings is None:
        raise ConversionError("--self-test takes a recording, but this network has no front end")
    if arguments.self_test:
        self_test = liveliest(load_pcm(arguments.self_test, settings.sample_rate_hz))
    elif settings:
        self_test = np.random.default_rng(1).integers(-8000, 8000, 4000).astype(np.int16)
    else:
        self_test = _generated_frames(clip_steps, model.layers[0].inputs)
    frames = add_self_test(model, self_test, settings)
    lines = [
        f"{line.name:34} scale {line.scale:28} SNR {line.signal_to_noise_db:6.1f} dB  saturated {line.saturated}"
        for line in conversion.report
    ]
    evaluations = []
    for list_file in arguments.evaluate:
        clips = load_list(list_file, list_file.parent, words, clip_steps, settings)
        evaluations.append(EvaluationData(*clips, str(list_file)))
    if arguments.frames:
        evaluations.append(load_frames(arguments.frames, arguments.labels, model))
        remarks += evaluations[-1].remarks
    reference = None
    if arguments.reference_scores:
        reference = load_reference(arguments.reference_scores, len(evaluations[-1].frames), classes)
    if not evaluations and calibration is not None:
        clips = evaluation_data(calibration, None, model, arguments.calibrate, "the calibration clips")
        evaluations.append(clips)
        remarks += clips.remarks
    elif not evaluations:
        what = "the self-test recording" if arguments.self_test else "generated noise, the self-test's input"
        evaluations.append(EvaluationData(frames, None, what, is_real=False))
    lines += [remark.line() for remark in remarks]
    _refuse_assumptions(arguments.strict, remarks)
    for evaluation in evaluations:
        lines.append(f"on {evaluation.source}:")
        compared = compare(conversion, evaluation.frames, evaluation.labels, evaluation.real)
        lines += ["  " + line for line in compared.lines()]
        idle = idle_remarks(folded, compared.float_rates, evaluation.source) if evaluation.is_real else []
        lines += ["  " + remark.line() for remark in idle]
        remarks += idle
        if reference is not None and evaluation is evaluations[-1]:
            winners = compared.float_winners, compared.fixed_winners
            lines += ["  " + line for line in reference_lines(reference, *winners, evaluation.labels)]
    data = model_bytes(model)
    write_atomically(arguments.output, data)
    lines.append(f"{arguments.output}: {len(data)} bytes")
    if arguments.report:
        origin = Origin(arguments.checkpoint, arguments.output, data, command)
        # Integers of training are what they are.
        is_free = all(layer.weight_scale is None for layer in folded)
        evidence = Evidence(remarks, reference, partial(_with, make) if is_free else None)
        size = write_report(arguments.report, conversion, evaluations[-1], origin, evidence)
        lines.append(f"{arguments.report}: {size} bytes")
    return lines


def main(argv=None) -> int:
    try:
        arguments = _arguments(argv)
        command = ["silif-export", *(sys.argv[1:] if argv is None else argv)]
        print("\n".join(visible(line) for line in export(arguments, command)))
    except (ConversionError, OSError, ValueError, MemoryError, RecursionError) as error:
        return complain("silif-export", error)
    except KeyboardInterrupt:
        print("\nsilif-export: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
