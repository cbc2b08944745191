"""CAL, algorithm 1 and equation 3 of Margatina et al. 2021, with plain loops."""

from __future__ import annotations

import math

import numpy as np


def contrastive(
    X: np.ndarray,
    probs: np.ndarray,
    X_training: np.ndarray,
    probs_training: np.ndarray,
    k: int,
) -> list[float]:
    """The mean divergence of each item's nearest labelled items from it."""
    scores = []
    for x, p in zip(X.astype(float), probs, strict=True):
        distances = [float(((x - row) ** 2).sum()) for row in X_training.astype(float)]
        nearest = sorted(range(len(distances)), key=lambda i: (distances[i], i))[:k]
        scores.append(sum(_divergence(probs_training[i], p) for i in nearest) / len(nearest))
    return scores


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    """KL(p ‖ q), where a probability below 1e-12 counts as it."""
    pairs = [(max(float(a), 1e-12), max(float(b), 1e-12)) for a, b in zip(p, q, strict=True)]
    return sum(a * math.log(a / b) for a, b in pairs)
