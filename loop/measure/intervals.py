"""How sure a figure is: exact intervals for proportions, resampling for the rest."""

from __future__ import annotations

import numpy as np

REPLICATES = 2000
_AT_A_TIME = 250


def lower_bound(right: int, n: int, confidence: float) -> float:
    """Exact one-sided lower bound for a proportion (Clopper & Pearson 1934); 0 without any item."""
    from scipy.special import betaincinv

    return float(betaincinv(right, n - right + 1, 1 - confidence)) if right else 0.0


def upper_bound(right: int, n: int, confidence: float) -> float:
    """Exact one-sided upper bound for a proportion; 1 without any item."""
    from scipy.special import betaincinv

    return float(betaincinv(right + 1, n - right, confidence)) if right < n else 1.0


def f1_of_share(share: float) -> float:
    """F1 from the share TP / (TP + FP + FN): 2 s / (1 + s), which rises with s.

    Given how many items are in the class or predicted to be, TP is binomial: so an exact bound for the
    share is one for F1.
    """
    return 2 * share / (1 + share)


def item_weights(n: int, seed: int) -> np.ndarray:
    """(REPLICATES, n) how often each item is drawn in a bootstrap replicate."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=REPLICATES)


def confusion_replicates(confusion: np.ndarray, seed: int) -> np.ndarray:
    """(REPLICATES, K, K) confusion matrices drawn anew, smoothed by one pseudo-item.

    The pseudo-item is spread evenly over all cells (Perks' prior), so that to have seen no error does
    not read as that there can be none: a plain bootstrap of a perfect score has no width at all.
    """
    rng = np.random.default_rng(seed)
    k = len(confusion)
    n = int(confusion.sum())
    share = (confusion + 1 / k**2).ravel() / (n + 1)
    return rng.multinomial(n, share / share.sum(), size=REPLICATES).reshape(REPLICATES, k, k)


def count_replicates(counts: np.ndarray, pseudo: np.ndarray, seed: int) -> np.ndarray:
    """(REPLICATES, K, 3) sums of `counts` (n, K, 3) over items drawn anew, n of n and a pseudo-item.

    What one item counts stays together: its marks are not independent. The pseudo-item counts `pseudo`
    (K, 3): as with `confusion_replicates`, no error seen does not read as none possible.
    """
    rng = np.random.default_rng(seed)
    n = len(counts)
    flat = np.concatenate([counts.reshape(n, -1), pseudo.reshape(1, -1)]).astype(np.float64)
    # Items that count alike are drawn together: a few kinds in place of many items.
    kinds, which = np.unique(flat, axis=0, return_inverse=True)
    share = np.bincount(which.reshape(-1), minlength=len(kinds)) / (n + 1)
    drawn = np.empty((REPLICATES, flat.shape[1]))
    for start in range(0, REPLICATES, _AT_A_TIME):
        times = rng.multinomial(n, share, size=_AT_A_TIME)
        drawn[start : start + _AT_A_TIME] = times @ kinds
    return drawn.reshape(REPLICATES, *counts.shape[1:])
