"""Makes the small random networks that the tests of the spotter and of the commands run.

Run from the repository's root: `cd tools && python ../Tests/Fixtures/make_fixtures.py`. Random weights hear
nothing sensible, but they raise events on loud sound, always the same ones, and that is what the tests need.
"""

from pathlib import Path

import numpy as np
from silif_tools.atomic import write_atomically
from silif_tools.export.self_test import add_self_test
from silif_tools.fixed_point import mantissa_and_shift
from silif_tools.integer.frontend import FrontEndSettings
from silif_tools.kinds import CSILIF, ENCODER, PSPIKE, READOUT, SILIF
from silif_tools.kinds.golden_case import Spec
from silif_tools.model_file.schema import STREAM_READ_BITS
from silif_tools.model_file.tables import (
    DelayKind,
    Detector,
    InputKind,
    LayerTables,
    ModelTables,
    Sampling,
    Source,
)
from silif_tools.model_file.write import model_bytes

FOLDER = Path(__file__).parent
FRACTION_BITS = 16


def layer(generator, kind, source, inputs, outputs, gain, delay_kind=DelayKind.NONE) -> LayerTables:
    """`gain`: the real weight of one integer step times one input unit."""
    weights = generator.integers(-100, 101, (inputs, outputs))
    if source == Source.DENSE:
        # Log-mel values lie far from zero: rows without a sum keep the currents around it.
        weights = np.clip(weights - np.rint(weights.mean(axis=0)).astype(np.int64), -127, 127)
    mantissa, shift = mantissa_and_shift(np.full(outputs, gain * 2.0 ** (FRACTION_BITS + 8)), 31)

    def q30(low, high):
        return np.rint(generator.uniform(low, high, outputs) * 2**30).astype(np.int64)

    decay = q30(0.8, 0.95)
    tables = LayerTables(
        kind=kind,
        source=source,
        weight_bits=8,
        state_fraction_bits=FRACTION_BITS,
        weights=weights,
        scale_mantissa=mantissa,
        scale_shift=shift,
        bias=np.zeros(outputs, np.int64),
        neuron={"decay": decay},
    )
    if kind is ENCODER:
        tables.neuron = {}
    if kind is PSPIKE:
        tables.pairs = 4
        spec = Spec(kind, outputs, 8, fraction_bits=FRACTION_BITS, pairs=tables.pairs)
        tables.neuron = kind.quantize(kind.random(generator, spec), FRACTION_BITS)
    if kind is SILIF:
        tables.neuron |= {
            "input_gain": 2**30 - decay,
            "adaptation_leak_mantissa": q30(0.02, 0.1),
            "adaptation_leak_shift": np.zeros(outputs, np.int64),
            "subthreshold_coupling": q30(0, 0.5),
            "spike_coupling": np.rint(generator.uniform(0, 0.3, outputs) * 2**FRACTION_BITS).astype(np.int64),
        }
    if kind is CSILIF:
        tables.neuron = {"decay_imaginary": q30(0.1, 0.4), "decay": q30(0.6, 0.85)}
    if delay_kind == DelayKind.AXONAL:
        tables.delay_kind, tables.delays = delay_kind, generator.integers(0, 8, inputs)
    return tables


def detector(words, unknown, silence) -> Detector:
    is_keyword = np.array([index not in (unknown, silence) for index in range(len(words))])
    count = len(words)
    return Detector(10, 20, 25, np.full(count, 0.4), np.full(count, 0.3), is_keyword)


def audio_model() -> ModelTables:
    generator = np.random.default_rng(7)
    return heard(
        generator,
        [
            layer(generator, SILIF, Source.DENSE, 40, 16, 3.0 / (60 * 6 * 2000)),
            layer(generator, CSILIF, Source.SPIKES, 16, 16, 1.5 / 100, DelayKind.AXONAL),
            layer(generator, READOUT, Source.SPIKES, 16, 5, 8.0 / 100),
        ],
    )


def sampling_model() -> ModelTables:
    generator = np.random.default_rng(9)
    return heard(
        generator,
        [
            layer(generator, ENCODER, Source.DENSE, 40, 16, 0.9 / (60 * 6 * 2000)),
            layer(generator, PSPIKE, Source.STREAM, 16, 16, 1.5 / 100),
            layer(generator, PSPIKE, Source.STREAM, 16, 16, 1.5 / 100),
            layer(
                generator,
                READOUT,
                Source.STREAM,
                16,
                5,
                8.0 / 100 / 2**STREAM_READ_BITS,
            ),
        ],
        Sampling(seed=42),
    )


def heard(generator, layers, sampling=None) -> ModelTables:
    """A model that hears sound."""
    words = ["yes", "no", "stop", "unknown", "silence"]
    model = ModelTables(
        input_kind=InputKind.LOG_MEL,
        input_fraction_bits=10,
        input_limit=16384,
        step_us=10_000,
        clip_frames=98,
        layers=layers,
        sampling=sampling,
        words=words,
        unknown_index=3,
        silence_index=4,
        detector=detector(words, 3, 4),
        front_end=FrontEndSettings().to_section(),
        provenance={
            "made_by": "Tests/Fixtures/make_fixtures.py",
            "trained_on": "nothing: random weights",
        },
    )
    samples = np.clip(generator.normal(0, 3000, 2000), -32768, 32767).astype(np.int16)
    add_self_test(model, samples, FrontEndSettings())
    return model


def counts_model() -> ModelTables:
    generator = np.random.default_rng(8)
    words = ["left", "right", "other"]
    model = ModelTables(
        input_kind=InputKind.COUNTS,
        input_fraction_bits=0,
        input_limit=255,
        step_us=4_000,
        clip_frames=0,
        layers=[
            layer(generator, SILIF, Source.DENSE, 8, 16, 1.0 / 100),
            layer(generator, READOUT, Source.SPIKES, 16, 3, 6.0 / 100),
        ],
        words=words,
        unknown_index=None,
        silence_index=None,
        detector=detector(words, None, None),
        provenance={"made_by": "Tests/Fixtures/make_fixtures.py"},
    )
    add_self_test(model, generator.integers(0, 4, (20, 8)).astype(np.int16))
    return model


def main() -> None:
    for name, model in (
        ("audio", audio_model()),
        ("counts", counts_model()),
        ("sampling", sampling_model()),
    ):
        write_atomically(FOLDER / f"{name}.silif", model_bytes(model))


if __name__ == "__main__":
    main()
