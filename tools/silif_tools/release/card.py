"""The card beside a shipped model: every figure in it was measured by the command that wrote it."""

from dataclasses import dataclass
from pathlib import Path

from ..atomic import write_atomically
from ..export.compare import Comparison
from ..kinds import kind_named

_RECIPES = Path(__file__).parent.parent / "recipes"
_PURPOSE = {
    "kws12": "For clips and streams: the best of all here at both. What every command takes where no model is named.",
    "kws12-csilif": "For clips and streams, with C-SiLIF neurons: less memory than `kws12` takes, and fewer false alarms and words heard.",
    "kws12-s4d": "For clips: the same task with binary S4D and gated linear mixing (Stan & Rhodes, arXiv 2401.00955).",
    "kws12-pspike": "For clips: the same task with P-SpikeSSM, whose neurons fire at random (Bal & Sengupta, arXiv 2406.02923)."
    " Accuracies are those of the seed in the model; docs/SCORING.md has `--seeds`.",
    "kws12-small": "For streams and clips on the smallest boards: weights of 4 bits, at most 48,000 bytes of flash.",
    "kws12-stream": "For streams, in less memory than `kws12` takes. Own words start from it (`silif-words`, `silif-enroll`).",
}


@dataclass
class Measured:
    """What `silif-release` measured."""

    name: str
    description: dict
    options: str  # of `make models`, beside MODEL
    bytes: int
    info: dict
    bench: dict
    compared: dict[str, Comparison]
    scored: dict[str, dict]
    streams: dict[str, dict]  # by what was over the words, such as "10 dB"
    without_words: dict
    tuned: str  # what the detector was tuned on
    quantization: list[str]
    weight_bits: int
    trained_as_integers: bool
    trained_rounded: bool  # with rounded weights in float
    float_before: bool  # the float network of `compared` is the one before the last round of training


def _support(alarms: int, hours: float) -> str:
    """How far the rate of false alarms is supported by the hours heard."""
    if alarms == 0:
        return f"none in {hours:.2f} h: below {3 / hours:.1f} per hour at 95 % confidence"
    return f"{alarms} in {hours:.2f} h"


def cost(info: dict, bench: dict) -> list[str]:
    """What it takes to run: memory by the functions that reserve it, time by the clock on the exporting machine."""
    memory, stages = info["memory"], bench["stages"]
    return [
        "## Cost",
        "",
        f"{memory['flash_bytes']:,} bytes of flash or mapped file, {memory['ram_bytes']:,} bytes of RAM (`kws-model info`). On the machine"
        f" that wrote this card, one x86-64 core, medians of `kws-bench --input models/demo.flac`: {stages['whole']['median_us']:.1f} µs per"
        f" 10 ms of audio, of which front end {stages['front_end']['median_us']:.1f} and network {stages['network']['median_us']:.1f};"
        f" {stages['worst_network_step']['median_us']:.1f} for a network step in which every neuron fires."
        f" {bench['spikes_per_s']:,.0f} spikes and {bench['synaptic_operations_per_s'] / 1e6:.2f} million synaptic operations per second.",
        "",
    ]


def _stream_rows(measured: Measured) -> list[str]:
    rows = []
    for over, result in measured.streams.items():
        total = result["hits"] + result["misses"]
        latency = result["latency_ms"] or {"median": float("nan"), "p95": float("nan")}
        rows.append(
            f"| {over} | {100 * result['hits'] / total:.1f} % of {total} | {100 * result['wrong_words'] / total:.1f} %"
            f" | {_support(result['false_alarms'], result['audio_h'])}"
            f" | {latency['median']:.0f} ms, {latency['p95']:.0f} ms |"
        )
    return rows


