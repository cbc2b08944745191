from __future__ import annotations

import itertools

import numpy as np
import pytest
from learners import Learner, blobs, saying, trained
from oracles.class_balancing import class_balancing as by_hand
from planted import planted
from pools import Pool
from told import differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.class_balancing import class_balancing
from labelwright.loop.query.contract import checked

OPTIONS = list(
    itertools.product(("uniform", "pool"), ("margin", "entropy", "least_confidence", "likely"))
)


def _right(pool: Pool, strategy=class_balancing, **options: str) -> bool:
    probs = softmaxed(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances, **options)
    checked(chosen, len(pool.X), pool.n_instances)
    labels = pool.y_training.tolist()
    expected = by_hand(probs.tolist(), labels, pool.n_instances, **options)
    return bool(chosen.indices.tolist() == expected)


@pytest.mark.parametrize(("toward", "within"), OPTIONS)
def test_it_is_the_oracle_on_200_pools(toward: str, within: str) -> None:
    assert differing(lambda pool: _right(pool, toward=toward, within=within)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("members[top(utilities[members], len(slots))]", "top(utilities[members], len(slots))"),
        ("np.flatnonzero(turns == number)", "np.flatnonzero(turns == number)[::-1]"),
        (
            "heapq.heapreplace(heap, (level, number))",
            "heapq.heapreplace(heap, (level + 1, number))",
        ),
    ],
)
def test_the_oracle_notices(old: str, new: str) -> None:
    faulty = planted("class_balancing", old, new)
    assert len(differing(lambda pool: _right(pool, faulty.class_balancing))) > 20


def test_labels_and_batch_come_out_even() -> None:
    probs = np.eye(3)[np.arange(90) % 3] * 0.7 + 0.1
    learner = saying(probs)
    learner.X_training, learner.y_training = np.zeros((12, 2)), np.repeat([0, 1], [9, 3])
    chosen = class_balancing(learner, np.zeros((90, 2)), 15)
    counts = np.bincount(np.append(learner.y_training, chosen.indices % 3))
    assert counts.tolist() == [9, 9, 9]
    assert chosen.reasons[0] == "probably c, which has 0 labels; margin 0.70"


def test_toward_the_pool_labels_come_to_be_distributed_as_the_pool() -> None:
    probs = np.eye(2)[(np.arange(100) >= 80).astype(int)] * 0.6 + 0.2
    learner = saying(probs)
    learner.X_training, learner.y_training = np.zeros((10, 2)), np.repeat([0, 1], [5, 5])
    chosen = class_balancing(learner, np.zeros((100, 2)), 15, toward="pool")
    assert (chosen.indices < 80).sum() == 15
    assert chosen.notes == ()


def test_a_class_that_is_never_predicted_is_named() -> None:
    probs = np.tile([0.6, 0.3, 0.1], (9, 1))
    chosen = class_balancing(saying(probs), np.zeros((9, 2)), 4)
    assert chosen.indices.tolist() == [0, 1, 2, 3]
    assert chosen.notes == ("no item is predicted to be b, c, so none was asked of that class",)


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(class_balancing(trained(), X[:0], 3).indices) == 0
    assert len(class_balancing(trained(), X, 0).indices) == 0
    assert sorted(class_balancing(trained(), X, 9).indices.tolist()) == [0, 1, 2, 3, 4]
    with pytest.raises(StrategyError, match="toward balance"):
        class_balancing(trained(), X, 2, toward="balance")
    with pytest.raises(StrategyError, match="sureness"):
        class_balancing(trained(), X, 2, within="sureness")
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        class_balancing(learner, X, 2)
