from __future__ import annotations

import math

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.bald import bald as by_hand
from planted import planted
from pools import pools
from posterior import opinions, sampler
from told import stored

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.bald import bald
from labelwright.loop.query.contract import checked

SIZE = 4


def _wrong(strategy) -> list[int]:
    """The pools on which `strategy` does not choose what the oracle chooses."""
    found = []
    for pool in pools():
        chosen = strategy(
            sampler(pool), stored(pool), pool.n_instances, size=SIZE, random_state=pool.seed
        )
        items, scores = by_hand(opinions(pool, SIZE, pool.seed), pool.n_instances)
        checked(chosen, len(pool.X), pool.n_instances)
        same = chosen.indices.tolist() == items
        if not same or not np.allclose(chosen.utilities, scores, atol=1e-9):
            found.append(pool.seed)
    return found


def test_it_is_the_oracle_on_200_pools() -> None:
    assert _wrong(bald) == []


def test_the_oracle_notices_the_least_for_the_most() -> None:
    faulty = planted("bald", "top(utilities, n_instances)", "top(-utilities, n_instances)")
    assert len(_wrong(faulty.bald)) > 150


def test_blocks_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelwright.loop.query.ensemble._NUMBERS", 3 * SIZE * 4)
    assert _wrong(bald) == []
    shifted = planted("bald", "found[start : start + probs.shape[1]]", "found[-probs.shape[1] :]")
    assert len(_wrong(shifted.bald)) > 150


def test_shared_doubt_is_worth_nothing() -> None:
    class Undecided(Learner):
        def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
            probs = np.full((n, len(X), 2), 0.5)
            odd = X[:, 0] == 1
            probs[: n // 2, odd] = [1, 0]
            probs[n // 2 :, odd] = [0, 1]
            return probs

    learner = Undecided(np.zeros((2, 2)), np.array([0, 1]), ("no", "yes"))
    chosen = bald(learner, np.eye(5)[:, [3, 4]], 2)
    assert chosen.indices.tolist() == [3, 0]
    assert chosen.utilities == pytest.approx([math.log(2), 0])
    assert chosen.reasons == (
        "BALD 0.69: 10 models say: no 5, yes 5",
        "BALD 0.00: 10 models say: no 10",
    )


def test_with_bootstrap_models_the_seed_decides() -> None:
    X = blobs(60, seed=1)[0] / 4
    runs = [bald(trained(12), X, 8, random_state=s) for s in (1, 1, 2)]
    assert runs[0].indices.tolist() == runs[1].indices.tolist()
    assert runs[0].utilities.tolist() != runs[2].utilities.tolist()
    assert (runs[0].probabilities == 1).all()


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(bald(trained(), X[:0], 3).indices) == 0
    assert len(bald(trained(), X, 0).indices) == 0
    assert sorted(bald(trained(), X, 9).indices.tolist()) == [0, 1, 2, 3, 4]
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        bald(learner, X, 2)
    X[3, 0] = np.nan
    with pytest.raises(StrategyError, match="item 3"):
        bald(trained(), X, 2)
