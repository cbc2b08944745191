"""TypiClust: from each large cluster without a label the most typical item. For the cold start.

Hacohen, Dekel & Weinshall 2022, "Active Learning on a Budget: Opposite Strategies Suit High and Low
Budgets". Where the paper leaves room, as in the authors' code (avihu111/TypiClust).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import labelled, take
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.k_means import assign, fit, seed_rows
from labelwright.loop.query.kernel import closeness
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_MOST_CLUSTERS = 500
_SMALL = 5
_NEIGHBOURS = 20
_MEMBERS = 1_024
_FIT_ROWS, _FIT_ROWS_EACH, _SEED_ROWS_EACH = 2_048, 20, 10


def typiclust(
    learner: QueryLearner, X: np.ndarray, n_instances: int, *, random_state: int = 0
) -> Chosen:
    """The most typical items of the largest clusters without a label. Needs no labels.

    X and the labelled items are parted by k-means into labelled + n_instances clusters, 500 at most.
    The clusters take turns, those with fewest labels first, of these the largest; clusters of up to
    5 items only once the others are used up. On its turn a cluster gives its most typical item:
    typicality is 1 / (the mean distance to the nearest others + 1e-5), taken over 20 items, or half
    of the cluster where that is less, that are neither labelled nor chosen. Utility: the typicality,
    0 for the last item of a cluster.

    Centres are fitted on 20 rows for each cluster (2,048 at least), from seeds among half of these, then
    all are assigned: one pass, 2·N·500·dim flops. In a cluster of more than 1,024 the typical item is one
    of 1,024 drawn at random, and a note says so.
    """
    import numpy as np

    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    cluster, of_known = clusters(X, known, n, random_state)
    n_clusters = int(max(cluster.max(), of_known.max(initial=0))) + 1
    labels = np.bincount(of_known, minlength=n_clusters)
    free = np.bincount(cluster, minlength=n_clusters)
    order = np.argsort(cluster, kind="stable")
    starts = np.cumsum([0, *free])
    chosen: np.ndarray = np.zeros(n, dtype=np.int64)
    utilities: np.ndarray = np.zeros(n)
    turn_of = turns(free, labels, n)
    sampled = False
    for group in np.unique(turn_of):
        slots = np.flatnonzero(turn_of == group)
        members = order[starts[group] : starts[group + 1]]
        sampled |= len(members) > _MEMBERS
        rng = np.random.default_rng((random_state, int(group)))
        chosen[slots], utilities[slots] = _most_typical(X, members, len(slots), rng)
    note = f"in clusters of more than {_MEMBERS:,} typical among {_MEMBERS:,} drawn at random"
    return Chosen(
        chosen,
        utilities,
        np.ones(n),
        tuple(_reason(int(free[group]), int(labels[group])) for group in turn_of),
        (note,) if sampled else (),
    )


def _reason(free: int, labels: int) -> str:
    has = "no label" if labels == 0 else f"{labels} label{'s' * (labels > 1)}"
    return f"typical of a cluster of {free + labels:,} with {has}"


def clusters(X: Any, known: np.ndarray, n: int, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """The cluster of every row of X, and of every labelled one; (n_pool,) and (n_labelled,)."""
    import numpy as np

    rng = np.random.default_rng(random_state)
    n_clusters = min(len(known) + n, _MOST_CLUSTERS)
    n_rows = max(_FIT_ROWS, _FIT_ROWS_EACH * n_clusters)
    some: np.ndarray = np.arange(len(X))
    if len(X) > n_rows:
        some = np.sort(rng.choice(len(X), size=n_rows, replace=False))
    seen = rng.permutation(len(known))[:n_rows]
    rows = np.concatenate([take(X, some), known[seen]])
    nothing_given = np.zeros(0, dtype=np.int64)
    few = rng.permutation(len(rows))[: max(_FIT_ROWS, _SEED_ROWS_EACH * n_clusters)]
    seeds = few[seed_rows(rows[few], n_clusters, rng, nothing_given)]
    centres = fit(rows, n_clusters, rng, nothing_given, seeds=seeds)
    return assign(X, centres)[0], assign(known, centres)[0]


def turns(free: np.ndarray, labels: np.ndarray, n: int) -> np.ndarray:
    """Which cluster gives the first, second, … of n items; none gives more than it has `free`."""
    import numpy as np

    sizes = free + labels
    order = np.lexsort((-sizes, labels))
    found: list[np.ndarray] = []
    missing = n
    for now in (order[sizes[order] > _SMALL], order[sizes[order] <= _SMALL]):
        given, left = 0, now[free[now] > 0]
        while len(left) and missing > 0:
            found.append(left)
            missing -= len(left)
            given += 1
            left = left[free[left] > given]
    return np.asarray(np.concatenate(found)[:n])


def _most_typical(
    X: Any, members: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The n most typical members, and their typicality; of a large cluster from parts of it."""
    import numpy as np

    if len(members) > _MEMBERS:
        members = rng.permutation(members)
    picked: list[np.ndarray] = []
    typicality: list[np.ndarray] = []
    for start in range(0, n, _MEMBERS):
        part = np.sort(members[start : start + _MEMBERS])
        picks, values = typical(take(X, part), min(n - start, len(part)))
        picked.append(part[picks])
        typicality.append(values)
    return np.concatenate(picked), np.concatenate(typicality)


def typical(rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The most typical of the rows (m, dim), without it the next, …: n positions and typicalities.

    Takes 4·m² bytes. Of equal ones the lower position comes first.
    """
    import numpy as np

    distances = _distances(rows)
    left = np.ones(len(rows), dtype=bool)
    mean, farthest = np.zeros(len(rows)), np.zeros(len(rows))
    stale: np.ndarray = left
    before = -1
    picks: list[int] = []
    found: list[float] = []
    for _ in range(n):
        k = min(_NEIGHBOURS, int(left.sum()) // 2)
        stale = stale if k == before else left
        if k and stale.any():
            nearest = np.partition(distances[stale], k - 1, axis=1)[:, :k]
            mean[stale], farthest[stale] = nearest.mean(axis=1), nearest.max(axis=1)
        least = mean[left].min()
        pick = int((left & (mean <= least * (1 + 1e-5))).argmax())
        picks.append(pick)
        found.append(float(1 / (mean[pick] + 1e-5)) if k else 0.0)
        left[pick] = False
        stale, before = left & (distances[:, pick] <= farthest), k
        distances[:, pick] = np.inf
    return np.array(picks, dtype=np.int64), np.array(found)


def _distances(rows: np.ndarray) -> np.ndarray:
    """Between all rows, inf to itself; 0 where float32 cannot tell two apart."""
    import numpy as np

    rows = rows - rows.mean(axis=0)
    found = -2 * closeness(rows, rows)
    found[found < 1e-6 * np.square(rows).sum() / len(rows)] = 0
    np.sqrt(found, out=found)
    np.fill_diagonal(found, np.inf)
    return found
