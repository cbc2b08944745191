from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner, blobs, saying
from oracles.clue import clue as oracle
from oracles.clue import entropy
from oracles.lloyd import fallen, surplus
from planted import planted
from pools import Pool, pools

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import clue as module
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.contract import checked
from labelwright.loop.query.k_means import seed_rows

NONE = np.zeros(0, dtype=np.int64)


def _probs(pool: Pool) -> np.ndarray:
    rng = np.random.default_rng(pool.seed)
    return rng.dirichlet(np.full(pool.n_classes, 0.5), size=len(pool.X)).astype(np.float32)


def _agrees(module: ModuleType, pool: Pool, temperature: float) -> None:
    probs, n = _probs(pool), pool.n_instances
    found = module.clue(saying(probs), pool.X, n, random_state=pool.seed, temperature=temperature)
    chosen = checked(found, len(pool.X), n)
    weights = [entropy(p, temperature) for p in probs]
    seeds = seed_rows(
        pool.X, n, np.random.default_rng(pool.seed), NONE, np.array(weights, np.float32)
    ).tolist()
    rng = np.random.default_rng(pool.seed)
    assert seeds[0] == fallen(weights, rng.random() * sum(weights))
    assert surplus(pool.X.astype(float), weights, seeds, 1, rng) < 1e-5
    expected = oracle(pool.X, weights, n, seeds)
    assert chosen.utilities == pytest.approx([mass for _, mass in expected], rel=1e-4)
    for row, (equals, _) in zip(chosen.indices, expected, strict=True):
        assert int(row) in equals


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_the_same_as_the_oracle(temperature: float) -> None:
    for pool in pools():
        _agrees(module, pool, temperature)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "take(X, sample), min(n, len(unsure)), rng, none, weights[sample]",
            "take(X, sample), n, rng, none",
        ),
        ("medoids(cluster, distance, present)", "medoids(cluster, distance, np.sort(present))"),
        ("medoids(cluster, distance, present)", "present"),
        ("-(block * logs)", "(block * logs)"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("clue", old, new)
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools(40):
            _agrees(fault, pool, 1.0)


def test_what_the_model_is_sure_of_draws_no_centre() -> None:
    X, labels = blobs(300, n_classes=6)
    probs = np.where(labels[:, None] < 2, [0.5, 0.5], [1.0, 0.0]).astype(np.float32)
    chosen = checked(module.clue(saying(probs), X, 2), 300, 2)
    assert sorted(labels[chosen.indices].tolist()) == [0, 1]
    sizes = np.bincount(labels)
    assert chosen.utilities.sum() >= np.log(2) * sizes[:2].sum() - 1e-3
    with pytest.raises(StrategyError, match="sure of every item"):
        module.clue(saying(np.tile(np.float32([1, 0]), (300, 1))), X, 2)


def test_a_sample_of_a_large_pool_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIT_ROWS", 60)
    monkeypatch.setattr(module, "FIT_ROWS_A_CENTRE", 5)
    X, labels = blobs(500, n_classes=5)
    np.save(tmp_path / "X.npy", X.astype(np.float16))
    rows = np.random.default_rng(0).permutation(500)[:400]
    stored = Rows(np.load(tmp_path / "X.npy", mmap_mode="r"), rows)
    probs = np.random.default_rng(1).dirichlet(np.ones(3), size=400).astype(np.float32)
    chosen = checked(module.clue(saying(probs), stored, 5), 400, 5)
    assert sorted(labels[rows[chosen.indices]].tolist()) == [0, 1, 2, 3, 4]
    assert chosen.notes == ("centres fitted on 60 items drawn at random out of 400",)


def test_edges() -> None:
    X = np.ones((3, 4), np.float32)
    even = np.full((3, 2), 0.5, np.float32)
    assert len(module.clue(saying(even[:0]), X[:0], 3).indices) == 0
    assert len(module.clue(saying(even), X, 0).indices) == 0
    chosen = checked(module.clue(saying(even), X, 9), 3, 9)
    assert sorted(chosen.indices.tolist()) == [0, 1, 2]
    one_unsure = np.float32([[1, 0], [0.5, 0.5], [1, 0]])
    chosen = checked(module.clue(saying(one_unsure), np.eye(3, dtype=np.float32), 2), 3, 2)
    assert chosen.indices.tolist() == [1, 0]
    with pytest.raises(StrategyError, match="temperature"):
        module.clue(saying(even), X, 2, temperature=0)
    with pytest.raises(StrategyError, match="needs labels"):
        module.clue(Learner(X[:0], np.zeros(0, int), ("a", "b")), X, 2)
