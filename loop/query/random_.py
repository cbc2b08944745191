"""Uniform choice without replacement: the reference for every other strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def random(learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int) -> Chosen:
    """Every item with the same chance, n / N. Needs no labels. Utility: 0."""
    import numpy as np

    n_pool = len(X)
    n = min(n_instances, n_pool)
    indices = np.random.default_rng(random_state).permutation(n_pool)[:n]
    chance = n / n_pool if n_pool else 0.0
    return Chosen(indices, np.zeros(n), np.full(n, chance), ("by chance",) * n)
