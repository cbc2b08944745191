from __future__ import annotations

import numpy as np
import pytest
from oracles.power_bald import chances
from oracles.power_bald import power_bald as by_hand
from planted import planted
from pools import Pool, pools
from posterior import opinions, sampler
from told import stored

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.bald import bald
from labelwright.loop.query.contract import checked
from labelwright.loop.query.power_bald import inclusion, power_bald

SIZE = 4


def _noise(pool: Pool) -> list[float]:
    return np.random.default_rng(pool.seed).gumbel(size=len(pool.X)).tolist()


def _wrong(strategy, beta: float) -> list[int]:
    """The pools on which `strategy` does not draw what the oracle draws."""
    found = []
    for pool in pools():
        chosen = strategy(
            sampler(pool),
            stored(pool),
            pool.n_instances,
            size=SIZE,
            random_state=pool.seed,
            beta=beta,
        )
        seen = opinions(pool, SIZE, pool.seed)
        items, scores = by_hand(seen, pool.n_instances, beta, _noise(pool))
        checked(chosen, len(pool.X), pool.n_instances)
        same = chosen.indices.tolist() == items
        if not same or not np.allclose(chosen.utilities, scores, atol=1e-6):
            found.append(pool.seed)
    return found


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_it_is_the_oracle_on_200_pools(beta: float) -> None:
    assert _wrong(power_bald, beta) == []


def test_the_oracle_notices_chances_without_the_power() -> None:
    faulty = planted("power_bald", "weights = beta * np.log", "weights = np.log")
    assert len(_wrong(faulty.power_bald, 4.0)) > 100


def test_the_oracle_notices_positions_that_are_off_by_one() -> None:
    faulty = planted(
        "power_bald", "top(utilities, n_instances)", "top(np.roll(utilities, 1), n_instances)"
    )
    assert len(_wrong(faulty.power_bald, 1.0)) > 150


def test_no_power_is_chance_and_much_power_is_bald() -> None:
    pool = next(pools())
    much = power_bald(sampler(pool), pool.X, 5, size=SIZE, beta=1e4)
    assert much.indices.tolist() == bald(sampler(pool), pool.X, 5, size=SIZE).indices.tolist()
    none = power_bald(sampler(pool), pool.X, 5, size=SIZE, beta=0)
    assert none.probabilities == pytest.approx(np.full(5, 5 / len(pool.X)))


@pytest.mark.parametrize(("n", "within"), [(1, 1e-9), (2, 0.05), (4, 0.05), (6, 1e-9)])
def test_probabilities_are_the_chances_of_all_sequences(n: int, within: float) -> None:
    weights = [0.5, 0.3, 0.1, 0.05, 0.04, 0.01]
    found = inclusion(np.log(weights), n)
    assert found.sum() == pytest.approx(n)
    assert found == pytest.approx(chances(weights, n), abs=within)


def test_probabilities_are_how_often_items_are_drawn() -> None:
    weights = np.log(np.random.default_rng(0).random(60) ** 3)
    rng = np.random.default_rng(1)
    counts = np.zeros(60)
    for _ in range(4_000):
        counts[np.argsort(-(weights + rng.gumbel(size=60)))[:20]] += 1
    assert inclusion(weights, 20) == pytest.approx(counts / 4_000, abs=0.035)


def test_probabilities_stay_positive() -> None:
    weights = np.array([0.0, 0.0, -5e3, -1e4])
    for n in (1, 2, 3, 4):
        found = inclusion(weights, n)
        assert ((found > 0) & (found <= 1)).all()
        assert found.sum() == pytest.approx(n)


def test_items_on_which_all_agree_come_last() -> None:
    pool = next(pools())
    X = np.concatenate([np.zeros_like(pool.X), pool.X[:2]])
    chosen = power_bald(sampler(pool), X, 4, size=SIZE)
    assert sorted(chosen.indices[:2].tolist()) == [len(X) - 2, len(X) - 1]


def test_edges() -> None:
    pool = next(pools())
    assert len(power_bald(sampler(pool), pool.X[:0], 3).indices) == 0
    assert len(power_bald(sampler(pool), pool.X, 0).indices) == 0
    chosen = power_bald(sampler(pool), pool.X, 99)
    assert sorted(chosen.indices.tolist()) == list(range(len(pool.X)))
    assert (chosen.probabilities == 1).all()
    assert chosen.reasons[0].startswith("drawn, chance 1; BALD ")
    with pytest.raises(StrategyError, match="beta of -1"):
        power_bald(sampler(pool), pool.X, 3, beta=-1)
