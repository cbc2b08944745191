"""Class shares of items that nobody labelled, from what a model predicts for them.

Black-box shift estimation (Lipton, Wang & Smola 2018): items of a class look alike in both parts, so that of
class c the same share is predicted as k; what is predicted is then a mixture whose weights are the class
shares. The confusion is taken from labelled items that the model did not learn from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

REPLICATES = 400
_SMOOTH = 0.5  # answers added to a class's row of the confusion, as the model predicts on the whole


class Shares(NamedTuple):
    """share, low, high: (K,) estimates with their 95% intervals; shares sum to one."""

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


def shares(confusion: np.ndarray, predicted: np.ndarray, seed: int) -> Shares:
    """The class shares behind counts of predictions (K,); confusion (K, K) counts, [true][predicted].

    The interval is of a bootstrap of both, by percentiles. Raises ValueError where nothing was predicted.
    """
    n = int(predicted.sum())
    if n == 0:
        raise ValueError("no prediction")
    rng = np.random.default_rng(seed)
    found = _mixture(confusion, predicted / n)
    drawn = np.empty((REPLICATES, len(predicted)))
    rows = confusion.sum(axis=1).astype(int)
    odds = _rows(confusion)
    for i in range(REPLICATES):
        again = np.stack([rng.multinomial(m, each) for m, each in zip(rows, odds, strict=True)])
        drawn[i] = _mixture(again, rng.multinomial(n, predicted / n) / n)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return Shares(found, np.minimum(low, found), np.maximum(high, found))


def counted(labels: np.ndarray) -> Shares:
    """Shares of a sample of labels, counts (K,), with exact intervals."""
    from labelwright.loop.measure.intervals import lower_bound, upper_bound

    n = int(labels.sum())
    if n == 0:
        raise ValueError("no label")
    ends = [(lower_bound(int(k), n, 0.975), upper_bound(int(k), n, 0.975)) for k in labels]
    low, high = np.array(ends).T
    return Shares(labels / n, low, high)


def _rows(confusion: np.ndarray) -> np.ndarray:
    """P(predicted | true), (K, K), smoothed."""
    overall = confusion.sum(axis=0) + 1e-9
    smooth = confusion + _SMOOTH * overall / overall.sum()
    return np.asarray(smooth / smooth.sum(axis=1, keepdims=True))


def _mixture(confusion: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The weights (K,) on the simplex under which the rows come nearest to what was predicted."""
    from scipy.optimize import nnls

    odds = _rows(confusion)
    heavy = 100.0  # the row that makes the weights sum to one
    left = np.concatenate([odds.T, np.full((1, len(odds)), heavy)])
    weights, _ = nnls(left, np.append(predicted, heavy))
    return np.asarray(weights / weights.sum())
