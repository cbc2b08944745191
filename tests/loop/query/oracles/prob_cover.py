"""ProbCover by its definition (Yehuda et al. 2022, algorithm 1 and section 3.2)."""

from __future__ import annotations

import math

from oracles.max_herding import directions


def pure(x, delta, rows, cluster):
    """Whether every item nearer to x than delta is of x's cluster."""
    return all(
        cluster[y] == cluster[x] for y in range(len(rows)) if math.dist(rows[x], rows[y]) < delta
    )


def radius(X, cluster, purity):
    """The greatest delta at which that share of the balls is pure; a ball turns at a distance."""
    rows = directions(X)
    turning = sorted(
        math.dist(rows[x], rows[y])
        for x in range(len(rows))
        for y in range(x)
        if cluster[x] != cluster[y]
    )
    best = 2.0
    for delta in turning:
        if sum(pure(x, delta, rows, cluster) for x in range(len(rows))) / len(rows) < purity:
            break
        best = delta
    return max(math.floor(best * 1e4), 1) / 1e4


def prob_cover(X, X_training, n, delta):
    """(picks, numbers of items newly covered), until all are covered."""
    pool, labelled = directions(X), directions(X_training)
    uncovered = {
        s for s in range(len(pool)) if all(math.dist(x, pool[s]) >= delta for x in labelled)
    }
    picks, found = [], []
    while uncovered and len(picks) < n:
        balls = {
            x: {s for s in uncovered if math.dist(pool[x], pool[s]) < delta}
            for x in range(len(pool))
            if x not in picks
        }
        pick = max(balls, key=lambda x: len(balls[x]))  # the first of equals
        picks.append(pick)
        found.append(len(balls[pick]))
        uncovered -= balls[pick]
    return picks, found
