from __future__ import annotations

import importlib
import re

import numpy as np
import pytest
from learners import Learner, blobs
from oracles import prob_cover as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.contract import checked
from labelwright.loop.query.kernel import Kernel, unit
from labelwright.loop.query.prob_cover import clusters, prob_cover, pure_radius


def _learner(pool: Pool, labels: bool) -> Learner:
    known = slice(None) if labels else slice(0)
    return Learner(pool.X_training[known], pool.y_training[known], pool.classes)


def _agrees(choose, pool: Pool, *, labels: bool, delta: float | None) -> bool:
    learner = _learner(pool, labels)
    chosen = checked(
        choose(learner, pool.X, pool.n_instances, delta=delta, random_state=pool.seed),
        len(pool.X),
        pool.n_instances,
    )
    assert len(chosen.indices) == pool.n_instances
    if delta is None:
        rows = np.concatenate([pool.X, learner.X_training])
        cluster = clusters(unit(rows), pool.n_classes, pool.seed)
        found = re.fullmatch(
            r"prob_cover: delta (.*), where 95% of the balls hold one cluster", chosen.notes[-1]
        )
        assert found
        delta = float(found[1])
        # Both are rounded down to four digits, one from float32.
        if abs(delta - oracle.radius(rows, cluster.tolist(), 0.95)) > 1.01e-4:
            return False
    picks, counts = oracle.prob_cover(pool.X, learner.X_training, pool.n_instances, delta)
    shares = [count / len(pool.X) for count in counts]
    same = chosen.indices[: len(picks)].tolist() == picks
    return same and np.allclose(chosen.utilities[: len(picks)], shares)


@pytest.mark.parametrize("labels", [True, False])
def test_with_its_own_delta_it_is_the_oracles_on_every_pool(labels: bool) -> None:
    for pool in pools():
        assert _agrees(prob_cover, pool, labels=labels, delta=None), pool.seed


@pytest.mark.parametrize("labels", [True, False])
def test_with_a_given_delta_it_is_the_oracles_on_every_pool(labels: bool) -> None:
    for pool in pools():
        assert _agrees(prob_cover, pool, labels=labels, delta=0.5), pool.seed


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("prob_cover", "[min(impure, len(balls) - 1)]", "[min(impure + 1, len(balls) - 1)]"),
        ("prob_cover", "line[first[row] :", "line[first[row] + 1 :"),
        ("prob_cover", 'Kernel("ball", delta)', 'Kernel("ball", delta**2)'),
    ],
)
def test_the_oracle_notices_a_fault(module: str, old: str, new: str) -> None:
    faulty = planted(module, old, new).prob_cover
    assert not all(_agrees(faulty, pool, labels=True, delta=None) for pool in pools(40))


def test_the_oracle_notices_a_fault_of_the_cover() -> None:
    faulty = planted("herding", "(1 - _EQUAL)).argmax()", "(1 - _EQUAL)).argmin()")
    picks = [
        faulty.herd(pool.X, pool.X, pool.n_instances, Kernel("ball", 0.5))[0].tolist()
        for pool in pools(20)
    ]
    wanted = [oracle.prob_cover(pool.X, [], pool.n_instances, 0.5)[0] for pool in pools(20)]
    assert picks != wanted


def test_one_of_each_blob_covers_all_and_the_rest_is_said_to_be_random() -> None:
    X, labels = blobs(200, n_classes=4)
    learner = Learner(X[:0], labels[:0], tuple("abcd"))
    chosen = checked(prob_cover(learner, X, 10, delta=1.0), 200, 10)
    assert sorted(labels[chosen.indices[:4]].tolist()) == [0, 1, 2, 3]
    assert chosen.utilities[:4].sum() == pytest.approx(1)
    assert chosen.utilities[4:].tolist() == [0] * 6
    assert chosen.notes == ("after 4 items nothing was left to cover: 6 were drawn at random",)


def test_radius_of_one_cluster_covers_all_and_more_purity_is_a_smaller_ball() -> None:
    X = unit(blobs(300)[0])
    assert pure_radius(X, np.zeros(300, int), 0.95, 0) == 2
    cluster = clusters(X, 4, 0)
    radii = [pure_radius(X, cluster, purity, 0) for purity in (1.0, 0.9, 0.5)]
    assert radii == sorted(radii)
    with pytest.raises(StrategyError, match="purity of 95"):
        pure_radius(X, cluster, 95, 0)


def test_a_large_pool_is_covered_on_a_sample(monkeypatch) -> None:
    module = importlib.import_module("labelwright.loop.query.prob_cover")
    monkeypatch.setattr(module, "SAMPLE", 64)
    X, labels = blobs(300)
    learner = Learner(X[:0], labels[:0], tuple("abcd"))
    chosen = checked(prob_cover(learner, X, 4), 300, 4)
    assert chosen.notes[0] == "chosen among 64 items drawn at random out of 300"
    assert sorted(labels[chosen.indices].tolist()) == [0, 1, 2, 3]
    assert (chosen.indices > 64).any()


def test_edges() -> None:
    X, labels = blobs(40)
    learner = Learner(X[:0], labels[:0], tuple("abcd"))
    assert len(prob_cover(learner, X[:0], 3).indices) == 0
    assert len(prob_cover(learner, X, 0).indices) == 0
    assert sorted(prob_cover(learner, X, 60).indices.tolist()) == list(range(40))
    same = np.ones((9, 8), np.float32)
    assert len(checked(prob_cover(learner, same, 4), 9, 4).indices) == 4
    assert len(checked(prob_cover(learner, same[:1], 1), 1, 1).indices) == 1
    with pytest.raises(StrategyError, match="by the classes, and there are 1"):
        prob_cover(Learner(X[:0], labels[:0], ("a",)), X, 3)
    with pytest.raises(StrategyError, match="radius of 0"):
        prob_cover(learner, X, 3, delta=0)
