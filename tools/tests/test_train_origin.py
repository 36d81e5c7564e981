"""Whose a checkpoint is: a run goes on with its own seed and settings alone, and counts the time of all its parts."""

import argparse

import pytest
import torch

from silif_tools.train import clock, origin, recipe, schedule
from silif_tools.train.loop import Run


class Nothing:
    """Scenes without any."""

    def state(self):
        return {}

    def restore(self, state):
        pass


SETTINGS = {"steps": 1000, "flat": 0.5, "rate": 1e-3, "weight_decay": 0.0, "frozen_from": 0.3}


def options(seed=1, start=None):
    return argparse.Namespace(seed=seed, start=start)


def run_at(path, step, content, asked, settings=SETTINGS):
    """A run whose round begins, or stands at a step."""
    run = Run(torch.nn.Linear(2, 2), Nothing(), settings, path, origin.of_round(content, asked, 0))
    run.step = step
    return run


def small(**changed):
    return {"name": "x", "kind": "silif", "seed": 1, "training": SETTINGS | changed}


def test_a_checkpoint_goes_on_as_it_was(tmp_path):
    path = tmp_path / "x-1.checkpoint"
    run_at(path, 400, small(), options()).store()
    again = run_at(path, 0, small(), options())
    again.resume()
    assert again.step == 400
    # Another name, later rounds, and how often it is stored, change nothing of the round.
    run_at(path, 0, small(store_every=7) | {"name": "y", "finish": [{"training": {"steps": 1}}]}, options()).resume()
    # Of before there was an origin.
    state = torch.load(path, weights_only=True)
    del state["origin"], state["seconds"]
    torch.save(state, path)
    run_at(path, 0, small(rate=1.0), options(seed=9)).resume()


@pytest.mark.parametrize(
    ("content", "asked", "said"),
    [
        (small(), options(seed=2), "of another run: --seed was 1, is 2. Give it as it was, or another --output"),
        (small() | {"seed": 2}, options(), "seed was 1, is 2"),
        (small(rate=2e-3), options(), "training.rate was 0.001, is 0.002"),
        (small(weight_bits=8), options(), "training.weight_bits was none, is 8"),
        (small() | {"kind": "csilif"}, options(), "kind was silif, is csilif"),
        (small(a=1, b=1, c=1, d=1), options(), "training.c was none, is 1 and 1 more"),
        (small(), options(start=recipe.find("kws12")), "--start was none, is "),
    ],
)  # fmt: skip
def test_another_run_does_not_go_on_with_it(content, asked, said, tmp_path):
    path = tmp_path / "x-1.checkpoint"
    run_at(path, 400, small(), options()).store()
    run = run_at(path, 0, content, asked)
    with pytest.raises(ValueError) as error:
        run.resume()
    assert str(error.value).startswith(f"{path}: ") and said in str(error.value)
    assert run.step == 0


@pytest.mark.parametrize(
    ("step", "settings", "steps", "goes_on"),
    [
        (300, SETTINGS, 2000, True),
        (301, SETTINGS, 2000, False),  # the old one froze its normalisation at 300
        (500, SETTINGS | {"frozen_from": 0.0}, 2000, True),
        (502, SETTINGS | {"frozen_from": 0.0}, 2000, False),  # the rate went down
        (300, SETTINGS | {"flat": 0.0}, 2000, False),
        (900, SETTINGS | {"rate_steps": 1000}, 2000, True),
    ],
)
def test_a_run_is_made_longer_where_that_changes_nothing_of_its_past(step, settings, steps, goes_on, tmp_path):
    path = tmp_path / "x-1.checkpoint"
    run_at(path, step, small(**settings), options(), settings).store()
    longer = settings | {"steps": steps}
    assert schedule.is_same_until(step, longer, settings["steps"]) == goes_on
    run = run_at(path, 0, small(**longer), options(), longer)
    if goes_on:
        run.resume()
        run = run_at(path, 0, small(**longer) | {"delay": {"round_from": 0.7}}, options(), longer)
    with pytest.raises(ValueError, match="of another run"):
        run.resume()


def test_a_round_knows_what_it_depends_on():
    content = small() | {
        "finish": [{"training": {"steps": 5}}, {"training": {"steps": 6}}],
        "stream": {"steps": 7, "finish": {"steps": 8}},
    }
    first, second = (origin.of_round(content, options(), number) for number in range(2))
    stream, last = (origin.of_stream(content, options(), is_finish=each) for each in (False, True))
    steps = [{k: v for k, v in each.settings.items() if k.endswith("steps")} for each in (first, second, stream, last)]
    assert [each.settings[each.steps] for each in (first, second, stream, last)] == [1000, 5, 7, 8]
    assert [len(each) for each in steps] == [1, 2, 4, 5]


def test_what_a_run_took_is_counted_over_its_interruptions(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
    path = tmp_path / "x-1.checkpoint"
    clock.COMMAND.start()
    now[0] = 100.0
    run_at(path, 400, small(), options()).store()
    now[0] = 1000.0
    clock.COMMAND.start()
    now[0] = 1003.0
    run_at(path, 0, small(), options()).resume()
    now[0] = 1005.0
    assert clock.COMMAND.seconds() == 105.0


@pytest.mark.parametrize("content", [[], {"step": 1}, {"step": 1, "scenes": {}, "random": 1}, "text"])
def test_what_is_no_checkpoint_is_refused_by_name(content, tmp_path):
    path = tmp_path / "x-1.checkpoint"
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"x-1\.checkpoint: damaged, or of a recipe with other layers; delete it"):
        run_at(path, 0, small(), options()).resume()