def _clip_rows(measured: Measured) -> list[str]:
    """Accuracy on the lists, and what integers did to it on both together."""
    rows = [
        f"| list | clips | float | int{measured.weight_bits}, `kws-score` | right in float alone / in integers alone"
        " | same winner | spikes per clip | synaptic operations per clip |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for label, scored in measured.scored.items():
        compared = measured.compared[label]
        rows.append(
            f"| {label} | {scored['labelled']} | {100 * compared.float_accuracy:.2f} % | {100 * scored['accuracy']:.2f} %"
            f" | {compared.float_alone_right} / {compared.fixed_alone_right}"
            f" | {100 * compared.same_winner:.2f} % | {scored['spikes_per_clip']:,.0f}"
            f" | {scored['synaptic_operations_per_clip']:,.0f} |"
        )
    both = sum(list(measured.compared.values())[1:], start=next(iter(measured.compared.values())))
    which = (
        "the network before its last round of training, which was in integers"
        if measured.float_before
        else "the folded network"
    )
    return [
        *rows,
        "",
        f"Float is {which}, in float64 on the same integer log-mel frames. Of all {both.clips} clips, float has"
        f" {100 * both.float_accuracy:.2f} % right and integers {100 * both.fixed_accuracy:.2f} %"
        f" (McNemar's exact test: p = {both.p_value:.2g}).",
        *_clip_rule(measured.info.get("clip_rule")),
    ]


def _clip_rule(rule: dict | None) -> list[str]:
    """By what clips are scored, where that is not the mean; nothing where it is. rule: as `kws-model info` tells it."""
    if rule is None:
        return []
    parts = [
        " and ".join(part for part in (f"{level:.2f}" * (level > 0), f"{weight:.2f} of its own" * (weight > 0)) if part)
        for level, weight in ((rule["levels"][word], rule["weights"][word]) for word in rule["weights"])
    ]
    others = [
        f"{word} counts {part}" for word, part in zip(rule["weights"], parts, strict=True) if part != "1.00 of its own"
    ]
    return [
        "",
        f"Clips are scored by the best window of each word, {rule['window_frames']} frames,"
        f" with {rule['tail_frames']} frames of zeros after the clip"
        + "".join(f"; {each}" for each in others)
        + ": chosen on the validation list, so that its figure is a little too good (docs/SCORING.md).",
    ]


def _rounding(measured: Measured) -> str:
    if measured.trained_as_integers:
        return f"Weights: trained as integers of {measured.weight_bits} bits, written as they are (docs/TRAINING.md)."
    if measured.trained_rounded:
        return f"Weights: trained as rounded to {measured.weight_bits} bits, states in float; rounded likewise (docs/TRAINING.md)."
    clips = measured.info.get("provenance", {}).get("calibration clips", "some")
    return f"Rounding: error-aware, calibrated on {clips} training clips, the best of 256, 512 and 1024 on the validation list."


def _paragraph(text: str) -> list[str]:
    return [text.rstrip(), ""] if text else []


def _notes(recipe_name: str) -> str:
    """What lies beside a recipe as NAME.notes.md: what was tried before its numbers were settled."""
    path = _RECIPES / f"{recipe_name}.notes.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def card(measured: Measured) -> str:
    description, name = measured.description, measured.name
    recipe = description.get("recipe", {})
    recipe_name = recipe.get("name", name) if isinstance(recipe, dict) else name
    lines = [
        f"# {name}",
        "",
        _PURPOSE.get(name, ""),
        "",
        f"{kind_named(description['kind']).title},"
        f" {description['inputs']}-{'-'.join(map(str, description['hidden']))}-{len(description['words'])},"
        f" {measured.weight_bits}-bit weights, one scale per row; {measured.bytes:,} bytes. One step every {description['step_ms']} ms.",
        "",
        f"Classes: {' '.join(description['words'])}.",
        "",
        "## Accuracy on clips",
        "",
        *_clip_rows(measured),
        "",
        "These lists are a re-split by speaker"
        " of part of Speech Commands: the figures cannot stand beside published ones, and the network must never be scored"
        " on the official test set, which its training clips come from. They are not part of the repository; `silif-data`"
        " makes lists of the same shape from the archive (docs/TRAINING.md), on which `kws-score --list` gives other figures.",
        "",
        "## On streams",
        "",
        "Measured with `kws-score --stream` and the model's own detector settings: words of the test list at random times in"
        " noise, with other speech in half of the gaps.",
        "",
        "| words over noise | hits | wrong words | false alarms | latency median, 95th percentile |",
        "|---|---|---|---|---|",
        *_stream_rows(measured),
        "",
        "Speech and noise without commands, the test lists of both: false alarms "
        f"{_support(measured.without_words['false_alarms'], measured.without_words['audio_h'])}.",
        "",
        "The streams, from lists of any recordings: `silif-make-stream --words gsc/test_list.txt --noise noise/test_list.txt --speech"
        " speech/test_list.txt --snr 30 --seed 1`, and so on; without commands `silif-make-stream --concatenate"
        " speech/test_list.txt noise/test_list.txt`.",
        "",
        "Along the curve, the threshold of all words changes; large, with 95 % intervals, are the model's own thresholds. Each point is measured on the same"
        " hours and words as the tables.",
        "",
        f"![hits against false alarms]({name}-curve.png)",
        "",
        *cost(measured.info, measured.bench),
        "## How it was made",
        "",
        f"`make models MODEL={name}{measured.options}`: recipe `tools/silif_tools/recipes/{recipe_name}.toml`, seed"
        f" {description.get('seed', 'in the recipe')}, torch {description.get('torch', 'unknown')}; {measured.tuned}.",
        "",
        _rounding(measured),
        "",
        *_paragraph(description.get("history", "")),
        f"Data and credit: {'; '.join(description['credits'])}. The weights are under the project's licence (MIT) with those"
        " credits.",
        "",
        *_paragraph(_notes(recipe_name)),
        "## Quantization",
        "",
        "```",
        *measured.quantization,
        "```",
        "",
        "## Limits",
        "",
        "Trained on a few hundred recordings of each command by some hundred speakers of English, one second each. Children and"
        " accents that the set lacks are untested, real rooms too. It must not decide anything that matters.",
    ]
    return "\n".join(lines) + "\n"


def write_card(measured: Measured, path: Path) -> None:
    write_atomically(path, card(measured))
