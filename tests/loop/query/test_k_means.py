from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from learners import Learner, blobs
from oracles.k_means import k_means as oracle
from oracles.lloyd import surplus
from planted import planted
from pools import Pool, pools
from sklearn.cluster import KMeans

from labelwright.loop.errors import StrategyError
from labelwright.loop.query import k_means as module
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.contract import checked
from labelwright.loop.query.k_means import assign, fit, k_means, seed_rows

NONE = np.zeros(0, dtype=np.int64)


def _learner(X: np.ndarray | None = None, dim: int = 8) -> Learner:
    X = np.zeros((0, dim), np.float32) if X is None else X
    return Learner(X, np.zeros(len(X), int), ("a", "b"))


def _seeds(module: ModuleType, pool: Pool, X_training: np.ndarray) -> list[int]:
    """The seeds that k_means starts from, each as good as the best drawn."""
    rows = np.concatenate([pool.X, X_training])
    given = np.arange(len(pool.X), len(rows))
    n_seeds = len(given) + pool.n_instances
    seeds = module.seed_rows(rows, n_seeds, np.random.default_rng(pool.seed), given).tolist()
    rng = np.random.default_rng(pool.seed)
    first = given.tolist() or [int(rng.integers(len(rows)))]
    assert seeds[: len(first)] == first
    assert surplus(rows.astype(float), [1.0] * len(rows), seeds, len(first), rng) < 1e-5
    return seeds


def _agrees(module: ModuleType, pool: Pool, X_training: np.ndarray) -> None:
    learner = _learner(X_training)
    found = module.k_means(learner, pool.X, pool.n_instances, random_state=pool.seed)
    chosen = checked(found, len(pool.X), pool.n_instances)
    expected = oracle(pool.X, X_training, pool.n_instances, _seeds(module, pool, X_training))
    assert chosen.utilities.tolist() == [size for _, size in expected]
    for row, (equals, _) in zip(chosen.indices, expected, strict=True):
        assert int(row) in equals


@pytest.mark.parametrize("labelled", [True, False])
def test_the_same_as_the_oracle(labelled: bool) -> None:
    for pool in pools():
        _agrees(module, pool, pool.X_training if labelled else pool.X_training[:0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("picked.append(int(drawn[best]))", "picked.append(int(drawn[best]) - 1)"),
        ("np.asarray(order[first])", "np.asarray(first)"),
        ("closeness.argmax(axis=1)", "closeness.argmin(axis=1)"),
        ("taken[assign(known, centres)[0]] = True", "pass"),
        ("order = np.lexsort((distance, cluster))", "order = np.lexsort((-distance, cluster))"),
    ],
)
def test_the_oracle_notices_a_fault(old: str, new: str) -> None:
    fault = planted("k_means", old, new)
    with pytest.raises((AssertionError, StrategyError, IndexError)):
        for pool in pools(40):
            _agrees(fault, pool, pool.X_training)


def test_a_pool_in_a_file_is_chosen_from_as_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIT_ROWS", 50)
    monkeypatch.setattr(module, "FIT_ROWS_A_CENTRE", 2)
    X = blobs(400, n_classes=7)[0].astype(np.float16)
    np.save(tmp_path / "X.npy", X)
    rows = np.random.default_rng(0).permutation(400)[:300]
    stored = Rows(np.load(tmp_path / "X.npy", mmap_mode="r"), rows)
    inside = k_means(_learner(X[:5]), X[rows].astype(np.float32), 9, random_state=0)
    outside = k_means(_learner(X[:5]), stored, 9, random_state=0)
    assert outside.indices.tolist() == inside.indices.tolist()
    assert outside.notes == ("centres fitted on 45 items drawn at random out of 300",)
    stored.matrix = np.where(np.arange(400)[:, None] == rows[7], np.nan, X)
    with pytest.raises(StrategyError, match="item 7 of the pool"):
        k_means(_learner(X[:5]), stored, 9, random_state=0)


