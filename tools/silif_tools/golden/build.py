"""One case -> one model file, with its self-test run by the integer reference."""

import numpy as np

from .. import __version__
from ..integer.digest import trace_digest
from ..integer.network import Trace, run_model
from ..kinds.golden_case import Case
from ..model_file.bounds import largest_input
from ..model_file.tables import Detector, InputKind, ModelTables, Source
from ..model_file.write import model_bytes
from .layers import make_layer


def _frames(rng: np.random.Generator, case: Case) -> np.ndarray:
    """Random frames over the whole of int16, with some silence and both extremes."""
    frames = rng.integers(-32768, 32768, size=(case.steps, case.inputs)).astype(np.int16)
    frames[rng.random(frames.shape) < 0.2] = 0
    frames[1], frames[2] = -32768, 32767
    return frames


def _tables(case: Case) -> ModelTables:
    rng = np.random.default_rng(case.seed)
    layers, inputs, source = [], case.inputs, Source.DENSE
    for spec in case.layers:
        limit = largest_input(source, spec.kind.is_block, case.input_limit)
        layers.append(make_layer(rng, spec, source, inputs, limit))
        inputs, source = spec.outputs, spec.kind.output
    classes = case.layers[-1].outputs
    words = ["zéro", *(f"word{index}" for index in range(1, classes))]
    detector = Detector(8, 5, 10, np.full(classes, 0.5), np.full(classes, 0.25), np.arange(classes) != 1)
    return ModelTables(
        input_kind=InputKind.COUNTS,
        input_fraction_bits=0,
        input_limit=case.input_limit,
        step_us=10_000,
        clip_frames=case.steps,
        layers=layers,
        words=words,
        unknown_index=1 if classes > 1 else None,
        silence_index=None,
        detector=detector,
        sampling=case.sampling,
        scores=case.scores,
        self_test_input=_frames(rng, case),
        self_test_steps=case.steps,
    )


def _check_case(case: Case, trace: Trace, rates: list[float]) -> None:
    low, high = case.rates
    if any(not low <= rate <= high for rate in rates):
        raise ValueError(f"{case.name}: firing rates {rates} outside {low}...{high}")
    if case.saturates is not None and (trace.saturations > 0) != case.saturates:
        raise ValueError(f"{case.name}: {trace.saturations} saturations")
    if case.crowd and trace.spikes[0].sum(axis=-1).max() < case.crowd:
        raise ValueError(f"{case.name}: never {case.crowd} spikes in one step")


def build(case: Case, numpy_version: str = np.__version__) -> tuple[bytes, ModelTables, Trace]:
    """The file's bytes, its tables and what the reference did with its self-test."""
    model = _tables(case)
    trace = run_model(model, model.self_test_input[None])
    layers = zip(model.layers, trace.spikes, strict=False)
    rates = [round(float(spikes.mean()), 3) for layer, spikes in layers if layer.kind.fires or layer.kind.is_block]
    _check_case(case, trace, rates)
    model.self_test_digest = trace_digest(trace)
    model.provenance = {
        "generator": f"python -m silif_tools.golden, silif-tools {__version__}",
        "case": case.name,
        "seed": str(case.seed),
        "numpy": numpy_version,
        "firing_rates": " ".join(map(str, rates)) or "none",
        "saturations": str(trace.saturations),
        "synaptic_operations": str(int(trace.synaptic_operations[0])),
    }
    return model_bytes(model), model, trace
