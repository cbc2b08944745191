"""A round's choice in figures, so that a strategy that fails silently is seen."""

from __future__ import annotations

import numpy as np

from labelwright.loop.history import Arm
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import take
from labelwright.loop.query.kernel import unit


def arm_of(strategy: str, chosen: Chosen) -> Arm:
    """What a strategy chose, in figures: by itself, for utilities of two are not comparable."""
    utilities, n = chosen.utilities, len(chosen.indices)
    if not utilities.any() and {*chosen.reasons} <= {"", strategy}:
        return Arm(strategy=strategy, items=n)  # it returned bare indices, as modAL's may
    least, *quartiles, greatest = (
        float(v) for v in np.quantile(utilities, (0, 0.25, 0.5, 0.75, 1))
    )
    distinct = len(np.unique(utilities))
    return Arm(
        strategy=strategy,
        items=n,
        utilities=(least, quartiles[0], quartiles[1], quartiles[2], greatest),
        ties=int((utilities == utilities[-1]).sum()) - 1,
        distinct=distinct,
        constant=n > 1 and distinct == 1,
    )


def likeness(features: np.ndarray, rows: np.ndarray, others: np.ndarray) -> float | None:
    """Mean cosine similarity of each of `rows` to the most similar of `others`; None without any."""
    if not len(rows) or not len(others):
        return None
    mine, theirs = (unit(take(features, part)) for part in (rows, others))
    return round(float((mine @ theirs.T).max(axis=1).mean()), 6)
