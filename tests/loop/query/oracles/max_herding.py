"""Generalized coverage by its definition (Bae et al. 2024, equation 4 and algorithm 1)."""

from __future__ import annotations

import math


def directions(rows):
    """Every row at length one."""
    made = []
    for row in rows:
        norm = math.sqrt(sum(float(v) ** 2 for v in row))
        made.append([float(v) / norm for v in row] if norm > 0 else [0.0] * len(row))
    return made


def cosine(x, y):
    return max(0.0, sum(a * b for a, b in zip(x, y, strict=True)))


def rbf(sigma):
    def likeness(x, y):
        return math.exp(-sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / sigma**2)

    return likeness


def max_herding(X, X_training, n, likeness, weights=None):
    """(picks, gains): every gain computed anew from all pairs; ends where nothing can be gained."""
    pool, labelled = directions(X), directions(X_training)
    weights = [1.0] * len(pool) if weights is None else weights
    like = [[likeness(x, s) for s in pool] for x in pool]
    covered = [max((likeness(x, s) for x in labelled), default=0.0) for s in pool]
    first = None
    picks, gains = [], []
    while len(picks) < min(n, len(pool)):
        gain = {
            x: sum(
                weights[s] * max(0.0, like[x][s] - covered[s]) / len(pool) for s in range(len(pool))
            )
            for x in range(len(pool))
            if x not in picks
        }
        most = max(gain.values())
        first = most if first is None else first
        if most <= 1e-6 * max(first, 1e-6):
            break
        best = next(x for x in gain if gain[x] >= most * (1 - 1e-5))  # as good, and first
        picks.append(best)
        gains.append(gain[best])
        covered = [max(c, like[best][s]) for s, c in enumerate(covered)]
    return picks, gains
