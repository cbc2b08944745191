"""Distribution alignment: what a model says of unlabelled items, brought to the labels' frequencies.

ReMixMatch (Berthelot et al. 2020), AdaMatch (Berthelot et al. 2022).
"""

from __future__ import annotations

import torch

SMOOTHING = 2
"""Labels added to each class in the prior."""
MOMENTUM = 0.99


def prior_of(counts: torch.Tensor) -> torch.Tensor:
    """(n_classes,) how frequent classes are, by the labels (n_classes,) counted, two more for each."""
    return (counts + SMOOTHING) / (counts + SMOOTHING).sum()


class Alignment:
    """`align(probs)`: probs · prior / running mean of probs, rows brought back to sum to one.

    The mean is a moving one of momentum 0.99, and begins with the first batch.
    """

    def __init__(self, prior: torch.Tensor, momentum: float = MOMENTUM) -> None:
        self.prior, self.momentum = prior, momentum
        self.mean = torch.zeros_like(prior)

    def align(self, probs: torch.Tensor) -> torch.Tensor:
        """probs (n, n_classes); the running mean hears of them first."""
        now = probs.mean(dim=0)
        started = bool(self.mean.sum() > 0)
        self.mean = self.mean.to(now)
        self.mean = torch.lerp(now, self.mean, self.momentum) if started else now
        scaled = probs * (self.prior.to(now) / self.mean.clamp(min=1e-6))
        return scaled / scaled.sum(dim=1, keepdim=True)

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"mean": self.mean}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.mean = arrays["mean"]
