from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.learn.gate import Trial, fewest, preferred, trial, usable
from labelwright.loop.learn.head import head
from labelwright.loop.ports import Model


def _data(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 10))
    X[:, 0] += np.where(y == 0, -1.0, 1.0)
    return X, np.eye(2)[y]


def test_a_method_that_adds_nothing_is_not_better() -> None:
    X, T = _data()

    def same(rows: np.ndarray, plain: object) -> Model:
        return head(random_state=0).fit(X[rows], T[rows], calibrate=False)

    found = trial(head(random_state=0), X, T, same, 0)
    assert found.plain == found.semi
    assert not found.better
    assert found.items == 40


def test_it_sees_only_the_other_folds() -> None:
    X, T = _data()
    seen: list[set[int]] = []

    def spy(rows: np.ndarray, plain: object) -> Model:
        seen.append(set(rows.tolist()))
        return head(random_state=0).fit(X[rows], T[rows], calibrate=False)

    trial(head(random_state=0), X, T, spy, 0)
    held = [set(range(40)) - rows for rows in seen]
    assert sum(len(part) for part in held) == 40
    assert set.union(*held) == set(range(40))


class _Blurred:
    """A model that knows as much as another, and claims less."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        probs = self.model.predict_proba(X) ** 0.5
        return probs / probs.sum(axis=1, keepdims=True)

    def state(self) -> dict[str, np.ndarray]:
        return self.model.state()


def test_caution_alone_gets_no_credit() -> None:
    X, T = _data(60)

    def blurred(rows: np.ndarray, plain: object) -> Model:
        return _Blurred(head(random_state=0).fit(X[rows], T[rows], calibrate=False))

    found = trial(head(random_state=0), X, T, blurred, 0)
    assert found.semi == pytest.approx(found.plain, rel=1e-6)


def test_a_method_that_knows_more_is_better() -> None:
    X, T = _data()
    rng = np.random.default_rng(1)
    more_y = np.arange(400) % 2
    more = rng.normal(size=(400, 10))
    more[:, 0] += np.where(more_y == 0, -1.0, 1.0)

    def informed(rows: np.ndarray, plain: object) -> Model:
        return head(random_state=0).fit(
            np.concatenate([X[rows], more]), np.concatenate([T[rows], np.eye(2)[more_y]])
        )

    found = trial(head(random_state=0), X, T, informed, 0)
    assert found.better
    assert found.semi < found.plain


def test_classes_of_one_label_are_not_scored() -> None:
    T = np.eye(4)[[0, 0, 1, 2, 2, 3]]
    assert usable(T).tolist() == [True, True, False, True, True, False]


def test_many_classes_take_more_labels() -> None:
    assert fewest(np.eye(3)) == 20
    assert fewest(np.eye(10)) == 40
    assert fewest(np.eye(10)[:6]) == 24


def _found(losses: list[float], *, better: bool = True) -> Trial:
    of = np.array(losses)
    return Trial(len(of), 1.0, float(of.mean()), better, 1.0, of)


def test_the_first_way_stands_unless_another_is_better_by_a_standard_error() -> None:
    first = _found([0.5, 0.7, 0.6, 0.6])
    by_chance, clearly = _found([0.9, 0.3, 0.3, 0.7]), _found([0.3, 0.5, 0.5, 0.4])
    assert preferred([first, by_chance]) == 0
    assert preferred([first, by_chance, clearly]) == 2
    closed = _found([0.5, 0.7, 0.6, 0.6], better=False)
    assert preferred([closed, by_chance]) == 1
    assert preferred([closed, _found([0.4] * 4, better=False)]) == 1
