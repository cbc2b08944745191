from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from learners import saying
from oracles.multilabel_margin import utility
from oracles.ranking import best
from planted import planted
from pools import Pool, pools
from told import differing, stored, telling

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import uncertain
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.multilabel_margin import multilabel_margin


def _independent(pool: Pool) -> np.ndarray:
    """(n_pool, n_classes), each label for itself, in sixty-fourths so that sums are exact."""
    weights = np.random.default_rng(pool.seed).normal(size=(pool.X.shape[1], pool.n_classes))
    logits = np.stack([(row[:, None] * weights).sum(axis=0) for row in pool.X.astype(float)])
    return np.round(64 / (1 + np.exp(-logits))) / 64


def _right(strategy, over: str, pool: Pool) -> bool:
    probs = _independent(pool)
    chosen = strategy(telling(pool, probs), stored(pool), pool.n_instances, over=over)
    expected = [utility(row, over) for row in probs.tolist()]
    if chosen.indices.tolist() != best(expected, pool.n_instances):
        return False
    return bool(np.allclose(chosen.utilities, [expected[i] for i in chosen.indices]))


@pytest.mark.parametrize("over", ["mean", "most"])
def test_it_is_its_oracle_on_every_pool(over: str, monkeypatch) -> None:
    monkeypatch.setattr(uncertain, "blocks", partial(blocks, size=7))
    assert differing(partial(_right, multilabel_margin, over)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("utilities[rows] = open_", "utilities[rows][::-1] = open_"),
        ("top(utilities, n_instances)", "top(-utilities, n_instances)"),
        ("top(utilities, n_instances)", "top(utilities, n_instances) - 1"),
    ],
)
def test_the_oracle_notices_a_wrong_index(old: str, new: str) -> None:
    broken = planted("multilabel_margin", old, new).multilabel_margin
    assert len(differing(partial(_right, broken, "mean"))) > 100


def test_one_open_label_or_many_half_open_ones() -> None:
    probs = np.array([[0.5, 0.0, 1.0], [0.3, 0.3, 0.3], [0.0, 0.0, 0.0]])
    mean = multilabel_margin(saying(probs), np.zeros((3, 2)), 3)
    assert mean.indices.tolist() == [1, 0, 2]
    assert mean.utilities == pytest.approx([0.6, 1 / 3, 0])
    most = multilabel_margin(saying(probs), np.zeros((3, 2)), 3, over="most")
    assert most.indices.tolist() == [0, 1, 2]
    assert most.utilities == pytest.approx([1, 0.6, 0])
    assert most.reasons[0] == "openness 1.00, most of all a: probability 0.50"


@pytest.mark.parametrize("wrong", [-0.1, 1.2])
def test_what_is_no_probability_is_an_error(wrong: float) -> None:
    probs = np.array([[0.5, 0.2], [0.1, wrong]])
    with pytest.raises(StrategyError, match="item 1 of the pool a number outside"):
        multilabel_margin(saying(probs), np.zeros((2, 2)), 1)


def test_edges_and_errors() -> None:
    pool = next(iter(pools(1)))
    learner = telling(pool, _independent(pool))
    assert len(multilabel_margin(learner, pool.X[:0], 3).indices) == 0
    assert len(multilabel_margin(learner, pool.X, 0).indices) == 0
    with pytest.raises(StrategyError, match="over is least"):
        multilabel_margin(learner, pool.X, 1, over="least")
