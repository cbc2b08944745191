"""Cardoso et al. 2017, "Ranked batch-mode active learning", with modAL's similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector = Sequence[float]


def scores(
    X: Sequence[Vector], uncertainty: Sequence[float], known: Sequence[Vector], chosen: list[int]
) -> dict[int, float]:
    """Of each item not chosen yet, given those chosen so far."""
    labelled = [*known, *(X[i] for i in chosen)]
    unlabelled = [i for i in range(len(X)) if i not in chosen]
    alpha = len(unlabelled) / (len(unlabelled) + len(labelled))
    found = {}
    for i in unlabelled:
        similarity = 0.0
        for other in labelled:
            similarity = max(similarity, 1 / (1 + math.dist(X[i], other)))
        found[i] = alpha * (1 - similarity) + (1 - alpha) * uncertainty[i]
    return found
