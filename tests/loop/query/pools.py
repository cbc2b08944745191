"""Two hundred small random pools, on which every strategy is held against its oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

N_POOLS = 200


@dataclass(frozen=True)
class Pool:
    """A pool, what is labelled, and how many are asked for; every class has a label."""

    seed: int
    X: np.ndarray  # (5 to 40, 2 to 6) float32
    X_training: np.ndarray
    y_training: np.ndarray
    n_classes: int  # 2 to 5
    n_instances: int  # 1 to 8, at most the pool

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple("abcde"[: self.n_classes])


def pools(n: int = N_POOLS) -> Iterator[Pool]:
    """The first n pools: blobs that overlap, one pool in four with repeated rows."""
    for seed in range(n):
        rng = np.random.default_rng(seed)
        n_pool, dim, n_classes = rng.integers(5, 41), rng.integers(2, 7), rng.integers(2, 6)
        n_labelled = n_classes + rng.integers(0, 8)
        centres = rng.normal(size=(n_classes, dim)) * 2
        y = np.concatenate(
            [np.arange(n_classes), rng.integers(n_classes, size=n_labelled - n_classes)]
        )
        X_training = centres[y] + rng.normal(size=(n_labelled, dim))
        X = centres[rng.integers(n_classes, size=n_pool)] + rng.normal(size=(n_pool, dim))
        if seed % 4 == 3:
            X[rng.integers(n_pool, size=2)] = X[rng.integers(n_pool)]
        yield Pool(
            seed,
            X.astype(np.float32),
            X_training.astype(np.float32),
            y,
            int(n_classes),
            int(min(rng.integers(1, 9), n_pool)),
        )
