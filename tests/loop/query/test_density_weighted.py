from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from oracles import density_weighted as oracle
from oracles import entropy, least_confidence, margin
from planted import planted
from pools import Pool, pools
from told import as_good, differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import uncertain
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.density_weighted import density_weighted

TOLERANCE = 1e-5  # cosines are summed in float32
MEASURES = {"margin": margin, "least_confidence": least_confidence, "entropy": entropy}


def _right(strategy, uncertainty: str, beta: float, pool: Pool) -> bool:
    probs = softmaxed(pool)
    chosen = strategy(
        telling(pool, probs), stored(pool), pool.n_instances, uncertainty=uncertainty, beta=beta
    )
    values = [MEASURES[uncertainty].utility(row) for row in probs.tolist()]
    expected = oracle.utilities(pool.X.tolist(), values, beta)
    shown = np.allclose(
        chosen.utilities, [expected[i] for i in chosen.indices], rtol=0, atol=TOLERANCE
    )
    return bool(shown) and as_good(chosen.indices, expected, pool.n_instances, TOLERANCE)


@pytest.mark.parametrize(
    ("uncertainty", "beta"), [("entropy", 1.0), ("margin", 2.0), ("least_confidence", 1.5)]
)
def test_it_is_its_oracle_on_every_pool(uncertainty: str, beta: float, monkeypatch) -> None:
    monkeypatch.setattr(uncertain, "blocks", partial(blocks, size=7))
    assert differing(partial(_right, density_weighted, uncertainty, beta)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("densities[rows] = np", "densities[rows][::-1] = np"),
        ("top(utilities, n_instances)", "top(-utilities, n_instances)"),
        ("top(utilities, n_instances)", "top(utilities, n_instances) - 1"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("density_weighted", old, new).density_weighted
    assert len(differing(partial(_right, broken, "entropy", 1.0))) > 100


def test_without_weight_density_counts_for_nothing() -> None:
    pool = next(iter(pools(1)))
    probs = softmaxed(pool)
    chosen = density_weighted(telling(pool, probs), pool.X, 3, beta=0)
    values = [entropy.utility(row) for row in probs.tolist()]
    assert as_good(chosen.indices, values, 3, 1e-9)


def test_a_vector_of_zeros_is_like_nothing() -> None:
    pool = next(iter(pools(1)))
    pool.X[2] = 0
    chosen = density_weighted(telling(pool, softmaxed(pool)), pool.X, len(pool.X))
    place = chosen.indices.tolist().index(2)
    assert chosen.utilities[place] == 0
    assert chosen.reasons[place].endswith("mean similarity to the pool 0.00")


def test_edges_and_errors() -> None:
    pool = next(iter(pools(1)))
    learner = telling(pool, softmaxed(pool))
    assert len(density_weighted(learner, pool.X[:0], 3).indices) == 0
    assert len(density_weighted(learner, pool.X, 0).indices) == 0
    for beta in (-1.0, float("nan")):
        with pytest.raises(StrategyError, match="beta is"):
            density_weighted(learner, pool.X, 1, beta=beta)
    with pytest.raises(StrategyError, match="no uncertainty called guess"):
        density_weighted(learner, pool.X, 1, uncertainty="guess")
