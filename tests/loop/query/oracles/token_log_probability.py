"""MNLP (Shen et al. 2018) and total token entropy (Settles & Craven 2008)."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mnlp(tokens: Sequence[Sequence[float]]) -> float:
    """Negative: the less probable the best tags, the greater."""
    if not tokens:
        return 0.0
    total = 0.0
    for tags in tokens:
        total += math.log(max(tags))
    return -total / len(tokens)


def total_entropy(tokens: Sequence[Sequence[float]]) -> float:
    total = 0.0
    for tags in tokens:
        for p in tags:
            if p > 0:
                total -= p * math.log(p)
    return total
