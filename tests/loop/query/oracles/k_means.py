"""k-means medoids of the clusters without a label, with plain loops and the same seeds."""

from __future__ import annotations

import numpy as np

from oracles.lloyd import NOISE, cluster, equally_near


def k_means(
    X: np.ndarray, X_training: np.ndarray, n: int, seeds: list[int]
) -> list[tuple[set[int], int]]:
    """(positions that are equally near to the centre, items in the cluster), in the order chosen."""
    rows = np.concatenate([X, X_training]).astype(float)
    own, far = cluster(rows, [1.0] * len(rows), seeds)
    clusters = sorted(set(own) - {own[i] for i in range(len(X), len(rows))})
    members = {c: [i for i in range(len(X)) if own[i] == c] for c in clusters}
    largest = sorted(clusters, key=lambda c: (-len(members[c]), c))[:n]
    chosen = [(equally_near(members[c], far), len(members[c])) for c in largest]
    while len(chosen) < n:  # all rows that are left equal a centre
        chosen.append(({i for i in range(len(X)) if far[i] < NOISE}, 0))
    return chosen
