"""BADGE, algorithm 1 of Ash et al. 2020, on gradient embeddings that are built, with plain loops."""

from __future__ import annotations

import numpy as np


def badge(
    X: np.ndarray, probs: np.ndarray, n: int, random_state: int
) -> list[tuple[int, float, float]]:
    """(position, distance to the nearest drawn before, chance), in the order drawn."""
    rng = np.random.default_rng(random_state)
    gradients = [_gradient(x.astype(float), p.astype(float)) for x, p in zip(X, probs, strict=True)]
    lengths = [float(np.sqrt((g**2).sum())) for g in gradients]
    first = lengths.index(max(lengths))
    drawn = [(first, lengths[first], 1.0)]
    while len(drawn) < n:
        squares = [
            min(float(((g - gradients[row]) ** 2).sum()) for row, _, _ in drawn) for g in gradients
        ]
        total = sum(squares)
        if total == 0:
            row = min(set(range(len(X))) - {row for row, _, _ in drawn})
            drawn.append((row, 0.0, 1.0))
            continue
        point = rng.random() * total
        row = 0
        while point >= squares[row]:
            point -= squares[row]
            row += 1
        drawn.append((row, float(np.sqrt(squares[row])), squares[row] / total))
    return drawn


def _gradient(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    guess = list(p).index(max(p))
    error = np.array([p[c] - (1 if c == guess else 0) for c in range(len(p))])
    return np.array([error[c] * x[k] for c in range(len(p)) for k in range(len(x))])
