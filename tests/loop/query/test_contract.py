from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import checked


def _chosen(indices, utilities=None, probabilities=None, reasons=None) -> Chosen:
    n = len(indices)
    return Chosen(
        np.array(indices),
        np.zeros(n) if utilities is None else np.array(utilities),
        np.ones(n) if probabilities is None else np.array(probabilities),
        ("why",) * n if reasons is None else reasons,
    )


def test_a_good_choice_passes_unchanged() -> None:
    good = _chosen([4, 1], [0.5, 0.25], [0.1, 1.0], ("a", "b"))
    same = checked(good, 5, 3)
    assert same.indices.tolist() == [4, 1]
    assert same.utilities.tolist() == [0.5, 0.25]
    assert same.probabilities.tolist() == [0.1, 1.0]
    assert same.reasons == ("a", "b")


@pytest.mark.parametrize(
    ("returned", "indices", "utilities"),
    [
        (np.array([3, 1, 2]), [3, 1, 2], [0, 0, 0]),
        (np.array([3, 1]), [3, 1], [0, 0]),
        ([3, 1], [3, 1], [0, 0]),
        (np.int64(3), [3], [0]),
        ((np.array([3, 1]), np.array([0.5, 0.2])), [3, 1], [0.5, 0.2]),
        ((np.array([3]), np.array([0.5])), [3], [0.5]),
        ([np.array([3, 1]), [0.5, 0.2]], [3, 1], [0.5, 0.2]),
    ],
)
def test_what_modals_strategies_return_is_taken(returned, indices, utilities) -> None:
    chosen = checked(returned, 5, 3)
    assert chosen.indices.tolist() == indices
    assert chosen.utilities.tolist() == utilities
    assert chosen.probabilities.tolist() == [1] * len(indices)


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (_chosen([1, 2, 1]), "position 1 more than once"),
        (_chosen([5]), "position 5 in a pool of 5"),
        (_chosen([-1]), "position -1 in a pool of 5"),
        (_chosen([0, 1, 2, 3]), "4 items where 3"),
        (_chosen([]), "chose nothing"),
        (_chosen([1], [np.nan]), "not finite"),
        (_chosen([1], [np.inf]), "not finite"),
        (_chosen([1, 2], [0.5]), "1 utilities for 2"),
        (_chosen([1], probabilities=[0.0]), "outside 0 < p <= 1"),
        (_chosen([1], probabilities=[1.5]), "outside 0 < p <= 1"),
        (_chosen([1], reasons=("a", "b")), "2 reasons for 1"),
        (np.array([0.5, 1.0]), "not a row of indices"),
        (np.array([True, False]), "not a row of indices"),
        (np.array([[1, 2], [3, 4]]), "not a row of indices"),
        ((np.array([1, 2]), np.array([np.nan, 1])), "not finite"),
        (None, "not a row of indices"),
    ],
)
def test_a_broken_choice_stops_the_round(returned, says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        checked(returned, 5, 3)


def test_an_empty_pool_may_choose_nothing() -> None:
    assert len(checked(_chosen([]), 0, 3).indices) == 0
