"""k-means medoids: one item from each part of the data that has no label yet. For the cold start.

After Nguyen & Smeulders 2004 and the k-means baseline of Yu et al. 2023 (PATRON). Seeded by
k-means++ (Arthur & Vassilvitskii 2007).
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

FIT_ROWS = 8_000
FIT_ROWS_A_CENTRE = 20
_MOST_CENTRES = 1_000
_ROUNDS = 15
_BLOCK = 8_192


def k_means(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The items nearest to the centres of the largest clusters without a label. Needs no model.

    X and the items labelled so far are parted into (labelled + n_instances) clusters, first around
    the labelled items; a cluster that holds one of them in the end is passed over. Utility: the
    items of X in the cluster. In large pools the centres are fitted on a sample, every labelled item
    in it (8,000 rows, or 20 a centre), and the notes say so; then all rows are assigned. Where too
    few clusters are free (equal rows, or few centres), the items farthest from their centres are the
    rest, with utility 0.

    X: (n_items, dim), read once and the sample before; 12 bytes an item beside the sample. About
    2 · dim · n_clusters · (n_items + 15 · sample) flops. Raises StrategyError where a vector is not
    finite.
    """
    import numpy as np

    learner = understood(learner)
    n_pool = len(X)
    n = min(n_instances, n_pool)
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    rng = np.random.default_rng(random_state)
    n_clusters = min(len(known) + n, max(_MOST_CENTRES, 2 * n))
    room = max(n, FIT_ROWS - len(known), FIT_ROWS_A_CENTRE * n_clusters - len(known))
    sample, notes = sampled(np.arange(n_pool), room, rng)
    rows = np.concatenate([take(X, sample), known])
    given = np.arange(len(sample), len(rows))[: n_clusters - n]
    centres = fit(rows, n_clusters, rng, given)
    taken = np.zeros(len(centres), dtype=bool)
    taken[assign(known, centres)[0]] = True
    cluster, distance = assign(X, centres)
    sizes = np.bincount(cluster, minlength=len(centres))
    free = np.flatnonzero((sizes > 0) & ~taken)
    free = free[np.argsort(-sizes[free], kind="stable")][:n]
    chosen = filled(medoids(cluster, distance, free), distance, n)
    shown = np.zeros(n)
    shown[: len(free)] = sizes[free]
    reasons = tuple(_reason(int(size)) for size in shown)
    return Chosen(chosen, shown, np.ones(n), reasons, notes)


def _reason(size: int) -> str:
    return f"stands for {size - 1} items like it" if size > 1 else "like no labelled item"


def sampled(
    rows: np.ndarray, room: int, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Of these positions those that centres are fitted on, at most `room`, and what to say of it."""
    import numpy as np

    if len(rows) <= room:
        return rows, ()
    picked = np.sort(rng.choice(len(rows), size=room, replace=False))
    return rows[picked], (f"centres fitted on {room:,} items drawn at random out of {len(rows):,}",)


def medoids(cluster: np.ndarray, distance: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """The member nearest to the centre, of each of these clusters, none of which is empty."""
    import numpy as np

    order = np.lexsort((distance, cluster))
    first = np.searchsorted(cluster[order], clusters)
    return np.asarray(order[first])


def filled(chosen: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """What is chosen and, up to n items, those of the others whose value is greatest."""
    import numpy as np

    others = np.setdiff1d(np.arange(len(values)), chosen)
    best = others[np.argsort(-values[others], kind="stable")][: n - len(chosen)]
    return np.concatenate([chosen, best])


def fit(
    rows: np.ndarray,
    n_clusters: int,
    rng: np.random.Generator,
    given: np.ndarray,
    weights: np.ndarray | None = None,
    seeds: np.ndarray | None = None,
) -> np.ndarray:
    """Centres (n_clusters, dim) float32 by Lloyd's algorithm, from the rows at `seeds`.

    Where these are not given they are those of `seed_rows`, the positions `given` among them. weights:
    (n_rows,), 1 where not given. A cluster without weight keeps its centre.
    """
    import numpy as np
    from scipy.sparse import csr_array

    weighing = np.ones(len(rows), np.float32) if weights is None else weights.astype(np.float32)
    if seeds is None:
        seeds = seed_rows(rows, n_clusters, rng, given, weights)
    centres: np.ndarray = rows[seeds]
    before = np.full(len(rows), -1)
    for _ in range(_ROUNDS):
        cluster, _ = assign(rows, centres)
        if np.array_equal(cluster, before):
            break
        before = cluster
        member = csr_array((weighing, cluster, np.arange(len(rows) + 1)), (len(rows), n_clusters))
        sums, totals = member.T @ rows, np.bincount(cluster, weighing, minlength=n_clusters)
        heavy = totals > 0
        centres[heavy] = sums[heavy] / totals[heavy, None]
    return centres


def seed_rows(
    rows: np.ndarray,
    n_clusters: int,
    rng: np.random.Generator,
    given: np.ndarray,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Greedy k-means++: positions of `n_clusters` different rows, those of `given` first.

    Each next one is the best of a few, drawn with a chance proportional to its weight times the
    squared distance to those before; the first, where none is given, by its weight alone.
    """
    import numpy as np

    squares = np.einsum("ij,ij->i", rows, rows)
    tries = 2 + int(np.log(n_clusters))
    picked = given.tolist() or [_one(weights, len(rows), rng)]
    nearest = assign(rows, rows[picked])[1]
    while len(picked) < n_clusters:
        nearest[picked] = 0
        chances = np.cumsum(nearest if weights is None else nearest * weights, dtype=np.float64)
        if chances[-1] <= 0:  # all that is left equals a picked row, or weighs nothing
            rest = np.setdiff1d(np.arange(len(rows)), picked)
            picked += rest[: n_clusters - len(picked)].tolist()
            break
        drawn = np.searchsorted(chances, rng.random(tries) * chances[-1], side="right")
        distances = squares[:, None] + squares[drawn] - 2 * (rows @ rows[drawn].T)
        after = np.clip(distances, 0, nearest[:, None])
        left = after.sum(axis=0) if weights is None else weights @ after
        best = int(left.argmin())
        picked.append(int(drawn[best]))
        nearest = after[:, best]
    return np.array(picked, dtype=np.int64)


def _one(weights: np.ndarray | None, n_rows: int, rng: np.random.Generator) -> int:
    import numpy as np

    if weights is None:
        return int(rng.integers(n_rows))
    ends = np.cumsum(weights, dtype=np.float64)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))


def assign(X: Any, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row, the lower index of equals, and the squared distance to it."""
    import numpy as np

    half = np.einsum("ij,ij->i", centres, centres) / 2
    cluster = np.empty(len(X), dtype=np.int64)
    distance = np.empty(len(X), dtype=np.float32)
    for start, block in blocks(X, _BLOCK):
        closeness = block @ centres.T
        closeness -= half
        nearest = closeness.argmax(axis=1)
        squares = np.einsum("ij,ij->i", block, block)
        here = slice(start, start + len(block))
        cluster[here] = nearest
        distance[here] = np.maximum(squares - 2 * closeness[np.arange(len(block)), nearest], 0)
    return cluster, distance
