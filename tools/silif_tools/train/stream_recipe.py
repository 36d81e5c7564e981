"""The keys of a recipe's [stream] section, with their types; the bundled recipe says what each means."""

KEYS: dict[str, type] = {
    "held_out": float, "speech_variants": int, "speech_speed": float, "speech_shares": dict,
    "synthetic_sentences": int, "synthetic_words": int, "synthetic_listed": int, "synthetic_commands": int,
    "synthetic_variants": int, "p_synthetic_word": float, "warp": float, "p_room": float, "p_mined": float,
    "mined_share": float, "p_spliced": float, "p_second_talker": float, "p_speech_only": float, "p_clip_first": float,
    "item_shares": dict, "gap_frames": int, "p_noise": float, "noise_snr_db": list, "p_babble": float,
    "babble_snr_db": list, "level_db": list, "warm_up": int, "hold": int, "window": int, "block": int, "due": int,
    "hardest": float, "margin": float, "due_weight": float, "other_weight": float, "ranking_weight": float,
    "alarm_weight": float, "word_weight": float, "clip_weight": float, "score_scale": float, "label_smoothing": float,
    "teacher_weight": float, "frames": int, "batch": int, "steps": int, "rate": float, "weight_decay": float,
    "flat": float, "clip_gradient": float, "average": float, "dropout": float, "report_every": int,
    "store_every": int, "recalibration_batches": int, "frozen_from": float, "start_share": float, "clip_score": str,
    "rounded_bits": int,
}  # fmt: skip
# May be left out: start_share, of the weights before the stage, in the mean of those and of what it made of them, which
# goes on to [stream.finish]; clip_score, by which the loss on clips scores them: one of CLIP_SCORES, the first where it
# is left out; rounded_bits: from frozen_from on the float network computes with weights rounded to so many bits, so
# that the round in integers begins at weights that bear it.
OPTIONAL = {"start_share", "clip_score", "rounded_bits"}
CLIP_SCORES = ("mean", "window")
# [stream.teacher], if there is one: a convolutional network of the size of [teacher], trained on the same sequences
# first (stream_teacher.py); weight: of its probabilities in the network's loss.
TEACHER: dict[str, type] = {"steps": int, "rate": float, "dropout": float, "weight": float}
# [stream.finish], if there is one: another round on sequences with these in place of the stage's, in the engine's
# integers with weights of so many bits, with the normalisation that the stage left.
FINISH: dict[str, type] = {"steps": int, "rate": float, "dropout": float, "weight_bits": int}
SPEECH = ("told", "untold", "foreign", "sentences", "words", "unknown")  # stream.make_scenes
ITEMS = ("command", "unknown", "speech", "part", "gap")


def rounded_bits(recipe: dict) -> int | None:
    """The bits for which the weights of a recipe without a round in integers were trained; None where they were not."""
    settings = recipe.get("stream", {})
    return None if "finish" in settings else settings.get("rounded_bits")
