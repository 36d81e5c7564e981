"""Numbers that Python and Swift both hold are the same in both; within Python each has one place.

The Swift ones are read from the sources, wherever in them they lie.
"""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from silif_tools import fixed_point, sound
from silif_tools.errors import ConversionError
from silif_tools.integer.frontend import CLIP_FRAMES, FRONT_END
from silif_tools.model_file import bounds
from silif_tools.streams import score, tune

SWIFT = {
    path: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).resolve().parents[2] / "Sources").rglob("*.swift"))
}


def swift(pattern: str) -> list[str]:
    """What the one group of a pattern catches, in all sources."""
    found = [match for text in SWIFT.values() for match in re.findall(pattern, text, re.MULTILINE)]
    assert found, f"no Swift source has {pattern}: was it renamed?"
    return found


def number(pattern: str) -> float:
    values = {float(text.replace("_", "")) for text in swift(pattern)}
    assert len(values) == 1, f"{pattern}: {sorted(values)}"
    return values.pop()


def test_the_grace_after_a_word():
    assert number(r"grace_s(?:: Double)? = ([\d.]+)") == score.GRACE_S
    stream_scenes = pytest.importorskip("silif_tools.train.stream_scenes")
    assert stream_scenes.GRACE * FRONT_END.hop_s == score.GRACE_S


def test_the_sound_files_endings():
    (listed,) = swift(r"let readableEndings: Set<String> = \[([^\]]*)\]")
    assert {f".{ending}" for ending in re.findall(r"\w+", listed)} == sound.ENDINGS


def test_the_rate_of_the_audio_input():
    assert number(r"let outputRate_hz = ([\d_]+)") == FRONT_END.sample_rate_hz


def test_the_bounds_of_a_model():
    (limits,) = swift(r"enum LayerLimits \{([^}]*)\}")
    stored = {name: int(value.replace("_", "")) for name, value in re.findall(r"let (\w+) = ([\d_]+)$", limits, re.M)}
    expected = {
        "layers": bounds.MAXIMUM_LAYERS,
        "neurons": bounds.MAXIMUM_NEURONS,
        "classes": bounds.MAXIMUM_CLASSES,
        "delay": bounds.MAXIMUM_DELAY,
    }
    assert {name: stored[name] for name in expected} == expected


def test_training_and_streams_count_with_the_front_end():
    fbank = pytest.importorskip("silif_tools.train.fbank")
    assert (fbank.SAMPLE_RATE, fbank.FRAME, fbank.HOP, fbank.BANDS) == (16_000, 400, 160, 40)
    assert (fbank.CLIP_FRAMES, CLIP_FRAMES) == (98, 98)
    assert (tune.HOP_S, tune.FRAME_S) == (0.01, 0.025)
    quantize = pytest.importorskip("silif_tools.train.quantize")
    assert quantize.INPUT_LIMIT == FRONT_END.input_limit == 16384


def test_samples_are_rounded_half_up_and_saturated():
    audio = np.array([0.5 / 32768, -0.5 / 32768, 1.5 / 32768, 1.0, -1.5])
    assert sound.to_pcm(audio).tolist() == [1, 0, 2, 32767, -32768]
    assert fixed_point.rounded_shift(np.array([1, -1, 3]), 1).tolist() == [1, 0, 2]


def test_several_channels_are_mixed_only_where_asked(tmp_path):
    path = tmp_path / "two.wav"
    soundfile.write(path, np.array([[0.5, 0.25], [-1, 1]]), 16_000, subtype="PCM_16")
    with pytest.raises(ConversionError, match="2 channels; 16000 Hz mono is wanted"):
        sound.load_pcm(path, 16_000)
    with pytest.raises(ConversionError, match="16000 Hz, 2 channels; 8000 Hz is wanted"):
        sound.load_pcm(path, 8_000, mix=True)
    assert sound.load_pcm(path, 16_000, mix=True).tolist() == [12288, 0]
