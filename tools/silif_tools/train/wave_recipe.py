"""The keys of a recipe whose sequences are composed from waveforms: a recipe with a section [waveforms]."""

# Of [scenes], what such sequences know.
SCENES = (
    "p_other_words", "p_equaliser", "tilt_db", "ripple_db", "p_low_pass", "frequency_masks", "mask_bands", "time_masks",
    "mask_frames",
)  # fmt: skip
# teacher and embedding are sections with the keys of TEACHER; guide_weight: of the teachers' probabilities of frames in
# the network's loss; pool, which may be left out: so many sequences are composed before a processor trains the network,
# which hears no others (waveform/pool.py); corrected_guides, likewise: what the teachers take for a command where none
# may be said counts as none (teachers.corrected).
WAVEFORMS: dict[str, type] = {
    "speed": float, "p_clip": float, "p_warp": float, "guide_weight": float, "pool": int,
    "corrected_guides": bool, "teacher": dict, "embedding": dict,
}  # fmt: skip
OPTIONAL = {"pool", "corrected_guides"}
# Of a network that has no rounds on clips, in [waveforms] too.
BEGINNING: dict[str, type] = {"initial_norm_weight": float, "initial_norm_bias": float, "initial_dt": list}
TEACHER: dict[str, type] = {"size": int, "dropout": float, "batch": int, "steps": int, "rate": float}
# Of [stream], what sequences from the bank need alone.
OF_THE_BANK = ("speech_variants", "synthetic_variants")
MOST_FRAMES = 600  # of a sequence: a plan has room for so many pieces
# Of [stream.finish], beside stream_recipe.FINISH: it computes on the processor, where 256 sequences take long.
FINISH: dict[str, type] = {"batch": int}
