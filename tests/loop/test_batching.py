"""A batch holds nothing twice, of a group one item, and is full as long as anything may come into it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.batching import Batch, fill
from labelwright.loop.ports import Chosen


@dataclass
class Likeness:
    """Stands in for `Alike`: items of one `family` are near copies of each other."""

    content: np.ndarray
    groups: np.ndarray | None
    family: np.ndarray

    def near(self, rows: np.ndarray, others: np.ndarray) -> list[tuple[int, int]]:
        return [
            (i, j)
            for i, row in enumerate(rows)
            for j, other in enumerate(others)
            if row != other and self.family[row] == self.family[other]
        ]

    def copies(self, of: np.ndarray, among: np.ndarray) -> np.ndarray:
        return np.flatnonzero(np.isin(self.family[among], self.family[of]))


@dataclass
class Greatest:
    """A strategy: the items of greatest worth."""

    worth: np.ndarray
    asked: list[int] = field(default_factory=list)

    def __call__(self, rows: np.ndarray, n: int, time: int) -> Chosen:
        assert time == len(self.asked)
        self.asked.append(n)
        order = np.argsort(-self.worth[rows], kind="stable")[:n]
        return Chosen(order, self.worth[rows][order], np.ones(len(order)), ("why",) * len(order))


def plainly(
    worth: np.ndarray, n: int, alike: Likeness, taken: list[int], beside: list[int]
) -> list[int]:
    """The same batch, item by item: the front first, then what is the same as one asked before."""

    def same(one: int, other: int) -> bool:
        return (
            alike.content[one] == alike.content[other] or alike.family[one] == alike.family[other]
        )

    order = sorted(range(len(worth)), key=lambda i: (-worth[i], i))
    front = [i for i in order if not any(same(i, t) for t in taken)]
    batch: list[int] = []
    for item in [*front, *(i for i in order if i not in front)]:
        inside = [*beside, *batch]
        if len(batch) == n or any(same(item, other) for other in inside):
            continue
        if alike.groups is None or not any(
            alike.groups[item] == alike.groups[other] for other in inside
        ):
            batch.append(item)
    return batch


@settings(max_examples=150)
@given(st.data())
def test_the_batch_is_the_one_put_together_item_by_item(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 25))

    def draw(top: int, size: int = size) -> np.ndarray:
        return np.array(data.draw(st.lists(st.integers(0, top), min_size=size, max_size=size)))

    content = draw(12)
    family = draw(12, 13)[content]  # what is equal is near
    groups = draw(8) if data.draw(st.booleans()) else None
    worth = draw(5).astype(float)
    alike = Likeness(content, groups, family)
    n = data.draw(st.integers(0, size))
    others = data.draw(st.permutations(range(size)))
    n_taken, n_beside = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 2))
    taken, beside = others[:n_taken], others[n_taken : n_taken + n_beside]
    rows = np.setdiff1d(np.arange(size), [*taken, *beside])
    batch = Batch(rows, alike, np.array(taken, int), np.array(beside, int))  # type: ignore[arg-type]
    ask = Greatest(worth)
    chosen, _ = fill(ask, n, batch)
    masked = np.full(size, -1.0)
    masked[rows] = worth[rows]
    expected = [i for i in plainly(masked, size, alike, list(taken), list(beside)) if i in rows][:n]
    assert rows[chosen.indices].tolist() == expected
    assert len(ask.asked) <= len(rows) + 1


def batch_of(content: list[int], groups: list[int] | None = None, **more: list[int]) -> Batch:
    codes = np.array(content)
    alike = Likeness(codes, None if groups is None else np.array(groups), codes)
    rows = np.arange(len(content))
    taken, beside = (np.array(more.get(k, []), int) for k in ("taken", "beside"))
    return Batch(np.setdiff1d(rows, [*taken, *beside]), alike, taken, beside)  # type: ignore[arg-type]


def test_a_repeat_is_left_for_later_and_made_up_for() -> None:
    batch = batch_of([0, 0, 1, 2, 3])
    ask = Greatest(np.array([5.0, 4, 3, 2, 1]))
    chosen, first = fill(ask, 3, batch)
    assert chosen.indices.tolist() == [0, 2, 3]
    assert ask.asked == [3, 1]
    assert (len(batch.repeats), len(batch.behind), len(batch.grouped)) == (1, 0, 0)
    assert first.tolist() == [0, 1, 2, 3, 4]


def test_never_two_of_a_group_even_where_the_batch_stays_short() -> None:
    batch = batch_of([0, 1, 2, 3], groups=[7, 7, 8, 7])
    chosen, _ = fill(Greatest(np.array([4.0, 3, 2, 1])), 3, batch)
    assert chosen.indices.tolist() == [0, 2]


def test_what_repeats_an_item_asked_before_comes_when_nothing_else_is_left() -> None:
    batch = batch_of([0, 0, 1, 2], taken=[0])
    chosen, _ = fill(Greatest(np.array([9.0, 9, 2, 1])), 3, batch)
    assert batch.rows[chosen.indices].tolist() == [2, 3, 1]


def test_what_is_in_the_batch_already_counts() -> None:
    batch = batch_of([0, 0, 1, 2], groups=[5, 6, 7, 5], beside=[0])
    chosen, _ = fill(Greatest(np.array([9.0, 9, 2, 1])), 3, batch)
    assert batch.rows[chosen.indices].tolist() == [2]


def test_strategies_fill_a_batch_one_after_the_other() -> None:
    batch = batch_of([0, 0, 1, 2, 2, 3])
    worth = np.array([5.0, 4, 3, 2, 1, 0])
    first, _ = fill(Greatest(worth), 1, batch)
    second, _ = fill(Greatest(-worth), 2, batch)
    assert first.indices.tolist() == [0]
    assert second.indices.tolist() == [5, 4]


@pytest.mark.parametrize("n", [0, 3])
def test_nothing_to_choose_from(n: int) -> None:
    chosen, first = fill(Greatest(np.empty(0)), n, batch_of([]))
    assert len(chosen.indices) == len(first) == 0
