"""Ranked batch: uncertain items that are unlike all that is labelled and unlike each other.

Cardoso, Silva, Canuto, Moro & Gonçalves 2017, "Ranked batch-mode active learning"; the similarity
is modAL's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import labelled, take
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import measure, uncertainties

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_CANDIDATES = 100_000
_BLOCK = 8_192


def ranked_batch(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    uncertainty: str = "least_confidence",
) -> Chosen:
    """One by one the items of greatest α (1 − similarity) + (1 − α) uncertainty: the utility.

    similarity = 1 / (1 + Euclidean distance to the nearest item that is labelled or chosen so far);
    α = unlabelled / (unlabelled + labelled), those chosen so far counted as labelled: the fewer
    labels, the more unlikeness counts. uncertainty: least_confidence, margin or entropy. Of equal
    items the lower position comes first; where nothing is labelled the most uncertain is first.

    Needs a model. A pool of more than 100,000 is chosen from among that many, drawn at random, with
    the α of the whole pool. Per chosen item one product of all candidates with it: 4 · dim bytes a
    candidate, kept in memory. Raises StrategyError for an unknown uncertainty.
    """
    import numpy as np

    utility = measure(uncertainty)
    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    rows, notes = among(len(X), max(_CANDIDATES, n), random_state)
    rows = np.arange(len(X)) if rows is None else rows
    vectors = take(X, rows)
    uncertain = uncertainties(learner, vectors, utility)
    known = labelled(learner, X)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    nearest = _to_nearest(vectors, squares, known)
    free = np.ones(len(rows), dtype=bool)
    chosen, utilities, distances = np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n)
    for step in range(n):
        alpha = (len(X) - step) / (len(X) + len(known))
        scores = alpha * (1 - 1 / (1 + nearest)) + (1 - alpha) * uncertain
        # Nothing labelled, nothing chosen: every item is equally unlike, infinitely far.
        preferred = uncertain if np.isinf(nearest).all() else scores
        best = int(np.where(free, preferred, -np.inf).argmax())
        chosen[step], utilities[step], distances[step] = best, scores[best], nearest[best]
        free[best] = False
        nearest = np.minimum(nearest, _to_nearest(vectors, squares, vectors[best : best + 1]))
    reasons = tuple(map(_reason, distances, uncertain[chosen]))
    return Chosen(rows[chosen], utilities, np.ones(n), reasons, notes)


def _reason(distance: float, uncertainty: float) -> str:
    if distance == float("inf"):
        return f"uncertainty {uncertainty:.2f}, and nothing is labelled yet"
    return (
        f"distance {distance:.2f} to the nearest labelled or chosen, uncertainty {uncertainty:.2f}"
    )


def _to_nearest(vectors: np.ndarray, squares: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Euclidean distance of each vector to the nearest point, (n,); infinite where there is none.

    squares: of the vectors' lengths. By ‖a‖² + ‖b‖² − 2 a·b, which loses its digits where a and b
    nearly coincide: there the difference is taken itself.
    """
    import numpy as np

    if len(points) == 0:
        return np.full(len(vectors), np.inf)
    theirs = np.einsum("ij,ij->i", points, points)
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        block, own = vectors[start : start + _BLOCK], squares[start : start + _BLOCK]
        relative = theirs - 2 * (block @ points.T)
        which = relative.argmin(axis=1)
        between = own + relative[np.arange(len(block)), which]
        near = np.flatnonzero(between < 0.01 * (own + theirs[which]))
        between[near] = ((block[near] - points[which[near]]) ** 2).sum(axis=1)
        found[start : start + _BLOCK] = np.sqrt(between)
    return found
