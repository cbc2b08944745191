"""Several tests of one question, and a question asked again every round, at one level all together."""

from __future__ import annotations

from collections.abc import Sequence

LEVEL = 0.01
"""Chance of a false alarm, of one comparison over a whole campaign on one version of the data."""


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted for being several (Holm 1979): each is below a level where Holm rejects at it."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    found, most = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(p) - rank) * p[i]))
        found[i] = most
    return found


def looked_again(p: float, look: int) -> float:
    """A p-value adjusted for being the look-th (from 0) at data that grow: times (look + 1)(look + 2).

    The inverses of these add up to one over all looks there may ever be, so that the level holds for all.
    """
    return min(1.0, p * (look + 1) * (look + 2))
