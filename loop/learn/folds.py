"""Cross-validation folds: stratified, seeded, the same everywhere."""

from __future__ import annotations

import numpy as np


def stratified(labels: np.ndarray, n_folds: int, random_state: int) -> np.ndarray:
    """The fold (0 .. n_folds - 1) of each item, (n,), for class indices `labels` (n,).

    Every class is shuffled and dealt round the folds, each class going on where the one before
    stopped: fold sizes, and every class's part in them, differ by one at most.
    """
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[order] = np.arange(len(labels)) % n_folds
    return folds
