"""The kernel that mixes on a GPU, interpreted on the processor, against mix.mixed."""

import os

import pytest
import torch

os.environ["TRITON_INTERPRET"] = "1"  # before the package is imported
pytest.importorskip("triton", reason="pip install triton")

from test_train_waveform import scenes

from silif_tools.train.waveform import mix, mix_triton
from silif_tools.train.waveform.plan import ITEMS

__all__ = ["scenes"]


@pytest.mark.parametrize("slots", [slice(0, ITEMS), slice(ITEMS, None)])
def test_the_same_is_mixed(scenes, slots):
    plan, length = scenes._plan(3, 60), mix.samples_of(60)
    there = mix_triton.mixed(scenes.mixer.tape, plan, slots, length)
    expected = mix.mixed(scenes.mixer.tape, plan, slots, length)
    assert expected.any() and torch.allclose(there, expected, atol=1e-5)
