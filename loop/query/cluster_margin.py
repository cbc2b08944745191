"""Cluster-Margin: of the items of smallest margin some from every cluster.

Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh & Kumar 2021, "Batch Active Learning at
Scale".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import probabilities, take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.k_means import assign, fit
from labelwright.loop.query.margin import utility as uncertainty
from labelwright.loop.query.modal import understood
from labelwright.loop.query.uncertain import predicted

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_MEMBERS = 10
"""Candidates a cluster on average, as in the paper."""


def cluster_margin(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    candidates: int = 10,
) -> Chosen:
    """Items of small margin from as many clusters as there are.

    The `candidates` · n items of smallest margin are parted into a tenth as many clusters by k-means,
    which then take turns, the smallest first: each gives the item of smallest margin that it has
    left. Utility: 1 − margin; the order is that of the turns.

    Other than in the paper the candidates are clustered and not the whole pool, a cluster gives its
    most uncertain item and not a random one, and k-means stands for agglomeration with average
    linkage: that compares every pair, and most of its clusters are one odd item each, whose labels
    taught less than those of margin on its own (AG News and Fashion-MNIST, 400 labels).

    X: (n_items, dim), read once; 8 bytes an item. About 2 · dim · m² / 10 flops for each of 15 rounds
    of k-means over m candidates. Raises StrategyError without labels.
    """
    import numpy as np

    learner = understood(learner)
    if candidates < 1:
        raise StrategyError("cluster_margin needs candidates", "give candidates = 1 or more")
    if len(X) == 0 or n_instances == 0:
        return nothing()
    utilities = np.empty(len(X))
    for rows, _, probs in predicted(learner, X):
        utilities[rows] = uncertainty(probs)
    nearest = top(utilities, candidates * n_instances)
    vectors = take(X, nearest)
    rng = np.random.default_rng(random_state)
    n_clusters = max(1, len(nearest) // _MEMBERS)
    centres = fit(vectors, n_clusters, rng, np.zeros(0, dtype=np.int64))
    cluster, _ = assign(vectors, centres)
    turns = round_robin(cluster)[:n_instances]
    indices = nearest[turns]
    sizes = np.bincount(cluster)[cluster[turns]]
    ranked = np.argsort(-probabilities(learner, vectors[turns]), axis=1, kind="stable")
    names = np.array(learner.classes)[ranked]
    reasons = tuple(
        f"margin {1 - value:.2f}: {' or '.join(two)}; cluster of {size}"
        for value, two, size in zip(utilities[indices], names[:, :2], sizes, strict=True)
    )
    return Chosen(indices, utilities[indices], np.ones(len(indices)), reasons)


def round_robin(cluster: np.ndarray) -> np.ndarray:
    """Positions in the order in which clusters take turns, each with its first position left.

    The smallest cluster begins; of two of one size the one whose first member comes earlier.
    """
    import numpy as np

    order = np.argsort(cluster, kind="stable")
    _, first, number, sizes = np.unique(
        cluster, return_index=True, return_inverse=True, return_counts=True
    )
    turn = np.empty(len(cluster), dtype=np.int64)
    turn[order] = np.arange(len(cluster)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(len(sizes), dtype=np.int64)
    place[np.lexsort((first, sizes))] = np.arange(len(sizes))
    return np.asarray(np.lexsort((place[number], turn)))
