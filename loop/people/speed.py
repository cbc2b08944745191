"""How quickly people answer, and which answers were given far quicker than is usual.

An answer is hasty where its time lies three robust standard deviations (1.4826 times the median absolute
deviation) of logarithms below the median of everybody's: then it was hardly read. Whoever hurries always is
held against the others so, and not against their own haste.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import exp, log
from statistics import median

from labelwright.loop.record import Estimate

LEAST = 20  # answers of everybody, below which no answer is called hasty
_FAR = 3 * 1.4826


def hasty_below(seconds: Sequence[float]) -> float | None:
    """Seconds below which an answer is hasty; None where too few are known, or all take the same."""
    known = [log(s) for s in seconds if s > 0]
    if len(known) < LEAST:
        return None
    middle = median(known)
    spread = median(abs(s - middle) for s in known)
    return exp(middle - _FAR * spread) if spread > 0 else None


def median_with_interval(seconds: Sequence[float]) -> Estimate:
    """The median, with the order statistics that hold it with 95% (exact, by the binomial; two-sided).

    Both ends None where there are too few: five values cannot say so with 95%.
    """
    ranked = sorted(seconds)
    n = len(ranked)
    if not n:
        return Estimate(estimate=None)
    rank = _rank(n)
    if rank is None:
        return Estimate(estimate=median(ranked), n=n)
    return Estimate(
        estimate=median(ranked), low=ranked[rank - 1], high=ranked[n - rank], n=n, method="exact"
    )


@cache
def _rank(n: int) -> int | None:
    """The greatest r with P(fewer than r of n fall below the median) at most 2.5%, counted from 1."""
    from scipy.stats import binom

    rank = int(binom.ppf(0.025, n, 0.5))  # the least k with P(X <= k) >= 2.5%, so P(X < k) is less
    return rank if rank >= 1 else None


def quartiles(seconds: Sequence[float]) -> tuple[float, float] | None:
    """The first and the third; None where nothing is known."""
    import numpy as np

    if not seconds:
        return None
    low, high = np.quantile(np.asarray(seconds), (0.25, 0.75))
    return float(low), float(high)
