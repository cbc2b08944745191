"""Coreset: items such that no item of the pool is far from a labelled one (k-center greedy).

Sener & Savarese 2018, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
algorithm 1; the greedy rule is Gonzalez 1985. Exact at any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks, labelled, take
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_HOT = 4_096
_CENTRES_AT_ONCE = 512


def coreset(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The item farthest from all labelled ones, then the farthest from those and it, and so on.

    Needs no model. Utility: the Euclidean distance to the nearest labelled or already chosen item.
    Where nothing is labelled, the first is the item nearest to the mean of the pool, so that an
    outlier does not lead; its utility is the greatest distance to it.

    X: (n_items, dim). Greedy on the exact distances, up to float32 rounding; of equals the lower
    position. Distances only shrink while centres are added, so an old one bounds what it is now:
    only the items of the greatest bounds are kept up to date, and the others when their turn comes.
    Reads X once (three times with no label) and then parts of it; 8 bytes an item beside 4,096 rows;
    at most 2 · n_items · dim · (labelled + n_instances) flops, and far less with clusters. Raises
    StrategyError where a vector is not finite.
    """
    import numpy as np

    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    origin = known.mean(axis=0) if len(known) else _mean(X)
    chosen: list[int] = []
    utilities: list[float] = []
    cold = len(known) == 0
    if cold:
        chosen.append(_nearest(X, origin))
        known = take(X, np.array(chosen))
    pool = Farthest(X, known, origin, room=n)
    pool.leave_out(chosen)
    while len(chosen) < n:
        row, distance = pool.pop()
        chosen.append(row)
        utilities.append(distance)
    if cold:  # the first has no distance of its own
        greatest = utilities[0] if utilities else pool.pop()[1] if len(X) > 1 else 0.0
        utilities.insert(0, greatest)
    reasons = [f"distance {value:.2f} to the nearest labelled or chosen" for value in utilities]
    if cold:
        reasons[0] = "nearest to the mean of the pool"
    return Chosen(np.array(chosen), np.array(utilities), np.ones(n), tuple(reasons))


class Farthest:
    """The items of a pool, the one farthest from all centres first; whatever is taken is a centre.

    X: (n_items, dim). centres: (n_centres, dim), at least one. room: how many will be taken. Vectors
    are taken from `origin`, so that distances keep their digits far from zero.
    """

    def __init__(self, X: Any, centres: np.ndarray, origin: np.ndarray, room: int) -> None:
        import numpy as np

        self.X, self.origin = X, origin
        self.rows: np.ndarray
        self.n_centres = len(centres)
        self.centres = np.empty((len(centres) + room + 1, X.shape[1]), dtype=np.float32)
        self.centres[: len(centres)] = centres - origin
        known = self.centres[: min(len(centres), _CENTRES_AT_ONCE)]
        self.bounds = np.empty(len(X), dtype=np.float32)
        for start, block in blocks(X):
            self.bounds[start : start + len(block)] = squared(block - origin, known)
        self.seen = np.full(len(X), len(known), dtype=np.int32)
        self._heat()

    def leave_out(self, rows: list[int]) -> None:
        """These are never taken."""
        import numpy as np

        self.bounds[rows] = -1
        self.near[np.isin(self.rows, rows)] = -1

    def pop(self) -> tuple[int, float]:
        """The farthest item, now a centre, and its distance to the nearest centre before it."""
        import numpy as np

        while self.near[best := int(self.near.argmax())] < self.rest:
            self._cool()
            self._heat()
        distance = float(np.sqrt(self.near[best]))
        centre = self.block[best]
        self.centres[self.n_centres] = centre
        self.n_centres += 1
        to_centre = self.squares + self.squares[best] - 2 * (self.block @ centre)
        np.minimum(self.near, np.maximum(to_centre, 0), out=self.near, where=self.near >= 0)
        self.near[best] = -1
        return int(self.rows[best]), distance

    def _cool(self) -> None:
        self.bounds[self.rows] = self.near
        self.seen[self.rows] = self.n_centres

    def _heat(self) -> None:
        """Bring the items of the greatest bounds up to date; `rest` is the greatest of the others."""
        import numpy as np

        if len(self.bounds) <= _HOT:
            self.rows = np.arange(len(self.bounds))
            self.rest = -1.0
        else:
            order: np.ndarray = np.argpartition(self.bounds, -_HOT)
            self.rows = np.sort(order[-_HOT:])
            self.rest = float(self.bounds[order[:-_HOT]].max())
        self.block = take(self.X, self.rows) - self.origin
        self.squares = np.einsum("ij,ij->i", self.block, self.block)
        self.near = self.bounds[self.rows]
        stale = np.flatnonzero((self.seen[self.rows] < self.n_centres) & (self.near >= 0))
        if len(stale):
            missed = self.centres[self.seen[self.rows[stale]].min() : self.n_centres]
            now = squared(self.block[stale], missed)
            self.near[stale] = np.minimum(self.near[stale], now)


def squared(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distance of each row to the nearest centre, (n_rows,) float32."""
    import numpy as np

    nearest = np.full(len(rows), np.inf, dtype=np.float32)
    for start in range(0, len(centres), _CENTRES_AT_ONCE):
        part = centres[start : start + _CENTRES_AT_ONCE]
        closeness = rows @ part.T - np.einsum("ij,ij->i", part, part) / 2
        np.minimum(nearest, -2 * closeness.max(axis=1), out=nearest)
    squares = np.einsum("ij,ij->i", rows, rows)
    return np.asarray(np.maximum(nearest + squares, 0))


def _mean(X: Any) -> np.ndarray:
    import numpy as np

    total = np.zeros(X.shape[1])
    for _, block in blocks(X):
        total += np.ones(len(block), dtype=np.float32) @ block
    return (total / len(X)).astype(np.float32)


def _nearest(X: Any, point: np.ndarray) -> int:
    """Position of the row nearest to a point, the lower of equals."""
    import numpy as np

    best, least = 0, float("inf")
    for start, block in blocks(X):
        away = block - point
        distances = np.einsum("ij,ij->i", away, away)
        row = int(distances.argmin())
        if distances[row] < least:
            best, least = start + row, float(distances[row])
    return best
