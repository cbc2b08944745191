"""BALD as Houlsby et al. 2011 and Gal et al. 2017 write it: H(mean of p) − mean of H(p)."""

from __future__ import annotations

import math

Opinions = list[list[list[float]]]
"""[model][item][class]."""


def entropy(probs: list[float]) -> float:
    return -sum(p * math.log(p) for p in probs if p > 0)


def mean(probs: Opinions, item: int) -> list[float]:
    n_classes = len(probs[0][item])
    return [sum(model[item][c] for model in probs) / len(probs) for c in range(n_classes)]


def score(probs: Opinions, item: int) -> float:
    within = sum(entropy(model[item]) for model in probs) / len(probs)
    return entropy(mean(probs, item)) - within


def bald(probs: Opinions, n_instances: int) -> tuple[list[int], list[float]]:
    """Items, best first, of equal ones the lower position; and their scores."""
    scores = [score(probs, item) for item in range(len(probs[0]))]
    ranked = sorted(range(len(scores)), key=lambda item: (-round(scores[item], 9), item))
    return ranked[:n_instances], [scores[item] for item in ranked[:n_instances]]
