"""Information density: uncertain items that many others are like.

Settles & Craven 2008, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import measure, predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner


def density_weighted(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    uncertainty: str = "entropy",
    beta: float = 1.0,
) -> Chosen:
    """The uncertain items among many like them. Utility: uncertainty · (mean similarity)^beta.

    The similarity is the cosine, averaged over all of the pool, the item itself included: exactly
    the product with the mean of all unit vectors. An item that is unlike the pool on average has
    density 0, as has a vector of zeros. uncertainty: entropy (the paper's), margin or
    least_confidence. Of equal items the lower position comes first.

    Reads X twice, 4 · dim flops an item, keeps 16 bytes an item. Needs labels. Raises StrategyError
    for an unknown uncertainty or a negative beta.
    """
    import numpy as np

    utility = measure(uncertainty)
    if not beta >= 0:
        raise StrategyError(f"beta is {beta}: dense items would count less", "make it 0 or more")
    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    middle = sum(_units(block).sum(axis=0, dtype=np.float64) for _, block in blocks(X)) / len(X)
    densities, uncertain = np.empty(len(X)), np.empty(len(X))
    for rows, block, probs in predicted(learner, X):
        densities[rows] = np.maximum(_units(block) @ middle.astype(np.float32), 0)
        uncertain[rows] = utility(probs)
    utilities = uncertain * densities**beta
    indices = top(utilities, n_instances)
    reasons = tuple(
        f"{uncertainty.replace('_', ' ')} {value:.2f}, mean similarity to the pool {density:.2f}"
        for value, density in zip(uncertain[indices], densities[indices], strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def _units(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; of zeros they stay."""
    import numpy as np

    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1)[:, None])
