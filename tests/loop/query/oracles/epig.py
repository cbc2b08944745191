"""EPIG as Bickford Smith et al. 2023 write it: the KL divergence of p(y, y') from p(y) p(y')."""

from __future__ import annotations

import math

from .bald import Opinions, mean


def score(probs: Opinions, item: int, targets: list[int]) -> float:
    total = 0.0
    own = mean(probs, item)
    for target in targets:
        theirs = mean(probs, target)
        for y, p in enumerate(own):
            for y_target, p_target in enumerate(theirs):
                both = sum(m[item][y] * m[target][y_target] for m in probs) / len(probs)
                if both > 0:
                    total += both * math.log(both / (p * p_target))
    return total / len(targets)


def epig(probs: Opinions, n_instances: int, targets: list[int]) -> tuple[list[int], list[float]]:
    """Items, best first, of equal ones the lower position; and their scores."""
    scores = [score(probs, item, targets) for item in range(len(probs[0]))]
    ranked = sorted(range(len(scores)), key=lambda item: (-round(scores[item], 9), item))
    return ranked[:n_instances], [scores[item] for item in ranked[:n_instances]]
