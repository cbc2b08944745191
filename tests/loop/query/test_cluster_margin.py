from __future__ import annotations

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.cluster_margin import candidates
from oracles.cluster_margin import cluster_margin as by_hand
from planted import planted
from pools import pools
from told import Told, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.cluster_margin import cluster_margin, round_robin
from labelwright.loop.query.contract import checked
from labelwright.loop.query.k_means import seed_rows
from labelwright.loop.query.margin import margin


def _wrong(strategy) -> list[int]:
    """The pools on which `strategy` does not choose the oracle's items in the oracle's order."""
    found = []
    for pool in pools():
        probs = softmaxed(pool)
        learner = telling(pool, probs)
        chosen = strategy(learner, stored(pool), pool.n_instances, random_state=pool.seed)
        checked(chosen, len(pool.X), pool.n_instances)
        rows = pool.X[candidates(probs.tolist(), 10 * pool.n_instances)]
        rng, nobody = np.random.default_rng(pool.seed), np.zeros(0, dtype=np.int64)
        seeds = seed_rows(rows, max(1, len(rows) // 10), rng, nobody)
        expected = by_hand(pool.X.tolist(), probs.tolist(), pool.n_instances, seeds.tolist())
        if chosen.indices.tolist() != expected:
            found.append(pool.seed)
    return found


def test_it_is_the_oracle_on_200_pools() -> None:
    assert _wrong(cluster_margin) == []


def test_the_oracle_notices_a_relative_position() -> None:
    faulty = planted("cluster_margin", "indices = nearest[turns]", "indices = turns")
    assert len(_wrong(faulty.cluster_margin)) > 150


def test_the_oracle_notices_the_largest_cluster_first() -> None:
    faulty = planted("cluster_margin", "np.lexsort((first, sizes))", "np.lexsort((first, -sizes))")
    assert len(_wrong(faulty.cluster_margin)) > 50


def test_clusters_take_turns_from_the_smallest_up() -> None:
    cluster = np.array([2, 2, 0, 2, 1, 0])
    assert round_robin(cluster).tolist() == [4, 2, 0, 5, 1, 3]


def test_where_margin_asks_ten_times_the_same_it_asks_elsewhere() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(42, 8)) / 100, 9 * np.eye(8).repeat(6, axis=0)])
    X = X.astype(np.float32)
    certain = np.concatenate([np.full(42, 0.5), np.linspace(0.55, 0.6, 48)])
    answers = zip(X, np.stack([certain, 1 - certain], axis=1), strict=True)
    known = {row.tobytes(): answer for row, answer in answers}
    learner = Told(known, X[:2], np.array([0, 1]), ("a", "b"))
    assert margin(learner, X, 9).indices.max() < 42
    chosen = cluster_margin(learner, X, 9)
    assert len({0 if row < 42 else 1 + (row - 42) // 6 for row in chosen.indices}) == 9


def test_reasons_utilities_and_order() -> None:
    X = blobs(300)[0] / 4
    chosen = checked(cluster_margin(trained(12), X, 6), 300, 6)
    alone = margin(trained(12), X, 300)
    value = dict(zip(alone.indices.tolist(), alone.utilities.tolist(), strict=True))
    assert chosen.utilities == pytest.approx([value[row] for row in chosen.indices.tolist()])
    assert (chosen.probabilities == 1).all()
    assert chosen.reasons[0].startswith(f"margin {1 - chosen.utilities[0]:.2f}: ")
    assert "; cluster of " in chosen.reasons[0]


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(cluster_margin(trained(), X[:0], 3).indices) == 0
    assert len(cluster_margin(trained(), X, 0).indices) == 0
    assert sorted(cluster_margin(trained(), X, 9).indices.tolist()) == [0, 1, 2, 3, 4]
    same = cluster_margin(trained(), np.repeat(X[:1], 60, axis=0), 4)
    assert same.indices.tolist() == [0, 1, 2, 3]
    with pytest.raises(StrategyError, match="candidates"):
        cluster_margin(trained(), X, 2, candidates=0)
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        cluster_margin(learner, X, 2)
