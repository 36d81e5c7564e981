"""The authors' reference networks for engine and peers alike: the same folded numbers, the same frames."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..export.convert import convert
from ..export.self_test import add_self_test
from ..export.state_dict import load_state_dict
from ..model_file.tables import InputKind
from ..model_file.write import model_bytes
from ..report.plot_weights import row_scales

_CLIPS = 20


@dataclass
class Material:
    """model: for kws-bench; frames: [step, input] .npy for it; network: .npz for the peers, with the same frames."""

    model: Path
    frames: Path
    network: Path
    steps: int


def prepare(checkpoint: Path, clips: Path, folder: Path) -> Material:
    """Converts with int8 weights and picks clips evenly. Raises ConversionError or OSError."""
    counts = np.load(clips)["counts"]
    chosen = counts[np.arange(_CLIPS) * len(counts) // _CLIPS].reshape(-1, counts.shape[-1])
    state = load_state_dict(checkpoint)
    classes = len(np.load(clips)["words"])
    conversion = convert(
        state,
        [str(index) for index in range(classes)],
        input_kind=InputKind.COUNTS,
        step_us=4000,
        clip_frames=counts.shape[1],
    )
    add_self_test(conversion.model, chosen[:100].astype(np.int16))
    material = Material(
        folder / f"{checkpoint.stem}.silif", folder / "frames.npy", folder / f"{checkpoint.stem}.npz", len(chosen)
    )
    material.model.write_bytes(model_bytes(conversion.model))
    np.save(material.frames, chosen)
    arrays = {"frames": chosen, "kinds": np.array([layer.kind.slug for layer in conversion.model.layers])}
    for index, (tables, real) in enumerate(zip(conversion.model.layers, conversion.float_layers, strict=True)):
        values = {"weights": real.weights, "scale": row_scales(tables, 1.0), "bias": real.bias, **real.coefficients}
        if "adaptation_leak" in values:
            # In float32 the complement of a leak of 5e-9 would be 1.
            values["be"] = 1 - values["adaptation_leak"]
        arrays |= {f"{index}.{name}": value.astype(np.float32) for name, value in values.items()}
        arrays[f"{index}.integers"] = tables.weights.astype(np.int8)
    np.savez(material.network, **arrays)
    return material
