"""Settles & Craven 2008: information density, an uncertainty times the mean cosine to the pool."""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector = Sequence[float]


def cosine(a: Vector, b: Vector) -> float:
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def utilities(
    X: Sequence[Vector], uncertainty: Sequence[float], beta: float, similarity: str
) -> list[float]:
    power = 2 if similarity == "squared_cosine" else 1
    found = []
    for i, x in enumerate(X):
        mean = sum(cosine(x, other) ** power for other in X) / len(X)
        found.append(uncertainty[i] * max(mean, 0.0) ** beta)
    return found
