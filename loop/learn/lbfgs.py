"""Limited-memory BFGS for smooth convex functions (Nocedal & Wright 2006, algorithms 7.4 and 3.1).

Small on purpose: torch.optim.LBFGS loads torch's compiler on first use, which takes seconds, and
scipy's spends more on its threads than on problems of this size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch

Objective = Callable[[torch.Tensor], tuple[float, torch.Tensor]]
"""`objective(x)` -> value and gradient."""

_SUFFICIENT = 1e-4  # of the decrease that the slope promises
_HALVINGS = 40


def minimise(
    objective: Objective,
    start: torch.Tensor,
    *,
    tolerance: float = 1e-7,
    iterations: int = 1000,
    memory: int = 20,
    still: float = 0.0,
) -> torch.Tensor:
    """Where no entry of the gradient exceeds `tolerance`, or no step goes lower by more than `still`."""
    x = start
    value, gradient = objective(x)
    pairs: deque[tuple[torch.Tensor, torch.Tensor]] = deque(maxlen=memory)
    for _ in range(iterations):
        if float(gradient.abs().max()) <= tolerance:
            break
        direction = _direction(gradient, pairs)
        slope = float(direction @ gradient)
        step = 1.0 if pairs else min(1.0, 1.0 / float(gradient.norm()))
        for _ in range(_HALVINGS):
            candidate = x + step * direction
            new_value, new_gradient = objective(candidate)
            if new_value <= value + _SUFFICIENT * step * slope:
                break
            step /= 2
        else:
            break  # as low as these floats go
        moved, turned = candidate - x, new_gradient - gradient
        if float(moved @ turned) > 0:
            pairs.append((moved, turned))
        fell = value - new_value
        x, value, gradient = candidate, new_value, new_gradient
        if fell < still:
            break
    return x


def _direction(
    gradient: torch.Tensor, pairs: deque[tuple[torch.Tensor, torch.Tensor]]
) -> torch.Tensor:
    """Minus the inverse Hessian, as the pairs of moves and turns know it, times the gradient."""
    q = -gradient
    shares: list[float] = []
    for moved, turned in reversed(pairs):
        share = float(moved @ q) / float(moved @ turned)
        q = q - share * turned
        shares.append(share)
    if pairs:
        moved, turned = pairs[-1]
        q = q * (float(moved @ turned) / float(turned @ turned))
    for (moved, turned), share in zip(pairs, reversed(shares), strict=True):
        q = q + (share - float(turned @ q) / float(moved @ turned)) * moved
    return q
