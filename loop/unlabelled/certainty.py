"""Entropy minimisation with the class prior held: sure of every item, but not of one class for all.

Grandvalet & Bengio 2004; the prior as in regularised information maximisation (Krause et al. 2010), which
`loop/learn/information.py` has for frozen vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from labelwright.loop.augment.views import View
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.objective import device_of, drawn
from labelwright.loop.unlabelled.teacher import risen

HELD = 2.0
"""How much the prior counts beside the entropy."""
MOMENTUM = 0.9


@dataclass
class Certainty:
    """weight · [mean entropy + 2 · KL(prior ‖ mean prediction)] over a batch of `size` unlabelled inputs.

    The mean prediction is a moving one, since a batch alone says little where classes are many; its
    gradient is that of the batch's own. The weight rises as the mean teacher's does.
    """

    U: np.ndarray
    weak: View
    size: int
    steps: int
    seed: int
    prior: torch.Tensor
    weight: float

    def __post_init__(self) -> None:
        self.batches = Batches(len(self.U), self.size, derive_seed(self.seed, "unlabelled"))
        self.mean = torch.zeros_like(self.prior)

    def __call__(self, module: torch.nn.Module, step: int) -> torch.Tensor:
        """A `train.objective.Extra`."""
        rows = np.ascontiguousarray(self.U[self.batches.rows(step)])
        batch = torch.from_numpy(rows).to(device_of(module))
        logs = torch.log_softmax(
            self.weak.through(module, batch, drawn(self.seed, step)).float(), dim=1
        )
        probs = logs.exp()
        entropy = -(probs * logs).sum(dim=1).mean()
        now, prior = probs.mean(dim=0), self.prior.to(probs)
        before = self.mean.to(probs)
        mean = torch.lerp(now.detach(), before, MOMENTUM) if float(before.sum()) else now.detach()
        self.mean = mean
        mean = (
            mean + now - now.detach()
        )  # the value of the moving mean, the gradient of the batch's
        apart = (prior * (prior.log() - mean.clamp(min=1e-6).log())).sum()
        return self.weight * risen(step, self.steps) * (entropy + HELD * apart)

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"mean": self.mean}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.mean = arrays["mean"]
