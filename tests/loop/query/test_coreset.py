from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner
from oracles.coreset import coreset as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import coreset as module
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.contract import checked


def _learner(X: np.ndarray | None = None, dim: int = 4) -> Learner:
    X = np.zeros((0, dim), np.float32) if X is None else X
    return Learner(X, np.zeros(len(X), int), ("a", "b"))


def _agrees(module: ModuleType, pool: Pool, X_training: np.ndarray) -> None:
    found = module.coreset(_learner(X_training), pool.X, pool.n_instances)
    chosen = checked(found, len(pool.X), pool.n_instances)
    expected = oracle(pool.X, X_training, pool.n_instances)
    if len(pool.X) <= module._HOT:
        assert chosen.indices.tolist() == [row for row, _ in expected]
    # Distances of equal vectors differ by rounding where they are worked out in different blocks.
    assert np.array_equal(pool.X[chosen.indices], pool.X[[row for row, _ in expected]])
    assert chosen.utilities == pytest.approx([value for _, value in expected], abs=2e-3)


@pytest.mark.parametrize("hot", [4_096, 3])
def test_the_same_as_the_oracle(hot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HOT", hot)
    for pool in pools():
        _agrees(module, pool, pool.X_training)
        _agrees(module, pool, pool.X_training[:0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return int(self.rows[best]), distance", "return best, distance"),
        ("self.seen[self.rows] = self.n_centres", "self.seen[:] = self.n_centres"),
        ("self.near.argmax()", "self.near.argmin()"),
        ("best, least = start + row,", "best, least = start + row + 1,"),
        ("self.near[stale] = np.minimum(self.near[stale], now)", "pass"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("coreset", old, new)
    fault.__dict__["_HOT"] = 3
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools(40):
            _agrees(fault, pool, pool.X_training)
            _agrees(fault, pool, pool.X_training[:0])


def test_the_first_of_all_is_the_most_typical_and_an_outlier_the_second() -> None:
    X = np.array([[0, 0], [1, 0], [0, 1], [9, 9]], np.float32)
    chosen = module.coreset(_learner(dim=2), X, 2)
    assert chosen.indices.tolist() == [1, 3]
    assert chosen.reasons[0] == "nearest to the mean of the pool"
    assert chosen.reasons[1].startswith("distance 12.04 to")
    alone = module.coreset(_learner(dim=2), X, 1)
    assert alone.indices.tolist() == [1]
    assert alone.utilities == pytest.approx(chosen.utilities[:1])


def test_edges() -> None:
    X = np.ones((3, 4), np.float32)
    assert len(module.coreset(_learner(X), X[:0], 3).indices) == 0
    assert len(module.coreset(_learner(X), X, 0).indices) == 0
    for known in (X, X[:0]):
        chosen = checked(module.coreset(_learner(known), X, 9), 3, 9)
        assert sorted(chosen.indices.tolist()) == [0, 1, 2]
    assert module.coreset(_learner(), X[:1], 1).utilities.tolist() == [0]
    X[1, 2] = np.nan
    with pytest.raises(StrategyError, match="item 1 of the pool"):
        module.coreset(_learner(X[:1]), X, 2)


@pytest.mark.parametrize("kind", ["float16", "far"])
def test_parts_of_a_file_and_many_blocks_choose_as_the_oracle(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HOT", 16)
    monkeypatch.setattr(module, "_CENTRES_AT_ONCE", 4)
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(300, 4)) + 1000 * (kind == "far")).astype(np.float32)
    stored = X.astype(np.float16) if kind == "float16" else X
    np.save(tmp_path / "X.npy", stored)
    rows = rng.permutation(300)[:200]
    pool = Rows(np.load(tmp_path / "X.npy", mmap_mode="r"), rows)
    known = stored[:7].astype(np.float32)
    expected = oracle(stored[rows], known, 25)
    chosen = module.coreset(_learner(known), pool, 25)
    assert chosen.indices.tolist() == [row for row, _ in expected]
    assert chosen.utilities == pytest.approx([value for _, value in expected], abs=1e-3)
