"""Log-mel features as torchaudio.compliance.kaldi.fbank computes them, batched, in float32.

Settings: 40 bands, 400-sample frames every 160 samples at 16 kHz (snip_edges), DC removed per frame, pre-emphasis 0.97
inside the frame (the first sample against itself), Povey window, 512-point power spectrum, triangles on the mel scale
1127 ln(1 + f/700) from 20 Hz to 8 kHz, natural logarithm with the floor ln(1.1920929e-7), audio scaled to +-1.
"""

import functools
import math

import torch

from silif_tools.integer.frontend import FFT_SIZE, FRONT_END

SAMPLE_RATE = FRONT_END.sample_rate_hz
FRAME = FRONT_END.frame_length_samples
HOP = FRONT_END.hop_samples
FFT = FFT_SIZE
BANDS = FRONT_END.band_count
LOW_HZ, HIGH_HZ = float(FRONT_END.low_hz), float(FRONT_END.high_hz)
PREEMPHASIS = FRONT_END.preemphasis
EPSILON = FRONT_END.energy_floor
FLOOR = math.log(EPSILON)
CLIP_SAMPLES = SAMPLE_RATE
CLIP_FRAMES = FRONT_END.frame_count(CLIP_SAMPLES)


def _mel(hz: torch.Tensor) -> torch.Tensor:
    return 1127.0 * torch.log(1.0 + hz / 700.0)


@functools.cache
def mel_filters() -> torch.Tensor:
    """Triangle weights [FFT / 2, BANDS]; Kaldi leaves out the Nyquist bin."""
    low, high = _mel(torch.tensor([LOW_HZ, HIGH_HZ], dtype=torch.float64))
    step = (high - low) / (BANDS + 1)
    left = low + step * torch.arange(BANDS, dtype=torch.float64)
    bins = _mel(torch.arange(FFT // 2, dtype=torch.float64) * SAMPLE_RATE / FFT)[:, None]
    return torch.minimum((bins - left) / step, (left + 2 * step - bins) / step).clamp_min(0).float()


@functools.cache
def frame_transform() -> torch.Tensor:
    """[FRAME, FFT]: DC removal, pre-emphasis, window and Fourier transform of a frame as one matrix (real parts of the
    FFT / 2 bins, then imaginary parts). One product is three times as fast here as the same steps with an FFT."""
    frame = torch.eye(FRAME, dtype=torch.float64)
    frame = frame - frame.mean(1, keepdim=True)
    frame = frame - PREEMPHASIS * torch.cat([frame[:, :1], frame[:, :-1]], 1)
    frame = frame * torch.hann_window(FRAME, periodic=False, dtype=torch.float64).pow(0.85)
    spectrum = torch.fft.rfft(frame, n=FFT)[:, : FFT // 2]
    return torch.cat([spectrum.real, spectrum.imag], 1).float()


def frame_count(samples: int) -> int:
    """Frames of a recording of that many samples."""
    return FRONT_END.frame_count(samples)


def log_mel(audio: torch.Tensor) -> torch.Tensor:
    """Audio [..., samples] in +-1 -> log-mel energies [..., frames, BANDS]."""
    frames = audio.unfold(-1, FRAME, HOP)
    spectrum = frames.reshape(-1, FRAME) @ frame_transform()
    power = spectrum[:, : FFT // 2].square() + spectrum[:, FFT // 2 :].square()
    return (power @ mel_filters()).clamp_min(EPSILON).log().reshape(*frames.shape[:-1], BANDS)
