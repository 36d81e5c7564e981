"""Recipes: every number of a training run, in a TOML file."""

import tomllib
from pathlib import Path

from silif_tools.model_file.schema import MAXIMUM_PAIRS
from silif_tools.text import text_of
from silif_tools.train import delays, quantize, sequence_recipe, stream_recipe, wave_recipe
from silif_tools.train.blocks import BLOCKS, SAMPLERS
from silif_tools.train.recipe_ranges import problem_of
from silif_tools.train.sequences import ORDERS

BUNDLED = Path(__file__).resolve().parent.parent / "recipes"

# Sections and the keys each must have, with their types. Lists are [low, high] unless they say otherwise.
KEYS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "": {
        "name": str, "kind": str, "hidden": list, "words": list, "seed": int, "width": int, "blocks": int, "pairs": int,
    },
    "bank": {
        "variants": int, "other_variants": int, "reel_variants": int, "speed": float, "p_room": float, "p_clip": float,
    },
    "scenes": {
        "unknown_weight": float, "silence_weight": float, "p_other_words": float, "p_running_speech": float,
        "p_zero_padding": float, "silence_gain_db": list, "p_digital_silence": float, "shift_frames": int,
        "p_noise": float, "noise_snr_db": list, "p_babble": float, "babble_snr_db": list, "gain_db": list,
        "p_equaliser": float, "tilt_db": float, "ripple_db": float, "p_low_pass": float,
        "frequency_masks": int, "mask_bands": float, "time_masks": int, "mask_frames": float,
    },
    "teacher": {
        "size": int, "dropout": float, "steps": int, "batch": int, "rate": float, "weight_decay": float,
        "clip_gradient": float, "average": float, "label_smoothing": float, "p_context": float, "context_frames": list,
        "report_every": int,
    },
    "training": {
        "dropout": float, "steps": int, "rate_steps": int, "batch": int, "rate": float, "weight_decay": float,
        "clip_gradient": float, "average": float, "label_smoothing": float, "teacher_weight": float,
        "score_scale": float,
        "p_context": float, "context_frames": list, "report_every": int, "recalibration_batches": int,
        "context_weight": float, "frozen_statistics": bool, "weight_bits": int,
        "initial_norm_weight": float, "initial_norm_bias": float, "initial_dt": list,
        "flat": float, "store_every": int, "ssm_rate": float, "spike_weight": float, "sampler": str,
    },
}  # fmt: skip

# A recipe of sequences has these, and nothing of sound.
SEQUENCE_KEYS = {"": KEYS[""], "sequences": sequence_recipe.SEQUENCES, "training": sequence_recipe.TRAINING}

# A recipe whose sequences are composed from waveforms has these and [stream]; those of KEYS too, where rounds on clips
# come first.
WAVE_KEYS = {
    "": KEYS[""],
    "scenes": {k: KEYS["scenes"][k] for k in wave_recipe.SCENES},
    "waveforms": wave_recipe.WAVEFORMS | wave_recipe.BEGINNING,
}
WAVES_AFTER_CLIPS = KEYS | {"waveforms": wave_recipe.WAVEFORMS}

# A recipe may have [delay], in every layer of the list (0 takes the features, the last is the readout): see delays.py.
DELAY: dict[str, type | tuple[type, ...]] = {
    "kind": str, "layers": list, "max_delay": int, "initial_delay": float, "rate_factor": float,
    "sigma_from": float, "sigma_until": float, "round_from": float,
}  # fmt: skip

# A recipe may end with any number of [[finish]], each with [finish.scenes] (of sound) and [finish.training]: another
# round from the weights of the one before, with these keys in place of its.

LONGEST_DELAY = 254  # of a model file, and even
# rate_steps: length of the cycle of the rate, where the round ends before the cycle. weight_bits: the round computes as
# the engine does, with weights of 4 or 8 bits (quantize.py); the rounds after it too.
# flat, store_every: as in [stream]. Of blocks: ssm_rate, the factor on the rate of time steps and poles; spike_weight,
# the loss for each spike a neuron and step; sampler, what P-SpikeSSM trains on.
OF_BLOCKS = ("ssm_rate", "spike_weight", "sampler")
OPTIONAL = {
    "rate_steps", "weight_bits", "flat", "store_every", "tokens", *OF_BLOCKS, *stream_recipe.OPTIONAL,
    *wave_recipe.OPTIONAL,
}  # fmt: skip
# What says the size of the hidden layers: in networks of blocks (s4d-glu, s4d-gsu, pspike) all are alike.
SIZES = {"hidden": list, "width": int, "blocks": int, "pairs": int}


