from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner, trained
from oracles.contrastive import contrastive as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import contrastive as module
from labelwright.loop.query.contract import checked


@dataclass
class Linear(Learner):
    """A learner whose probabilities are a softmax of X @ weights."""

    weights: np.ndarray | None = None

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        powers = np.exp(X.astype(float) @ self.weights)
        return powers / powers.sum(axis=1, keepdims=True)


def _learner(pool: Pool) -> Linear:
    weights = np.random.default_rng(pool.seed).normal(size=(pool.X.shape[1], pool.n_classes))
    return Linear(pool.X_training, pool.y_training, pool.classes, weights=weights)


def _agrees(module: ModuleType, pool: Pool, neighbours: int) -> None:
    learner = _learner(pool)
    found = module.contrastive(learner, pool.X, pool.n_instances, neighbours=neighbours)
    chosen = checked(found, len(pool.X), pool.n_instances)
    known = learner.predict_proba(pool.X_training)
    scores = oracle(pool.X, learner.predict_proba(pool.X), pool.X_training, known, neighbours)
    # Which of two items comes first may be decided by rounding where their scores are this close.
    assert chosen.utilities == pytest.approx([scores[row] for row in chosen.indices], abs=2e-5)
    expected = sorted(scores, reverse=True)[: pool.n_instances]
    assert chosen.utilities == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("neighbours", [10, 1, 3])
def test_the_same_as_the_oracle(neighbours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 99)
    for pool in pools():
        _agrees(module, pool, neighbours)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("values.argmax(axis=1)", "values.argmin(axis=1)"),
        ("negentropy[nearest].mean(axis=1) - cross", "negentropy[start] - cross"),
        ("here = slice(start, start + len(block))", "here = slice(0, len(block))"),
        ("np.log(np.maximum(probs[here], _LEAST))", "np.maximum(probs[here], _LEAST)"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("contrastive", old, new)
    fault.__dict__["_PAIRS_AT_ONCE"] = 99
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools(40):
            _agrees(fault, pool, 3)


def test_too_many_pairs_are_chosen_among_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = trained(30)
    X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float16)
    np.save(tmp_path / "X.npy", X)
    stored = np.load(tmp_path / "X.npy", mmap_mode="r")
    whole = module.contrastive(learner, stored, 400)
    monkeypatch.setattr(module, "_PAIRS", 30 * 100)
    chosen = checked(module.contrastive(learner, stored, 7, random_state=1), 400, 7)
    assert chosen.notes == ("chosen among 100 items drawn at random out of 400",)
    utility = dict(zip(whole.indices.tolist(), whole.utilities.tolist(), strict=True))
    assert chosen.utilities == pytest.approx([utility[row] for row in chosen.indices], abs=1e-4)
    assert len(module.contrastive(learner, stored, 150).indices) == 150


def test_a_probability_of_zero_counts_as_a_small_one() -> None:
    sure = Learner(np.zeros((2, 2), np.float32), np.array([0, 1]), ("a", "b"))
    sure.predict_proba = lambda X: np.eye(2)[(X[:, 0] > 0.5).astype(int)]  # type: ignore[method-assign]
    chosen = module.contrastive(sure, np.float32([[0, 0], [1, 0]]), 2)
    assert chosen.indices.tolist() == [1, 0]
    assert chosen.utilities == pytest.approx([-np.log(1e-12), 0], abs=1e-4)


def test_edges() -> None:
    learner = trained()
    X = np.ones((3, 8), np.float32)
    assert len(module.contrastive(learner, X[:0], 3).indices) == 0
    assert len(module.contrastive(learner, X, 0).indices) == 0
    assert module.contrastive(learner, X, 9).indices.tolist() == [0, 1, 2]
    with pytest.raises(StrategyError, match="needs labels"):
        module.contrastive(Learner(X[:0], np.zeros(0, int), ("a", "b")), X, 2)
    with pytest.raises(StrategyError, match="neighbours"):
        module.contrastive(learner, X, 2, neighbours=0)
