"""What feeds the clip network of studies/clip_peer.py; the network itself is not here."""

import sys

import numpy as np
import pytest

from silif_tools.studies import clip_peer


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 900, count).astype(np.int16)


def test_every_second_has_the_features_of_its_own_samples_alone():
    x = noise(20_000)
    found = clip_peer.features(x)
    assert found.shape == (13, clip_peer.FRAMES, clip_peer.COEFFICIENTS)
    for k in (0, 5, 12):
        second = x[k * clip_peer.HOP :][: clip_peer.RATE_HZ]
        np.testing.assert_allclose(clip_peer.features(second)[0], found[k], atol=1e-4)
        np.testing.assert_allclose(clip_peer.features(second * 4)[0], found[k], atol=1e-4)


def test_the_features_are_those_of_the_definition():
    """Of one frame, in plain sums: mel bands of the amplitudes, their logarithm, the cosine transform."""
    x = noise(16_000)
    frame = x[:480] / x.max() * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(480) / 480))
    turns = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(480)) / 512)
    amplitudes = np.abs(turns @ frame)
    edges = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(4000 / 700), 42)
    bands = np.zeros(40)
    for k in range(1, 257):
        mel = 1127 * np.log1p(k * 8000 / 256 / 700)
        for band in range(40):
            low, centre, high = edges[band : band + 3]
            bands[band] += amplitudes[k] * max(0, min((mel - low) / (centre - low), (high - mel) / (high - centre)))
    logs = np.log(bands + 1e-6)
    expected = [
        sum(2 * logs[n] * np.cos(np.pi * k * (2 * n + 1) / 80) for n in range(40)) / np.sqrt(80) for k in range(10)
    ]
    np.testing.assert_allclose(clip_peer.features(x)[0, 0], expected, atol=1e-4)


def test_a_frame_has_what_the_last_whole_second_was_heard_as():
    words = ["yes", "_unknown_"]

    def classify(x: np.ndarray) -> np.ndarray:
        p = np.zeros((len(x), len(clip_peer.CLASSES)), np.float32)
        p[:, clip_peer.CLASSES.index("yes")] = np.arange(len(x)) / 64
        return p

    found = clip_peer.trace(noise(32_000), classify, words)
    assert found.shape == (198, 2) and not found[:, 1].any()
    ends = np.arange(198) * 160 + 400
    expected = np.where(ends >= 16_000, (ends - 16_000) // 320, 0) * 512
    np.testing.assert_array_equal(found[:, 0], expected)


def test_what_is_missing_is_refused_with_what_to_do(tmp_path, monkeypatch, capsys):
    network = tmp_path / "x.tflite"
    with pytest.raises(SystemExit):
        clip_peer.main([str(network)])
    assert "give --streams, --clips or both" in capsys.readouterr().err
    assert clip_peer.main([str(network), "--streams", str(tmp_path)]) == 1
    assert f"{tmp_path} holds no streams" in capsys.readouterr().err
    assert clip_peer.main([str(network), "--clips", str(tmp_path / "list.txt")]) == 1
    assert "x.tflite: no such file" in capsys.readouterr().err
    network.touch()
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    assert clip_peer.main([str(network), "--clips", str(tmp_path / "list.txt")]) == 1
    assert "pip install ai-edge-litert" in capsys.readouterr().err
