"""A word that a network was not trained on, from a few recordings: one more row in the readout, without training.

A network that tells words apart has hidden neurons whose spikes tell many more words than those that it reports. The
new class's potential is that of *unknown* plus a linear discriminant between the recordings and other speech (Fisher
1936): w = Σ⁻¹(μ - μ₀), with the mean μ₀ and the covariance Σ of what the readout's integrators make of the last hidden
layer's spikes while other words are said. All other tables stay as they are, bit for bit.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..errors import ConversionError
from ..fixed_point import COEFFICIENT_BITS, CURRENT_EXTRA_BITS, mantissa_and_shift, round_half_even_to_int
from ..integer.detector import detect
from ..integer.frontend import FRONT_END, log_mel
from ..integer.network import Trace, run_model
from ..kinds import READOUT
from ..model_file.tables import LayerTables, ModelTables
from .self_test import add_self_test

RATE_HZ = FRONT_END.sample_rate_hz
FEWEST, MOST = 3, 1000
# Of a recording, around the end of its word: it is decided when most of it has been said.
_BEFORE_END, _AFTER_END = 15, 25
_SILENCE_S = 0.5
_SHRINK = 0.05
_GAINS_DB = (-6.0, 0.0, 6.0)
# Noise of a quiet converter, so that a cut recording does not begin out of nothing.
_NOISE = 8.0


@dataclass
class SpeechStatistics:
    """Of other speech, in the last hidden layer: mean [neuron] and covariance [neuron, neuron] of filtered spikes."""

    mean: np.ndarray
    covariance: np.ndarray
    hidden_digest: str

    def save(self, path: Path) -> None:
        upper = self.covariance[np.triu_indices(len(self.mean))]
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(
                file, mean=self.mean.astype(np.float32), upper=upper.astype(np.float32), digest=self.hidden_digest
            )

    @classmethod
    def load(cls, path: Path) -> "SpeechStatistics":
        """Raises ConversionError where the file is none of `save`."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                mean, upper, digest = arrays["mean"].astype(float), arrays["upper"], str(arrays["digest"])
            covariance = np.zeros((len(mean), len(mean)))
            covariance[np.triu_indices(len(mean))] = upper
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise ConversionError(
                f"{path}: no statistics of speech ({error}); give --others a folder of speech"
            ) from error
        return cls(mean, covariance + np.triu(covariance, 1).T, digest)


def hidden_digest(model: ModelTables) -> str:
    """Of all that decides which hidden neurons fire."""
    digest = hashlib.sha256(model.front_end or b"")
    for layer in model.layers[:-1]:
        for table in (layer.weights, layer.scale_mantissa, layer.scale_shift, layer.bias, *layer.neuron.values()):
            digest.update(np.ascontiguousarray(table, np.int64).tobytes())
    return digest.hexdigest()


def _check(model: ModelTables) -> None:
    if model.front_end != FRONT_END.to_section():
        raise ConversionError("a new word needs a model that hears sound, with the front end of kws12-stream")
    if model.layers[-1].kind is not READOUT:
        raise ConversionError(
            f"a new word needs a model with a readout; its last layer is {model.layers[-1].kind.title}"
        )
    if model.unknown_index is None:
        raise ConversionError("a new word needs a model with a class for unknown words, from which it is told apart")


