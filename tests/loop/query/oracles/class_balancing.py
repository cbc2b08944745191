"""Balancing by predicted class: each item to the class of fewest labels (Aggarwal et al. 2020)."""

from __future__ import annotations

import math


def uncertainty(name: str, probs: list[float]) -> float:
    ranked = sorted(probs, reverse=True)
    if name == "margin":
        return 1 - (ranked[0] - ranked[1])
    if name == "least_confidence":
        return 1 - ranked[0]
    if name == "entropy":
        return -sum(p * math.log(p) for p in probs if p > 0)
    return ranked[0]


def class_balancing(
    probs: list[list[float]],
    labels: list[int],
    n_instances: int,
    toward: str = "uniform",
    within: str = "margin",
) -> list[int]:
    """Items in the order chosen."""
    n_classes = len(probs[0])
    predicted = [p.index(max(p)) for p in probs]
    counts = [labels.count(c) for c in range(n_classes)]
    queues: list[list[int]] = []
    for number in range(n_classes):
        own = [item for item, c in enumerate(predicted) if c == number]
        queues.append(sorted(own, key=lambda item: (-uncertainty(within, probs[item]), item)))
    shares = [1 / n_classes] * n_classes
    if toward == "pool":
        shares = [predicted.count(c) / len(probs) for c in range(n_classes)]
    chosen: list[int] = []
    while len(chosen) < n_instances:
        open_ = [c for c in range(n_classes) if queues[c]]
        number = min(open_, key=lambda c: (counts[c] / shares[c], c))
        chosen.append(queues[number].pop(0))
        counts[number] += 1
    return chosen
