"""PowerBALD as Kirsch et al. 2023 write it: the n largest of beta · log BALD + Gumbel noise."""

from __future__ import annotations

import math

from .bald import Opinions, score


def power_bald(
    probs: Opinions, n_instances: int, beta: float, noise: list[float]
) -> tuple[list[int], list[float]]:
    """Items in the order drawn, and what they are ordered by. noise: one Gumbel variate an item."""
    scores = [max(score(probs, item), 1e-12) for item in range(len(probs[0]))]
    drawn = [beta * math.log(s) + g for s, g in zip(scores, noise, strict=True)]
    ranked = sorted(range(len(drawn)), key=lambda item: (-drawn[item], item))[:n_instances]
    return ranked, [drawn[item] for item in ranked]


def chances(weights: list[float], n: int) -> list[float]:
    """Each item's chance to be among n drawn one by one without repetition, by all sequences."""
    found = [0.0] * len(weights)

    def draw(left: list[int], probability: float, more: int) -> None:
        if more == 0:
            return
        total = sum(weights[item] for item in left)
        for item in left:
            chance = probability * weights[item] / total
            found[item] += chance
            draw([other for other in left if other != item], chance, more - 1)

    draw(list(range(len(weights))), 1.0, n)
    return found
