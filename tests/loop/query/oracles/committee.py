"""Disagreement: vote entropy (Dagan & Engelson 1995), divergence from the mean (McCallum & Nigam 1998)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from oracles.entropy import utility as entropy


def disagreement(measure: str, opinions: Sequence[Sequence[float]]) -> float:
    """Of one item; opinions: what each member says of it, a probability a class."""
    classes = range(len(opinions[0]))
    mean = [sum(p[c] for p in opinions) / len(opinions) for c in classes]
    if measure == "vote_entropy":
        votes = [0] * len(mean)
        for p in opinions:
            votes[list(p).index(max(p))] += 1
        return entropy([count / len(opinions) for count in votes])
    if measure == "consensus_entropy":
        return entropy(mean)
    divergences = [
        sum(p[c] * math.log(p[c] / mean[c]) for c in classes if p[c] > 0) for p in opinions
    ]
    if measure == "max_disagreement":
        return max(divergences)
    return sum(divergences) / len(divergences)


def choose(measure: str, opinions: Sequence[Sequence[Sequence[float]]], n: int) -> list[int]:
    """opinions[i]: those of item i. Ties: greater consensus entropy, then the lower position."""
    keys = [
        (-round(disagreement(measure, item), 10), -disagreement("consensus_entropy", item), i)
        for i, item in enumerate(opinions)
    ]
    return [i for _, _, i in sorted(keys)[:n]]
