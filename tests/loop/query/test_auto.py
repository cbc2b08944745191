from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from learners import Learner, blobs
from oracles.auto import worths
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.auto import auto, open_decisions
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.contract import checked


def _learner(pool: Pool, *, with_labels: bool) -> Learner:
    if with_labels:
        return Learner(pool.X_training, pool.y_training, pool.classes)
    return Learner(pool.X_training[:0], pool.y_training[:0], pool.classes)


def _prior(pool: Pool) -> np.ndarray:
    rng = np.random.default_rng(pool.seed)
    return rng.dirichlet(np.full(pool.n_classes, 0.3), size=len(pool.X)).astype(np.float32)


def _is_greedy(
    choose: Callable[..., Chosen], pool: Pool, *, with_labels: bool, with_prior: bool
) -> bool:
    """Whether each pick was worth, to 1e-4 of the first one, the most that any open item was worth."""
    learner = _learner(pool, with_labels=with_labels)
    prior = _prior(pool) if with_prior else None
    chosen = checked(
        choose(
            learner, pool.X, pool.n_instances, random_share=0.3, random_state=pool.seed, prior=prior
        ),
        len(pool.X),
        pool.n_instances,
    )
    n_random = sum(reason == "drawn at random" for reason in chosen.reasons)
    picks = chosen.indices[: pool.n_instances - n_random].tolist()
    by_chance = chosen.indices[pool.n_instances - n_random :].tolist()
    probs = learner.predict_proba(pool.X) if with_labels else None
    known, labels = learner.X_training, learner.y_training
    told = worths(pool.X, probs, prior, known, labels, pool.n_classes, by_chance, picks)
    slack = 1e-4 * max((most for _, most in told), default=0) + 1e-9
    return all(worth >= most - slack for worth, most in told) and np.allclose(
        chosen.utilities[: len(picks)], [worth for worth, _ in told], atol=slack
    )


@pytest.mark.parametrize("number", [100, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("with_prior", [True, False])
@pytest.mark.parametrize("with_labels", [True, False])
def test_every_pick_is_the_best_of_the_pool(
    with_labels: bool, with_prior: bool, number: int
) -> None:
    assert all(
        _is_greedy(auto, pool, with_labels=with_labels, with_prior=with_prior)
        for pool in pools(number)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chosen = candidates[picks]", "chosen = picks"),
        ("picks.append(best)", "picks.append(max(best - 1, 0))"),
        ("balance = balance + self.trust * (self.model @ wanted)", "pass"),
        ("else self.model[rows]", "else self.model[rows[::-1]]"),
        ("worth.pick(best)", "pass"),
        ("weights=value[reference]", "weights=value[reference] ** 0"),
        ("kernel = SizedCosine(_SHARPEST**trust)", "kernel = SizedCosine(1.0)"),
    ],
)
def test_a_planted_fault_is_noticed(old: str, new: str) -> None:
    broken = planted("auto", old, new).auto

    def sound(pool: Pool) -> bool:
        try:
            return _is_greedy(broken, pool, with_labels=True, with_prior=True)
        except StrategyError:
            return False

    assert not all(sound(pool) for pool in pools(40))


def test_the_random_share_holds_on_average_and_says_its_chance() -> None:
    X, _ = blobs(200)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"))
    counts = []
    for seed in range(200):
        chosen = auto(learner, X, 10, random_state=seed)
        drawn = [reason == "drawn at random" for reason in chosen.reasons]
        counts.append(sum(drawn))
        assert set(chosen.probabilities[drawn].tolist()) <= {1 / 200}
    assert 0.35 <= np.mean(counts) <= 0.65
    with pytest.raises(StrategyError, match="random share"):
        auto(learner, X, 10, random_share=2)


def test_from_no_label_to_many_it_goes_from_cover_to_doubt() -> None:
    X, labels = blobs(600, n_classes=4)
    doubts = []
    for n in (0, 40, 400):
        learner = Learner(X[:n], labels[:n], ("w", "x", "y", "z"))
        chosen = auto(learner, X[400:], 20, random_share=0)
        if n == 0:
            assert set(labels[400:][chosen.indices[:8]].tolist()) == {0, 1, 2, 3}
            continue
        best = np.sort(learner.predict_proba(X[400:]), axis=1)
        margin = best[:, -1] - best[:, -2]
        doubts.append(margin[chosen.indices].mean() / margin.mean())
    assert all(later < earlier for earlier, later in pairwise(doubts))


def test_a_large_pool_is_cut_to_the_most_useful_and_says_so() -> None:
    X, labels = blobs(9_000)
    learner = Learner(X[:40], labels[:40], ("w", "x", "y", "z"))
    chosen = checked(auto(learner, X[40:], 20), 8_960, 20)
    assert "the 4,096 most useful items" in chosen.notes[0]
    again = auto(learner, Rows(X, np.arange(40, 9_000)), 20)
    assert again.indices.tolist() == chosen.indices.tolist()
    unlabelled = Learner(X[:0], labels[:0], ("w", "x", "y", "z"))
    assert "4,096 items drawn at random" in auto(unlabelled, X, 20).notes[0]


def test_a_prior_asks_for_every_class_that_it_knows_of() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 8)).astype(np.float32)
    prior = np.tile(np.float32([1, 0, 0]), (400, 1))
    prior[390:395], prior[395:] = [0, 1, 0], [0, 0, 1]
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b", "c"))
    chosen = auto(learner, X, 12, random_share=0, prior=prior).indices
    assert (chosen >= 390).sum() >= 4
    assert (auto(learner, X, 12, random_share=0).indices >= 390).sum() <= 2
    with pytest.raises(StrategyError, match="prior"):
        auto(learner, X, 12, prior=prior[:, :2])


