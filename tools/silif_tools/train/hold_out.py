"""Which recordings of the training lists no network for streams trains on: validation's speech, noise and rooms."""

import hashlib
import os

SHARE = 0.25  # of the bundled recipes
# Phrases that no network trains on: what new ones do to it.
NEVER_HEARD = ("hymel_phrases/goodnight", "hymel_phrases/hey_archie")


def is_held_out(name: str, share: float) -> bool:
    """Whether a recording is kept for validation. Where a folder or a file's name tells the speaker, by speaker."""
    folder, _, file = name.rpartition("/")
    if folder.startswith(NEVER_HEARD):
        return True
    if folder == "arctic_kathleen":  # a sentence was read more than once
        file = file.rpartition("_")[0]
    if folder.startswith("arabic/"):
        folder, file = "arabic", file.split("_")[0]
    if folder.startswith("mandarin"):
        file = ""
    return int(hashlib.sha1(os.fsencode(f"{folder}/{file}")).hexdigest(), 16) % 1000 < 1000 * share
