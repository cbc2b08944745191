"""Figures of a classifier on labelled items. Pure functions; the leading axes may be batches.

Confusion matrices are `[..., true, predicted]`; counts, for several answers an item, are `[..., class,
(TP, FP, FN)]`. A class that nobody has and nobody predicts has no precision, recall or F1: NaN, left out
of averages.
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


def counts(c: np.ndarray) -> np.ndarray:
    """(..., n_classes, 3) TP, FP, FN of a confusion matrix."""
    right = _right(c)
    return np.stack([right, c.sum(axis=-2) - right, c.sum(axis=-1) - right], axis=-1)


def precision(t: np.ndarray) -> np.ndarray:
    """(..., n_classes) of counts: right among those predicted."""
    return _divided(t[..., 0], t[..., 0] + t[..., 1])


def recall(t: np.ndarray) -> np.ndarray:
    """(..., n_classes) of counts: right among those that are."""
    return _divided(t[..., 0], t[..., 0] + t[..., 2])


def f1(t: np.ndarray) -> np.ndarray:
    """(..., n_classes) of counts: 2 TP / (2 TP + FP + FN)."""
    return _divided(2 * t[..., 0], t[..., 0] + t.sum(axis=-1))


def macro_f1(t: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur."""
    return _mean(f1(t))


def macro_precision(t: np.ndarray) -> np.ndarray:
    """Mean precision; a class that is there and is never predicted counts as 0."""
    return _mean(np.where(t.sum(axis=-1) > 0, np.nan_to_num(precision(t)), np.nan))


def macro_recall(t: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that are there (balanced accuracy)."""
    return _mean(recall(t))


def weighted_f1(t: np.ndarray) -> np.ndarray:
    """Mean F1, each class weighing as often as it is there."""
    support = t[..., 0] + t[..., 2]
    return _divided((np.nan_to_num(f1(t)) * support).sum(axis=-1), support.sum(axis=-1))


def micro_precision(t: np.ndarray) -> np.ndarray:
    """Precision of all decisions together."""
    return precision(t.sum(axis=-2))


def micro_recall(t: np.ndarray) -> np.ndarray:
    """Recall of all decisions together."""
    return recall(t.sum(axis=-2))


def micro_f1(t: np.ndarray) -> np.ndarray:
    """F1 of all decisions together."""
    return f1(t.sum(axis=-2))


OF_COUNTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "macro_f1": macro_f1,
    "macro_precision": macro_precision,
    "macro_recall": macro_recall,
    "weighted_f1": weighted_f1,
    "micro_f1": micro_f1,
    "micro_precision": micro_precision,
    "micro_recall": micro_recall,
}

AVERAGES = frozenset(name for name in OF_COUNTS if "_" in name)

AMONG = {
    "precision": np.array([1, 1, 0]),
    "recall": np.array([1, 0, 1]),
    "f1": np.array([1, 1, 1]),
}
"""Of (TP, FP, FN), what a figure is the share of TP in; F1 follows from its share."""


def ece(right: np.ndarray, confidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error over `ECE_BINS` equal-width bins (Guo et al. 2017, eq. 3).

    right: (n,) bool. confidence: (n,) of the predicted class. weights: (..., n) how often each item
    counts. Returns (...,).
    """
    gap = np.abs(weights @ (bin_of(confidence) * (right - confidence)[:, None]))
    return _divided(gap.sum(axis=-1), weights.sum(axis=-1))


def bin_of(confidence: np.ndarray) -> np.ndarray:
    """(n, ECE_BINS) 1 in the bin of each of (n,) confidences, 0 elsewhere."""
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    return np.asarray(np.eye(ECE_BINS)[bins])