class BadRecipe(Exception):
    """A recipe that cannot be used; the message names the key."""


def find(name: str) -> Path:
    """A recipe by path, or by the name of one that comes with the package (with or without .toml)."""
    for path in (Path(name), BUNDLED / name, BUNDLED / f"{name}.toml"):
        if path.is_file():
            return path
    have = ", ".join(sorted(p.stem for p in BUNDLED.glob("*.toml")))
    raise BadRecipe(f"no recipe {name}; a path, or one of: {have}")


def _check(part: dict, keys: dict, where: str, all_of_them: bool) -> None:
    """Keys and types of one section; whole numbers become floats where floats are meant."""
    for key, kind in keys.items():
        if key not in part:
            if all_of_them and key not in OPTIONAL | set(SIZES):
                raise BadRecipe(f"{where}{key} is missing")
            continue
        if kind is float and isinstance(part[key], int) and not isinstance(part[key], bool):
            part[key] = float(part[key])
        if not isinstance(part[key], kind) or isinstance(part[key], bool) != (kind is bool):
            raise BadRecipe(f"{where}{key} must be of type {kind.__name__}")
        if problem := problem_of(key, part[key], may_be_none=where.endswith("[teacher] ")):
            raise BadRecipe(f"{where}{key} {problem}")
    for key in part:
        if key not in keys:
            raise BadRecipe(f"{where}{key} is unknown")


def _check_delay(delay: dict, layers: int, where: str) -> None:
    """What types alone do not say."""
    if delay["kind"] not in delays.KINDS:
        raise BadRecipe(f"{where}kind must be one of: {', '.join(delays.KINDS)}")
    if delay["max_delay"] not in range(2, LONGEST_DELAY + 1, 2):
        raise BadRecipe(f"{where}max_delay must be even (the middle tap is 0), from 2 to {LONGEST_DELAY} steps")
    if not 0 <= delay["initial_delay"] <= delay["max_delay"]:
        raise BadRecipe(f"{where}initial_delay, the longest delay at first, must be from 0 to max_delay")
    if not delay["layers"] or any(type(i) is not int or not 0 <= i < layers for i in delay["layers"]):
        raise BadRecipe(f"{where}layers must list layers from 0 to {layers - 1}, the readout")
    if not (delay["sigma_from"] >= delays.NARROWEST and 0 < delay["sigma_until"] <= 1 and 0 < delay["round_from"] <= 1):
        raise BadRecipe(
            f"{where}sigma_from must be at least {delays.NARROWEST}, sigma_until and round_from above 0 and at most 1"
        )


def _check_bits(training: dict, where: str) -> None:
    """A quantized round needs fixed normalisation: it is folded into what is rounded."""
    if "weight_bits" not in training:
        return
    if training["weight_bits"] not in quantize.BITS:
        raise BadRecipe(f"{where}weight_bits must be one of: {', '.join(map(str, quantize.BITS))}")
    if not training["frozen_statistics"]:
        raise BadRecipe(f"{where}weight_bits needs frozen_statistics = true")


def _check_rounded(recipe: dict, where: str) -> None:
    """rounded_bits, which only a network without delays or blocks can have."""
    if recipe["stream"]["rounded_bits"] not in quantize.BITS:
        raise BadRecipe(f"{where}rounded_bits must be one of: {', '.join(map(str, quantize.BITS))}")
    if recipe["kind"] in BLOCKS or "delay" in recipe:
        raise BadRecipe(f"{where}rounded_bits cannot be had with blocks or [delay]")


def _refuse(training: dict, keys: tuple[str, ...], kind: str, where: str) -> None:
    """Keys of [training] that nothing would read where kind is this."""
    for key in keys:
        if key in training:
            raise BadRecipe(f"{where}{key} is unknown where kind is {kind}")


