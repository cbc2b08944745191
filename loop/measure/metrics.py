"""Figures of a classifier on labelled items. Pure functions; the leading axes may be batches.

Confusion matrices are `[..., true, predicted]`. A class that nobody has and nobody predicts has no
precision, recall or F1: NaN, left out of averages.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ECE_BINS = 10


def confusion(truth: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """(n_classes, n_classes) counts, [true, predicted]."""
    cells = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def _divided(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(lower > 0, upper / lower, np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return _divided(total, known.sum(axis=-1))


def _right(c: np.ndarray) -> np.ndarray:
    return np.diagonal(c, axis1=-2, axis2=-1)


def accuracy(c: np.ndarray) -> np.ndarray:
    """Share of items on the diagonal; for single labels also micro precision, recall and F1."""
    return _divided(_right(c).sum(axis=-1), c.sum(axis=(-2, -1)))


def precision(c: np.ndarray) -> np.ndarray:
    """(..., n_classes) right among those predicted."""
    return _divided(_right(c), c.sum(axis=-2))


def recall(c: np.ndarray) -> np.ndarray:
    """(..., n_classes) right among those that are."""
    return _divided(_right(c), c.sum(axis=-1))


def f1(c: np.ndarray) -> np.ndarray:
    """(..., n_classes) 2 TP / (2 TP + FP + FN)."""
    return _divided(2 * _right(c), c.sum(axis=-1) + c.sum(axis=-2))


def macro_f1(c: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur."""
    return _mean(f1(c))


def macro_precision(c: np.ndarray) -> np.ndarray:
    """Mean precision; a class that is there and is never predicted counts as 0."""
    there = (c.sum(axis=-1) + c.sum(axis=-2)) > 0
    return _mean(np.where(there, np.nan_to_num(precision(c)), np.nan))


def macro_recall(c: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that are there (balanced accuracy)."""
    return _mean(recall(c))


def weighted_f1(c: np.ndarray) -> np.ndarray:
    """Mean F1, each class weighing as many items as it has."""
    support = c.sum(axis=-1)
    return _divided((np.nan_to_num(f1(c)) * support).sum(axis=-1), support.sum(axis=-1))


OF_CONFUSION: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "macro_f1": macro_f1,
    "macro_precision": macro_precision,
    "macro_recall": macro_recall,
    "weighted_f1": weighted_f1,
}


def ece(right: np.ndarray, confidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error over `ECE_BINS` equal-width bins (Guo et al. 2017, eq. 3).

    right: (n,) bool. confidence: (n,) of the predicted class. weights: (..., n) how often each item
    counts. Returns (...,).
    """
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    member = np.eye(ECE_BINS)[bins]
    gap = np.abs(weights @ (member * (right - confidence)[:, None]))
    return _divided(gap.sum(axis=-1), weights.sum(axis=-1))
