"""Tiny random models for tests, made by the golden models' generator."""

from silif_tools.golden.build import build
from silif_tools.kinds import READOUT
from silif_tools.kinds.golden_case import Case, Spec


def tiny_case(kind, delay_kind, *, bits=8, seed=1, extreme=False, fraction_bits=16, steps=25, **options) -> Case:
    reach = 0 if delay_kind == 0 else 6
    layers = (
        Spec(kind, 5, bits, delay_kind, reach, fraction_bits, extreme, **options),
        Spec(kind, 4, bits, delay_kind, reach, fraction_bits, extreme, **options),
        Spec(READOUT, 3, bits, delay_kind, reach),
    )
    return Case(f"tiny-{kind.slug}-{delay_kind.name}", seed, 3, layers, steps=steps, rates=(0.0, 1.0), saturates=None)


def tiny_model(kind, delay_kind, **options):
    """(bytes, tables, trace of the self-test)"""
    return build(tiny_case(kind, delay_kind, **options))
