"""Learners on scikit-learn's estimators: what is kept of them, and boosting from few labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.boosting import boosting, smallest_leaf
from labelwright.loop.learn.scikit import sklearn


class TableEncoder:
    categorical = (False, True, False)


def boosted(**settings: Any) -> Any:
    return boosting(**settings, encoder=TableEncoder(), random_state=3)


def scikit(name: str) -> Any:
    few = {"n_estimators": 10} if name in ("random_forest", "extra_trees") else {}
    return sklearn(name, random_state=3, **few)


_BY_NAME = ("logistic_regression", "random_forest", "extra_trees", "svm", "k_nearest")
LEARNERS: dict[str, Callable[[], Any]] = {
    "boosting": lambda: boosted(trees=20),
    **{name: partial(scikit, name) for name in _BY_NAME},
}


def rows(n: int, seed: int = 0, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Items whose class shows in a number and in a category; some numbers are missing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    X = np.column_stack(
        [rng.normal(y), (y + (rng.random(n) < 0.2)) % n_classes, rng.normal(size=n)]
    )
    return X.astype(np.float64), np.eye(n_classes)[y]


@pytest.mark.parametrize("name", LEARNERS)
def test_what_is_kept_gives_the_same_bits(name: str) -> None:
    X, targets = rows(60)
    model = LEARNERS[name]().fit(X, targets)
    probs = model.predict_proba(X)
    assert probs.shape == (60, 3)
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert (probs.argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.7
    state = {k: v.copy() for k, v in model.state().items()}
    assert all(isinstance(v, np.ndarray) and v.dtype != object for v in state.values())
    again = LEARNERS[name]().restore(state)
    np.testing.assert_array_equal(again.predict_proba(X), probs)
    new, _ = rows(30, seed=9)
    np.testing.assert_array_equal(again.predict_proba(new), model.predict_proba(new))


@pytest.mark.parametrize("name", LEARNERS)
def test_confidences_are_calibrated_out_of_fold(name: str) -> None:
    """Where a third of the labels is random, what is said is what holds of others of their kind."""
    X, targets = noisy(240, seed=0)
    new, labels = noisy(600, seed=5)

    def loss(calibrate: bool) -> float:
        probs = LEARNERS[name]().fit(X, targets, calibrate=calibrate).predict_proba(new)
        return float(-np.log(np.maximum((probs * labels).sum(axis=1), 1e-9)).mean())

    assert loss(True) <= loss(False) + 0.01


def noisy(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    X, targets = rows(n, seed)
    rng = np.random.default_rng(seed + 1)
    wrong = rng.random(n) < 0.33
    targets[wrong] = np.eye(3)[rng.integers(0, 3, wrong.sum())]
    return X, targets


def test_another_estimator_than_was_kept_is_an_error() -> None:
    X, targets = rows(60)
    state = boosted(trees=20).fit(X, targets).state()
    other = {**state, "probed": state["probed"] + 1e-3}
    with pytest.raises(DataError, match="makes another one of the same labels") as raised:
        boosted().restore(other)
    assert "pip install scikit-learn==" in raised.value.remedy
    with pytest.raises(DataError, match="made by boosting, not by sklearn svm"):
        sklearn("svm", random_state=3).restore(state)


def test_the_settings_that_a_model_was_made_with_are_kept_with_it() -> None:
    X, targets = rows(60)
    model = boosted(trees=20).fit(X, targets)
    again = boosted(trees=999).restore(model.state())
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert json.loads(model.state()["about"].tobytes())["settings"]["trees"] == 20


def test_classes_without_labels_and_labels_of_one_class() -> None:
    X, targets = rows(40)
    wide = np.column_stack([targets, np.zeros((40, 2))])
    probs = boosted(trees=5).fit(X, wide).predict_proba(X)
    np.testing.assert_allclose(probs[:, 3:], 1 / 45)
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    one = np.zeros((5, 3))
    one[:, 1] = 1
    for name in LEARNERS:
        model = LEARNERS[name]().fit(X[:5], one)
        np.testing.assert_allclose(model.predict_proba(X[:2]), [[1 / 8, 6 / 8, 1 / 8]] * 2)
        again = LEARNERS[name]().restore(model.state())
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_an_item_that_is_two_classes_in_part_counts_as_both() -> None:
    """A soft label is the item twice, weighted: as if two people had said one class each."""
    X, targets = rows(60)
    soft = targets.copy()
    soft[:10] = 0.5 * targets[:10] + 0.5 * np.roll(targets[:10], 1, axis=1)
    made = sklearn("logistic_regression", random_state=0)
    twice = made.fit(
        np.concatenate([X[:10], X[:10], X[10:]]),
        np.concatenate([targets[:10], np.roll(targets[:10], 1, axis=1), targets[10:]]),
        np.concatenate([np.full(20, 0.5), np.ones(50)]),
        calibrate=False,
    )
    once = made.fit(X, soft, calibrate=False)
    np.testing.assert_allclose(once.predict_proba(X), twice.predict_proba(X), atol=1e-3)


def test_boosting_learns_from_few_labels() -> None:
    """scikit-learn's own smallest leaf, 20 items, parts none of 30 items: it would say one class always."""
    assert [smallest_leaf(n) for n in (1, 30, 100, 400, 5_000)] == [2, 2, 5, 20, 20]
    X, targets = rows(30, n_classes=2)
    new, true = rows(300, seed=7, n_classes=2)
    found = boosted(trees=50).fit(X, targets).predict_proba(new).argmax(axis=1)
    assert (found == true.argmax(axis=1)).mean() > 0.6


def test_boosting_takes_categories_for_what_they_are() -> None:
    """The class is whether the code is even: no order of codes shows it in one cut, as a number."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 40, 400).astype(np.float64)
    y = (codes % 2).astype(int)
    X = np.column_stack([rng.normal(size=400), codes, rng.normal(size=400)])
    model = boosted(trees=60).fit(X, np.eye(2)[y], calibrate=False)
    assert (model.predict_proba(X).argmax(axis=1) == y).mean() > 0.95
    missing = X[:3].copy()
    missing[:, 1] = np.nan
    assert np.isfinite(model.predict_proba(missing)).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: boosting(encoder=object(), random_state=0), "the encoder is none of a table"),
        (lambda: boosted(trees=0), "trees = 0 makes no sense"),
        (lambda: boosted(learning_rate=1.5), "learning_rate = 1.5 makes no sense"),
        (lambda: sklearn("os.system", random_state=0), "there is no estimator os.system"),
        (lambda: sklearn("boosting", random_state=0), "there is no estimator boosting"),
        (lambda: sklearn("svm", random_state=0, kernel="rbf"), "svm takes no kernel here"),
        (lambda: sklearn("svm", random_state=0, C=-1), "C = -1 makes no sense"),
        (lambda: sklearn("k_nearest", random_state=0, n_neighbors=2.5), "n_neighbors = 2.5"),
        (lambda: sklearn("k_nearest", random_state=0, n_neighbors=True), "n_neighbors = True"),
    ],
)
def test_what_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(PluginError) as raised:
        make()
    assert said in raised.value.message
    assert raised.value.remedy


def test_what_cannot_be_learned_from() -> None:
    X, targets = rows(10)
    with pytest.raises(DataError, match="no label"):
        boosted().fit(X[:0], targets[:0])
    with pytest.raises(PluginError, match="learns one class an item"):
        boosted().fit(X, np.ones((10, 3)))
    model = boosted(trees=2).fit(X, targets)
    with pytest.raises(DataError, match="the model reads 3 numbers an item"):
        model.predict_proba(X[:, :2])
