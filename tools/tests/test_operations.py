"""Figure 3 for our networks: what is drawn is what kws-score says."""

import numpy as np
import pytest
import soundfile

from silif_tools.plot.operations import Cost, Point, cost_table, draw, measure_shipped, table

pytest.importorskip("matplotlib")


class Scores:
    """Stands in for the commands: a report of each model."""

    def score_list(self, model, list_file):
        share = {"one": 0.5, "two": 0.75}[model.stem]
        return {"accuracy": share, "labelled": 4, "synaptic_operations_per_clip": 2e6, "spikes_per_clip": 1234.5}

    def info(self, model):
        return {"sampling": {"one": None, "two": {"draws_per_step": 768}}[model.stem]}

    def bench(self, model, sound):
        memory = {"flash_bytes": 188_000, "ram_bytes": 22_000}
        return {"memory": memory, "stages": {"whole": {"median_us": 2.04}}, "step_us": 10_000}

    def instructions(self, model, sound):
        """A million to start, 12,345 a step of 10 ms; nothing counts those of `one`."""
        steps = soundfile.info(sound).frames / 160
        return None if model.stem == "one" else int(1e6 + 12_345 * steps)


def test_points_carry_the_scores_into_the_table(tmp_path):
    sound = tmp_path / "sound.wav"
    soundfile.write(sound, np.zeros(16_000, np.int16), 16_000)
    models = [tmp_path / "one.silif", tmp_path / "two.silif"]
    shipped = measure_shipped(Scores(), models, tmp_path / "list.txt", sound)
    assert [point.accuracy for point in shipped] == [50, 75]
    assert shipped[1].cost == Cost(768, 188_000, 22_000, 2.04, 12_345)
    assert cost_table([*shipped, Point("unmeasured", 1.0, 1.0)]).splitlines()[2:] == [
        "| one | 0 | 188,000 | 22,000 | 2.0 | - |",
        "| two | 768 | 188,000 | 22,000 | 2.0 | 12,300 |",
    ]
    lines = table([Point("C-SiLIF", 81.06, 11.531e6, 33016.6, 301)], shipped).splitlines()
    assert lines[2] == "| ssc_csilif | 301 | 81.1 % | 11.53 M | 33,017 |"
    assert lines[4] == "| two | 4 | 75.0 % | 2.00 M | 1,234 |"


def test_a_network_below_the_axis_is_named_all_the_same(tmp_path):
    picture = tmp_path / "picture.svg"
    points = [Point("SiLIF", 81.0, 9e6, 2e4, 301), Point("RF", 57.0, 2.5e6, 1600.0, 301)]
    with np.errstate(all="raise"):
        draw(points, [Point("kws12-stream", 95.0, 2.4e6, 7500.0, 347)], picture)
    assert "RF, 1.6 k spikes" in picture.read_text()
