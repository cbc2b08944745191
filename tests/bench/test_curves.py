"""Savings, areas and their intervals against numbers worked out by hand."""

from __future__ import annotations

import math

import curves
import numpy as np
import pytest

BUDGETS = np.array([10, 20, 30, 40])
REFERENCE = np.array([0.5, 0.6, 0.7, 0.8])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # reaches .8 half-way between 20 labels (.75) and 30 (.85): 40 / 25
        ([0.6, 0.75, 0.85, 0.9], 40 / 25),
        # exactly on a batch: 40 / 20
        ([0.6, 0.8, 0.7, 0.9], 40 / 20),
        # with the first batch, below which nothing is known: 40 / 10
        ([0.8, 0.8, 0.8, 0.8], 40 / 10),
        # the reference itself
        ([0.5, 0.6, 0.7, 0.8], 1),
        # never: its best, .65, costs the reference 25 labels of the budget of 40
        ([0.5, 0.65, 0.6, 0.6], 25 / 40),
        # never, and its best is worth the reference's first batch
        ([0.1, 0.2, 0.3, 0.4], 10 / 40),
    ],
)
def test_a_saving_by_hand(method: list[float], expected: float) -> None:
    assert curves.savings(BUDGETS, REFERENCE, np.array(method)) == pytest.approx(expected)


def test_the_reference_is_counted_to_where_it_first_gets_there_too() -> None:
    """It is at .8 with 30 labels already and falls back: 30 / 25, not 40 / 25."""
    reference, method = np.array([0.5, 0.7, 0.8, 0.8]), np.array([0.6, 0.75, 0.85, 0.9])
    assert curves.savings(BUDGETS, reference, method) == pytest.approx(30 / 25)


def test_savings_of_many_at_once_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    references, methods = rng.random((2, 50, 4))
    together = curves.savings(BUDGETS, references, methods)
    each = [float(curves.savings(BUDGETS, r, m)) for r, m in zip(references, methods, strict=True)]
    assert together.tolist() == each


def test_the_saving_is_that_of_the_mean_curve_not_the_mean_of_savings() -> None:
    reference = np.stack([REFERENCE - 0.1, REFERENCE + 0.1])
    method = np.stack([REFERENCE - 0.05, REFERENCE + 0.25])  # on average .1 above: .8 at 30
    assert curves.saving(BUDGETS, reference, method).value == pytest.approx(40 / 30)


def test_the_bootstrap_draws_the_same_seeds_for_both() -> None:
    """Seeds that differ wildly, and a method that equals its reference seed by seed: never but 1."""
    reference = REFERENCE * np.array([0.2, 0.5, 1.0, 1.2, 0.7])[:, None]
    found = curves.saving(BUDGETS, reference, reference.copy())
    assert found.value == 1
    assert found.interval == pytest.approx((1, 1))
    shuffled = curves.saving(BUDGETS, reference, reference[::-1])
    assert shuffled.interval[0] < 0.8  # unpaired, the same curves look uncertain


def test_the_interval_holds_what_two_seeds_can_say() -> None:
    """Of two seeds three samples can be drawn: both, or either twice, with chances 1/2, 1/4, 1/4."""
    reference = np.stack([REFERENCE, REFERENCE])
    method = np.stack([REFERENCE, np.array([0.6, 0.7, 0.8, 0.9])])
    found = curves.saving(BUDGETS, reference, method)
    assert found.value == pytest.approx(40 / 35)
    values, counts = np.unique(found.draws.round(6), return_counts=True)
    assert values == pytest.approx([1, 40 / 35, 40 / 30], abs=1e-6)
    assert counts / curves.DRAWS == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert found.interval == pytest.approx((1, 40 / 30))
    assert found.lower == found.interval[0]


def test_the_geometric_mean_over_sets() -> None:
    sure = np.ones(curves.DRAWS)
    both = curves.together([curves.Saving(2, 2 * sure), curves.Saving(8, 8 * sure)])
    assert both.value == pytest.approx(4)
    assert both.lower == pytest.approx(4)


def test_areas_and_errors() -> None:
    assert curves.area(np.array([[0.2, 0.4, 0.6], [0.1, 0.1, 0.4]])) == pytest.approx([0.4, 0.2])
    assert curves.error(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 / math.sqrt(3))
    assert math.isnan(curves.error(np.array([1.0])))
