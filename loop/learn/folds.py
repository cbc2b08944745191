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


def balanced(targets: np.ndarray, n_folds: int, random_state: int) -> np.ndarray:
    """The fold of each item, (n,), where an item may have several classes: targets (n, n_classes).

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011): the rarest class is dealt out first, each
    item to the fold that wants most of it; folds are as even in size as that allows.
    """
    rng = np.random.default_rng(random_state)
    has = targets >= 0.5
    wanted = np.tile(has.sum(axis=0) / n_folds, (n_folds, 1))
    room = np.full(n_folds, len(has) / n_folds)
    folds = np.full(len(has), -1, dtype=np.int64)
    order = rng.permutation(len(has))

    def deal(item: int, need: np.ndarray) -> None:
        fold = int(np.lexsort((-room, -need))[0])
        folds[item] = fold
        wanted[fold] -= has[item]
        room[fold] -= 1

    left = has.sum(axis=0)
    while left.any():
        rarest = int(np.where(left > 0, left, len(has) + 1).argmin())
        for item in order[has[order, rarest] & (folds[order] < 0)]:
            deal(int(item), wanted[:, rarest])
        left = has[folds < 0].sum(axis=0)
    for item in order[folds[order] < 0]:
        deal(int(item), room)
    return folds
