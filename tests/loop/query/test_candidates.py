from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.candidates import among, most_useful


def test_a_small_pool_is_looked_at_whole() -> None:
    assert among(50, 50, 0) == (None, ())
    assert most_useful(np.zeros(50), 50) == (None, ())


def test_a_sample_is_sorted_distinct_seeded_and_said() -> None:
    rows, notes = among(1_000_000, 50_000, 3)
    assert rows is not None
    assert len(rows) == 50_000
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows[0] < rows[-1] < 1_000_000
    assert notes == ("chosen among 50,000 items drawn at random out of 1,000,000",)
    again, other = among(1_000_000, 50_000, 3)[0], among(1_000_000, 50_000, 4)[0]
    assert np.array_equal(rows, again)
    assert not np.array_equal(rows, other)


def test_every_item_has_the_same_chance() -> None:
    counts = np.zeros(20)
    for seed in range(2_000):
        counts[among(20, 5, seed)[0]] += 1
    assert counts.sum() == 10_000
    assert np.abs(counts - 500).max() < 5 * np.sqrt(2_000 * 0.25 * 0.75)


def test_the_most_useful_lower_positions_first_among_equals() -> None:
    rows, notes = most_useful(np.array([0.2, 0.9, 0.5, 0.5, 0.5]), 3)
    assert rows is not None
    assert rows.tolist() == [1, 2, 3]
    assert notes == ("chosen among the 3 most useful items out of 5",)


def test_a_utility_that_is_no_number_is_an_error() -> None:
    with pytest.raises(StrategyError):
        most_useful(np.array([1.0, np.nan, 0.0]), 2)
