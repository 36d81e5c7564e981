"""Where the shared sound material lies: $SILIF_SHARED, or ../shared beside the repository."""

import os
import pathlib

import pytest


def shared_folder() -> pathlib.Path:
    """Skips the test where the material is missing, unless SILIF_REQUIRE_SHARED=1 says that it must be there."""
    default = pathlib.Path(__file__).resolve().parents[3] / "shared"
    folder = pathlib.Path(os.environ.get("SILIF_SHARED", default))
    if not (folder / "data").is_dir():
        message = f"no sound material in {folder}; set SILIF_SHARED"
        if os.environ.get("SILIF_REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
