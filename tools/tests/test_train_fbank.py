"""The float front end against kaldi-native-fbank, an independent implementation."""

import numpy as np
import pytest
import torch

from silif_tools.train import fbank


def kaldi(audio: np.ndarray) -> np.ndarray:
    knf = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = fbank.BANDS
    options.energy_floor = 0
    online = knf.OnlineFbank(options)
    online.accept_waveform(fbank.SAMPLE_RATE, audio.tolist())
    online.input_finished()
    return np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])


@pytest.mark.parametrize("gain", [1.0, 1e-3])
def test_agrees_with_kaldi(gain):
    rng = np.random.default_rng(5)
    t = np.arange(16000) / 16000
    sweep = 0.5 * np.sin(2 * np.pi * (100 + 1500 * t) * t) + 0.05 * rng.standard_normal(16000) + 0.1
    audio = (gain * sweep).astype(np.float32)
    audio[12000:] = 0
    got = fbank.log_mel(torch.from_numpy(audio)).numpy()
    expected = kaldi(audio)
    assert got.shape == expected.shape == (98, 40)
    assert np.abs(got - expected).max() < 2e-3
    assert np.allclose(got[-10:], fbank.FLOOR)


def test_batches_equal_single_clips():
    torch.manual_seed(6)
    audio = torch.randn(3, 4000) * 0.1
    assert torch.allclose(fbank.log_mel(audio)[1], fbank.log_mel(audio[1]), atol=1e-4)
    assert fbank.log_mel(audio).shape[1] == fbank.frame_count(4000)
