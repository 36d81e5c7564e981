"""The golden models in the repository are those that the generator makes."""

from silif_tools.golden.__main__ import FOLDER, _check


def test_the_stored_models_are_reproduced():
    assert _check(FOLDER) == 0


def test_the_folder_stays_small():
    # 486,000 bytes of neurons, 171,000 of blocks: states of up to 64 pairs a channel have large tables.
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 680_000