def _check_sizes(recipe: dict, where: str) -> None:
    """Of layers one after another `hidden`, of blocks `width`, `blocks` and `pairs`, from which `hidden` follows."""
    if recipe["kind"] not in ("silif", "csilif", *BLOCKS):
        raise BadRecipe(f"{where}kind must be one of: silif, csilif, {', '.join(BLOCKS)}")
    of_blocks = recipe["kind"] in BLOCKS
    for key in SIZES:
        if (key in recipe) != ((key != "hidden") == of_blocks):
            raise BadRecipe(
                f"{where}{key} is {'unknown' if key in recipe else 'missing'} where kind is {recipe['kind']}"
            )
    if not of_blocks:
        for part in rounds(recipe):
            _refuse(part.get("training", {}), OF_BLOCKS, recipe["kind"], where)
        return
    for key in ("width", "blocks"):
        if recipe[key] < 1:
            raise BadRecipe(f"{where}{key} must be 1 or more")
    if not 1 <= recipe["pairs"] <= MAXIMUM_PAIRS:
        raise BadRecipe(f"{where}pairs must be 1 to {MAXIMUM_PAIRS}")
    for part in ("delay", "stream"):
        if part in recipe:
            raise BadRecipe(f"{where}[{part}] cannot be had where kind is {recipe['kind']}")
    for part in rounds(recipe):
        if "weight_bits" in part["training"]:
            raise BadRecipe(f"{where}weight_bits: networks of blocks train in float; leave it out")
        if part["training"].get("sampler", SAMPLERS[0]) not in SAMPLERS:
            raise BadRecipe(f"{where}sampler must be one of: {', '.join(SAMPLERS)}")
        if recipe["kind"] != "pspike":
            _refuse(part["training"], ("sampler",), recipe["kind"], where)
    recipe["hidden"] = [recipe["width"]] * recipe["blocks"]


def _check_sequences(recipe: dict, where: str) -> None:
    """What types alone do not say of a recipe of sequences."""
    for section in recipe:
        if isinstance(recipe[section], dict) and section not in SEQUENCE_KEYS:
            raise BadRecipe(f"{where}[{section}] cannot be had beside [sequences]")
    settings = recipe["sequences"]
    if settings["order"] not in ORDERS:
        raise BadRecipe(f"{where}[sequences] order must be one of: {', '.join(ORDERS)}")
    if settings["validation"] < 1:
        raise BadRecipe(f"{where}[sequences] validation must be 1 or more sequences")
    if not 2 <= settings.get("tokens", 2) <= 256:
        raise BadRecipe(f"{where}[sequences] tokens must be 2 to 256")


def _check_waveforms(recipe: dict, where: str) -> None:
    """What types alone do not say of a recipe of waveforms."""
    from_clips = "training" in recipe
    for section in recipe if not from_clips else ():
        if isinstance(recipe[section], dict) and section not in (*WAVE_KEYS, "stream"):
            raise BadRecipe(f"{where}[{section}] cannot be had beside [waveforms] without [training]")
    if "finish" in recipe and not from_clips:
        raise BadRecipe(f"{where}[[finish]] cannot be had without [training]; [stream.finish] can")
    if recipe["kind"] not in ("silif", "csilif"):
        raise BadRecipe(f"{where}kind must be silif or csilif where there is [waveforms]")
    for key in ("teacher", "embedding"):
        _check(recipe["waveforms"][key], wave_recipe.TEACHER, f"{where}[waveforms.{key}] ", True)
    if not {"finish", "rounded_bits"} & set(recipe.get("stream", {})):
        raise BadRecipe(f"{where}[waveforms] needs [stream], and there [stream.finish] or rounded_bits")
    if recipe["stream"].get("frames", 0) > wave_recipe.MOST_FRAMES:
        raise BadRecipe(f"{where}[stream] frames must be at most {wave_recipe.MOST_FRAMES} beside [waveforms]")
    if "teacher" in recipe["stream"]:
        raise BadRecipe(f"{where}[stream.teacher] cannot be had beside [waveforms]")
    if not from_clips and recipe["stream"].get("frozen_from") == 0:
        raise BadRecipe(
            f"{where}[stream] frozen_from must be above 0: without [training] nothing settled the normalisation before"
        )


def rounds(recipe: dict) -> list[dict]:
    """The recipe of every round of training: the first, then one for each [[finish]], which changes the one before."""
    found = [{k: v for k, v in recipe.items() if k != "finish"}]
    for change in recipe.get("finish", []):
        last = found[-1]
        found.append(last | {part: last[part] | change[part] for part in change})
    return found


