"""TypiClust's choice, given the clusters (Hacohen et al. 2022, algorithm 1, and the authors' code)."""

from __future__ import annotations

import math


def typicality(x, others):
    """1 / mean distance to the nearest 20 others, or to half of all where that is less."""
    k = min(20, (len(others) + 1) // 2)
    if k == 0:
        return 0.0
    nearest = sorted(math.dist(x, other) for other in others)[:k]
    return 1 / (sum(nearest) / k + 1e-5)


def typiclust(X, cluster, of_labelled, n):
    """(picks, typicalities)."""
    X = [[float(v) for v in row] for row in X]
    sizes, labels = {}, {}
    for group in [*cluster, *of_labelled]:
        sizes[group] = sizes.get(group, 0) + 1
    for group in of_labelled:
        labels[group] = labels.get(group, 0) + 1
    queue = sorted(sizes, key=lambda group: (labels.get(group, 0), -sizes[group], group))
    left = {g: [i for i in range(len(X)) if cluster[i] == g] for g in queue}
    picks, found = [], []
    while len(picks) < n:
        usable = [g for g in queue if sizes[g] > 5 and left[g]] or [g for g in queue if left[g]]
        for group in usable:
            if len(picks) == n:
                break
            values = {
                i: typicality(X[i], [X[j] for j in left[group] if j != i]) for i in left[group]
            }
            most = max(values.values())
            pick = next(i for i in left[group] if values[i] >= most * (1 - 1e-5))
            picks.append(pick)
            found.append(values[pick])
            left[group].remove(pick)
    return picks, found
