from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from learners import Learner, blobs, trained
from oracles.epig import epig as by_hand
from planted import planted
from pools import Pool, pools
from posterior import opinions, sampler
from told import stored

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import epig as module
from labelwright.loop.query.bald import bald, disagreement
from labelwright.loop.query.contract import checked
from labelwright.loop.query.epig import epig

SIZE, TARGETS = 4, 8
POOLS = tuple(pools())


def _targets(pool: Pool) -> list[int]:
    rng = np.random.default_rng(pool.seed)
    return rng.choice(len(pool.X), size=min(TARGETS, len(pool.X)), replace=False).tolist()


@cache
def _oracle(seed: int) -> tuple[list[int], list[float]]:
    """What the oracle chooses on a pool, and how much each tells; many tests ask, and it is slow."""
    pool = POOLS[seed]
    return by_hand(opinions(pool, SIZE, seed), pool.n_instances, _targets(pool))


def _wrong(strategy) -> list[int]:
    """The pools on which `strategy` does not choose what the oracle chooses.

    Scores to 1e-7: in float32 probabilities sum to one no more exactly than that.
    """
    found = []
    for pool in POOLS:
        chosen = strategy(
            sampler(pool),
            stored(pool),
            pool.n_instances,
            size=SIZE,
            targets=TARGETS,
            random_state=pool.seed,
        )
        items, scores = _oracle(pool.seed)
        checked(chosen, len(pool.X), pool.n_instances)
        same = chosen.indices.tolist() == items
        if not same or not np.allclose(chosen.utilities, scores, atol=1e-7):
            found.append(pool.seed)
    return found


def test_it_is_the_oracle_on_200_pools() -> None:
    assert _wrong(epig) == []


def test_the_oracle_notices_a_relative_position() -> None:
    faulty = planted("epig", "return rows[best], gains", "return best, gains")
    assert len(_wrong(faulty.epig)) > 150


def test_it_stops_where_the_bound_allows_it_and_no_earlier() -> None:
    in_time = planted("epig", "max(256, n)", "n")
    assert _wrong(in_time.epig) == []
    too_early = planted("epig", "max(256, n)", "n")
    too_early.disagreement = lambda models, X: disagreement(models, X) / 8  # type: ignore[attr-defined]
    assert len(_wrong(too_early.epig)) > 20


def test_steps_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_NUMBERS", 100)
    assert _wrong(epig) == []


def test_an_odd_item_that_says_nothing_of_the_others_is_left() -> None:
    class Odd(Learner):
        """Half of the models, by one coin, disagree on all items, by another coin on the last alone."""

        def predict_samples(self, X: np.ndarray, n: int, seed: int) -> np.ndarray:
            yes = np.where(np.arange(n)[:, None] % 2 == 0, 0.9, 0.1).repeat(len(X), axis=1)
            yes[:, X[:, 0] == 1] = np.arange(n)[:, None] // 2 % 2
            return np.stack([1 - yes, yes], axis=2)

    learner = Odd(np.zeros((2, 2)), np.array([0, 1]), ("no", "yes"))
    X = np.eye(30)[:, [29, 28]]
    assert bald(learner, X, 1, size=4).indices.tolist() == [29]
    chosen = epig(learner, X, 2, size=4)
    assert chosen.indices.tolist() == [0, 1]
    assert chosen.reasons[0] == "tells 0.21 of other items: 4 models say: no 2, yes 2"


def test_a_costly_pool_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 20 * 10 * 16)
    X = blobs(100)[0] / 4
    chosen = epig(trained(12), X, 2, size=5, targets=10, random_state=3)
    assert chosen.notes == ("chosen among the 20 items of greatest BALD out of 100",)
    assert set(chosen.indices) <= set(bald(trained(12), X, 20, size=5, random_state=3).indices)


def test_edges() -> None:
    X = blobs(5)[0]
    assert len(epig(trained(), X[:0], 3).indices) == 0
    assert len(epig(trained(), X, 0).indices) == 0
    assert sorted(epig(trained(), X, 9, size=3).indices.tolist()) == [0, 1, 2, 3, 4]
    with pytest.raises(StrategyError, match="0 targets"):
        epig(trained(), X, 2, targets=0)
    learner = Learner(np.zeros((0, 8)), np.zeros(0, int), ("a", "b"))
    with pytest.raises(StrategyError, match="needs labels"):
        epig(learner, X, 2)
