"""The keys of a recipe that trains on sequences of numbers (sequences.py): a recipe with a section [sequences]."""

# data: NAME.npz, or the four IDX files of that set, in the folder of --data. order: of the pixels, one of
# sequences.ORDERS. validation: training sequences that are kept back. tokens, if it is there: the values are tokens,
# that many different ones, not sizes.
SEQUENCES: dict[str, type] = {"data": str, "order": str, "validation": int, "tokens": int}
# As in the other recipes; score_scale times the mean softmax over all steps is what the loss sees.
TRAINING: dict[str, type] = {
    "dropout": float, "steps": int, "batch": int, "rate": float, "flat": float, "weight_decay": float,
    "clip_gradient": float, "average": float, "label_smoothing": float, "score_scale": float, "report_every": int,
    "store_every": int, "recalibration_batches": int, "initial_norm_weight": float, "initial_norm_bias": float,
    "initial_dt": list, "ssm_rate": float, "spike_weight": float, "sampler": str,
}  # fmt: skip
