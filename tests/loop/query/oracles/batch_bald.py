"""BatchBALD as Kirsch et al. 2019 write it: H(y_1 … y_b) − Σ mean of H(y_i | model), all answers."""

from __future__ import annotations

import itertools
import math

from .bald import Opinions, entropy


def information(probs: Opinions, batch: list[int]) -> float:
    """Mutual information of the batch's answers and the model, in nats."""
    n_classes = len(probs[0][0])
    joint = 0.0
    for answers in itertools.product(range(n_classes), repeat=len(batch)):
        chance = 0.0
        for model in probs:
            product = 1.0
            for item, answer in zip(batch, answers, strict=True):
                product *= model[item][answer]
            chance += product / len(probs)
        if chance > 0:
            joint -= chance * math.log(chance)
    within = sum(entropy(model[item]) for item in batch for model in probs) / len(probs)
    return joint - within


def batch_bald(probs: Opinions, n_instances: int) -> tuple[list[int], list[float]]:
    """The greedy batch, of equal items the lower position; and what each adds."""
    batch: list[int] = []
    gains: list[float] = []
    told = 0.0
    for _ in range(n_instances):
        left = [item for item in range(len(probs[0])) if item not in batch]
        values = {item: information(probs, [*batch, item]) for item in left}
        best = min(left, key=lambda item: (-round(values[item], 9), item))
        gains.append(values[best] - told)
        told = values[best]
        batch.append(best)
    return batch, gains
