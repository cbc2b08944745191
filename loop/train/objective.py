"""What a step makes smaller, for labels: cross-entropy of one class or of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from labelwright.loop.seeds import derive_seed

if TYPE_CHECKING:
    from labelwright.loop.augment.views import View

Objective = Callable[[torch.nn.Module, np.ndarray, int], torch.Tensor]
"""`objective(module, rows, step)`: the mean loss of these rows. `Extra` sees no rows."""
Extra = Callable[[torch.nn.Module, int], torch.Tensor]
"""One that remembers something from step to step has `arrays()` and `put(arrays)`, for checkpoints."""


def labelled(
    X: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    many: bool = False,
    view: View | None = None,
    seed: int = 0,
) -> Objective:
    """Mean cross-entropy of `module(batch)`, (n, n_classes) logits, against soft targets.

    X (n, ...) inputs of the module; targets (n, n_classes) whose rows sum to one; weights (n,). With `many`,
    each class has an answer of its own (sigmoid), and the loss is their sum. view: how inputs are changed
    each time, by random numbers of `seed` and the step.
    """
    inputs = torch.from_numpy(np.ascontiguousarray(X))
    wanted = torch.from_numpy(np.ascontiguousarray(targets, dtype=np.float32))
    parts = np.ones(len(X)) if weights is None else weights / weights.mean()
    counted = torch.from_numpy(np.ascontiguousarray(parts, dtype=np.float32))

    def loss(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
        some, device = torch.from_numpy(rows), device_of(module)
        batch = inputs[some].to(device)
        logits = module(batch) if view is None else view.through(module, batch, drawn(seed, step))
        each = losses(logits.float(), wanted[some].to(device), many=many)
        return (each * counted[some].to(device)).mean()

    return loss


def losses(logits: torch.Tensor, targets: torch.Tensor, *, many: bool = False) -> torch.Tensor:
    """(n,) the cross-entropy of each row; logits and targets (n, n_classes)."""
    if many:
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets, reduction="none"
        )
        return each.sum(dim=1)
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1)


def drawn(seed: int, step: int) -> torch.Generator:
    """The random numbers of a step's views, the same whenever they are asked for."""
    return torch.Generator().manual_seed(derive_seed(seed, "views", step))


def device_of(module: torch.nn.Module) -> torch.device:
    """Where the module's parameters lie."""
    return next(module.parameters()).device