def load(path: Path) -> dict:
    """The recipe as nested dicts, all keys checked."""
    try:
        recipe = tomllib.loads(text_of(path))
    except ValueError as error:
        raise BadRecipe(f"{path}: {error}") from error
    all_keys = SEQUENCE_KEYS if "sequences" in recipe else KEYS
    if "waveforms" in recipe:
        all_keys = WAVES_AFTER_CLIPS if "training" in recipe else WAVE_KEYS
    for section, keys in all_keys.items():
        part = (
            recipe.get(section, {})
            if section
            else {k: v for k, v in recipe.items() if not isinstance(v, dict) and k != "finish"}
        )
        _check(part, keys, f"{path}: [{section}] " if section else f"{path}: ", True)
    finish = recipe.get("finish", [])
    if not isinstance(finish, list):
        raise BadRecipe(f"{path}: finish must be written [[finish]]")
    for section, part in (item for change in finish for item in change.items()):
        if section not in ("scenes", "training") or section not in all_keys:
            raise BadRecipe(f"{path}: [finish.{section}] is unknown")
        _check(part, all_keys[section], f"{path}: [finish.{section}] ", False)
    of_waves = "waveforms" in recipe
    if of_waves:
        _check_waveforms(recipe, f"{path}: ")
    _check_sizes(recipe, f"{path}: ")
    if "sequences" in recipe:
        _check_sequences(recipe, f"{path}: ")
        return recipe
    for part in rounds(recipe) if "training" in recipe else ():
        _check_bits(part["training"], f"{path}: ")
    if "stream" in recipe:
        settings = {k: v for k, v in recipe["stream"].items() if k not in ("finish", "teacher")}
        unread = wave_recipe.OF_THE_BANK if of_waves else ()
        keys = {k: v for k, v in stream_recipe.KEYS.items() if k not in unread}
        _check(settings, keys, f"{path}: [stream] ", True)
        recipe["stream"] |= settings
        if not 0 <= settings["frozen_from"] <= 1:
            raise BadRecipe(f"{path}: [stream] frozen_from must be from 0 to 1, a share of the steps")
        if not 0 <= settings.get("start_share", 0.0) < 1:
            raise BadRecipe(f"{path}: [stream] start_share must be from 0 to below 1, a share of the weights")
        if settings.get("clip_score", "mean") not in stream_recipe.CLIP_SCORES:
            raise BadRecipe(f"{path}: [stream] clip_score must be one of: {', '.join(stream_recipe.CLIP_SCORES)}")
        if "rounded_bits" in settings:
            _check_rounded(recipe, f"{path}: [stream] ")
        if settings.get("start_share") and settings["frozen_from"]:
            raise BadRecipe(f"{path}: [stream] start_share needs frozen_from = 0: a mean of normalisations is none")
        if any("weight_bits" in part.get("training", {}) for part in rounds(recipe)):
            raise BadRecipe(f"{path}: weight_bits must stand in [stream.finish], after [stream]")
        if "finish" in recipe["stream"]:
            finish = recipe["stream"]["finish"]
            keys = stream_recipe.FINISH | (wave_recipe.FINISH if of_waves else {})
            _check(finish, keys, f"{path}: [stream.finish] ", True)
            _check_bits(finish | {"frozen_statistics": True}, f"{path}: [stream.finish] ")
        if "teacher" in recipe["stream"]:
            _check(recipe["stream"]["teacher"], stream_recipe.TEACHER, f"{path}: [stream.teacher] ", True)
        for key, wanted in (("item_shares", stream_recipe.ITEMS), ("speech_shares", stream_recipe.SPEECH)):
            if set(recipe["stream"][key]) != set(wanted):
                raise BadRecipe(f"{path}: [stream] {key} must have {', '.join(wanted)}")
    if "delay" in recipe:
        _check(recipe["delay"], DELAY, f"{path}: [delay] ", True)
        _check_delay(recipe["delay"], len(recipe["hidden"]) + 1, f"{path}: [delay] ")
    for word in ("_unknown_", "_silence_"):
        if word not in recipe["words"]:
            raise BadRecipe(f"{path}: words must contain {word}")
    return recipe
