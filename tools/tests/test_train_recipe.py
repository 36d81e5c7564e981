"""Which values a recipe may have."""

import re
from pathlib import Path

import pytest

from silif_tools.commands import train
from silif_tools.train import recipe, recipe_ranges


@pytest.mark.parametrize("name", ["scan.c", "fixed.c"])
def test_layers_are_as_large_as_the_kernels_of_training_can_hold(name):
    source = Path(recipe_ranges.__file__).with_name(name).read_text()
    assert re.search(r"#define MAX_H (\d+)", source)[1] == str(recipe_ranges.SIZES[1])


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("kws12-silif", 'name = "kws12-silif"', 'name = "../x"', "name must be a name for files, without folders"),
        ("kws12-silif", 'name = "kws12-silif"', 'name = "/tmp/x"', "name must be a name for files, without folders"),
        ("kws12-silif", 'name = "kws12-silif"', 'name = ""', "name must be a name for files"),
        ("kws12-silif", "hidden = [256, 256, 256]", "hidden = [256, 0]", "hidden must list the layers' sizes"),
        ("kws12-silif", "hidden = [256, 256, 256]", "hidden = [4096]", "sizes, from 1 to 2048, not [4096]"),
        ("kws12-silif", "seed = 1", "seed = -1", f"seed must be a number from 0 to {2**63 - 1}, not -1"),
        ("kws12-silif", "batch = 128", "batch = 0", "[teacher] batch must be a number from 1 to 65536, not 0"),
        ("kws12-silif", "speed = 1.17", "speed = 0.1", "[bank] speed must be a number from 1 to 2, not 0.1"),
        ("kws12-silif", "p_room = 0.", "p_room = 7.", "[bank] p_room must be a number from 0 to 1"),
        ("kws12-silif", "score_scale = 15.0", "score_scale = nan", "[training] score_scale must be a number"),
        ("kws12-csilif", "pool = 98304", "pool = 10000000000", "[waveforms] pool must be a number from 1 to"),
        ("kws12-csilif", "pool = 98304", "pool = 0", "pool must be a number from 1 to 10000000, not 0"),
        ("kws12", "batch = 256", "batch = 0", "[stream] batch must be a number from 1 to 65536, not 0"),
        ("kws12", "batch = 32", "batch = 0", "[stream.finish] batch must be a number from 1 to 65536, not 0"),
        ("kws12", "steps = 2500", "steps = -1", "[waveforms.teacher] steps must be a number from 1"),
        ("kws12", "steps = 1600", "steps = 0", "[waveforms.embedding] steps must be a number from 1"),
        ("kws12", "warp = 1.16", "warp = 0.2", "[stream] warp must be a number from 1 to 2, not 0.2"),
        ("kws12", "level_db = [-45.0, -12.0]", "level_db = [-12.0, -45.0]", "level_db must be two numbers, the lower"),
        ("kws12", "told = 1.0", "told = -1.0", "speech_shares told must be a number from 0 to 1000"),
        ("smnist-s4d", 'data = "mnist"', 'data = "../mnist"', "[sequences] data must be a name for files"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_wrong_usage_before_anything_is_made(name, old, new, message, tmp_path, capsys):
    text, path = recipe.find(name).read_text(), tmp_path / "mine.toml"
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert train.main([str(path), "--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"silif-train: {path}: ") and message in said
    assert not (tmp_path / "out").exists()
