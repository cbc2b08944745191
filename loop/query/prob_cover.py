"""ProbCover: the items whose balls of one radius cover most of the pool. For the cold start.

Yehuda, Dekel, Hacohen & Weinshall 2022, "Active Learning Through a Covering Lens". It is max_herding
with a ball as kernel, and leans on the radius: see `delta`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.query.blocks import labelled, take
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import nothing
from labelwright.loop.query.herding import herded
from labelwright.loop.query.k_means import assign, fit
from labelwright.loop.query.kernel import Kernel, closeness, unit
from labelwright.loop.query.modal import understood

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Chosen, QueryLearner

_FIT_ROWS = 10_000
SAMPLE = 12_288
"""Items looked at together: their kernel matrix takes 0.6 GB."""

_BALLS = 2_048
_BLOCK = 1_024


def prob_cover(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    delta: float | None = None,
    purity: float = 0.95,
    random_state: int = 0,
) -> Chosen:
    """The items whose balls cover most that no ball covers yet. Needs no labels.

    Picks one by one the item with most uncovered items nearer than delta, vectors scaled to length
    one; what lies within delta of a labelled item is covered. Utility: the share of the pool newly
    covered. Pools above 12,288 are sampled as max_herding does it.

    Where delta is not given, k-means parts the vectors into as many clusters as there are classes,
    and delta is the greatest radius, to four digits, at which a share `purity` of the balls hold one
    cluster only (of 2,048 balls in a sample of 12,288: another 19 Gflop at 384 numbers a vector). Raises
    StrategyError where there are fewer than two classes for that.
    """
    import numpy as np

    learner = understood(learner)
    n = min(n_instances, len(X))
    if n == 0:
        return nothing()
    known = labelled(learner, X)
    notes: tuple[str, ...] = ()
    if delta is None:
        n_classes = len(learner.classes)
        if n_classes < 2:
            raise StrategyError(
                f"prob_cover finds its delta by the classes, and there are {n_classes}",
                "give it one: prob_cover(delta = 0.5)",
            )
        rows, _ = among(len(X), SAMPLE, random_state)
        some = take(X, np.arange(len(X)) if rows is None else rows)
        vectors = unit(np.concatenate([some, known[:SAMPLE]]))
        delta = pure_radius(
            vectors, clusters(vectors, n_classes, random_state), purity, random_state
        )
        notes = (
            f"prob_cover: delta {delta:.4f}, where {purity:.0%} of the balls hold one cluster",
        )
    chosen = herded(
        X,
        n,
        known,
        Kernel("ball", delta),
        random_state=random_state,
        sample=SAMPLE,
        reason=lambda share: f"is like {share:.2%} of the pool, which are like no labelled item",
    )
    return replace(chosen, notes=(*chosen.notes, *notes))


def clusters(vectors: np.ndarray, n_clusters: int, random_state: int) -> np.ndarray:
    """The k-means cluster of each row, (n,): what stands for the classes that nobody knows yet."""
    import numpy as np

    rng = np.random.default_rng(random_state)
    some = rng.permutation(len(vectors))[:_FIT_ROWS]
    n_clusters = min(n_clusters, len(vectors))
    centres = fit(vectors[np.sort(some)], n_clusters, rng, np.zeros(0, dtype=np.int64))
    return assign(vectors, centres)[0]


def pure_radius(
    vectors: np.ndarray, cluster: np.ndarray, purity: float, random_state: int
) -> float:
    """The greatest radius at which that share of the open balls holds one cluster only.

    A ball is pure up to the nearest item of another cluster, so it is a quantile of those distances,
    of 2,048 items at most. Rounded down to four digits; where there is one cluster, 2, which covers
    the sphere.
    """
    import numpy as np

    if not 0 < purity <= 1:
        raise StrategyError(f"a purity of {purity:g} makes no sense", "give a share, like 95%")
    order = np.argsort(cluster, kind="stable")
    vectors, cluster = vectors[order], cluster[order]  # each cluster is one run of columns
    first, end = np.searchsorted(cluster, cluster), np.searchsorted(cluster, cluster, "right")
    balls = np.random.default_rng(random_state).permutation(len(vectors))[:_BALLS]
    nearest = np.empty(len(balls))
    for start in range(0, len(balls), _BLOCK):
        rows = balls[start : start + _BLOCK]
        close = closeness(vectors[rows], vectors)
        for line, row in zip(close, rows, strict=True):
            line[first[row] : end[row]] = -2  # a distance of 2: none is greater
        nearest[start : start + _BLOCK] = np.sqrt(np.maximum(-2 * close.max(axis=1), 0))
    impure = math.floor((1 - purity) * len(balls) + 1e-9)
    radius = float(np.sort(nearest)[min(impure, len(balls) - 1)])
    return max(math.floor(radius * 1e4), 1) / 1e4
