"""CLUE, equations 4 to 6 and algorithm 1 of Prabhu et al. 2021, with plain loops and the same seeds."""

from __future__ import annotations

import math

import numpy as np

from oracles.lloyd import cluster, equally_near


def entropy(p: np.ndarray, temperature: float = 1.0) -> float:
    powers = [float(value) ** (1 / temperature) for value in p]
    shares = [value / sum(powers) for value in powers]
    return -sum(value * math.log(value) for value in shares if value > 0)


def clue(
    X: np.ndarray, weights: list[float], n: int, seeds: list[int]
) -> list[tuple[set[int], float]]:
    """(positions that are equally near to the centre, entropy of the cluster), in the order chosen."""
    own, far = cluster(X.astype(float), weights, seeds)
    members = {c: [i for i in range(len(X)) if own[i] == c] for c in set(own)}
    masses = {c: sum(weights[i] for i in members[c]) for c in members}
    chosen = [
        (equally_near(members[c], far), masses[c])
        for c in sorted(members, key=lambda c: (-masses[c], c))
    ]
    while len(chosen) < n:  # equal rows left a cluster empty
        chosen.append((set(range(len(X))), 0.0))
    return chosen
