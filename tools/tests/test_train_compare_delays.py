"""The comparison of delays: equal memory, valid recipes, the table."""

import json

from silif_tools.studies import compare_delays
from silif_tools.train import recipe


def test_kinds_are_compared_at_equal_memory():
    """Weights and delays of every kind within 3 % of the network without, and never more than its delays above it."""
    alone, _ = compare_delays.VARIANTS["none"].memory_bytes(12)
    assert alone == 40 * 192 + 192 * 192 + 192 * 12
    for kind in ("axonal", "dendritic", "synaptic"):
        weights, delays = compare_delays.VARIANTS[kind].memory_bytes(12)
        assert 0.97 * alone < weights + delays < 1.01 * alone, kind
    assert compare_delays.VARIANTS["axonal"].memory_bytes(12)[1] == 2 * 192
    assert compare_delays.VARIANTS["dendritic"].memory_bytes(12)[1] == 192 + 12
    assert compare_delays.VARIANTS["synaptic"].memory_bytes(12)[1] == 136 * 136 + 136 * 12


def test_every_variant_is_a_recipe_that_a_file_could_hold():
    for variant in compare_delays.VARIANTS.values():
        made = variant.recipe(10, 4)
        assert "finish" not in made and made["training"]["teacher_weight"] == 0.0
        if variant.kind:
            assert set(made["delay"]) == set(recipe.DELAY)
            recipe._check_delay(made["delay"], len(made["hidden"]) + 1, "")
        else:
            assert "delay" not in made


def test_table_shows_mean_and_spread(tmp_path):
    for seed, right in ((1, 80.0), (2, 82.0), (3, 84.0)):
        accuracy = {"validation": {"fresh": right, "context": 70.0}, "test": {"fresh": 90.0, "context": 60.0 + seed}}
        (tmp_path / f"none-seed{seed}.json").write_text(json.dumps({"accuracy_percent": accuracy}))
    line = compare_delays.table(tmp_path, ["none", "axonal"], 12).splitlines()[2]
    assert line == (
        "| none | 2 x 192 | 46,848 + 0 | 3 | 82.0 ± 2.0 | 70.0 ± 0.0 | 90.0 ± 0.0 | 62.0 ± 1.0 | 76.0 ± 0.8 |"
    )
