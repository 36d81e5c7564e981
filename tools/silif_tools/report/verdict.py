"""The top of the page: does fixed point decide as float does, in numbers."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ..export.convert import Conversion
from .evidence import LEAST_AGREEMENT, interval, reference_lines
from .html import escape
from .observe import Observation


@dataclass
class Verdict:
    """Shares are 0...1; accuracies, lost and won are None without labels."""

    clips: int
    same_winner: float
    float_accuracy: float | None = None
    fixed_accuracy: float | None = None
    # Clips that float had right and fixed point has wrong, and the other way round.
    lost: int | None = None
    won: int | None = None

    @property
    def p_value(self) -> float:
        """Exact McNemar test: how often chance alone would split lost and won at least so unevenly."""
        changed = self.lost + self.won
        return float(binomtest(self.lost, changed).pvalue) if changed else 1.0


def judge(observation: Observation) -> Verdict:
    real, fixed, labels = observation.float_winners, observation.fixed_winners, observation.data.labels
    verdict = Verdict(len(real), float(np.mean(real == fixed)))
    if labels is not None:
        verdict.float_accuracy, verdict.fixed_accuracy = float(np.mean(real == labels)), float(np.mean(fixed == labels))
        verdict.lost = int(((real == labels) & (fixed != labels)).sum())
        verdict.won = int(((real != labels) & (fixed == labels)).sum())
    return verdict


def _sentence(verdict: Verdict, observation: Observation) -> str:
    clips = f"{verdict.clips:,} clip{'s' if verdict.clips != 1 else ''}"
    if not observation.data.is_real:
        return (
            f"Not evaluated: this page was made from {observation.data.source}. It shows ranges, rates and"
            " rounding, but nothing about what the network recognizes. Give clips, and labels if there are any."
        )
    text = f"Fixed point decides as float does on {100 * verdict.same_winner:.1f} % of {clips}"
    if verdict.float_accuracy is None:
        return text + ". There are no labels, so there is no accuracy."
    change = 100 * (verdict.fixed_accuracy - verdict.float_accuracy)
    return (
        f"{text}; accuracy {100 * verdict.float_accuracy:.1f} % in float, {100 * verdict.fixed_accuracy:.1f} % in fixed"
        f" point ({change:+.1f} points)."
    )


def trained_as_integers(conversion: Conversion) -> bool:
    """Whether the checkpoint's weights were on the integers' grid already: then rounding changes next to nothing."""
    weights = [line for line in conversion.report if line.name.endswith(".weights")]
    return bool(weights) and all(line.signal_to_noise_db > 100 for line in weights)


def _explanation(verdict: Verdict) -> str:
    if verdict.lost is None:
        return ""
    if verdict.lost + verdict.won == 0:
        return "<p>No clip changes between right and wrong.</p>"
    return (
        f"<p>{verdict.lost} clips that float has right are lost, {verdict.won} that it has wrong are won. Chance alone"
        f" would split them at least so unevenly with probability {verdict.p_value:.2g} (exact McNemar test).</p>"
    )


def _original(observation: Observation, reference: np.ndarray | None) -> tuple[str, bool]:
    """(what the page says of the framework that trained the network, whether float is not that network)"""
    if reference is None:
        if not observation.data.is_real:
            return "", False
        return (
            "<p>Float is this file as it was read here. Whether that is the network that was trained, only its"
            " framework's own scores on these clips can tell: <code>--reference-scores</code>.</p>",
            False,
        )
    winners = reference.argmax(axis=1)
    lines = reference_lines(reference, observation.float_winners, observation.fixed_winners, observation.data.labels)
    share = float(np.mean(winners == observation.float_winners))
    differs = share < LEAST_AGREEMENT
    text = "".join(f"<p>{escape(line[0].upper() + line[1:])}.</p>" for line in lines)
    if differs:
        text += (
            "<p><b>Float is not the network that was trained</b>: rounding is not in it yet, and it decides otherwise."
            " Look at what was assumed.</p>"
        )
    return text, differs


def verdict_html(observation: Observation, conversion: Conversion, reference: np.ndarray | None = None) -> str:
    verdict = judge(observation)
    figures = []
    if observation.data.is_real:
        low, high = interval(verdict.same_winner, verdict.clips)
        spread = f"same winner ({100 * low:.1f} to {100 * high:.1f} %)"
        figures.append((f"{100 * verdict.same_winner:.2f} %", spread))
        if verdict.float_accuracy is not None:
            figures.append((f"{100 * verdict.float_accuracy:.2f} %", "accuracy, float"))
            figures.append((f"{100 * verdict.fixed_accuracy:.2f} %", "accuracy, fixed point"))
    figures += [
        (f"{observation.saturations:,}", "saturated sums"),
        (f"{observation.spikes_per_clip:,.0f}", "spikes per clip"),
        (f"{observation.synaptic_operations_per_clip / 1e6:,.2f} M", "synaptic operations per clip"),
    ]
    cells = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for value, name in figures)
    original, differs = _original(observation, reference)
    is_fine = observation.data.is_real and observation.saturations == 0 and not differs
    warning = "" if is_fine else " warning"
    training = (
        "<p>The checkpoint was trained with rounded weights: float means these, with states in float64.</p>"
        if trained_as_integers(conversion)
        else ""
    )
    model = conversion.model
    return f"""<div class="box{warning}"><p>{escape(_sentence(verdict, observation))}</p>
{_explanation(verdict)}{original}{training}<div class="figures">{cells}</div>
<p>Self-test: {model.self_test_steps} steps, digest <code>{model.self_test_digest:016x}</code>.
<code>kws-model verify</code> computes it again on any machine.</p></div>"""
