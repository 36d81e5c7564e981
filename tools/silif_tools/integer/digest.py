"""FNV-1a digest of a trace (docs/MODEL-FORMAT.md, section TEST)."""

import numpy as np

from .network import Trace


def fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def trace_digest(trace: Trace, clip: int = 0) -> int:
    """Every step's frame, what each hidden layer made (spikes as bitmaps, bit j of byte j/8, from the lowest; a stream
    as int32), membrane potentials, probabilities."""
    data = b""
    for step in range(trace.frames.shape[1]):
        data += trace.frames[clip, step].astype("<i2").tobytes()
        for layer in trace.made:
            for values in layer:
                if values.dtype == np.uint8:
                    data += np.packbits(values[clip, step], bitorder="little").tobytes()
                else:
                    data += values[clip, step].astype("<i4").tobytes()
        data += trace.membrane[clip, step].astype("<i4").tobytes()
        data += trace.probabilities_q15[clip, step].astype("<u2").tobytes()
    return fnv1a(data)
