"""Temperature scaling: one number that makes confidences honest.

Guo et al. 2017, "On Calibration of Modern Neural Networks". In the spirit of
Platt 1999 the targets are smoothed by one label shared among all classes, so that a handful of right
answers does not make a model certain.
"""

from __future__ import annotations

import numpy as np

COLDEST, HOTTEST = 0.25, 4.0


def temperature(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """T within COLDEST .. HOTTEST that minimises the cross-entropy of softmax(logits / T).

    logits and targets (n, n_classes), weights (n,). The loss, on targets smoothed by one label, is
    convex in 1/T; its derivative there is bisected.
    """
    total, n_classes = float(weights.sum()), targets.shape[1]
    targets = (total * targets + 1 / n_classes) / (total + 1)
    low, high = 1 / HOTTEST, 1 / COLDEST
    if _slope(low, logits, targets, weights) >= 0:
        return HOTTEST
    if _slope(high, logits, targets, weights) <= 0:
        return COLDEST
    for _ in range(60):
        middle = (low + high) / 2
        if _slope(middle, logits, targets, weights) < 0:
            low = middle
        else:
            high = middle
    return 2 / (low + high)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of `logits` as probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _slope(inverse: float, logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """d/dβ of Σ w CE(targets, softmax(β logits)) at β = `inverse`."""
    difference = softmax(inverse * logits) - targets
    return float(weights @ (difference * logits).sum(axis=1))
