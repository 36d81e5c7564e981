#!/usr/bin/env python3
"""worst_case_model.py MODEL OUTPUT [DIGEST]: the same network with everything to do in every step.

Sizes, weights and delays stay; every neuron fires in each step, and every state runs into its limit and is clamped
there: a step of the copy does all the work that a step of the model can do, and computes nothing of use. The digest of
its self-test stays, and so is wrong, unless one is given: 16 hexadecimal digits, which examples/c/verify.c prints.
kws-bench makes such copies in memory (Sources/kws-bench/WorstCaseModel.swift).

Layout: docs/MODEL-FORMAT.md. Needs nothing but Python.
"""

import struct
import sys
import zlib

# (table, type, what it is filled with; None: left as it is)
# begin: made by `python -m silif_tools.kinds`
CONNECTION = (
    ("scale_mantissa", "i", 0),
    ("scale_shift", "B", None),
    ("bias", "i", 2147483647),
)
KINDS = {
    1: (  # SiLIF
        ("decay", "i", 1073741824),
        ("input_gain", "i", 0),
        ("adaptation_leak_mantissa", "i", 0),
        ("adaptation_leak_shift", "B", None),
        ("subthreshold_coupling", "i", 1073741824),
        ("spike_coupling", "i", 0),
    ),
    2: (  # C-SiLIF
        ("decay", "i", 1073741824),
        ("decay_imaginary", "i", 0),
    ),
    3: (  # readout
        ("decay", "i", 1073741824),
    ),
    4: (  # RF
        ("decay", "i", 1073741824),
        ("decay_imaginary", "i", 0),
    ),
    9: (  # LIF
        ("decay", "i", 1073741824),
    ),
}
# end
NONE, AXONAL, DENDRITIC, SYNAPTIC = range(4)


def rewrite(content: bytearray, start: int) -> None:
    """Rewrites the tables of the LAYR section at `start`."""
    kind, _, delay_kind, bits, inputs, outputs, _, fraction_bits = struct.unpack_from("<8H", content, start)
    if fraction_bits > 22:
        raise SystemExit("worst_case_model: no bias makes a neuron of more than 22 fractional bits fire in every step")
    width = -(-outputs // 16) * 16
    offset = start + 32

    def skip(size: int) -> None:
        nonlocal offset
        offset += -(-size // 16) * 16

    def fill(code: str, value: int) -> None:
        struct.pack_into(f"<{width}{code}", content, offset, *[value] * outputs, *[0] * (width - outputs))
        skip(struct.calcsize(code) * width)

    def rewrite_tables(tables: tuple) -> None:
        for _, code, value in tables:
            if value is None:
                skip(struct.calcsize(code) * width)
            else:
                fill(code, value)

    skip(inputs * width * bits // 8)
    # The sums are made, and count for nothing; the bias is above the threshold; states grow up to their limits.
    rewrite_tables(CONNECTION)
    skip({NONE: 0, AXONAL: inputs, DENDRITIC: width, SYNAPTIC: inputs * width}[delay_kind])
    rewrite_tables(KINDS[kind])


def main(model: str, output: str, digest: str | None = None) -> None:
    with open(model, "rb") as file:
        content = bytearray(file.read())
    for index in range(struct.unpack_from("<H", content, 10)[0]):
        tag, start = struct.unpack_from("<4sI", content, 32 + 16 * index)
        if tag == b"LAYR":
            rewrite(content, start)
        elif tag == b"TEST" and digest:
            struct.pack_into("<Q", content, start + 8, int(digest, 16))
    struct.pack_into("<I", content, 16, zlib.crc32(content[20:], zlib.crc32(content[:16])))
    with open(output, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit("usage: worst_case_model.py MODEL OUTPUT [DIGEST]")
    main(*sys.argv[1:])
