from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner, blobs
from oracles.discriminative import discriminative as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import discriminative as module
from labelwright.loop.query.contract import checked


def _learner(X: np.ndarray) -> Learner:
    return Learner(X, np.zeros(len(X), int), ("a", "b"))


def _agrees(module: ModuleType, pool: Pool, n_sub: int) -> None:
    learner = _learner(pool.X_training)
    found = module.discriminative(learner, pool.X, pool.n_instances, n_sub=n_sub)
    chosen = checked(found, len(pool.X), pool.n_instances)
    expected = oracle(pool.X, pool.X_training, pool.n_instances, n_sub)
    # Of equal vectors rounding decides which comes first.
    assert np.array_equal(pool.X[chosen.indices], pool.X[[row for row, _ in expected]])
    if len(np.unique(pool.X, axis=0)) == len(pool.X):
        assert chosen.indices.tolist() == [row for row, _ in expected]
    assert chosen.utilities == pytest.approx([value for _, value in expected], abs=1e-4)


@pytest.mark.parametrize(("n_sub", "n_pools"), [(2, 200), (10, 25)])
def test_the_same_as_the_oracle(n_sub: int, n_pools: int) -> None:
    for pool in pools(n_pools):
        _agrees(module, pool, n_sub)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("best = top(side, size)", "best = top(side, size) - 1"),
        ("sample[~np.isin(drawn, chosen)]", "sample"),
        ("np.concatenate([known, take(X, chosen)])", "known"),
        (">= len(known)", "< len(known)"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("discriminative", old, new)
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools(40):
            _agrees(fault, pool, 3)


def test_blobs_without_a_label_come_first() -> None:
    X, labels = blobs(400, n_classes=6)
    known = np.flatnonzero(labels < 4)[:60]
    rest = np.setdiff1d(np.arange(400), known)
    chosen = module.discriminative(_learner(X[known]), X[rest], 20)
    assert set(labels[rest][chosen.indices].tolist()) == {4, 5}


def test_a_sample_of_a_large_pool_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TRAINED_ON", 50)
    X, labels = blobs(500, n_classes=5)
    np.save(tmp_path / "X.npy", X.astype(np.float16))
    stored = np.load(tmp_path / "X.npy", mmap_mode="r")
    learner = _learner(X[labels < 4][:80])
    chosen = checked(module.discriminative(learner, stored, 12), 500, 12)
    assert (labels[chosen.indices] == 4).all()
    assert chosen.notes == ("told apart by 50 items drawn at random out of 500",)
    again = module.discriminative(learner, stored, 12)
    assert again.indices.tolist() == chosen.indices.tolist()


def test_edges() -> None:
    X = np.ones((3, 4), np.float32)
    assert len(module.discriminative(_learner(X), X[:0], 3).indices) == 0
    assert len(module.discriminative(_learner(X), X, 0).indices) == 0
    chosen = checked(module.discriminative(_learner(X), X, 9), 3, 9)
    assert sorted(chosen.indices.tolist()) == [0, 1, 2]
    with pytest.raises(StrategyError, match="needs labels"):
        module.discriminative(_learner(X[:0]), X, 2)
    with pytest.raises(StrategyError, match="0 parts"):
        module.discriminative(_learner(X), X, 2, n_sub=0)
