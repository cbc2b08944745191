"""How far a round's estimate may be off, and how much of that it shares with another round's.

Every round is measured on the same holdout: an estimate that is too high in one is too high in the next.
So the level of a curve is known less well than its slope.
"""

from __future__ import annotations

import numpy as np

from labelwright.loop.forecast.posterior import Seen

_FADES = 0.55
"""Right answers of two rounds' models to the same items correlate by exp(−0.55 |log n/n'|): so measured on
runs of seven sets (bench/forecast.py)."""
_JAGGED = 0.05
"""Standard deviation, as a share of the error, by which one model is better or worse than the curve."""


def seen(
    labels: np.ndarray, accuracy: np.ndarray, deviation: np.ndarray, jagged: float = _JAGGED
) -> Seen:
    """What estimates on one holdout, that may have grown, say of the curve.

    labels, accuracy, deviation: (t,) training labels, estimates, and their standard deviations. Of two
    holdouts the smaller is part of the larger, so that they share the larger one's variance.
    """
    error = 1 - np.asarray(accuracy, dtype=float)
    n, variance = np.asarray(labels, dtype=float), np.asarray(deviation, dtype=float) ** 2
    shared = np.exp(-_FADES * np.abs(np.subtract.outer(np.log(n), np.log(n))))
    covariance = shared * np.minimum.outer(variance, variance)
    own = (jagged * np.maximum(error, 0.01)) ** 2
    return Seen(n, error, covariance + np.diag(own + 1e-10))


def jagged_only(labels: np.ndarray, accuracy: np.ndarray) -> Seen:
    """The curve as this holdout sees it: nothing but what makes one model better than the next is noise."""
    return seen(labels, accuracy, np.zeros(len(labels)))


def of_share(right: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The standard deviation of shares `right` of `n` items, never zero (Agresti & Coull 1998)."""
    p = (np.asarray(right) * n + 2) / (np.asarray(n) + 4)
    return np.asarray(np.sqrt(p * (1 - p) / (np.asarray(n) + 4)))
