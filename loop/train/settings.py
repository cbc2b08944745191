"""How a network is trained: steps, learning rates, decay. All of it has a default that suits few labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

BATCH = 16
FROM_KNOWLEDGE, FROM_NOTHING = (5, 80), (30, 1_500)
"""Passes over the labels, and the fewest steps."""


@dataclass(frozen=True)
class Settings:
    """AdamW (Loshchilov & Hutter 2019) with a warm-up and then a cosine down to nothing.

    rate: the largest learning rate. rates: other ones, by the beginning of a parameter's name ("head.").
    decay: shrinkage of weights towards zero a step, in units of the rate; vectors (biases, norms) have none.
    warmup: the share of steps in which the rate rises. clip: the largest norm of a gradient.
    """

    steps: int
    seed: int
    rate: float = 1e-3
    rates: Mapping[str, float] = field(default_factory=dict)
    decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0

    def rate_of(self, name: str) -> float:
        """The largest rate of a parameter: that of the longest beginning of its name."""
        fitting = [start for start in self.rates if name.startswith(start)]
        return self.rates[max(fitting, key=len)] if fitting else self.rate

    def share(self, step: int) -> float:
        """What part of its largest rate a parameter is trained with at a step (from 0)."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return (step + 1) / rising
        gone = (step - rising + 1) / max(1, self.steps - rising + 1)
        return (1 + math.cos(math.pi * gone)) / 2


def steps_for(n: int, batch: int = BATCH, epochs: int | None = None, *, knows: bool = True) -> int:
    """How many steps n labelled items are trained for, at `batch` items a step.

    As the task file says (`epochs`). Else five passes and at least 80 steps: few labels need more passes than
    the usual three (Mosbach et al. 2021, Zhang et al. 2021). A network that knows nothing needs thirty, and
    1,500 steps or more.
    """
    a_pass = math.ceil(n / batch)
    passes, fewest = FROM_KNOWLEDGE if knows else FROM_NOTHING
    return epochs * a_pass if epochs is not None else max(passes * a_pass, fewest)