def test_equal_items_and_all_of_a_pool() -> None:
    learner = Learner(np.zeros((0, 8), np.float32), np.zeros(0, int), ("a", "b"))
    chosen = checked(auto(learner, np.ones((6, 8), np.float32), 4), 6, 4)
    assert len(chosen.indices) == 4
    X, _ = blobs(7)
    assert sorted(auto(learner, X, 20).indices.tolist()) == list(range(7))


class _Several:
    """Four classes, each by itself: class c is as likely as column c of X says."""

    classes = ("a", "b", "c", "d")

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X_training, self.y_training = X, y

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(X[:, :4])

    def fit_again(self, rows: np.ndarray, seed: int) -> Any:
        raise NotImplementedError


def test_with_several_classes_an_item_it_asks_where_most_decisions_are_open() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.choice([0.02, 0.97], (300, 4)), 0.01 * rng.normal(size=(300, 2))], 1)
    X[:20, :4] = rng.uniform(0.4, 0.6, (20, 4))  # open in every class
    X = X.astype(np.float32)
    y = (rng.random((200, 4)) < 0.4).astype(float)
    chosen = auto(_Several(X[100:300], y), X[:100], 20, random_share=0, random_state=1)
    assert np.isin(chosen.indices, np.arange(20)).mean() > 0.7
    assert "%" in chosen.reasons[0]
    before = auto(_Several(X[:0], y[:0]), X, 10, random_state=1)  # no label yet
    assert len(before.indices) == 10


def test_with_several_classes_an_item_rare_ones_count_more() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 6)).astype(np.float32)
    X[:, :4] = 0.05
    X[:200, 0], X[200:, 1] = 0.5, 0.5  # as open, of a common class or of a rare one
    y = np.zeros((100, 4))
    y[:, 0], y[:3, 1:] = 1, 1
    chosen = auto(_Several(X[:100], y), X[100:], 40, random_share=0, random_state=0)
    assert (chosen.indices >= 100).mean() > 0.6  # of what is left, two thirds are of the rare one


def test_expected_wrong_decisions_are_in_units_of_the_mean_set() -> None:
    probs = np.array([[0.5, 0.1], [0.9, 0.9], [0.0, 0.0]])
    size = probs.sum() / 3
    assert open_decisions(probs) == pytest.approx([0.6 / size, 0.2 / size, 0])
    assert open_decisions(np.full((3, 5), 0.5)).tolist() == [1, 1, 1]
