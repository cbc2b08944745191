"""Ranked batch: uncertain items that are unlike all that is labelled and unlike each other.

Cardoso, Silva, Canuto, Moro & Gonçalves 2017, "Ranked batch-mode active learning"; the similarity
is modAL's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks, labelled, take
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import measure, uncertainties

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_HOT = 16_384
_BLOCK = 4_096


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

    Exact at any size, up to float32 rounding: what is chosen only makes others less unlike, so an
    old score bounds what it is now, and only the 16,384 of the greatest bounds are kept up to date.
    Needs a model. Reads X twice and then parts of it, keeps 32 bytes an item; at most
    2 · n_items · dim · (labelled + n_instances) flops. Raises StrategyError for an unknown uncertainty.
    """
    import numpy as np

    utility = measure(uncertainty)
    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    uncertain = uncertainties(learner, X, utility)
    ranking = _Ranking(X, labelled(learner, X), uncertain, room=n)
    picks = [ranking.pop() for _ in range(n)]
    indices = np.array([row for row, _, _ in picks])
    reasons = tuple(_reason(distance, uncertain[row]) for row, _, distance in picks)
    return Chosen(indices, np.array([score for _, score, _ in picks]), np.ones(n), reasons)


def _reason(distance: float, uncertainty: float) -> str:
    if distance == float("inf"):
        return f"uncertainty {uncertainty:.2f}, and nothing is labelled yet"
    return (
        f"distance {distance:.2f} to the nearest labelled or chosen, uncertainty {uncertainty:.2f}"
    )


class _Ranking:
    """The items of a pool, the one of greatest score first; whatever is taken counts as labelled.

    X: (n_items, dim). known: (n_labelled, dim). uncertain: (n_items,). room: how many will be taken.
    """

    def __init__(self, X: np.ndarray, known: np.ndarray, uncertain: np.ndarray, room: int) -> None:
        import numpy as np

        self.X, self.uncertain = X, uncertain
        self.origin = known.mean(axis=0) if len(known) else take(X, np.zeros(1, np.int64))[0]
        self.left, self.total = len(X), len(X) + len(known)
        self.centres = np.empty((len(known) + room, X.shape[1]), dtype=np.float32)
        self.centres[: len(known)] = known - self.origin
        self.n_centres = len(known)
        self.bounds = np.empty(len(X))  # distances to the nearest of the first `seen` centres
        for start, block in blocks(X):
            self.bounds[start : start + len(block)] = _to_nearest(
                block - self.origin, self.centres[: len(known)]
            )
        self.seen = np.full(len(X), len(known), dtype=np.int64)
        self.free = np.ones(len(X), dtype=bool)
        self.near: np.ndarray
        self.rows: np.ndarray
        self._heat()

    def pop(self) -> tuple[int, float, float]:
        """The item of greatest score, its score, and its distance to what was labelled before it."""
        import numpy as np

        while (scores := self._scores(self.rows, self.near)).max() < self._greatest_elsewhere():
            self.bounds[self.rows], self.seen[self.rows] = self.near, self.n_centres
            self._heat()
        best = int(scores.argmax())
        row, score, distance = int(self.rows[best]), float(scores[best]), float(self.near[best])
        self.free[row] = False
        self.left -= 1
        self.centres[self.n_centres] = self.block[best]
        self.n_centres += 1
        self.near = np.minimum(self.near, _to(self.block, self.squares, self.block[best]))
        return row, score, distance

    def _scores(self, rows: np.ndarray | slice, distances: np.ndarray) -> np.ndarray:
        """Of these items, at these distances; minus infinity of those taken."""
        import numpy as np

        alpha = self.left / self.total
        scores = alpha * (1 - 1 / (1 + distances)) + (1 - alpha) * self.uncertain[rows]
        return np.where(self.free[rows], scores, -np.inf)

    def _greatest_elsewhere(self) -> float:
        """No item that is not kept up to date has a score above this."""
        return self.rest + (self.left_then - self.left) / self.total * self.gain

    def _heat(self) -> None:
        """Bring the items of the greatest bounds up to date.

        rest: the greatest score of the others as α is now; gain: the most that one of them can gain
        while α goes from 1 to 0.
        """
        import numpy as np

        self.left_then = self.left
        self.rows, self.rest, self.gain = np.arange(len(self.bounds)), -np.inf, 0.0
        if self.n_centres == 0:  # all are equally unlike: the most uncertain is first
            self.rows = np.array([int(self.uncertain.argmax())])
            self.rest = -1.0
        elif len(self.bounds) > _HOT:
            scores = self._scores(slice(None), self.bounds)
            order: np.ndarray = np.argpartition(scores, -_HOT)
            self.rows, others = np.sort(order[-_HOT:]), order[:-_HOT]
            self.rest = float(scores[others].max())
            self.gain = max(0.0, float(self.uncertain.max()))
        self.block = take(self.X, self.rows) - self.origin
        self.squares = _squares(self.block)
        missed = self.centres[self.seen[self.rows].min() : self.n_centres]
        self.near = np.minimum(self.bounds[self.rows], _to_nearest(self.block, missed))


def _squares(rows: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _to(rows: np.ndarray, squares: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Euclidean distance of each row, whose `squares` are given, to the centre.

    By ‖a‖² + ‖b‖² − 2 a·b, which loses its digits where a and b nearly coincide: there the
    difference is taken itself.
    """
    import numpy as np

    theirs = centre @ centre
    found = squares + theirs - 2 * (rows @ centre)
    near = np.flatnonzero(found < 0.01 * (squares + theirs))
    found[near] = _squares(rows[near] - centre)
    return np.asarray(np.sqrt(found, dtype=np.float64))


def _to_nearest(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Euclidean distance of each row to the nearest centre, (n_rows,); infinite where there is none.

    The nearest by products; the distance to it by the difference itself.
    """
    import numpy as np

    if len(centres) == 0:
        return np.full(len(rows), np.inf)
    half = _squares(centres) / 2
    found = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        nearest = centres[(block @ centres.T - half).argmax(axis=1)]
        found[start : start + _BLOCK] = np.sqrt(_squares(block - nearest))
    return found
