"""Mean teacher (Tarvainen & Valpola 2017): the network agrees with the moving average of its own weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call

from labelwright.loop.augment.views import View
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.average import Average
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.objective import device_of, drawn
from labelwright.loop.unlabelled.consistency import predicting

RISE = 0.4
"""The share of a training in which what has no label comes to count in full."""


@dataclass
class MeanTeacher:
    """weight · mean of Σ_c (student − teacher)² over a batch: the student sees the strong view.

    U (m, ...) unlabelled inputs; `size` of them a step, `steps` in all. The weight rises to its full size.
    """

    U: np.ndarray
    weak: View
    strong: View
    size: int
    steps: int
    seed: int
    teacher: Average
    weight: float

    def __post_init__(self) -> None:
        self.batches = Batches(len(self.U), self.size, derive_seed(self.seed, "unlabelled"))

    def __call__(self, module: torch.nn.Module, step: int) -> torch.Tensor:
        """A `train.objective.Extra`."""
        rng = drawn(self.seed, step)
        rows = np.ascontiguousarray(self.U[self.batches.rows(step)])
        batch = torch.from_numpy(rows).to(device_of(module))
        with torch.no_grad(), predicting(module):
            seen = self.weak(batch, rng)
            # Not put into the module: the labels' loss still needs the weights that it saw.
            wanted = torch.softmax(
                functional_call(module, self.teacher.weights, seen).float(), dim=1
            )
        found = torch.softmax(self.strong.through(module, batch, rng).float(), dim=1)
        apart = (found - wanted).square().sum(dim=1).mean()
        return self.weight * risen(step, self.steps) * apart


def risen(step: int, steps: int) -> float:
    """exp(−5 (1 − t)²), t from 0 to 1 over the first part of a training, and 1 from there on."""
    t = min(1.0, (step + 1) / max(1.0, RISE * steps))
    return math.exp(-5 * (1 - t) ** 2)
