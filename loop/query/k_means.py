"""k-means medoids: one item from each part of the data that has no label yet. For the cold start.

After Nguyen & Smeulders 2004 and the k-means baseline of Yu et al. 2023 (PATRON). Seeded by
k-means++ (Arthur & Vassilvitskii 2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.ports import Chosen

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_FIT_ROWS = 8_000
_FIT_ROWS_A_CENTRE = 20
_MOST_CENTRES = 1_000
_ROUNDS = 15
_BLOCK = 8_192


def k_means(learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int) -> Chosen:
    """The items nearest to the centres of the largest clusters without a label. Needs no model.

    X and the items labelled so far are parted into (labelled + n_instances) clusters, first around
    the labelled items; a cluster that holds one of them in the end is passed over. Utility: the
    items of X in the cluster. In large pools the centres are fitted on a sample, every labelled item
    in it (8,000 rows, or 20 a centre); then all rows are assigned.
    """
    import numpy as np

    n_pool = len(X)
    n = min(n_instances, n_pool)
    if n == 0:
        return Chosen(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), ())
    labelled = np.asarray(learner.X_training, dtype=np.float32).reshape(-1, X.shape[1])
    rng = np.random.default_rng(random_state)
    everything = np.concatenate([np.asarray(X, dtype=np.float32), labelled])
    n_clusters = min(len(labelled) + n, max(_MOST_CENTRES, 2 * n))
    room = max(n, _FIT_ROWS - len(labelled), _FIT_ROWS_A_CENTRE * n_clusters - len(labelled))
    sample = _sample(n_pool, len(labelled), room, rng)
    given = np.flatnonzero(sample >= n_pool)[: n_clusters - n]
    centres = _fit(everything[sample], n_clusters, rng, given)
    cluster, distance = assign(everything, centres)
    taken = np.zeros(len(centres), dtype=bool)
    taken[cluster[n_pool:]] = True
    chosen, sizes = _medoids(cluster[:n_pool], distance[:n_pool], taken, n)
    reasons = tuple(_reason(int(size)) for size in sizes)
    return Chosen(chosen, sizes, np.ones(len(chosen)), reasons)


def _reason(size: int) -> str:
    return f"stands for {size - 1} items like it" if size > 1 else "like no labelled item"


def _sample(n_pool: int, n_labelled: int, room: int, rng: np.random.Generator) -> np.ndarray:
    """Positions that the centres are fitted on: the labelled ones, and `room` of the pool."""
    import numpy as np

    if n_pool <= room:
        return np.arange(n_pool + n_labelled)
    picked = np.sort(rng.choice(n_pool, size=room, replace=False))
    return np.concatenate([picked, np.arange(n_pool, n_pool + n_labelled)])


def _medoids(
    cluster: np.ndarray, distance: np.ndarray, taken: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of the n largest free clusters the nearest member each, largest first; and the sizes.

    Where fewer are free (equal rows, or few centres), the rest are the items farthest from their
    centres.
    """
    import numpy as np

    sizes = np.bincount(cluster, minlength=len(taken))
    free = np.flatnonzero((sizes > 0) & ~taken)
    free = free[np.argsort(-sizes[free], kind="stable")][:n]
    order = np.lexsort((distance, cluster))
    first = np.searchsorted(cluster[order], free)
    chosen = order[first]
    if len(chosen) < n:
        others = np.setdiff1d(np.arange(len(cluster)), chosen)
        farthest = others[np.argsort(-distance[others], kind="stable")][: n - len(chosen)]
        chosen = np.concatenate([chosen, farthest])
    shown = np.where(np.arange(n) < len(free), sizes[cluster[chosen]], 0)
    return chosen, shown.astype(np.float64)


def _fit(
    rows: np.ndarray, n_clusters: int, rng: np.random.Generator, given: np.ndarray
) -> np.ndarray:
    """Centres (n_clusters, dim) float32 by Lloyd's algorithm; empty clusters keep their centre.

    The rows at the positions `given` are among the first centres.
    """
    import numpy as np

    centres: np.ndarray = rows[seed_rows(rows, n_clusters, rng, given)]
    before = np.full(len(rows), -1)
    for _ in range(_ROUNDS):
        cluster, _ = assign(rows, centres)
        if np.array_equal(cluster, before):
            break
        before = cluster
        order = np.argsort(cluster, kind="stable")
        present, starts = np.unique(cluster[order], return_index=True)
        sums = np.add.reduceat(rows[order], starts, axis=0)
        counts = np.diff(np.append(starts, len(rows)))
        centres[present] = sums / counts[:, None].astype(np.float32)
    return centres


def seed_rows(
    rows: np.ndarray, n_clusters: int, rng: np.random.Generator, given: np.ndarray
) -> np.ndarray:
    """Greedy k-means++: positions of `n_clusters` different rows, those of `given` first.

    Each next one is the best of a few, drawn with a chance proportional to the squared distance to
    those before.
    """
    import numpy as np

    squares = np.einsum("ij,ij->i", rows, rows)
    tries = 2 + int(np.log(n_clusters))
    picked = given.tolist() or [int(rng.integers(len(rows)))]
    nearest = assign(rows, rows[picked])[1]
    while len(picked) < n_clusters:
        nearest[picked] = 0
        chances = np.cumsum(nearest, dtype=np.float64)
        if chances[-1] <= 0:  # all that is left equals a picked row
            rest = np.setdiff1d(np.arange(len(rows)), picked)
            picked += rest[: n_clusters - len(picked)].tolist()
            break
        drawn = np.searchsorted(chances, rng.random(tries) * chances[-1], side="right")
        distances = squares[:, None] + squares[drawn] - 2 * (rows @ rows[drawn].T)
        after = np.clip(distances, 0, nearest[:, None])
        best = int(after.sum(axis=0).argmin())
        picked.append(int(drawn[best]))
        nearest = after[:, best]
    return np.array(picked, dtype=np.int64)


def assign(rows: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row, the lower index of equals, and the squared distance to it."""
    import numpy as np

    half = np.einsum("ij,ij->i", centres, centres) / 2
    cluster = np.empty(len(rows), dtype=np.int64)
    distance = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        closeness = block @ centres.T - half
        cluster[start : start + _BLOCK] = closeness.argmax(axis=1)
        squares = np.einsum("ij,ij->i", block, block)
        distance[start : start + _BLOCK] = np.maximum(squares - 2 * closeness.max(axis=1), 0)
    return cluster, distance
