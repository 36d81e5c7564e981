"""A network that was trained in the engine's integers leaves the exporter as it was trained, bit for bit."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")

from test_train_quantize import DELAY, STEPS, WORDS, frames, quantized

from silif_tools.export.convert import convert
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.kinds.choices import described
from silif_tools.model_file.tables import InputKind
from silif_tools.train import quantize

CASES = [*((kind, bits, None) for kind in ("silif", "csilif") for bits in (4, 8))]
CASES += [("silif", 4, "axonal"), ("silif", 8, "dendritic"), ("csilif", 8, "synaptic")]


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize(("kind", "bits", "delay"), CASES)
def test_the_model_file_holds_the_tables_of_the_training(kind, bits, delay, calibrated):
    net = quantized(kind, bits, delay)
    state = {key: value.double().numpy() for key, value in net.result().items()}
    made = convert(
        state,
        WORDS,
        input_kind=InputKind.LOG_MEL,
        step_us=10_000,
        clip_frames=STEPS,
        weight_bits=bits,
        front_end=FrontEndSettings(),
        calibration=frames() if calibrated else None,
        choices=described({"delay": DELAY | {"kind": delay} if delay else None}),
    )
    assert not any("weights" in line.name and line.saturated for line in made.report)
    for trained, exported in zip(quantize.tables(net), made.model.layers, strict=True):
        for field in dataclasses.fields(trained):
            expected, found = getattr(trained, field.name), getattr(exported, field.name)
            np.testing.assert_equal(found, expected, field.name)
