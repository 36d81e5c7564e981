#!/usr/bin/env python3
"""worst_case_model.py MODEL OUTPUT [DIGEST]: the same network with everything to do in every step.

Sizes, weights and delays stay; every neuron fires in each step, every state runs into its limit and is clamped there,
and each step reports a word: a step of the copy does all the work that a step of the model can do, and computes
nothing of use. That is so after 512 steps: then the longest delay is over, and every state is at its limit. The digest
of its self-test stays, and so is wrong, unless one is given: 16 hexadecimal digits, which examples/c/verify.c prints.
kws-bench makes such copies in memory (Sources/kws-bench/WorstCaseModel.swift).

Layout: docs/MODEL-FORMAT.md. Needs nothing but Python.
"""

import struct
import sys
import zlib

# (table, type, what it is filled with, or None: left as it is; values for each pair of a state space, or 0 for one an
# output)
# begin: made by `python -m silif_tools.kinds`
CONNECTION = (
    ("scale_mantissa", "i", 0, 0),
    ("scale_shift", "B", None, 0),
    ("bias", "i", 2147483647, 0),
)
RECURRENT = (
    ("recurrent_mantissa", "i", 0, 0),
    ("recurrent_shift", "B", None, 0),
)
# Columns of weights for each output, where there are several.
BRANCHES = {6: 2}
KINDS = {
    1: (  # SiLIF
        ("decay", "i", 1073741824, 0),
        ("input_gain", "i", 0, 0),
        ("adaptation_leak_mantissa", "i", 0, 0),
        ("adaptation_leak_shift", "B", None, 0),
        ("subthreshold_coupling", "i", 1073741824, 0),
        ("spike_coupling", "i", 0, 0),
    ),
    2: (  # C-SiLIF
        ("decay", "i", 1073741824, 0),
        ("decay_imaginary", "i", 3670016, 0),
    ),
    3: (  # readout
        ("decay", "i", 1073741824, 0),
    ),
    4: (  # RF
        ("decay", "i", 1073741824, 0),
        ("decay_imaginary", "i", 3670016, 0),
    ),
    5: (),  # encoder
    6: (  # S4D-GLU
        ("input_mantissa", "i", 0, 0),
        ("input_shift", "B", None, 0),
        ("input_bias", "i", 2147483647, 0),
        ("pair_decay", "i", None, 2),
        ("pair_gain", "i", None, 1),
        ("pair_output", "h", 0, 2),
        ("output_shift", "B", 0, 0),
        ("skip", "i", 2147483647, 0),
        ("threshold", "i", -1, 0),
        ("sign", "b", 0, 0),
    ),
    7: (  # S4D-GSU
        ("input_mantissa", "i", 0, 0),
        ("input_shift", "B", None, 0),
        ("input_bias", "i", 2147483647, 0),
        ("pair_decay", "i", None, 2),
        ("pair_gain", "i", None, 1),
        ("pair_output", "h", 0, 2),
        ("output_shift", "B", 0, 0),
        ("skip", "i", 2147483647, 0),
        ("ternary_threshold", "h", None, 0),
        ("ternary_bias", "i", None, 0),
        ("product_mantissa", "i", 0, 0),
        ("product_shift", "B", None, 0),
        ("product_bias", "i", 2147483647, 0),
    ),
    8: (  # P-SpikeSSM
        ("input_mantissa", "i", 0, 0),
        ("input_shift", "B", None, 0),
        ("input_bias", "i", 2147483647, 0),
        ("pair_decay", "i", None, 2),
        ("pair_gain", "i", None, 1),
        ("pair_output", "h", 0, 2),
        ("output_shift", "B", 0, 0),
        ("skip", "i", 2147483647, 0),
        ("spike_mantissa", "i", 0, 0),
        ("spike_shift", "B", None, 0),
        ("spike_bias", "i", 2147483647, 0),
    ),
    9: (  # LIF
        ("decay", "i", 1073741824, 0),
    ),
    10: (  # CUBA-LIF
        ("decay", "i", 1073741824, 0),
        ("synapse_decay", "i", 1073741824, 0),
        ("spike_decay", "i", 1073741824, 0),
        ("spike_offset", "i", 0, 0),
        ("input_after_spike", "B", 1, 0),
        ("threshold", "i", 0, 0),
        ("membrane_bias", "i", 0, 0),
    ),
}
# end
NONE, AXONAL, DENDRITIC, SYNAPTIC = range(4)
# Added to what a layer reads where it reads its own spikes, too.
RECURRENT_SOURCE = 4


def rewrite(content: bytearray, start: int) -> None:
    """Rewrites the tables of the LAYR section at `start`."""
    kind, source, delay_kind, bits, inputs, outputs, _, fraction_bits, pairs = struct.unpack_from("<9H", content, start)
    branches = BRANCHES.get(kind, 1)
    if fraction_bits > 22:
        raise SystemExit("worst_case_model: no bias makes a neuron of more than 22 fractional bits fire in every step")
    width = -(-outputs // 16) * 16
    offset = start + 32

    def skip(size: int) -> None:
        nonlocal offset
        offset += -(-size // 16) * 16

    def rewrite_tables(tables: tuple, branches: int) -> None:
        for _, code, value, each in tables:
            values = each * pairs or 1
            count = branches * width * values
            if value is not None:
                row = [value] * (outputs * values) + [0] * ((width - outputs) * values)
                struct.pack_into(f"<{count}{code}", content, offset, *row * branches)
            skip(struct.calcsize("<" + code) * count)

    skip(inputs * branches * width * bits // 8)
    # The sums are made, and count for nothing; the bias is above the threshold; states grow up to their limits.
    rewrite_tables(CONNECTION, branches)
    skip({NONE: 0, AXONAL: inputs, DENDRITIC: width, SYNAPTIC: inputs * width}[delay_kind])
    if source & RECURRENT_SOURCE:
        skip(outputs * width * bits // 8)
        rewrite_tables(RECURRENT, 1)
    rewrite_tables(KINDS[kind], 1)


def report_always(content: bytearray, start: int) -> None:
    """Rewrites the DTCT section at `start`: whatever the probabilities, a word is above its threshold and armed."""
    struct.pack_into("<HH", content, start + 2, 0, 0)  # no warm-up, no refractory time
    classes, share_q15 = struct.unpack_from("<HH", content, start + 6)
    struct.pack_into("<H", content, start + 8, min(share_q15, 1))
    for index in range(classes):
        struct.pack_into("<HH", content, start + 16 + 8 * index, 0, 32768)


def main(model: str, output: str, digest: str | None = None) -> None:
    with open(model, "rb") as file:
        content = bytearray(file.read())
    for index in range(struct.unpack_from("<H", content, 10)[0]):
        tag, start = struct.unpack_from("<4sI", content, 32 + 16 * index)
        if tag == b"LAYR":
            rewrite(content, start)
        elif tag == b"DTCT":
            report_always(content, start)
        elif tag == b"TEST" and digest:
            struct.pack_into("<Q", content, start + 8, int(digest, 16))
    struct.pack_into("<I", content, 16, zlib.crc32(content[20:], zlib.crc32(content[:16])))
    with open(output, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit("usage: worst_case_model.py MODEL OUTPUT [DIGEST]")
    main(*sys.argv[1:])
