"""Exact binomial bounds, without scipy: what a count of right answers can prove.

One-sided Clopper and Pearson (1934): `right` of `n` prove a proportion of at least p at confidence
1 - alpha where P(X >= right | n, p) <= alpha. All right gives the bound alpha ** (1 / n).
"""

from __future__ import annotations

import math
from fractions import Fraction

_LADDER = (50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000, 100_000)


def best_bound(n: int, alpha: float) -> float:
    """The lower bound that n right answers out of n leave."""
    return math.exp(math.log(alpha) / n)


def needed(target: float, alpha: float) -> int | None:
    """The least n for which n right out of n prove `target`; None where no n does."""
    if target >= 1:
        return None
    if target <= 0:
        return 1
    n = max(1, math.ceil(math.log(alpha) / math.log(target) - 1e-9))
    return n if target**n <= alpha * (1 + 1e-12) else n + 1


def errors_allowed(n: int, target: float, alpha: float) -> int | None:
    """The most wrong answers out of n with which `target` is still proved; None: not even none."""
    wrong = 1 - target
    if not 0 < wrong < 1:
        return None if wrong <= 0 else n
    log_odds = math.log(wrong) - math.log(target)
    log_term = n * math.log(target)
    total, errors = 0.0, -1
    while errors < n:
        total += math.exp(log_term)
        if total > alpha:
            break
        errors += 1
        log_term += math.log((n - errors) / (errors + 1)) + log_odds if errors < n else 0.0
    return errors if errors >= 0 else None


def reachable(target: float, alpha: float) -> tuple[int, int] | None:
    """A round n, and how many right answers pass, that leaves room for some mistakes.

    The least step of a ladder that allows two thirds of the mistakes a model just at the target
    makes; None where even the top of the ladder does not.
    """
    wrong = 1 - Fraction(str(target))
    for n in _LADDER:
        errors = errors_allowed(n, target, alpha)
        if errors is not None and errors * 3 >= 2 * wrong * n and errors > 0:
            return n, n - errors
    return None
