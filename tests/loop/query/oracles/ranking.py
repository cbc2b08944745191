"""The n best of a list, by looking at all of them n times."""

from __future__ import annotations

from collections.abc import Sequence


def best(utilities: Sequence[float], n: int) -> list[int]:
    """Positions, greatest first, of equals the lower."""
    left = list(range(len(utilities)))
    chosen = []
    while left and len(chosen) < n:
        top = left[0]
        for i in left[1:]:
            if utilities[i] > utilities[top]:
                top = i
        chosen.append(top)
        left.remove(top)
    return chosen
