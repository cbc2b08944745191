"""How much each of a model's own labels counts: by a threshold that stays, or by one that learns.

Every rule is given probabilities (n, n_classes) of some unlabelled items, and the rows (n,) where these stand
among all of them, and gives a weight (n,) of 0 to 1 for each. It may remember: `arrays` and `put` are for
checkpoints.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch

Rule = Literal["none", "flex", "free", "soft"]
RULES: tuple[Rule, ...] = ("none", "flex", "free", "soft")
MOMENTUM = 0.99
_NARROW = 2.0


class Sureness(Protocol):
    """See the module."""

    def weigh(self, probs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor: ...

    def arrays(self) -> dict[str, torch.Tensor]: ...

    def put(self, arrays: dict[str, torch.Tensor]) -> None: ...


class Fixed:
    """1 where the probability reaches the class's limit (n_classes,), else 0 (FixMatch, Sohn et al. 2020)."""

    def __init__(self, limits: torch.Tensor) -> None:
        self.limits = limits

    def weigh(self, probs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """See the module."""
        sure, label = probs.max(dim=1)
        return (sure >= self.limits.to(sure)[label]).to(sure.dtype)

    def arrays(self) -> dict[str, torch.Tensor]:
        """Nothing is remembered."""
        return {}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Nothing is remembered."""


class Flex:
    """Curriculum thresholds (FlexMatch, Zhang et al. 2021): lower for classes that are learned slowly.

    σ(c): how many unlabelled items were last seen above c's limit as a c; β(c) = σ(c) / max(max σ, items
    never seen above); the threshold is β / (2 − β) of the limit.
    """

    def __init__(self, limits: torch.Tensor, n_items: int) -> None:
        self.limits = limits
        self.last = torch.full((n_items,), -1, dtype=torch.int64)

    def thresholds(self) -> torch.Tensor:
        """(n_classes,) as things stand."""
        return curriculum(self.last, self.limits)

    def weigh(self, probs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """See the module."""
        sure, label = probs.max(dim=1)
        taken = sure >= self.thresholds().to(sure)[label]
        above = sure >= self.limits.to(sure)[label]
        self.last[rows[above.cpu()]] = label[above].cpu()
        return taken.to(sure.dtype)

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"last": self.last}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.last = arrays["last"]


class Free:
    """Self-adaptive thresholds (FreeMatch, Wang et al. 2023): one for all, lower for rarer classes.

    τ: a moving average of how sure the model is; p(c): one of its probabilities; the threshold of c is
    τ · p(c) / max p. Both begin at 1 / n_classes.
    """

    def __init__(self, n_classes: int, momentum: float = MOMENTUM) -> None:
        self.momentum = momentum
        self.sure = torch.tensor(1 / n_classes)
        self.mean = torch.full((n_classes,), 1 / n_classes)

    def thresholds(self) -> torch.Tensor:
        """(n_classes,) as things stand."""
        return self.sure * self.mean / self.mean.max()

    def weigh(self, probs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """See the module."""
        sure, label = probs.max(dim=1)
        self.sure = torch.lerp(sure.mean(), self.sure.to(sure), self.momentum)
        self.mean = torch.lerp(probs.mean(dim=0), self.mean.to(sure), self.momentum)
        return (sure >= self.thresholds()[label]).to(sure.dtype)

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"sure": self.sure, "mean": self.mean}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.sure, self.mean = arrays["sure"], arrays["mean"]


class Soft:
    """Gaussian weights (SoftMatch, Chen et al. 2023): 1 above the mean sureness, falling off below it.

    exp(−(sure − μ)² / (2 σ² / 4)) below μ; μ and σ² are moving averages, from 1 / n_classes and 1.
    """

    def __init__(self, n_classes: int, momentum: float = MOMENTUM) -> None:
        self.momentum = momentum
        self.mean, self.variance = torch.tensor(1 / n_classes), torch.tensor(1.0)

    def weigh(self, probs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """See the module."""
        sure = probs.max(dim=1).values
        self.mean = torch.lerp(sure.mean(), self.mean.to(sure), self.momentum)
        spread = sure.var() if len(sure) > 1 else torch.zeros_like(self.mean)
        self.variance = torch.lerp(spread, self.variance.to(sure), self.momentum)
        below = (sure - self.mean).clamp(max=0)
        return torch.exp(-below.square() / (2 * self.variance / _NARROW**2).clamp(min=1e-12))

    def arrays(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"mean": self.mean, "variance": self.variance}

    def put(self, arrays: dict[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.mean, self.variance = arrays["mean"], arrays["variance"]


def curriculum(last: torch.Tensor, limits: torch.Tensor) -> torch.Tensor:
    """FlexMatch's thresholds (n_classes,), where `last` (n_items,) are the classes that items were last
    surely seen as, -1 for never, and `limits` (n_classes,) what it takes to be sure.
    """
    counts = torch.bincount(last[last >= 0], minlength=len(limits)).to(limits.dtype)
    most = max(float(counts.max()), float((last < 0).sum()), 1.0)
    learned = counts / most
    return limits * learned / (2 - learned)


def rule(name: Rule, limits: torch.Tensor, n_items: int) -> Sureness:
    """The rule of that name, new."""
    match name:
        case "flex":
            return Flex(limits, n_items)
        case "free":
            return Free(len(limits))
        case "soft":
            return Soft(len(limits))
    return Fixed(limits)
