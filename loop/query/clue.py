"""CLUE: medoids of a k-means in which an item weighs as much as the model is unsure of it.

Prabhu, Chandrasekaran, Saenko & Hoffman 2021, "Active Domain Adaptation via Clustering
Uncertainty-weighted Embeddings".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import BLOCK, probabilities, take
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.k_means import (
    FIT_ROWS,
    FIT_ROWS_A_CENTRE,
    assign,
    filled,
    fit,
    medoids,
    sampled,
)
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def clue(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    temperature: float = 1.0,
) -> Chosen:
    """The item nearest to each centre, where items are clustered by weight of their entropy.

    X is parted into n_instances clusters such that Σ H(p) · ‖x − centre‖² is small, H the entropy of
    the probabilities p (n_classes,), at a temperature T that of p^(1/T) normalised: above 1 counts
    diversity more, below 1 uncertainty. The cluster's member nearest to its centre stands for it.
    Utility: the entropies of its members, summed; the greatest first. Where clusters are empty
    (equal rows), the items of the greatest H(p) · ‖x − centre‖² are the rest, with utility 0.

    X: (n_items, dim). Centres are fitted from seeds of a greedy k-means++, on a sample in large pools
    (8,000 rows, or 20 a centre), and the notes say so; then all rows are assigned. Reads X twice;
    20 + 4 · n_classes bytes an item; about 2 · dim · n_instances · (n_items + 15 · sample) flops.
    Raises StrategyError without labels, where the model is sure of every item, for a temperature that
    is not above 0, or where a vector or a probability is not finite.
    """
    import numpy as np

    learner = understood(learner)
    if not temperature > 0:
        raise StrategyError(f"clue has no temperature of {temperature}", "give a number above 0")
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    weights = entropies(probabilities(learner, X), temperature)
    unsure = np.flatnonzero(weights > 0)
    if len(unsure) == 0:
        raise StrategyError(
            "clue finds nothing to choose by: the model is sure of every item",
            "choose by k_means or coreset, which need no doubt",
        )
    rng = np.random.default_rng(random_state)
    sample, notes = sampled(unsure, max(n, FIT_ROWS, FIT_ROWS_A_CENTRE * n), rng)
    none = np.zeros(0, dtype=np.int64)
    centres = fit(take(X, sample), min(n, len(unsure)), rng, none, weights[sample])
    cluster, distance = assign(X, centres)
    masses = np.bincount(cluster, weights=weights, minlength=len(centres))
    sizes = np.bincount(cluster, minlength=len(centres))
    present = np.flatnonzero(sizes)
    present = present[np.argsort(-masses[present], kind="stable")]
    chosen = filled(medoids(cluster, distance, present), weights * distance, n)
    utilities = np.zeros(n)
    utilities[: len(present)] = masses[present]
    reasons = [f"stands for {sizes[c]} items, entropy {masses[c]:.2f} in all" for c in present]
    reasons += ["far from all centres"] * (n - len(present))
    return Chosen(chosen, utilities, np.ones(n), tuple(reasons), notes)


def entropies(probs: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Entropy in nats of each row of probabilities, raised to 1/temperature, (n_items,) float32."""
    import numpy as np

    found = np.empty(len(probs), dtype=np.float32)
    for start in range(0, len(probs), BLOCK):
        block = probs[start : start + BLOCK].astype(np.float64)
        if temperature != 1:
            block = (block / block.max(axis=1, keepdims=True)) ** (1 / temperature)
            block /= block.sum(axis=1, keepdims=True)
        logs = np.log(np.where(block > 0, block, 1))
        found[start : start + BLOCK] = np.maximum(-(block * logs).sum(axis=1), 0)
    return found
