"""Puts the page together: one self-contained HTML file."""

from importlib.resources import files

from ..export.convert import Conversion
from ..model_file.tables import InputKind
from .evidence import Evidence, other_roundings
from .html import escape, figure, table
from .observe import EvaluationData, Observation, observe
from .origin import Origin, command_line, sha256, tool_version
from .plot_delays import plot_delays
from .plot_eigenvalues import plot_eigenvalues
from .plot_raster import plot_raster
from .plot_rates import plot_rates
from .plot_states import plot_states
from .plot_weights import plot_weights
from .plot_winners import plot_confusion, plot_margins
from .tables import changed_table, kind_name, layer_table, rounding_table, roundings_table
from .verdict import verdict_html


def _sizes(conversion: Conversion) -> str:
    layers = conversion.model.layers
    return "-".join(str(size) for size in [layers[0].inputs, *(layer.outputs for layer in layers)])


def _facts(conversion: Conversion, data: EvaluationData, origin: Origin) -> str:
    model = conversion.model
    kinds = dict.fromkeys(kind_name(layer) for layer in model.layers[:-1])
    bits = sorted({layer.weight_bits for layer in model.layers})
    entry = "log-mel frames" if model.input_kind == InputKind.LOG_MEL else "counts"
    step_ms = model.step_us / 1000
    facts = [
        ("Network", f"{_sizes(conversion)}, {', '.join(kinds)}; weights of {' and '.join(map(str, bits))} bits"),
        (
            "Input",
            f"{entry}, a step every {step_ms:g} ms, {model.clip_frames} steps a clip",
        ),
        ("Words", ", ".join(model.words)),
        ("Evaluated on", f"{len(data.frames):,} clip(s): {data.source}"),
        ("Checkpoint", origin.checkpoint.name),
        ("its SHA-256", sha256(origin.checkpoint.read_bytes())),
        ("Model file", f"{origin.output.name}, {len(origin.model_bytes):,} bytes"),
        ("its SHA-256", sha256(origin.model_bytes)),
        ("Made by", tool_version()),
    ]
    rows = "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    if origin.command:
        rows += f"\n<tr><th>Command</th><td><code>{escape(command_line(origin.command))}</code></td></tr>"
    return f'<div class="scroll"><table>{rows}</table></div>'


def _sections(conversion: Conversion, observation: Observation) -> list[tuple[str, str, str]]:
    """(anchor, title, HTML)"""
    model, data = conversion.model, observation.data
    step_ms = model.step_us / 1000
    sections = []
    if data.is_real:
        against = "Labels against winners" if data.labels is not None else "Winners"
        sections.append(
            (
                "winners",
                "Decisions",
                figure(plot_margins(observation))
                + changed_table(observation, model.words)
                + f"<h3>{against}</h3>"
                + figure(plot_confusion(observation, model.words)),
            )
        )
    rates = "".join(
        figure(plot_rates(layer, index, len(data.frames), step_ms)) for index, layer in enumerate(observation.layers)
    )
    states = "".join(
        figure(plot_states(layer, pairs, index))
        for index, (layer, pairs) in enumerate(zip(model.layers, observation.states, strict=True))
    )
    weights = "".join(figure(plot_weights(conversion, index)) for index in range(len(model.layers)))
    sections += [
        ("layers", "Layers and memory", layer_table(conversion, observation)),
        ("rates", "Firing rates", rates),
        ("raster", "Spikes, float over fixed", figure(plot_raster(observation, step_ms))),
        ("neurons", "Neurons in the unit circle", figure(plot_eigenvalues(conversion))),
        ("states", "States against their format", states),
        ("weights", "Weights against their format", weights),
    ]
    delays = plot_delays(model.layers, step_ms)
    if delays:
        sections.append(("delays", "Delays", figure(delays)))
    sections.append(("rounding", "Rounding, tensor by tensor", rounding_table(conversion)))
    return sections


def _remarks(evidence: Evidence) -> list[tuple[str, str, str]]:
    """What was assumed, as a section."""
    if not evidence.remarks:
        return []
    order = ("assumed", "changed", "suspect", "note")
    sorted_remarks = sorted(evidence.remarks, key=lambda remark: order.index(remark.label))
    rows = [[remark.label, remark.text] for remark in sorted_remarks]
    return [("assumed", "What was assumed", table(["", "of the network, or of the frames"], rows, numeric_from=2))]


def _roundings(conversion: Conversion, observation: Observation, evidence: Evidence) -> list[tuple[str, str, str]]:
    """Other draws of the rounding errors and other bits, as a section."""
    if evidence.convert is None or not observation.data.is_real:
        return []
    bits = conversion.model.layers[0].weight_bits
    found = other_roundings(evidence, bits, observation.data, observation.float_winners)
    return [("roundings", "Other roundings", roundings_table(found))]


def report_page(conversion: Conversion, data: EvaluationData, origin: Origin, evidence: Evidence) -> str:
    """The HTML text. Runs both networks over all clips of `data`."""
    observation = observe(conversion, data)
    sections = _remarks(evidence) + _sections(conversion, observation) + _roundings(conversion, observation, evidence)
    name = conversion.model.provenance.get("name", origin.output.stem)
    body = "\n".join(f'<h2 id="{anchor}">{escape(title)}</h2>\n{html}' for anchor, title, html in sections)
    links = "".join(f'<a href="#{anchor}">{escape(title)}</a>' for anchor, title, _ in sections)
    style = files(__package__).joinpath("page.css").read_text()
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}: conversion report</title>
<style>
{style}</style>
</head>
<body>
<h1>{escape(name)}: conversion report</h1>
<p class="lead">What became of a trained network when it was put into integers.
<span class="key-float">Float</span>: the folded network in float64.
<span class="key-fixed">Fixed</span>: the integer reference, which the engine equals bit for bit.
Both start from zero state.</p>
{verdict_html(observation, conversion, evidence.reference)}
{_facts(conversion, data, origin)}
<nav>{links}</nav>
{body}
</body>
</html>
"""
