from __future__ import annotations

import math

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.batch_bald import batch_bald as by_hand
from oracles.batch_bald import information
from planted import planted
from pools import pools
from posterior import opinions, sampler
from told import stored

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.bald import bald
from labelwright.loop.query.batch_bald import batch_bald
from labelwright.loop.query.contract import checked

SIZE = 4


def _wrong(strategy) -> list[int]:
    """The pools on which `strategy` does not choose the oracle's batch, or values it otherwise."""
    found = []
    for pool in pools():
        n = min(pool.n_instances, 3)  # the oracle goes through n_classes ** n answers for each item
        chosen = strategy(sampler(pool), stored(pool), n, size=SIZE, random_state=pool.seed)
        items, gains = by_hand(opinions(pool, SIZE, pool.seed), n)
        checked(chosen, len(pool.X), n)
        same = chosen.indices.tolist() == items
        if not same or not np.allclose(chosen.utilities, gains, atol=1e-9) or chosen.notes:
            found.append(pool.seed)
    return found


def test_it_is_the_oracle_on_200_pools() -> None:
    assert _wrong(batch_bald) == []


def test_the_oracle_notices_a_relative_position() -> None:
    faulty = planted("batch_bald", "Chosen(rows[picked],", "Chosen(picked,")
    assert len(_wrong(faulty.batch_bald)) > 150


def test_the_oracle_notices_answers_that_are_forgotten() -> None:
    faulty = planted(
        "batch_bald", "answers = answers.then(probs[:, best], configurations, rng)", "pass"
    )
    assert len(_wrong(faulty.batch_bald)) > 50


def test_drawn_answers_find_nearly_the_exact_batch() -> None:
    worst = 1.0
    for pool in list(pools(60)):
        if pool.n_instances < 4 or pool.n_classes > 3:
            continue
        seen = opinions(pool, SIZE, pool.seed)
        told = [
            information(
                seen,
                batch_bald(
                    sampler(pool), pool.X, 5, size=SIZE, random_state=pool.seed, configurations=m
                ).indices.tolist(),
            )
            for m in (64, 10_000)
        ]
        worst = min(worst, told[0] / told[1])
    assert 0.97 < worst <= 1.0 + 1e-9


def test_drawn_answers_value_items_nearly_as_exact_ones() -> None:
    pool = next(p for p in pools() if p.n_classes == 3 and len(p.X) > 20)
    runs = [
        batch_bald(sampler(pool), pool.X, 6, size=8, configurations=m, random_state=1)
        for m in (500, 10_000)
    ]
    assert runs[0].utilities == pytest.approx(runs[1].utilities, abs=0.02)


def test_an_equal_item_tells_less() -> None:
    pool = next(p for p in pools() if len(p.X) > 20)
    best = int(bald(sampler(pool), pool.X, 1, size=SIZE).indices[0])
    X = np.concatenate([pool.X, pool.X[[best] * 5]])
    alone = bald(sampler(pool), X, 4, size=SIZE)
    together = batch_bald(sampler(pool), X, 4, size=SIZE)
    assert len(np.unique(X[alone.indices], axis=0)) == 1
    assert len(np.unique(X[together.indices], axis=0)) > 1
    assert (np.diff(together.utilities) <= 1e-9).all()


def test_where_nothing_is_left_to_tell_it_says_so() -> None:
    class Certain(Learner):
        def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
            answers = (np.arange(n)[:, None] >> X[:, 0].astype(int)) & 1
            return np.eye(2)[answers]

    learner = Certain(np.zeros((2, 1)), np.array([0, 1]), ("no", "yes"))
    chosen = batch_bald(learner, np.array([[0], [1]] * 3), 4, size=4)
    assert chosen.indices.tolist() == [0, 1, 2, 3]
    assert chosen.utilities == pytest.approx([math.log(2), math.log(2), 0, 0])
    assert chosen.notes == (
        "after 2 items there was nothing left that 4 models could tell:"
        " the other 2 are those of greatest BALD",
    )


def test_models_that_all_agree_end_all_the_same() -> None:
    learner = trained(20)
    learner.y_training[:] = 1
    chosen = checked(batch_bald(learner, blobs(200)[0], 30, size=3), 200, 30)
    assert chosen.indices.tolist() == list(range(30))
    assert (chosen.utilities == 0).all()


def test_a_large_pool_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelwright.loop.query.batch_bald._CANDIDATES", 20)
    X = blobs(100)[0] / 4
    chosen = batch_bald(trained(12), X, 2, size=5, random_state=3)
    assert chosen.notes == ("chosen among the 20 items of greatest BALD out of 100",)
    assert set(chosen.indices) <= set(bald(trained(12), X, 20, size=5, random_state=3).indices)


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(batch_bald(trained(), X[:0], 3).indices) == 0
    assert len(batch_bald(trained(), X, 0).indices) == 0
    assert sorted(batch_bald(trained(), X, 9, size=3).indices.tolist()) == [0, 1, 2, 3, 4]
    with pytest.raises(StrategyError, match="configurations"):
        batch_bald(trained(), X, 2, configurations=0)
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        batch_bald(learner, X, 2)