def padded_pcm(recordings: list[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Recordings [sample] of any lengths -> [recording, sample] int16 with silence around, and the frame at which each
    word ends: the last tenth of a second that is less than 20 dB below its loudest."""
    rng = np.random.default_rng(seed)
    silence = int(_SILENCE_S * RATE_HZ)
    longest = max(map(len, recordings))
    out, ends = [], []
    for pcm in recordings:
        sound = rng.normal(0, _NOISE, silence + longest + silence)
        sound[silence : silence + len(pcm)] += pcm
        out.append(np.clip(np.rint(sound), -32768, 32767).astype(np.int16))
        energy = np.convolve(pcm.astype(float) ** 2, np.ones(RATE_HZ // 10), "same")
        end = silence + int(np.flatnonzero(energy >= energy.max() / 100)[-1])
        ends.append(end // FRONT_END.hop_samples)
    return np.stack(out), np.array(ends)


def hear(model: ModelTables, pcm: np.ndarray) -> tuple[np.ndarray, Trace]:
    """pcm [recording, sample] -> filtered spikes [recording, frame, neuron] and the trace."""
    trace = run_model(model, np.stack([log_mel(each, FRONT_END) for each in pcm]))
    decay = model.layers[-1].neuron["decay"][model.unknown_index] / 2**COEFFICIENT_BITS
    filtered, state = np.empty(trace.spikes[-1].shape), 0.0
    for frame in range(filtered.shape[1]):
        state = decay * state + (1 - decay) * trace.spikes[-1][:, frame]
        filtered[:, frame] = state
    return filtered, trace


def _around_ends(filtered: np.ndarray, ends: np.ndarray) -> np.ndarray:
    parts = [each[max(0, end - _BEFORE_END) : end + _AFTER_END] for each, end in zip(filtered, ends, strict=True)]
    return np.concatenate(parts)


def measure_speech(model: ModelTables, recordings: list[np.ndarray]) -> SpeechStatistics:
    """Statistics of other speech: recordings of about a second each, of as many words and speakers as there are."""
    _check(model)
    parts = []
    for first in range(0, len(recordings), 100):
        pcm, ends = padded_pcm(recordings[first : first + 100], first)
        parts.append(_around_ends(hear(model, pcm)[0], ends))
    frames = np.concatenate(parts)
    return SpeechStatistics(frames.mean(axis=0), np.cov(frames.T), hidden_digest(model))


def _discriminant(filtered: np.ndarray, speech: SpeechStatistics) -> tuple[np.ndarray, float]:
    mean = filtered.mean(axis=0)
    damped = speech.covariance + _SHRINK * np.trace(speech.covariance) / len(mean) * np.eye(len(mean))
    weights = np.linalg.solve(damped, mean - speech.mean)
    return weights, -0.5 * float((mean + speech.mean) @ weights)


def _longer_readout(model: ModelTables, weights: np.ndarray, bias: float) -> LayerTables:
    """One more output: the unknown class's, plus the discriminant."""
    layer, unknown = model.layers[-1], model.unknown_index
    unit = 2.0 ** (layer.state_fraction_bits + CURRENT_EXTRA_BITS)
    scale = layer.scale_mantissa[unknown] * 2.0 ** -int(layer.scale_shift[unknown]) / unit
    gain = 1 - layer.neuron["decay"][unknown] / 2**COEFFICIENT_BITS
    row = layer.weights[:, unknown] * scale + gain * weights
    limit = 2 ** (layer.weight_bits - 1) - 1
    step = np.abs(row).max() / limit
    integers = np.rint(row / step).astype(np.int64)
    mantissa, shift = mantissa_and_shift(step * unit, 31)
    added = round_half_even_to_int(np.array([layer.bias[unknown] + gain * bias * unit]))
    return replace(
        layer,
        weights=np.concatenate([layer.weights, integers[:, None]], axis=1),
        scale_mantissa=np.append(layer.scale_mantissa, mantissa),
        scale_shift=np.append(layer.scale_shift, shift),
        bias=np.append(layer.bias, added),
        neuron={name: np.append(table, table[unknown]) for name, table in layer.neuron.items()},
    )


def _with_class(model: ModelTables, word: str, layer: LayerTables, threshold: float) -> ModelTables:
    detector, rule = model.detector, model.clip_rule
    return replace(
        model,
        layers=[*model.layers[:-1], layer],
        words=[*model.words, word],
        # As every other word.
        clip_rule=rule and replace(rule, weights_q15=(*rule.weights_q15, 32768), levels_q15=(*rule.levels_q15, 0)),
        # Fitted without the word: how sure to be is not known any more.
        calibrations=[],
        detector=replace(
            detector,
            threshold=np.append(detector.threshold, threshold),
            rearm=np.append(detector.rearm, threshold / 2),
            is_keyword=np.append(detector.is_keyword, True),
        ),
        provenance={**model.provenance, f"new word {word}": "from recordings, by silif-enroll"},
    )


def heard_words(model: ModelTables, pcm: np.ndarray) -> list[set[str]]:
    """The words that the model's detector reports in each recording."""
    settled = replace(model.detector, warm_up_frames=0)
    trace = hear(model, pcm)[1]
    return [{model.words[event.word] for event in detect(each, settled)} for each in trace.probabilities_q15]


def add_word(
    model: ModelTables, word: str, recordings: list[np.ndarray], speech: SpeechStatistics, threshold: float
) -> tuple[ModelTables, int]:
    """The model with one more word, and of the recordings how many are heard when the word is made without them.

    Raises ConversionError where model, word, recordings or statistics do not do.
    """
    _check(model)
    if word in model.words:
        raise ConversionError(f"the model has the word {word!r} already")
    if not FEWEST <= len(recordings) <= MOST:
        raise ConversionError(
            f"{len(recordings)} recordings: give {FEWEST} to {MOST}, best ten or more, of all who will speak"
        )
    if speech.hidden_digest != hidden_digest(model):
        raise ConversionError("these statistics of speech are of another network; give --others a folder of speech")
    pcm, ends = padded_pcm(recordings, 0)
    filtered = []
    for gain_dB in _GAINS_DB:
        louder = np.clip(np.rint(pcm * 10 ** (gain_dB / 20)), -32768, 32767).astype(np.int16)
        filtered.append(hear(model, louder)[0])
    parts = [np.stack([_around_ends(each[[index]], ends[[index]]) for each in filtered]) for index in range(len(pcm))]

    def made(chosen: list[int]) -> ModelTables:
        weights, bias = _discriminant(
            np.concatenate([parts[each].reshape(-1, len(speech.mean)) for each in chosen]), speech
        )
        return _with_class(model, word, _longer_readout(model, weights, bias), threshold)

    heard = 0
    for index in range(len(pcm)):
        without = made([each for each in range(len(pcm)) if each != index])
        heard += word in heard_words(without, pcm[[index]])[0]
    result = made(list(range(len(pcm))))
    add_self_test(result, model.self_test_input, FRONT_END)
    return result, heard
