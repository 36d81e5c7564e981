"""NAME.json beside a checkpoint NAME.pth: what the trainer knows of a network and a state dict cannot say."""

import json
import math
from pathlib import Path

from ..errors import ConversionError, visible
from ..integer.frontend import FrontEndSettings
from ..model_file.bounds import MAXIMUM_WORD_BYTES
from ..model_file.front_end import FFT_SIZE, MAXIMUM_BANDS, SAMPLE_RATES_HZ
from ..text import text_of
from .delays import KINDS

LONGEST_STEP_MS = 1000
# What `is_word` asks of a word.
WORDS_WANTED = f"1 to {MAXIMUM_WORD_BYTES} bytes and no control characters"
# A kernel has a tap more, and one in the middle.
_LONGEST_DELAYS = range(2, 255, 2)
_DELAYS_SAID = f"an even number of steps from {_LONGEST_DELAYS[0]} to {_LONGEST_DELAYS[-1]}"
# Lists of recordings are the longest that anybody writes into it.
_LONGEST_BYTES = 16 << 20


def _refuse(text: str):
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text[:20])


def _integer(text: str) -> int:
    return int(text) if len(text) < 19 else _refuse(f"{text[:20]}...")


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_word(text: str) -> bool:
    """Whether a model file can hold it as the name of a class."""
    try:
        return 1 <= len(text.encode()) <= MAXIMUM_WORD_BYTES and not any(each < " " or each == "\x7f" for each in text)
    except UnicodeEncodeError:
        return False


def _is_list_of_words(value) -> bool:
    return _is_list_of_text(value) and all(map(is_word, value))


def _is_line(value) -> bool:
    return isinstance(value, str) and visible(value) == value


def _is_list_of_text(value) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_delay(value) -> bool:
    if not isinstance(value, dict):
        return False
    kind, longest = value.get("kind", "axonal"), value.get("max_delay", 2)
    return isinstance(kind, str) and kind in KINDS and _is_whole(longest) and longest in _LONGEST_DELAYS


def _is_within(value, low: float, high: float) -> bool:
    """Whether it is a whole number of this range, which JSON may write with a point."""
    return low <= value <= high and value == int(value)


