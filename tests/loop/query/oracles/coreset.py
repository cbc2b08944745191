"""k-center greedy, algorithm 1 of Sener & Savarese 2018, with plain loops."""

from __future__ import annotations

import numpy as np


def coreset(X: np.ndarray, X_training: np.ndarray, n: int) -> list[tuple[int, float]]:
    """(position, distance to the nearest centre before it), in the order chosen."""
    X = X.astype(float)
    centres = [row.astype(float) for row in X_training]
    chosen: list[tuple[int, float]] = []
    if not centres:
        mean = sum(X) / len(X)
        first = _best([-_distance(row, mean) for row in X], taken=[])
        centres.append(X[first])
        chosen.append((first, max(_distance(row, X[first]) for row in X)))
    while len(chosen) < n:
        near = [min(_distance(row, centre) for centre in centres) for row in X]
        row = _best(near, taken=[row for row, _ in chosen])
        chosen.append((row, near[row]))
        centres.append(X[row])
    return chosen


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


def _best(values: list[float], taken: list[int]) -> int:
    free = [row for row in range(len(values)) if row not in taken]
    return max(free, key=lambda row: (values[row], -row))
