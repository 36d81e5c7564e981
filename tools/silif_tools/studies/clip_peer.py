"""A good network for clips as a listener: MLPerf Tiny's DS-CNN on the streams of development_streams.

    pip install ai-edge-litert
    python -m silif_tools.studies.clip_peer kws_ref_model.tflite --streams runs/test-streams

kws_ref_model.tflite lies in https://github.com/mlcommons/tiny (commit 1afd2c98), in the folder
benchmark/training/keyword_spotting/trained_models. It hears a second of sound every 20 ms, each second scaled to its
own peak, as in its training (get_dataset.py there); detector and score are those of measure_streams. With --clips it
hears the clips of a list, as a check that its features are right: it was published with 91.6 %.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..kinds import read_model
from ..sound import load_pcm, read_list
from ..streams.score import read_truth
from ..streams.tune import FRAME_S, HOP_S, Stream
from .measure_streams import ALARMS_PER_HOUR, THRESHOLDS, best, curves, findings, sounds_in, write

RATE_HZ = 16_000
FRAME, HOP, FFT = 480, 320, 512  # samples
FRAMES, BANDS, COEFFICIENTS = 49, 40, 10
LOWEST_HZ, HIGHEST_HZ = 20.0, 4000.0
CLASSES = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "_silence_", "_unknown_")
BATCH = 512
RATES = (*ALARMS_PER_HOUR, 12.0)
WINDOWS = (20, 30, 40, 50, 60)  # frames of 10 ms
SATURATED = (0.996, 0.995, 0.994, 0.992)  # Its probabilities, of 8 bits, end at 255 / 256.

Classifier = Callable[[np.ndarray], np.ndarray]


def mel_matrix() -> np.ndarray:
    """[bin, band], as tf.signal.linear_to_mel_weight_matrix."""

    def mel(frequency_hz: np.ndarray) -> np.ndarray:
        return 1127.0 * np.log1p(frequency_hz / 700.0)

    edges = np.linspace(mel(np.array(LOWEST_HZ)), mel(np.array(HIGHEST_HZ)), BANDS + 2)
    bins = mel(np.linspace(0, RATE_HZ / 2, FFT // 2 + 1))[1:, None]  # The constant part belongs to no band.
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.pad(np.maximum(0, np.minimum(rise, fall)), ((1, 0), (0, 0)))


def cosines() -> np.ndarray:
    """[band, coefficient], as tf.signal.mfccs_from_log_mel_spectrograms."""
    band, coefficient = np.arange(BANDS)[:, None], np.arange(COEFFICIENTS)
    return 2 * np.cos(np.pi * coefficient * (2 * band + 1) / (2 * BANDS)) / np.sqrt(2 * BANDS)


def features(samples: np.ndarray) -> np.ndarray:
    """[second, FRAMES, COEFFICIENTS] of int16 samples: of the seconds that begin every 20 ms.

    The spectrum of a second that is scaled to its peak is that of the sound, scaled.
    """
    x = samples.astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(x, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    matrix = mel_matrix()
    mel = np.concatenate(
        [np.abs(np.fft.rfft(frames[at : at + 4096] * window, FFT)) @ matrix for at in range(0, len(frames), 4096)]
    )
    seconds = np.lib.stride_tricks.sliding_window_view(x, RATE_HZ)[::HOP]
    peak = np.maximum(seconds.max(axis=1), 1.0)
    own = np.lib.stride_tricks.sliding_window_view(mel, FRAMES, axis=0)[: len(peak)].transpose(0, 2, 1)
    found = np.empty((len(peak), FRAMES, COEFFICIENTS), np.float32)
    turn = cosines()
    for at in range(0, len(peak), 4096):
        part = slice(at, at + 4096)
        found[part] = np.log(own[part] / peak[part, None, None] + 1e-6) @ turn
    return found


def classifier(path: Path) -> Classifier:
    """features -> probabilities [second, class of CLASSES]. Raises ConversionError without the file or LiteRT."""
    if not path.is_file():
        raise ConversionError(f"{path}: no such file; check the path")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ConversionError(f"{error}: pip install ai-edge-litert") from error

    network = Interpreter(str(path), num_threads=1)
    given, made = network.get_input_details()[0], network.get_output_details()[0]
    network.resize_tensor_input(given["index"], (BATCH, FRAMES, COEFFICIENTS, 1))
    network.allocate_tensors()

    def probabilities(x: np.ndarray) -> np.ndarray:
        (scale, zero), (out_scale, out_zero) = given["quantization"], made["quantization"]
        levels = np.clip(np.rint(x / scale + zero), -128, 127).astype(np.int8)
        found = []
        for at in range(0, len(levels), BATCH):
            part = levels[at : at + BATCH]
            padded = np.pad(part, ((0, BATCH - len(part)), (0, 0), (0, 0)))
            network.set_tensor(given["index"], padded[..., None])
            network.invoke()
            found.append((network.get_tensor(made["index"])[: len(part)].astype(np.float32) - out_zero) * out_scale)
        return np.concatenate(found)

    return probabilities


def trace(samples: np.ndarray, classify: Classifier, words: list[str]) -> np.ndarray:
    """probabilities_q15 [frame, class of words]: at each frame of the engine what the last whole second was heard as;
    nothing before the first."""
    p = classify(features(samples))[:, [CLASSES.index(word) for word in words]]
    frames = (len(samples) - round(FRAME_S * RATE_HZ)) // round(HOP_S * RATE_HZ) + 1
    ends = np.rint((np.arange(frames) * HOP_S + FRAME_S) * RATE_HZ).astype(np.int64)
    second = (ends - RATE_HZ) // HOP
    heard = np.rint(p * 32768).astype(np.int64)[np.clip(second, 0, len(p) - 1)]
    return np.where(second[:, None] >= 0, heard, 0)


def accuracy(clips: Path, classify: Classifier) -> tuple[int, int]:
    """Right, and how many, of the clips of a list that lie beside it in folders of words."""
    names = read_list(clips)
    sounds = [load_pcm(clips.parent / name, RATE_HZ)[:RATE_HZ] for name in names]
    x = np.concatenate([features(np.pad(s, (0, RATE_HZ - len(s)))) for s in sounds])
    labels = [name.split("/")[-2] for name in names]
    expected = [CLASSES.index(label) if label in CLASSES else CLASSES.index("_unknown_") for label in labels]
    return int(np.sum(classify(x).argmax(1) == expected)), len(names)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m silif_tools.studies.clip_peer", description=__doc__.splitlines()[0]
    )
    parser.add_argument("network", type=Path, help="kws_ref_model.tflite")
    parser.add_argument("--streams", type=Path, help="folder of silif_tools.studies.development_streams")
    parser.add_argument("--clips", type=Path, help="list of clips, to check the accuracy")
    parser.add_argument("--like", type=Path, default=Path("models/kws12-stream.silif"), help="whose detector it gets")
    parser.add_argument("--json", type=Path, help="where to write the figures too")
    arguments = parser.parse_args(argv)
    if not arguments.streams and not arguments.clips:
        parser.error("give --streams, --clips or both")
    try:
        sounds = sounds_in(arguments.streams) if arguments.streams else []
        classify = classifier(arguments.network)
        if arguments.clips:
            right, count = accuracy(arguments.clips, classify)
            print(f"{arguments.clips}: {right} of {count} right, {100 * right / count:.1f} %")
        if not sounds:
            return 0
        model = read_model(arguments.like)
        streams = [
            Stream(
                path.stem, trace(load_pcm(path, RATE_HZ), classify, model.words), read_truth(path.with_suffix(".csv"))
            )
            for path in sounds
        ]
    except (OSError, RuntimeError, ValueError) as error:
        print(f"silif_tools.studies.clip_peer: {error}", file=sys.stderr)
        return 1
    points = curves(streams, model.words, model.detector, WINDOWS, (*SATURATED, *THRESHOLDS))
    chosen = {f"{rate:g}": best(points, rate, float("inf")) for rate in RATES}
    write(findings(arguments.network, streams, chosen), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
