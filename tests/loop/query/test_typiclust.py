from __future__ import annotations

import numpy as np
import pytest
from learners import Learner, blobs
from oracles import typiclust as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import typiclust as module
from labelwright.loop.query.contract import checked
from labelwright.loop.query.typiclust import clusters, turns, typical, typiclust


def _agrees(choose, pool: Pool, *, labels: bool, n: int) -> bool:
    known = slice(None) if labels else slice(0)
    learner = Learner(pool.X_training[known], pool.y_training[known], pool.classes)
    chosen = checked(choose(learner, pool.X, n, random_state=pool.seed), len(pool.X), n)
    given = clusters(pool.X, learner.X_training, n, pool.seed)
    picks, values = oracle.typiclust(pool.X, *(of.tolist() for of in given), n)
    return chosen.indices.tolist() == picks and np.allclose(chosen.utilities, values, rtol=1e-3)


@pytest.mark.parametrize("labels", [True, False])
def test_it_is_the_oracles_on_every_pool(labels: bool) -> None:
    for pool in pools():
        assert _agrees(typiclust, pool, labels=labels, n=pool.n_instances), pool.seed


def test_with_few_clusters_they_take_turns_as_the_oracles(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST_CLUSTERS", 3)
    for pool in pools(60):
        n = min(15, len(pool.X))
        assert _agrees(typiclust, pool, labels=pool.seed % 2 == 0, n=n), pool.seed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("picked.append(part[picks])", "picked.append(picks)"),
        ("order[starts[group] :", "order[starts[group] + 1 :"),
        ("mean[left].min()", "mean[left].max()"),
        ("np.lexsort((-sizes, labels))", "np.lexsort((sizes, labels))"),
        ("[:, :k]", "[:, k:]"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    faulty = planted("typiclust", old, new).typiclust

    def agrees(pool: Pool) -> bool:
        try:
            return _agrees(faulty, pool, labels=True, n=pool.n_instances)
        except (StrategyError, ValueError, IndexError):
            return False

    assert not all(agrees(pool) for pool in pools(40))


def test_after_a_pick_the_others_typicality_is_as_if_it_had_never_been() -> None:
    """Only the rows whose neighbours change are computed anew: the oracle computes all."""
    rows = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    picks, values = typical(rows, 90)
    wanted, found = oracle.typiclust(rows, [0] * 90, [], 90)
    assert picks.tolist() == wanted
    assert values == pytest.approx(found, rel=1e-3)


def test_blobs_with_a_label_are_passed_over() -> None:
    X, labels = blobs(400, n_classes=7)
    known = np.array([np.flatnonzero(labels == c)[0] for c in range(4)])
    rest = np.setdiff1d(np.arange(400), known)
    learner = Learner(X[known], labels[known], tuple("abcdefg"))
    chosen = typiclust(learner, X[rest], 3)
    assert sorted(labels[rest][chosen.indices].tolist()) == [4, 5, 6]
    sizes = np.bincount(labels)
    assert chosen.reasons[0] == f"typical of a cluster of {sizes[4:].max()} with no label"


def test_small_clusters_come_last_and_none_gives_more_than_it_has() -> None:
    free, labels = np.array([4, 9, 30, 2, 0]), np.array([0, 1, 0, 0, 3])
    assert turns(free, labels, 5).tolist() == [2, 1, 2, 1, 2]
    every = turns(free, labels, 45)
    assert np.bincount(every, minlength=5).tolist() == free.tolist()
    assert every[-6:].tolist() == [0, 3, 0, 3, 0, 0]


def test_of_a_large_cluster_a_sample_is_looked_at(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MEMBERS", 16)
    X, _ = blobs(300, n_classes=3)
    learner = Learner(X[:0], np.zeros(0, int), tuple("abc"))
    chosen = checked(typiclust(learner, X, 3), 300, 3)
    assert chosen.notes == ("in clusters of more than 16 typical among 16 drawn at random",)
    assert len(checked(typiclust(learner, X, 300), 300, 300).indices) == 300


def test_edges() -> None:
    X, labels = blobs(40)
    learner = Learner(X[:0], labels[:0], tuple("abcd"))
    assert len(typiclust(learner, X[:0], 3).indices) == 0
    assert len(typiclust(learner, X, 0).indices) == 0
    assert sorted(typiclust(learner, X, 60).indices.tolist()) == list(range(40))
    same = np.ones((9, 8), np.float32)
    assert len(checked(typiclust(learner, same, 4), 9, 4).indices) == 4
    assert len(checked(typiclust(Learner(X, labels, tuple("abcd")), X[:1], 1), 1, 1).indices) == 1
    X[3, 0] = np.inf
    with pytest.raises(StrategyError, match="item 3"):
        typiclust(learner, X, 4)
