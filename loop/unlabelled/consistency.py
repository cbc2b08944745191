"""Consistency: a strong view of an unlabelled item is to be labelled as the model labels a weak one.

FixMatch (Sohn et al. 2020) and its family, which differ in how much a label counts (`sureness`) and whether
labels are brought to the prior first (`alignment`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

from labelwright.loop.augment.views import View
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.objective import device_of, drawn
from labelwright.loop.unlabelled.alignment import Alignment
from labelwright.loop.unlabelled.sureness import Sureness

BEGIN = 0.2
"""The share of a training that labels have to themselves. Classes given by a network that knows nothing are
noise, and trainings as short as those here do not get over what it teaches."""


@dataclass
class Consistency:
    """Mean over a batch of weight · cross-entropy(strong view, class of the weak view).

    U (m, ...) unlabelled inputs; `size` of them a step, from a fifth of the `steps` on. The class is taken
    without gradients, by the network as it predicts (no dropout).
    """

    U: np.ndarray
    weak: View
    strong: View
    size: int
    steps: int
    seed: int
    sureness: Sureness
    alignment: Alignment | None
    weight: float = 1.0
    used: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.batches = Batches(len(self.U), self.size, derive_seed(self.seed, "unlabelled"))

    def __call__(self, module: torch.nn.Module, step: int) -> torch.Tensor:
        """A `train.objective.Extra`."""
        device = device_of(module)
        if step < BEGIN * self.steps:
            return torch.zeros((), device=device)
        rows = self.batches.rows(step)
        rng = drawn(self.seed, step)
        batch = torch.from_numpy(np.ascontiguousarray(self.U[rows])).to(device)
        with torch.no_grad(), predicting(module):
            probs = torch.softmax(self.weak.through(module, batch, rng).float(), dim=1)
            if self.alignment is not None:
                probs = self.alignment.align(probs)
            counted = self.sureness.weigh(probs, torch.from_numpy(rows))
            labels = probs.argmax(dim=1)
        self.used["share"] = float(counted.mean())
        logits = self.strong.through(module, batch, rng).float()
        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        return self.weight * (counted * losses).mean()

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        kept = {f"sureness.{k}": v for k, v in self.sureness.arrays().items()}
        if self.alignment is not None:
            kept |= {f"alignment.{k}": v for k, v in self.alignment.arrays().items()}
        return kept

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.sureness.put(_part(arrays, "sureness."))
        if self.alignment is not None:
            self.alignment.put(_part(arrays, "alignment."))


@contextmanager
def predicting(module: torch.nn.Module) -> Iterator[None]:
    """The module as it predicts; as it was before, afterwards."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)


def _part(arrays: dict[str, torch.Tensor], start: str) -> dict[str, torch.Tensor]:
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
