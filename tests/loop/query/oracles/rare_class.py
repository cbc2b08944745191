"""P(class) + (cosine to the nearest positive − cosine to the nearest other labelled item) / 2."""

from __future__ import annotations

import math

Row = list[float]


def cosine(a: Row, b: Row) -> float:
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def rarest(labels: list[int]) -> int:
    """Of the classes that have labels the one of fewest, of equal ones the first."""
    return min(sorted(set(labels)), key=labels.count)


def scores(
    X: list[Row], probs: list[Row], X_labelled: list[Row], labels: list[int], number: int
) -> list[float]:
    found = []
    for row, p in zip(X, probs, strict=True):
        ours = [cosine(row, x) for x, c in zip(X_labelled, labels, strict=True) if c == number]
        others = [cosine(row, x) for x, c in zip(X_labelled, labels, strict=True) if c != number]
        found.append(p[number] + (max(ours, default=0.0) - max(others, default=0.0)) / 2)
    return found
