from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from learners import Learner
from oracles import density_weighted as oracle
from oracles import entropy, least_confidence, margin
from planted import planted
from pools import Pool, pools
from told import as_good, differing, softmaxed, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import density_weighted as module
from labelwright.loop.query import uncertain
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.density_weighted import SIMILARITIES, density_weighted

TOLERANCE = 1e-5  # cosines are summed in float32
MEASURES = {"margin": margin, "least_confidence": least_confidence, "entropy": entropy}


def _right(strategy, uncertainty: str, beta: float, similarity: str, pool: Pool) -> bool:
    probs = softmaxed(pool)
    chosen = strategy(
        telling(pool, probs),
        stored(pool),
        pool.n_instances,
        uncertainty=uncertainty,
        beta=beta,
        similarity=similarity,
    )
    values = [MEASURES[uncertainty].utility(row) for row in probs.tolist()]
    expected = oracle.utilities(pool.X.tolist(), values, beta, similarity)
    shown = np.allclose(
        chosen.utilities, [expected[i] for i in chosen.indices], rtol=0, atol=TOLERANCE
    )
    return bool(shown) and as_good(chosen.indices, expected, pool.n_instances, TOLERANCE)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize(
    ("uncertainty", "beta"), [("entropy", 1.0), ("margin", 2.0), ("least_confidence", 1.5)]
)
def test_it_is_its_oracle_on_every_pool(
    uncertainty: str, beta: float, similarity: str, monkeypatch
) -> None:
    monkeypatch.setattr(uncertain, "blocks", partial(blocks, size=7))
    monkeypatch.setattr(module, "blocks", partial(blocks, size=7))
    right = partial(_right, density_weighted, uncertainty, beta, similarity)
    assert differing(right) == []


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
    assert len(differing(partial(_right, broken, "entropy", 1.0, "squared_cosine"))) > 100


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
    assert chosen.reasons[place].endswith("mean similarity to the pool 0")


def test_of_centred_vectors_the_squares_tell_dense_from_sparse_and_the_cosine_does_not() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(12, 30)), 50, axis=0)
    dense = centres + rng.normal(size=(600, 30)) * 0.2
    X = np.concatenate([dense, rng.normal(size=(600, 30))])
    X = (X - X.mean(axis=0)).astype(np.float32)
    learner = Learner(X[:0], np.zeros(0, int), ("a", "b"), np.full((1200, 2), 0.5))
    by_squares = density_weighted(learner, X, 500).indices
    by_cosine = density_weighted(learner, X, 500, similarity="cosine").indices
    assert (by_squares < 600).mean() > 0.95
    assert (by_cosine < 600).mean() < 0.8


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
    with pytest.raises(StrategyError, match="no similarity called guess"):
        density_weighted(learner, pool.X, 1, similarity="guess")
