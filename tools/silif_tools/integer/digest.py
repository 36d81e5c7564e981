"""FNV-1a digest of a trace (docs/MODEL-FORMAT.md, section TEST)."""

import numpy as np

from .network import Trace


def fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def trace_digest(trace: Trace, clip: int = 0) -> int:
    """Every step's frame, spike bitmaps (bit j of byte j/8, from the lowest), membrane potentials, probabilities."""
    data = b""
    for step in range(trace.frames.shape[1]):
        data += trace.frames[clip, step].astype("<i2").tobytes()
        for spikes in trace.spikes:
            data += np.packbits(spikes[clip, step], bitorder="little").tobytes()
        data += trace.membrane[clip, step].astype("<i4").tobytes()
        data += trace.probabilities_q15[clip, step].astype("<u2").tobytes()
    return fnv1a(data)