def test_every_blob_is_asked_once_largest_first() -> None:
    X, labels = blobs(400, n_classes=7)
    chosen = checked(k_means(_learner(), X, 7, random_state=0), 400, 7)
    assert sorted(labels[chosen.indices].tolist()) == list(range(7))
    sizes = np.bincount(labels)[labels[chosen.indices]]
    assert chosen.utilities.tolist() == sizes.tolist() == sorted(sizes, reverse=True)
    assert chosen.reasons[0] == f"stands for {sizes[0] - 1} items like it"


def test_blobs_with_a_label_are_passed_over() -> None:
    X, labels = blobs(400, n_classes=7)
    known = np.flatnonzero(labels < 4)[:40]
    known = np.array([known[labels[known] == c][0] for c in range(4)])
    rest = np.setdiff1d(np.arange(400), known)
    chosen = k_means(_learner(X[known]), X[rest], 3, random_state=0)
    assert sorted(labels[rest][chosen.indices].tolist()) == [4, 5, 6]


def test_the_item_is_the_nearest_to_its_centre() -> None:
    X, labels = blobs(300, n_classes=5)
    chosen = k_means(_learner(), X, 5, random_state=0)
    for index in chosen.indices:
        members = np.flatnonzero(labels == labels[index])
        centre = X[members].mean(axis=0)
        distances = ((X[members] - centre) ** 2).sum(axis=1)
        assert members[distances.argmin()] == index


def test_equal_rows_and_small_pools_still_give_as_many_as_there_are() -> None:
    X = np.ones((6, 8), np.float32)
    chosen = checked(k_means(_learner(), X, 4, random_state=0), 6, 4)
    assert len(chosen.indices) == 4
    chosen = checked(k_means(_learner(X), X, 9, random_state=0), 6, 9)
    assert len(chosen.indices) == 6
    assert len(k_means(_learner(), X[:0], 3, random_state=0).indices) == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_clustering_is_as_good_as_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 6)).astype(np.float32)
    centres = fit(X, 12, np.random.default_rng(seed), NONE)
    ours = assign(X, centres)[1].sum()
    theirs = KMeans(12, n_init=1, max_iter=15, random_state=seed, algorithm="lloyd").fit(X)
    assert ours < 1.1 * theirs.inertia_


def test_assignment_is_the_brute_force_one() -> None:
    rng = np.random.default_rng(0)
    X, centres = rng.normal(size=(9000, 5)), rng.normal(size=(7, 5))
    cluster, distance = assign(X.astype(np.float32), centres.astype(np.float32))
    every = ((X[:, None] - centres) ** 2).sum(axis=2)
    assert cluster.tolist() == every.argmin(axis=1).tolist()
    assert distance == pytest.approx(every.min(axis=1), abs=1e-4)


def test_seeds_spread_and_never_repeat() -> None:
    X, labels = blobs(200, n_classes=6)
    picked = seed_rows(X, 6, np.random.default_rng(0), NONE)
    assert len(set(labels[picked].tolist())) >= 5
    everything = seed_rows(np.repeat(X[:3], 4, axis=0), 12, np.random.default_rng(0), NONE)
    assert sorted(everything.tolist()) == list(range(12))


def test_a_large_pool_is_sampled_but_all_of_it_can_be_chosen() -> None:
    X, labels = blobs(30_000, n_classes=4)
    X[29_000:] += 40  # a fifth blob
    labels[29_000:] = 4
    chosen = checked(k_means(_learner(X[:3]), X[3:], 8, random_state=0), 29_997, 8)
    assert len(chosen.indices) == 8
    assert set(labels[chosen.indices + 3].tolist()) >= {4} | (
        {0, 1, 2, 3} - set(labels[:3].tolist())
    )
    assert (chosen.indices > 20_000).any()


_SCRIPT = """
import numpy as np
from types import SimpleNamespace
from labelwright.loop.query.k_means import k_means
X = np.random.default_rng(0).normal(size=(9000, 24)).astype(np.float32)
learner = SimpleNamespace(X_training=X[:50], classes=("a", "b"))
print(k_means(learner, X[50:], 20, random_state=3).indices.tolist())
"""


def test_two_processes_choose_alike() -> None:
    runs = {
        subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
