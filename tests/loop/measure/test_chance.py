from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pytest

from labelwright.loop.measure.chance import against_chance


def every_order(true: list[int], answered: list[int]) -> Iterator[int]:
    for order in permutations(answered):
        yield sum(a == b for a, b in zip(true, order, strict=True))


def matrix(true: list[int], answered: list[int], k: int) -> np.ndarray:
    counts = np.zeros((k, k), dtype=int)
    np.add.at(counts, (true, answered), 1)
    return counts


@pytest.mark.parametrize(
    ("true", "answered"), [([0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0, 0]), ([0, 1] * 3, [0] * 5 + [1])]
)  # fmt: skip
def test_moments_are_those_of_all_orders(
    true: list[int], answered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelwright.loop.measure import chance

    monkeypatch.setattr(chance, "FEWEST", 1)
    right = np.array(list(every_order(true, answered)))
    # The border between clear and not lies where mean and deviation of all orders put it.
    border = right.mean() + chance._CLEAR * right.std()
    for shown in (matrix(true, order, 3) for order in set(permutations(answered))):
        found = against_chance(shown)
        assert found is not None
        assert found.expected == pytest.approx(right.mean())
        assert found.clear == (np.trace(shown) > border)


def test_answers_at_random_are_rarely_clear() -> None:
    rng = np.random.default_rng(0)
    clear = [
        found.clear
        for _ in range(600)
        if (found := against_chance(matrix(*rng.integers(0, 4, (2, 60)).tolist(), 4)))
    ]
    assert 0.02 < np.mean(clear) < 0.09


def test_a_rare_class_that_is_found_is_something() -> None:
    found = against_chance([[185, 5], [4, 6]])
    assert found is not None
    assert (found.most, found.always, found.clear) == (0, 0.95, True)
    assert (
        found.right / found.n < 0.96
    )  # though always answering the other class is nearly as right


def test_one_answer_for_all_is_nothing() -> None:
    found = against_chance([[60, 0], [40, 0]])
    assert found is not None
    assert (found.right, found.expected, found.clear) == (60, 60, False)


def test_of_few_items_nothing_is_said() -> None:
    assert against_chance([[9, 0], [0, 10]]) is None
    assert against_chance([[10, 0], [0, 10]]) is not None
