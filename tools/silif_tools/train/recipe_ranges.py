"""Which values the keys of a recipe may have, beyond their types; the same in every section."""

import math

from silif_tools.arguments import LARGEST_SEED

# From where to where numbers may be. Those that begin with p_ are probabilities; what is not here may be any number.
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, LARGEST_SEED), "variants": (1, 10_000), "other_variants": (1, 10_000), "reel_variants": (1, 10_000),
    "speech_variants": (1, 10_000), "synthetic_variants": (1, 10_000), "synthetic_sentences": (0, 1_000_000),
    "synthetic_words": (0, 1_000_000), "synthetic_listed": (0, 1_000_000), "synthetic_commands": (0, 1_000_000),
    "speed": (1, 2), "speech_speed": (1, 2), "warp": (1, 2), "unknown_weight": (0, 1000), "silence_weight": (0, 1000),
    "shift_frames": (0, 100), "tilt_db": (0, 60), "ripple_db": (0, 60), "frequency_masks": (0, 40),
    "mask_bands": (0, 40), "time_masks": (0, 1000), "mask_frames": (0, 10_000), "size": (1, 65_536),
    "steps": (1, 1_000_000_000), "rate_steps": (1, 1_000_000_000), "batch": (1, 65_536), "rate": (0, 10),
    "weight_decay": (0, 10), "clip_gradient": (0, 1e6), "average": (0, 1), "dropout": (0, 0.99),
    "label_smoothing": (0, 1), "flat": (0, 0.999), "report_every": (1, 1_000_000_000),
    "store_every": (1, 1_000_000_000), "recalibration_batches": (1, 1_000_000), "teacher_weight": (0, 1000),
    "score_scale": (0, 1e6), "context_weight": (0, 1000), "ssm_rate": (0, 1000), "spike_weight": (0, 1e6),
    "held_out": (0, 0.99), "mined_share": (0, 1), "hardest": (0, 1), "gap_frames": (0, 10_000), "warm_up": (0, 10_000),
    "hold": (1, 10_000), "window": (1, 10_000), "block": (1, 10_000), "due": (0, 10_000), "margin": (0, 1e6),
    "due_weight": (0, 1000), "other_weight": (0, 1000), "ranking_weight": (0, 1000), "alarm_weight": (0, 1000),
    "word_weight": (0, 1000), "clip_weight": (0, 1000), "guide_weight": (0, 1000), "weight": (0, 1000),
    "frames": (1, 100_000), "pool": (1, 10_000_000), "rate_factor": (0, 1e6),
}  # fmt: skip
# Of each of the hidden layers: what scan.c and fixed.c have room for.
SIZES = (1, 2048)
SHARES = ("item_shares", "speech_shares")
# Lists of two numbers, the lower one first.
SPANS = ("silence_gain_db", "noise_snr_db", "babble_snr_db", "gain_db", "level_db", "context_frames", "initial_dt")
# What names files.
NAMES = ("name", "data")
LONGEST_NAME = 100


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _out_of(low: float, high: float, value: object) -> str | None:
    if _is_number(value) and low <= value <= high:
        return None
    span = f" from {low} to {high}" if high < math.inf else ""
    return f"must be a number{span}, not {value}"


def _of_name(value: str) -> str | None:
    is_plain = value not in ("", ".", "..") and value.isprintable() and not set("/\\") & set(value)
    if is_plain and len(value.encode()) <= LONGEST_NAME:
        return None
    return f"must be a name for files, without folders and of at most {LONGEST_NAME} bytes, not {value!r}"


def _of_list(key: str, value: list) -> str | None:
    if key == "words":
        is_good = all(isinstance(each, str) and each for each in value) and len(set(value)) == len(value)
        return None if is_good else f"must list different words, not {value}"
    if key == "hidden":
        is_good = value and all(isinstance(each, int) and _out_of(*SIZES, each) is None for each in value)
        return None if is_good else f"must list the layers' sizes, from {SIZES[0]} to {SIZES[1]}, not {value}"
    if key not in SPANS or (key == "initial_dt" and not value):
        return None
    least = 0 if key in ("initial_dt", "context_frames") else -math.inf
    if len(value) == 2 and all(map(_is_number, value)) and least <= value[0] <= value[1]:
        return None
    return f"must be two numbers{' from 0 on' * (least == 0)}, the lower one first, not {value}"


def problem_of(key: str, value: object, *, may_be_none: bool = False) -> str | None:
    """What is wrong with a value of the right type, to be said after its key; None where nothing is. may_be_none: steps
    may be 0, for none of what they would train."""
    if isinstance(value, str):
        return _of_name(value) if key in NAMES else None
    if isinstance(value, list):
        return _of_list(key, value)
    if isinstance(value, dict):
        wrong = (f"{name} {_out_of(0, 1000, each)}" for name, each in value.items() if _out_of(0, 1000, each))
        return next(wrong, None) if key in SHARES else None
    if isinstance(value, bool):
        return None
    low, high = (0, 1) if key.startswith("p_") else RANGES.get(key, (-math.inf, math.inf))
    return _out_of(0 if may_be_none and key == "steps" else low, high, value)
