"""The golden models in the repository are those that the generator makes."""

from silif_tools.golden.__main__ import FOLDER, _check


def test_the_stored_models_are_reproduced():
    assert _check(FOLDER) == 0


def test_the_folder_stays_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 350_000
