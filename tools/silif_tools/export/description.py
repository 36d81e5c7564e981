"""NAME.json beside a checkpoint NAME.pth: what the trainer knows of a network and a state dict cannot say."""

import json
import math
from pathlib import Path

from ..errors import ConversionError
from ..integer.frontend import FrontEndSettings
from .delays import KINDS

LONGEST_STEP_MS = 1000
# A kernel has a tap more, and one in the middle.
_LONGEST_DELAYS = range(2, 255, 2)
_DELAYS_SAID = f"an even number of steps from {_LONGEST_DELAYS[0]} to {_LONGEST_DELAYS[-1]}"
_SETTINGS = ("sample_rate_hz", "frame_samples", "hop_samples", "bands", "preemphasis", "low_hz", "high_hz")


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


def _is_list_of_text(value) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_delay(value) -> bool:
    if not isinstance(value, dict):
        return False
    kind, longest = value.get("kind", "axonal"), value.get("max_delay", 2)
    return isinstance(kind, str) and kind in KINDS and _is_whole(longest) and longest in _LONGEST_DELAYS


def _is_front_end(value) -> bool:
    return isinstance(value, dict) and (
        value.get("type") != "kaldi_fbank" or all(_is_number(value.get(key)) for key in _SETTINGS)
    )


# Keys that are read, what each must be, and how to say so. null is as good as leaving a key out.
_WANTED = {
    "words": (_is_list_of_text, "a list of strings"),
    "credits": (_is_list_of_text, "a list of strings"),
    "step_ms": (lambda it: _is_number(it) and 0.001 <= it <= LONGEST_STEP_MS, f"0.001 to {LONGEST_STEP_MS}"),
    "delay": (_is_delay, f'{{"kind": {" or ".join(KINDS)}, "max_delay": {_DELAYS_SAID}}}'),
    "weight_bits": (lambda it: _is_whole(it) and it in (4, 8, 16), "4, 8 or 16"),
    "front_end": (_is_front_end, f"an object with the numbers {', '.join(_SETTINGS)}"),
}


def is_same_step(one_ms: float, other_ms: float) -> bool:
    """Whether both are one step in a model file, which counts microseconds."""
    return round(1000 * one_ms) == round(1000 * other_ms)


def described_step(description: dict) -> float | None:
    """The milliseconds of a step: what the description says, or what its front end makes of a hop."""
    settings = front_end(description)
    return description.get("step_ms", 1000 * settings.hop_s if settings else None)


def _check_step(path: Path, description: dict) -> None:
    settings = front_end(description)
    if settings is None or "step_ms" not in description:
        return
    if not is_same_step(description["step_ms"], 1000 * settings.hop_s):
        raise ConversionError(
            f"{path}: step_ms must be {1000 * settings.hop_s:g}, hop_samples / sample_rate_hz of its front_end; correct"
            " one of them, or leave step_ms out"
        )


def read_description(checkpoint: Path) -> dict:
    """NAME.json of NAME.pth, or nothing where there is none. Raises ConversionError naming file and key."""
    path = checkpoint.with_suffix(".json")
    if not path.exists():
        return {}
    if not path.is_file() or path.stat().st_size > _LONGEST_BYTES:
        raise ConversionError(
            f"{path}: is no file, or has more than {_LONGEST_BYTES >> 20} MB; move it if it is not that"
        )
    try:
        description = json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite, parse_int=_integer
        )
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
    _check_step(path, description)
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
    settings = description.get("front_end")
    if settings is None:
        return None
    if settings.get("type") != "kaldi_fbank":
        raise ConversionError(f"front_end type {settings.get('type')!r}: the runtime has kaldi_fbank only")
    return FrontEndSettings(
        sample_rate_hz=int(settings["sample_rate_hz"]),
        frame_length_samples=int(settings["frame_samples"]),
        hop_samples=int(settings["hop_samples"]),
        band_count=int(settings["bands"]),
        preemphasis=settings["preemphasis"],
        low_hz=int(settings["low_hz"]),
        high_hz=int(settings["high_hz"]),
    )
