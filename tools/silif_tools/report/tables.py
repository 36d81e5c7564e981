"""The page's tables: layers and memory, rounding of each tensor, clips that changed."""

import numpy as np

from ..export.convert import Conversion
from ..model_file.schema import padded
from ..model_file.tables import DelayKind, LayerTables
from .evidence import Rounding, percent
from .html import table
from .observe import Observation
from .plot_winners import margins

_MOST_CLIPS = 60


def kind_name(layer: LayerTables) -> str:
    return layer.kind.describe(layer.neuron)


def weight_bytes(layer: LayerTables) -> int:
    """As stored: rows padded to 16 neurons."""
    return layer.inputs * layer.kind.branches * padded(layer.outputs) * layer.weight_bits // 8


def state_bytes(layer: LayerTables) -> int:
    """States alone (docs/ARITHMETIC.md)."""
    # Of a pair the real and the imaginary part, 4 bytes each.
    return padded(layer.outputs) * (sum(state.bytes for state in layer.kind.states) + 8 * layer.pairs)


def layer_table(conversion: Conversion, observation: Observation) -> str:
    rows = []
    for index, layer in enumerate(conversion.model.layers):
        hidden = index < len(observation.layers)
        rate = observation.layers[index] if hidden else None
        delay = (
            "none"
            if layer.delay_kind == DelayKind.NONE
            else f"{layer.delay_kind.name.lower()}, ≤ {layer.maximum_delay}"
        )
        rows.append(
            [
                str(index),
                kind_name(layer),
                f"{layer.inputs:,} → {layer.outputs:,}",
                f"{layer.weight_bits} bit",
                f"{weight_bytes(layer):,}",
                f"{state_bytes(layer):,}",
                delay,
                f"{100 * rate.float_rate:.3f}" if hidden else "",
                f"{100 * rate.fixed_rate:.3f}" if hidden else "",
            ]
        )
    total = conversion.model.layers
    rows.append(
        ["all", "", "", "", f"{sum(map(weight_bytes, total)):,}", f"{sum(map(state_bytes, total)):,}", "", "", ""]
    )
    head = ["layer", "neurons", "size", "weights", "weights (bytes)", "states (bytes)", "delays (steps)"]
    return table([*head, "fires, float (%)", "fires, fixed (%)"], rows, 4)


def rounding_table(conversion: Conversion) -> str:
    rows = [
        [
            line.name,
            line.scale,
            "exact" if np.isposinf(line.signal_to_noise_db) else f"{line.signal_to_noise_db:.1f}",
            f"{line.saturated:,}",
        ]
        for line in conversion.report
    ]
    return table(["tensor", "scale", "signal to rounding noise (dB)", "clipped"], rows, 2)


def roundings_table(found: list[Rounding]) -> str:
    """Same winner as float and accuracy in several draws of the rounding errors, with fewer or more bits."""
    rows = []
    for each in found:
        accuracy = "" if each.accuracy is None else percent(each.accuracy, each.clips)
        scales = "as written" if each.coarser == 1 else f"{100 * (each.coarser - 1):.1f} % coarser"
        rows.append([f"{each.bits} bit", scales, percent(each.same_winner, each.clips), accuracy])
    text = (
        f"<p>The same {found[0].clips:,} clips with row scales a little coarser, which draws all rounding errors anew:"
        " between draws is chance, so differences within their spread say nothing. In brackets, where the share lies 19"
        " times of 20, were other clips taken.</p>"
    )
    return text + table(["weights", "row scales", "same winner as float", "accuracy"], rows, 2)


def changed_table(observation: Observation, words: list[str]) -> str:
    """Clips whose winner changes, the closest decisions first."""
    real, fixed, labels = observation.float_winners, observation.fixed_winners, observation.data.labels
    margin, margin_fixed = margins(observation.float_scores), margins(observation.fixed_scores)
    changed = np.flatnonzero(real != fixed)
    changed = changed[np.argsort(margin[changed], kind="stable")]
    rows = []
    for clip in changed[:_MOST_CLIPS]:
        label = [] if labels is None else [words[labels[clip]]]
        rows.append(
            [
                str(clip),
                *label,
                words[real[clip]],
                words[fixed[clip]],
                f"{margin[clip]:.4f}",
                f"{margin_fixed[clip]:.4f}",
            ]
        )
    if not rows:
        return ""
    head = [
        "clip",
        *([] if labels is None else ["label"]),
        "float hears",
        "fixed hears",
        "margin, float",
        "margin, fixed",
    ]
    more = f"<p>{len(changed) - _MOST_CLIPS} more are left out.</p>" if len(changed) > _MOST_CLIPS else ""
    return table(head, rows, len(head) - 2) + more
