"""Google's speech embedding (Lin et al. 2020, arXiv 2002.01322), as openwakeword 0.5.1 ships it (Apache-2.0).

Its weights are no part of this project: `weights_of` reads them out of that package's wheel, or of its
embedding_model.onnx. It hears 32 mel bands of 60 to 3800 Hz in 76 frames of 10 ms and gives 96 numbers, every 8 frames.
"""

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from silif_tools.errors import ConversionError

BANDS, LOW_HZ, HIGH_HZ = 32, 60.0, 3800.0
CONTEXT, STEP, SIZE = 76, 8, 96  # frames of an embedding, frames between two, numbers of one
RANGE_DB = 80.0  # below the loudest band of a sequence
MEMBER = "openwakeword/resources/models/embedding_model.onnx"

# Of every convolution: channels, frames, bands, and how far its output is pooled (frames, bands).
LAYERS = (
    *((24, 3, 3, ()), (24, 1, 3, ()), (24, 3, 1, (2, 2))),
    *((48, 1, 3, ()), (48, 3, 1, ()), (48, 1, 3, ()), (48, 3, 1, (1, 2))),
    *((72, 1, 3, ()), (72, 3, 1, ()), (72, 1, 3, ()), (72, 3, 1, (2, 2))),
    *((96, 1, 3, ()), (96, 3, 1, ()), (96, 1, 3, ()), (96, 3, 1, (1, 2))),
    *((96, 1, 3, ()), (96, 3, 1, ()), (96, 1, 3, ()), (96, 3, 1, (2, 2))),
    (96, 3, 1, ()),
)


def _slaney(hz: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: linear up to 1 kHz, then logarithmic."""
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) * 27 / np.log(6.4))


def mel_filters(hz: np.ndarray) -> np.ndarray:
    """float32 [..., frequencies, BANDS]: triangles of equal area at these frequencies."""
    edges = np.linspace(_slaney(np.array(LOW_HZ)), _slaney(np.array(HIGH_HZ)), BANDS + 2)
    at = np.where(edges < 15, edges * 200 / 3, 1000 * np.exp((edges - 15) * np.log(6.4) / 27))
    rising = (hz[..., None] - at[:-2]) / (at[1:-1] - at[:-2])
    falling = (at[2:] - hz[..., None]) / (at[2:] - at[1:-1])
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (at[2:] - at[:-2])).astype(np.float32)


def log_mel(energy: torch.Tensor) -> torch.Tensor:
    """Band energies [..., T, BANDS] of sound in 16 bits -> what the embedding hears: decibels / 10 + 2."""
    decibels = 10 * energy.clamp_min(1e-10).log10()
    return torch.maximum(decibels, decibels.amax((-2, -1), keepdim=True) - RANGE_DB) / 10 + 2


class _Activation(torch.autograd.Function):
    """max(leaky ReLU of slope 0.2, -0.4), of which only the output is kept for the gradient."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        y = functional.leaky_relu(x, 0.2).clamp_(min=-0.4)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        (y,) = ctx.saved_tensors
        slope = torch.where(y > 0, 1.0, torch.where(y > -0.399, 0.2, 0.0))
        return gradient * slope.to(gradient.dtype)


class Embedding(nn.Module):
    """log_mel [B, T, BANDS] -> [B, (T - CONTEXT) // STEP + 1, SIZE]; number j hears the frames from STEP j on."""

    def __init__(self):
        super().__init__()
        inputs = [1, *(layer[0] for layer in LAYERS)]
        self.conv = nn.ModuleList(
            nn.Conv2d(before, size, (frames, bands), padding=(0, bands // 2), bias=number < len(LAYERS) - 1)
            for number, (before, (size, frames, bands, _)) in enumerate(zip(inputs, LAYERS, strict=False))
        )

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        x = mel[:, None]
        for conv, (_, _, _, pool) in zip(self.conv[:-1], LAYERS, strict=False):
            x = _Activation.apply(conv(x))
            x = functional.max_pool2d(x, pool) if pool else x
        return self.conv[-1](x)[..., 0].transpose(1, 2)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The state dict of an Embedding. path: the wheel of openwakeword 0.5.1, or embedding_model.onnx. Raises
    ConversionError where it is neither."""
    try:
        import onnx  # who trains other recipes does without
        from onnx import numpy_helper
    except ImportError as error:
        raise ConversionError("--embedding needs the package onnx: pip install onnx") from error

    try:
        content = path.read_bytes()
        if zipfile.is_zipfile(io.BytesIO(content)):
            content = zipfile.ZipFile(io.BytesIO(content)).read(MEMBER)
        held = {i.name: numpy_helper.to_array(i) for i in onnx.load_model_from_string(content).graph.initializer}
        found = {}
        for number in range(len(LAYERS)):
            name = "model/conv2d" + (f"_{number}" if number else "") + "/Conv2D"
            if number < len(LAYERS) - 1:
                found[f"conv.{number}.weight"] = held[f"{name}_weights_fused_bn"]
                found[f"conv.{number}.bias"] = held[f"{name}_bias_fused_bn"]
            else:
                found[f"conv.{number}.weight"] = held[f"{name}/ReadVariableOp:0"]
        state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in found.items()}
        Embedding().load_state_dict(state)
    except OSError:
        raise
    except Exception as error:  # onnx raises protobuf's own
        problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise ConversionError(f"{path}: no speech embedding as in openwakeword 0.5.1 ({problem})") from error
    return state
