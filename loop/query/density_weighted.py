"""Information density: uncertain items that many others are like.

Settles & Craven 2008, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks".
"""

from __future__ import annotations

from collections.abc import Callable
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

SIMILARITIES = ("squared_cosine", "cosine")


def density_weighted(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    uncertainty: str = "entropy",
    beta: float = 1.0,
    similarity: str = "squared_cosine",
) -> Chosen:
    """The uncertain items among many like them. Utility: uncertainty · (mean similarity)^beta.

    uncertainty: entropy (the paper's), margin or least_confidence. The mean is over all of the pool,
    the item itself included, and exact: with u an item's unit vector, `cosine` is u · mean(u), and
    `squared_cosine` u · mean(u uᵀ) u. The paper has the cosine, of counts, which have no sign. Of
    vectors centred on their pool, as the engine's are, cosines cancel out: their mean says next to
    nothing of density, the mean of their squares does. An item that is unlike the pool on average has
    density 0, as has a vector of zeros. Of equal items the lower position comes first.

    Reads X twice, 4 · dim² flops an item (4 · dim for the cosine), keeps 16 bytes an item. Needs
    labels. Raises StrategyError for words it does not know and a negative beta.
    """
    import numpy as np

    utility = measure(uncertainty)
    if similarity not in SIMILARITIES:
        raise StrategyError(
            f"there is no similarity called {similarity}", f"there are: {', '.join(SIMILARITIES)}"
        )
    if not beta >= 0:
        raise StrategyError(f"beta is {beta}: dense items would count less", "make it 0 or more")
    learner = understood(learner)
    if len(X) == 0 or n_instances == 0:
        return nothing()
    density = _density(X, squared=similarity == "squared_cosine")
    densities, uncertain = np.empty(len(X)), np.empty(len(X))
    for rows, block, probs in predicted(learner, X):
        densities[rows] = np.maximum(density(_units(block)), 0)
        uncertain[rows] = utility(probs)
    utilities = uncertain * densities**beta
    indices = top(utilities, n_instances)
    reasons = tuple(
        f"{uncertainty.replace('_', ' ')} {value:.2f}, mean similarity to the pool {mean:.2g}"
        for value, mean in zip(uncertain[indices], densities[indices], strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def _density(X: np.ndarray, squared: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Unit vectors (n, dim) -> their mean similarity to all of X, (n,)."""
    import numpy as np

    dim = int(X.shape[1])
    total = np.zeros((dim, dim) if squared else dim)
    for _, block in blocks(X):
        units = _units(block)
        total += units.T @ units if squared else units.sum(axis=0, dtype=np.float64)
    mean = (total / len(X)).astype(np.float32)
    if squared:
        return lambda units: np.asarray(np.einsum("ij,ij->i", units @ mean, units))
    return lambda units: np.asarray(units @ mean)


def _units(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; of zeros they stay."""
    import numpy as np

    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1)[:, None])
