"""Paired counts and what follows from them."""

import pytest

from silif_tools.export.compare import Comparison


def comparison(clips, float_right, fixed_right, float_alone, fixed_alone):
    return Comparison(
        clips=clips, float_accuracy=float_right / clips, fixed_accuracy=fixed_right / clips, same_winner=0.9,
        float_rates=[0.1], fixed_rates=[0.2], float_peaks=[3.0], saturations=1, float_alone_right=float_alone,
        fixed_alone_right=fixed_alone,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("float_alone", "fixed_alone", "p"),
    # By hand: 2 (1 + 9 + 36) / 2^9 for 2 of 9; R's binom.test(5, 20) and (10, 10); SciPy's binomtest.
    [
        (2, 7, 0.1796875),
        (7, 2, 0.1796875),
        (5, 15, 0.04138947),
        (10, 0, 0.001953125),
        (3, 3, 1.0),
        (0, 0, 1.0),
        (1000, 1100, 0.0307207),
    ],
)
def test_mcnemar(float_alone, fixed_alone, p):
    assert comparison(100, 90, 90, float_alone, fixed_alone).p_value == pytest.approx(p, abs=1e-7)


def test_two_lists_as_one():
    both = comparison(100, 90, 80, 12, 2) + comparison(300, 150, 156, 4, 10)
    assert (both.clips, both.float_alone_right, both.fixed_alone_right, both.saturations) == (400, 16, 12, 2)
    assert both.float_accuracy == pytest.approx(0.6) and both.fixed_accuracy == pytest.approx(0.59)
    assert both.float_rates == pytest.approx([0.1]) and both.float_peaks == [3.0]
