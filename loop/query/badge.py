"""BADGE: items that would change the model much, and each in another way than the others.

Ash, Zhang, Krishnamurthy, Langford & Agarwal 2020, "Deep Batch Active Learning by Diverse, Uncertain
Gradient Lower Bounds". k-means++: Arthur & Vassilvitskii 2007. Exact at any size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import BLOCK, blocks, probabilities, take
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_ROWS = 8_192
_SLAB = 4_096
_CENTRES_AT_ONCE = 512
_REJECTED_A_ROW = 1 / 200
_ROUNDING = 1e-6
"""Squared distances below this share of the two squared lengths are noise of float32: taken as 0."""


def badge(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    subsample: int | None = None,
    random_state: int = 0,
) -> Chosen:
    """Items drawn by k-means++ on the gradients that the model's own guess at them would give.

    An item's gradient in the last layer is g = (p − e) ⊗ x, with p (n_classes,) its probabilities and
    e one at the likeliest class; as in the authors' code there is no bias and x (dim,) is its vector.
    The first is the longest g; each next one is drawn with a chance in proportion to the squared
    distance to the nearest g drawn. g is never built: ⟨g, g'⟩ = ⟨p − e, p' − e'⟩ ⟨x, x'⟩.

    Utility: the distance to the nearest g drawn before; for the first its length. Probability: the
    chance with which it was drawn when its turn came (above 32,768 items a lower bound of it); 1 for
    the first. Where all that is left equals what is drawn, the lowest positions come next.

    Above 32,768 items distances are not all kept up to date: an old one is an upper bound, an item
    drawn by it is kept with the chance of true ÷ bound, and all are renewed when too many are not.
    That draws with the same chances. subsample: look at so many items only, drawn at random and held in
    memory, at least the batch; a note says so. Costs 4 · n_classes + 24 bytes an item, two passes and
    one for each renewal, and at most 2 · n_items · (dim + n_classes) · n_instances flops for all
    renewals. Raises StrategyError without labels, or where a vector or a probability is not finite.
    """
    import numpy as np

    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    if subsample is not None:
        among_these, notes = among(len(X), max(subsample, n), random_state)
        if among_these is not None:
            sample = take(X, among_these)  # names an item by its place in the whole pool
            chosen = badge(learner, sample, n, random_state=random_state)
            return replace(chosen, indices=among_these[chosen.indices], notes=notes)
    errors = probabilities(learner, X)
    errors[np.arange(len(X)), errors.argmax(axis=1)] -= 1
    gradients = Gradients(X, errors, n, np.random.default_rng(random_state))
    drawn = [gradients.longest()]
    while len(drawn) < n:
        drawn.append(gradients.draw())
    rows, squares, chances = (np.array(column) for column in zip(*drawn, strict=True))
    lengths = np.sqrt(squares)
    reasons = [f"would change the model otherwise than the rest, by {d:.2g}" for d in lengths]
    reasons[0] = f"would change the model most, by {lengths[0]:.2g}"
    return Chosen(rows, lengths, chances, tuple(reasons))


class Gradients:
    """Gradients a ⊗ x, drawn one after the other with chances by squared distance to those drawn.

    X: (n_items, dim). errors: (n_items, n_classes), the a. room: how many will be drawn. `bounds` are
    squared distances to the nearest of the first `seen` that were drawn.
    """

    def __init__(self, X: Any, errors: np.ndarray, room: int, rng: np.random.Generator) -> None:
        import numpy as np

        self.X, self.errors, self.rng = X, errors, rng
        self.whole = [(0, take(X, np.arange(len(X))))] if len(X) <= BLOCK else None
        self.squares = np.empty(len(X), dtype=np.float32)
        for start, block in self.whole or blocks(X):
            here = slice(start, start + len(block))
            self.squares[here] = _squares(block) * _squares(errors[here])
        self.rows = np.empty(room, dtype=np.int64)
        self.drawn_x = np.empty((room, X.shape[1]), dtype=np.float32)
        self.n_drawn = self.n_renewed = self.n_rejected = 0
        self.bounds = np.full(len(X), np.inf)
        self.seen = np.zeros(len(X), dtype=np.int32)
        self.slabs = np.arange(0, len(X), _SLAB)
        self.sums: np.ndarray = np.zeros(len(self.slabs))

    def longest(self) -> tuple[int, float, float]:
        """Position of the longest gradient, its squared length, and 1."""
        row = int(self.squares.argmax())
        self._add(row)
        self._renew()
        return row, float(self.squares[row]), 1.0

    def draw(self) -> tuple[int, float, float]:
        """Position of an item, its squared distance to the nearest drawn before, its chance."""
        while True:
            if self.whole or self.n_rejected > len(self.X) * _REJECTED_A_ROW:
                self._renew()
            total = float(self.sums.sum())
            if total <= 0:
                row = self._lowest_left()
                self._add(row)
                return row, 0.0, 1.0
            slab, rest = _fallen(self.sums, self.rng.random() * total)
            start = int(self.slabs[slab])
            row = start + _fallen(self.bounds[start : start + _SLAB], rest)[0]
            bound = float(self.bounds[row])
            square = self._renew_one(row)
            if square == bound or self.rng.random() * bound < square:
                self._add(row)
                return row, square, square / total
            self.n_rejected += 1

    def _lowest_left(self) -> int:
        import numpy as np

        left = np.ones(len(self.X), dtype=bool)
        left[self.rows[: self.n_drawn]] = False
        return int(left.argmax())

    def _add(self, row: int) -> None:
        import numpy as np

        self.rows[self.n_drawn] = row
        self.drawn_x[self.n_drawn] = take(self.X, np.array([row]))[0]
        self.n_drawn += 1
        self._set(row, 0.0)

    def _set(self, row: int, bound: float) -> None:
        self.bounds[row] = bound
        self.seen[row] = self.n_drawn
        slab = row // _SLAB
        self.sums[slab] = self.bounds[self.slabs[slab] :][:_SLAB].sum()

    def _renew_one(self, row: int) -> float:
        import numpy as np

        since = int(self.seen[row])
        if since < self.n_drawn:
            now = self._nearest(take(self.X, np.array([row])), row, since)
            self._set(row, min(float(self.bounds[row]), float(now[0])))
        return float(self.bounds[row])

    def _renew(self) -> None:
        """Bring the bounds of all items up to date."""
        import numpy as np

        if self.n_renewed < self.n_drawn:
            for start, block in self.whole or blocks(self.X, _ROWS):
                bounds = self.bounds[start : start + len(block)]
                np.minimum(bounds, self._nearest(block, start, self.n_renewed), out=bounds)
            self.bounds[self.rows[: self.n_drawn]] = 0
            self.seen[:] = self.n_renewed = self.n_drawn
        self.sums = np.add.reduceat(self.bounds, self.slabs)
        self.n_rejected = 0

    def _nearest(self, block: np.ndarray, start: int, since: int) -> np.ndarray:
        """Squared distance of each row of a block to the nearest drawn after the first `since`."""
        import numpy as np

        errors = self.errors[start : start + len(block)]
        squares = self.squares[start : start + len(block), None]
        nearest = np.full(len(block), np.inf)
        for first in range(since, self.n_drawn, _CENTRES_AT_ONCE):
            end = min(first + _CENTRES_AT_ONCE, self.n_drawn)
            rows = self.rows[first:end]
            products = block @ self.drawn_x[first:end].T
            products *= errors @ self.errors[rows].T
            both = squares + self.squares[rows]
            distances = both - 2 * products
            distances[distances < _ROUNDING * both] = 0
            np.minimum(nearest, distances.min(axis=1), out=nearest)
        return nearest


def _squares(rows: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _fallen(weights: np.ndarray, point: float) -> tuple[int, float]:
    """Where a point of 0 to the sum of the weights falls, never on a weight of 0; how far into it."""
    import numpy as np

    ends = np.cumsum(weights)
    last = np.searchsorted(ends, ends[-1])  # rounding may carry the point beyond the end
    where = int(min(np.searchsorted(ends, point, side="right"), last))
    return where, float(point - (ends[where] - weights[where]))
