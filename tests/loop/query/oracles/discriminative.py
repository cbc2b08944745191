"""DAL, algorithm 1 of Gissin & Shalev-Shwartz 2019, with plain loops and scikit-learn's classifier."""

from __future__ import annotations

import math

import numpy as np
from sklearn.linear_model import LogisticRegression


def discriminative(
    X: np.ndarray, X_training: np.ndarray, n: int, n_sub: int
) -> list[tuple[int, float]]:
    """(position, probability of being unlabelled), in the order chosen."""
    X = X.astype(float)
    labelled = list(X_training.astype(float))
    left = list(range(len(X)))
    chosen: list[tuple[int, float]] = []
    for part in range(n_sub):
        size = n // n_sub + (1 if part < n % n_sub else 0)
        if size == 0:
            break
        rows = labelled + [X[row] for row in left]
        sides = [0] * len(labelled) + [1] * len(left)
        model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(rows, sides)
        probs = {row: _sigmoid(X[row] @ model.coef_[0] + model.intercept_[0]) for row in left}
        best = sorted(left, key=lambda row: (-probs[row], row))[:size]
        chosen += [(row, probs[row]) for row in best]
        labelled += [X[row] for row in best]
        left = [row for row in left if row not in best]
    return chosen


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))
