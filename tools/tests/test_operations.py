"""Figure 3 for our networks: what is drawn is what kws-score says."""

import numpy as np
import pytest

from silif_tools.plot.operations import Point, draw, measure_shipped, table

pytest.importorskip("matplotlib")


class Scores:
    """Stands in for the commands: a report of each model."""

    def score_list(self, model, list_file):
        share = {"one": 0.5, "two": 0.75}[model.stem]
        return {"accuracy": share, "labelled": 4, "synaptic_operations_per_clip": 2e6, "spikes_per_clip": 1234.5}


def test_points_carry_the_scores_into_the_table(tmp_path):
    shipped = measure_shipped(Scores(), [tmp_path / "one.silif", tmp_path / "two.silif"], tmp_path / "list.txt")
    assert [point.accuracy for point in shipped] == [50, 75]
    lines = table([Point("C-SiLIF", 81.06, 11.531e6, 33016.6, 301)], shipped).splitlines()
    assert lines[2] == "| ssc_csilif | 301 | 81.1 % | 11.53 M | 33,017 |"
    assert lines[4] == "| two | 4 | 75.0 % | 2.00 M | 1,234 |"


def test_a_network_below_the_axis_is_named_all_the_same(tmp_path):
    picture = tmp_path / "picture.svg"
    points = [Point("SiLIF", 81.0, 9e6, 2e4, 301), Point("RF", 57.0, 2.5e6, 1600.0, 301)]
    with np.errstate(all="raise"):
        draw(points, [Point("kws12-silif", 95.0, 2.4e6, 7500.0, 347)], picture)
    assert "RF, 1.6 k spikes" in picture.read_text()
