"""The holdout is split off once, whole groups at a time, and never leaks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.split import ASIDE, HOLDOUT, POOL, by_condition, by_size, extend, mix


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=200),
    st.floats(0.01, 0.9),
    st.integers(0, 5),
)
def test_groups_stay_whole_and_the_size_is_met(groups: list[int], size: float, seed: int) -> None:
    values, units = np.unique(groups, return_inverse=True)
    split = by_size(units, mix(values.astype(np.uint64), 99), size, seed)
    for unit in range(len(values)):
        assert len(set(split[units == unit])) == 1
    held = int((split == HOLDOUT).sum())
    if len(values) > 1:
        assert (split == POOL).any()
        largest = int(np.bincount(units).max())
        assert held < size * len(groups) + largest


def test_single_items_give_the_exact_share() -> None:
    n = 1000
    split = by_size(np.arange(n), np.arange(n, dtype=np.uint64), 0.3, 7)
    assert int((split == HOLDOUT).sum()) == 300
    assert (split != by_size(np.arange(n), np.arange(n, dtype=np.uint64), 0.3, 8)).any()


def test_a_condition_sets_aside_what_shares_a_group_with_the_holdout() -> None:
    units = np.array([0, 0, 1, 2, 2])
    matches = np.array([True, False, False, True, True])
    assert by_condition(units, matches).tolist() == [HOLDOUT, ASIDE, POOL, HOLDOUT, HOLDOUT]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(-1, 2), st.booleans()), max_size=60))
def test_appended_rows_never_change_membership_or_leak(rows: list[tuple[int, int, bool]]) -> None:
    units, known, matches = (np.array(c) for c in zip(*rows, strict=True)) if rows else ([],) * 3
    units, known, matches = (
        np.asarray(units, dtype=np.int64),
        np.asarray(known, dtype=np.int64),
        np.asarray(matches, dtype=bool),
    )
    split = extend(units, known, matches)
    assert (split[known >= 0] == known[known >= 0]).all()
    for unit, before, claimed, now in zip(units, known, matches, split, strict=True):
        if before >= 0:
            continue
        leaks = claimed or ((units == unit) & (known == HOLDOUT)).any()
        assert now == (ASIDE if leaks else POOL)
