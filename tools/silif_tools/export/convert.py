"""State dict -> ModelTables: fold, calibrate, quantize."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import ConversionError
from ..fixed_point import STATE_BITS
from ..integer.frontend import FrontEndSettings
from ..kinds.choices import Choices
from ..kinds.connection import FloatLayer
from ..model_file.bounds import READOUT_FRACTION_BITS, largest_input
from ..model_file.schema import STREAM_READ_BITS, Source
from ..model_file.tables import Detector, InputKind, ModelTables, Scores
from .fold import fold
from .input_statistics import InputStatistics, measured_statistics, recovered_statistics
from .quantize import TensorReport, quantize_layer


@dataclass
class Conversion:
    model: ModelTables
    float_layers: list[FloatLayer]
    report: list[TensorReport] = field(default_factory=list)

    @property
    def input_unit(self) -> float:
        return 2.0**-self.model.input_fraction_bits


def default_detector(words: list[str]) -> Detector:
    """Half a second's mean above 0.6, re-armed below 0.3: a beginning, to be tuned on validation streams."""
    keyword = np.array([not (word.startswith("_") and word.endswith("_")) for word in words])
    count = len(words)
    return Detector(50, 60, 75, np.full(count, 0.6), np.full(count, 0.3), keyword)


def convert(state: dict[str, np.ndarray], words: list[str], *, choices: Choices | None = None, **options) -> Conversion:
    """Quantize the network of a state dict. options: those of `convert_layers`."""
    layers = fold(state, choices)
    known = None if options.get("calibration") is not None else recovered_statistics(state, layers)
    return convert_layers(layers, words, known=known, **options)


def convert_layers(
    layers: list[FloatLayer],
    words: list[str],
    *,
    input_kind: InputKind,
    step_us: int,
    clip_frames: int,
    weight_bits: int = 8,
    front_end: FrontEndSettings | None = None,
    known: list[InputStatistics] | None = None,
    calibration: np.ndarray | None = None,
    detector: Detector | None = None,
    provenance: dict[str, str] | None = None,
    hidden_fraction_bits: int | None = None,
    coarser: float = 1.0,
    scores: Scores = Scores.POTENTIALS,
) -> Conversion:
    """Quantize a network.

    known: what training left of the statistics of each layer's inputs; without it they are taken to be alike.
    calibration: input frames [clip, step, input] in input integers, which tell it better: the mean of each input of
    each layer, and with which others it goes. A few hundred clips of training data do.
    coarser: factor on the scales of all rows, for other draws of the rounding errors.
    scores: how the classes are read off the last layer.
    hidden_fraction_bits: of the hidden layers' states, 8...24; each bit more halves their range. None: by kind.
    """
    if len(layers) < 2:
        raise ConversionError("a readout alone is no spiking network; 1 to 15 hidden layers run here")
    if len(words) != layers[-1].weights.shape[1]:
        raise ConversionError(f"{len(words)} words for a readout of {layers[-1].weights.shape[1]} classes")
    if front_end is not None and front_end.band_count != layers[0].weights.shape[0]:
        raise ConversionError(
            f"the front end has {front_end.band_count} bands, but the network takes {layers[0].weights.shape[0]} inputs"
        )
    fraction_bits = front_end.output_fraction_bits if front_end else 0
    input_unit = 2.0**-fraction_bits
    input_limit = front_end.input_limit if front_end else _count_limit(layers[0], hidden_fraction_bits)
    statistics = known or [InputStatistics.alike(layer.weights.shape[0]) for layer in layers]
    if calibration is not None:
        statistics = measured_statistics(layers, calibration * input_unit)
    tables, report = [], []
    for index, layer in enumerate(layers):
        unit = 1.0
        if layer.source == Source.DENSE:
            unit = input_unit
        elif layer.source == Source.STREAM and not layer.kind.is_block:
            unit = 2.0**-STREAM_READ_BITS
        quantized, lines = quantize_layer(
            layer,
            name=f"layer {index}",
            bits=weight_bits,
            input_unit=unit,
            input_limit=largest_input(layer.source, layer.kind.is_block, input_limit),
            input_mean=statistics[index].mean,
            input_covariance=statistics[index].covariance,
            coarser=coarser,
            # The softmax takes potentials of 16 fractional bits.
            fraction_bits=READOUT_FRACTION_BITS if index == len(layers) - 1 else hidden_fraction_bits,
        )
        tables.append(quantized)
        report += lines

    def special(name):
        return words.index(name) if name in words else None

    model = ModelTables(
        input_kind=input_kind,
        input_fraction_bits=fraction_bits,
        input_limit=input_limit,
        step_us=step_us,
        clip_frames=clip_frames,
        layers=tables,
        words=words,
        unknown_index=special("_unknown_"),
        silence_index=special("_silence_"),
        detector=detector or default_detector(words),
        front_end=front_end.to_section() if front_end else None,
        sampling=next((layer.sampling for layer in layers if layer.sampling), None),
        scores=scores,
        provenance=provenance or {},
    )
    return Conversion(model, layers, report)


def _count_limit(first: FloatLayer, fraction_bits: int | None) -> int:
    """Largest count that every input may have at once with the current still inside the states' range."""
    room = 0.98 * 2.0 ** (STATE_BITS - (fraction_bits or first.kind.fraction_bits)) - np.abs(first.bias).max()
    # Weights that are all zero bear any count.
    limit = int(min(255, room / max(np.abs(first.weights).sum(axis=0).max(), 1e-300)))
    if limit < 1:
        raise ConversionError("layer 0: the weights are too large for any input: give fewer --fraction-bits")
    return limit
