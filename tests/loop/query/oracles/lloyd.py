"""Weighted k-means with plain loops: greedy k-means++ (Arthur & Vassilvitskii 2007), then Lloyd."""

from __future__ import annotations

import math

import numpy as np

NOISE = 1e-5
"""A squared distance below it may be 0 in float32."""


def cluster(
    rows: np.ndarray, weights: list[float], seeds: list[int]
) -> tuple[list[int], list[float]]:
    """The cluster of each row, and its squared distance to the centre, after at most 15 rounds."""
    centres = [rows[i] for i in seeds]
    before: list[int] = []
    for _ in range(15):
        own = [_nearest(row, centres)[0] for row in rows]
        if own == before:
            break
        before = own
        for c in set(own):
            members = [i for i in range(len(rows)) if own[i] == c]
            total = sum(weights[i] for i in members)
            if total > 0:
                centres[c] = sum(weights[i] * rows[i] for i in members) / total
    found = [_nearest(row, centres) for row in rows]
    return [c for c, _ in found], [d for _, d in found]


def surplus(
    rows: np.ndarray,
    weights: list[float],
    seeds: list[int],
    n_given: int,
    rng: np.random.Generator,
) -> float:
    """How much worse a seed is than the best that could be drawn when its turn came; 0 if none is.

    Each seed after the given ones is to be the best of a few rows, drawn with a chance by weight
    times squared distance. Two rows that are each other's nearest are equally good, so that rounding
    decides between them: hence no seeds of its own. Infinite where a seed was not drawn.
    """
    worst = 0.0
    near = [_nearest(row, [rows[p] for p in seeds[:n_given]])[1] for row in rows]
    for seed in seeds[n_given:]:
        mass = [w * d for w, d in zip(weights, near, strict=True)]
        total = sum(mass)
        if total < NOISE * sum(weights):
            break
        drawn = [fallen(mass, u * total) for u in rng.random(2 + int(math.log(len(seeds))))]
        if seed not in drawn:
            return math.inf
        after = {
            row: [min(n, d) for n, d in zip(near, _squares(rows, rows[row]), strict=True)]
            for row in drawn
        }
        left = {
            row: sum(w * d for w, d in zip(weights, far, strict=True)) for row, far in after.items()
        }
        worst = max(worst, (left[seed] - min(left.values())) / total)
        near = after[seed]
    return worst


def fallen(weights: list[float], point: float) -> int:
    """The row on which a point of 0 to the sum of the weights falls."""
    row = 0
    while point >= weights[row]:
        point -= weights[row]
        row += 1
    return row


def equally_near(members: list[int], far: list[float]) -> set[int]:
    """The members nearest to the centre: all whose distance is the same but for rounding."""
    least = min(far[i] for i in members)
    return {i for i in members if far[i] <= least * (1 + 1e-4) + NOISE}


def _nearest(row: np.ndarray, centres: list[np.ndarray]) -> tuple[int, float]:
    distances = _squares(np.array(centres), row)
    return distances.index(min(distances)), min(distances)


def _squares(rows: np.ndarray, point: np.ndarray) -> list[float]:
    return [float(d) for d in ((rows - point) ** 2).sum(axis=1)]
