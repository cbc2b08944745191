"""How sure a proportion is: exact bounds."""

from __future__ import annotations


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
