from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner, saying
from oracles.badge import badge as oracle
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import badge as module
from labelwright.loop.query.contract import checked


def _probs(pool: Pool) -> np.ndarray:
    rng = np.random.default_rng(pool.seed)
    probs = rng.dirichlet(np.full(pool.n_classes, 0.5), size=len(pool.X)).astype(np.float32)
    _, same = np.unique(pool.X, axis=0, return_inverse=True)
    return probs[same]  # equal rows, equal predictions


def _agrees(module: ModuleType, pool: Pool) -> None:
    probs = _probs(pool)
    found = module.badge(saying(probs), pool.X, pool.n_instances, random_state=pool.seed)
    chosen = checked(found, len(pool.X), pool.n_instances)
    expected = oracle(pool.X, probs, pool.n_instances, pool.seed)
    assert chosen.indices.tolist() == [row for row, _, _ in expected]
    assert chosen.utilities == pytest.approx([d for _, d, _ in expected], rel=1e-3, abs=2e-3)
    assert chosen.probabilities == pytest.approx([p for _, _, p in expected], rel=1e-3)


@pytest.mark.parametrize("slab", [4_096, 4])
def test_the_same_as_the_oracle_with_the_same_draws(
    slab: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SLAB", slab)
    for pool in pools():
        _agrees(module, pool)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("row = start + _fallen", "row = _fallen"),
        ("self.squares.argmax()", "self.squares.argmin()"),
        ('side="right"), last', 'side="right") - 1, last'),
        ("errors[np.arange(len(X)), errors.argmax(axis=1)] -= 1", "pass"),
        ("self.bounds[self.rows[: self.n_drawn]] = 0", "pass"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("badge", old, new)
    fault.__dict__["_SLAB"] = 4
    if "bounds" in old:
        fault.__dict__["_ROUNDING"] = -1
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools():
            _agrees(fault, pool)


_LAZY = {"BLOCK": 0, "_SLAB": 3, "_CENTRES_AT_ONCE": 2}
"""Settings with which a small pool is treated as a large one."""


def _surplus(module: ModuleType, n_runs: int = 2_500) -> float:
    """How far the batches of many seeds are from their chances: chi-square, in deviations."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(7, 3)).astype(np.float32)
    probs = rng.dirichlet(np.ones(3), size=7).astype(np.float32)
    chances = _of_every_batch(X, probs)
    counts = dict.fromkeys(chances, 0)
    for seed in range(n_runs):
        chosen = module.badge(saying(probs), X, 4, random_state=seed)
        counts[tuple(chosen.indices.tolist())] += 1
    squares = sum((counts[b] - n_runs * p) ** 2 / (n_runs * p) for b, p in chances.items())
    n_free = len(chances) - 1
    return float((squares - n_free) / np.sqrt(2 * n_free))


@pytest.mark.parametrize("patience", [0, 0.2, 100])
def test_bounds_that_are_not_kept_up_to_date_draw_with_the_same_chances(
    patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (_LAZY | {"_REJECTED_A_ROW": patience}).items():
        monkeypatch.setattr(module, name, value)
    assert _surplus(module) < 4


def test_a_rejection_left_out_is_noticed() -> None:
    fault = planted("badge", "self.rng.random() * bound < square", "True")
    fault.__dict__.update(_LAZY | {"_REJECTED_A_ROW": 100})
    assert _surplus(fault) > 10


def _of_every_batch(X: np.ndarray, probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """The chance of every batch of four, by the definition."""
    errors = probs - np.eye(3)[probs.argmax(axis=1)]
    g = (errors[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    squares = ((g[:, None] - g) ** 2).sum(axis=2)
    batches = {(int((g**2).sum(axis=1).argmax()),): 1.0}
    for _ in range(3):
        longer = {}
        for batch, chance in batches.items():
            near = squares[:, batch].min(axis=1)
            for row in np.flatnonzero(near > 1e-12):
                longer[*batch, int(row)] = chance * near[row] / near.sum()
        batches = longer
    return batches


def test_in_a_large_pool_the_whole_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (_LAZY | {"_REJECTED_A_ROW": 0.1}).items():
        monkeypatch.setattr(module, name, value)
    for pool in pools(40):
        probs = _probs(pool)
        chosen = module.badge(saying(probs), pool.X, len(pool.X) + 3)
        assert sorted(checked(chosen, len(pool.X), 99).indices) == list(range(len(pool.X)))


def test_of_a_subsample_too_an_item_is_named_by_its_place_in_the_pool() -> None:
    X = np.ones((50, 4), np.float32)
    X[40] = np.nan
    even = np.full((49, 2), 0.5, np.float32)
    with pytest.raises(StrategyError, match="item 40 of the pool"):
        module.badge(saying(even), X, 2, subsample=49)


def test_edges(tmp_path: Path) -> None:
    X = np.ones((3, 4), np.float32)
    even = np.full((3, 2), 0.5, np.float32)
    assert len(module.badge(saying(even[:0]), X[:0], 3).indices) == 0
    assert len(module.badge(saying(even), X, 0).indices) == 0
    chosen = checked(module.badge(saying(even), X, 9), 3, 9)
    assert chosen.indices.tolist() == [0, 1, 2]
    assert chosen.utilities.tolist() == pytest.approx([np.sqrt(2), 0, 0])
    one_class = module.badge(saying(np.ones((3, 1), np.float32)), X, 2)
    assert one_class.indices.tolist() == [0, 1]
    with pytest.raises(StrategyError, match="needs labels"):
        module.badge(Learner(X[:0], np.zeros(0, int), ("a", "b")), X, 2)
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(50, 4)).astype(np.float16))
    stored = np.load(tmp_path / "X.npy", mmap_mode="r")
    probs = np.random.default_rng(1).dirichlet(np.ones(3), size=50).astype(np.float32)
    expected = [row for row, _, _ in oracle(stored, probs, 9, 5)]
    assert module.badge(saying(probs), stored, 9, random_state=5).indices.tolist() == expected