# The numbers of a front end, what each must be beside the others, and how to say so.
_SETTINGS = {
    "sample_rate_hz": (
        lambda it, _: _is_within(it, *SAMPLE_RATES_HZ),
        "a whole number from {} to {}".format(*SAMPLE_RATES_HZ),
    ),
    "frame_samples": (
        lambda it, _: _is_within(it / 2, 1, FFT_SIZE // 2),
        f"an even number from 2 to {FFT_SIZE}",
    ),
    "hop_samples": (
        lambda it, others: _is_within(it, 1, others["frame_samples"]),
        "a whole number from 1 to frame_samples",
    ),
    "bands": (lambda it, _: _is_within(it, 1, MAXIMUM_BANDS), f"a whole number from 1 to {MAXIMUM_BANDS}"),
    "preemphasis": (lambda it, _: 0 <= it <= 1, "0 to 1"),
    "high_hz": (
        lambda it, others: _is_within(it, 1, others["sample_rate_hz"] // 2),
        "a whole number from 1 to half of sample_rate_hz",
    ),
    "low_hz": (
        lambda it, others: _is_within(it, 0, others["high_hz"] - 1),
        "a whole number from 0 on, below high_hz",
    ),
}


def _has_numbers(value) -> bool:
    return isinstance(value, dict) and (
        value.get("type") != "kaldi_fbank" or all(_is_number(value.get(key)) for key in _SETTINGS)
    )


def _check_front_end(path: Path, settings: dict) -> None:
    if settings.get("type") != "kaldi_fbank":
        raise ConversionError(f'{path}: front_end: type must be "kaldi_fbank", the one that the runtime has')
    for key, (is_right, wanted) in _SETTINGS.items():
        if not is_right(settings[key], settings):
            raise ConversionError(f"{path}: front_end: {key} must be {wanted}")
    try:
        front_end({"front_end": settings}).to_section()
    except ValueError as error:
        raise ConversionError(f"{path}: front_end: {error}") from None


# Keys that are read, what each must be, and how to say so. null is as good as leaving a key out.
_WANTED = {
    "name": (_is_line, "a string in one line, without control characters"),
    "words": (_is_list_of_words, f"a list of strings that have {WORDS_WANTED}"),
    "credits": (_is_list_of_text, "a list of strings"),
    "step_ms": (lambda it: _is_number(it) and 0.001 <= it <= LONGEST_STEP_MS, f"0.001 to {LONGEST_STEP_MS}"),
    "delay": (_is_delay, f'{{"kind": {" or ".join(KINDS)}, "max_delay": {_DELAYS_SAID}}}'),
    "weight_bits": (lambda it: _is_whole(it) and it in (4, 8, 16), "4, 8 or 16"),
    "front_end": (_has_numbers, f"an object with the numbers {', '.join(_SETTINGS)}"),
}


def is_same_step(one_ms: float, other_ms: float) -> bool:
    """Whether both are one step in a model file, which counts microseconds."""
    return round(1000 * one_ms) == round(1000 * other_ms)


def described_step(description: dict) -> float | None:
    """The milliseconds of a step: what the description says, or what its front end makes of a hop."""
    settings = front_end(description)
    return description.get("step_ms", 1000 * settings.hop_s if settings else None)


def _check_step(path: Path, description: dict) -> None:
    hop_ms = 1000 * front_end(description).hop_s
    if not is_same_step(description.get("step_ms", hop_ms), hop_ms):
        raise ConversionError(
            f"{path}: step_ms must be {hop_ms:g}, hop_samples / sample_rate_hz of its front_end; correct"
            " one of them, or leave step_ms out"
        )


def description_path(checkpoint: Path) -> Path:
    """NAME.json of NAME.pth."""
    return checkpoint.with_suffix(".json")


def read_description(checkpoint: Path) -> dict:
    """NAME.json of NAME.pth, or nothing where there is none. Raises ConversionError naming file and key."""
    path = description_path(checkpoint)
    if not path.exists():
        return {}
    if not path.is_file() or path.stat().st_size > _LONGEST_BYTES:
        raise ConversionError(
            f"{path}: is no file, or has more than {_LONGEST_BYTES >> 20} MB; move it if it is not that"
        )
    try:
        description = json.loads(text_of(path), parse_constant=_refuse, parse_float=_finite, parse_int=_integer)
    except RecursionError:
        raise ConversionError(f"{path}: nested too deep") from None
    except ValueError as error:
        raise ConversionError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(description, dict):
        raise ConversionError(
            f"{path}: want an object that describes {checkpoint.name}; move the file if it is not that"
        )
    for key, (is_right, wanted) in _WANTED.items():
        if description.get(key) is not None and not is_right(description[key]):
            raise ConversionError(f"{path}: {key} must be {wanted}")
    description = {key: value for key, value in description.items() if value is not None}
    if "front_end" in description:
        _check_front_end(path, description["front_end"])
        _check_step(path, description)
    for key, text in carried_over(description).items():
        if not _is_line(text):
            raise ConversionError(f"{path}: {key} must be one line, without control characters")
    return description


def carried_over(description: dict) -> dict[str, str]:
    """What a checkpoint's description says that belongs into the model file."""
    recipe = description.get("recipe", {})
    name, seed = (recipe.get("name", ""), recipe.get("seed", "")) if isinstance(recipe, dict) else (recipe, "")
    lines = {
        "recipe": name,
        "seed": description.get("seed", seed),
        "trained": description.get("trained", ""),
        "licence": description.get("licence", ""),
        "credits": "; ".join(description.get("credits", [])),
    }
    return {key: str(value) for key, value in lines.items() if value != ""}


def front_end(description: dict) -> FrontEndSettings | None:
    """The front end of what `read_description` returned; None where it has none."""
    settings = description.get("front_end")
    if settings is None:
        return None
    return FrontEndSettings(
        sample_rate_hz=int(settings["sample_rate_hz"]),
        frame_length_samples=int(settings["frame_samples"]),
        hop_samples=int(settings["hop_samples"]),
        band_count=int(settings["bands"]),
        preemphasis=settings["preemphasis"],
        low_hz=int(settings["low_hz"]),
        high_hz=int(settings["high_hz"]),
    )
