"""Pictures of what a network does."""

import argparse
from pathlib import Path

ENDINGS = (".png", ".svg", ".pdf")


def picture(text: str) -> Path:
    """The type of an argument that names a picture to write: refused before anything is measured."""
    path = Path(text)
    if path.suffix.lower() not in ENDINGS:
        raise argparse.ArgumentTypeError(f"{text}: give a name that ends in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    return path
