"""A moving average of weights (Polyak & Juditsky 1992; the teacher of Tarvainen & Valpola 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Average:
    """`decay` of what was, and the rest of what is, at every step; buffers are taken as they are.

    The first steps weigh more, so that the average forgets where it began: min(decay, (1 + t) / (10 + t)).
    """

    def __init__(self, module: torch.nn.Module, decay: float = 0.99) -> None:
        self.decay, self.steps = decay, 0
        self.weights = {name: p.detach().clone() for name, p in _trained(module)}

    @torch.no_grad()
    def update(self, module: torch.nn.Module) -> None:
        """After a step of `module`."""
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        for name, p in _trained(module):
            self.weights[name] = self.weights[name].to(p.device).lerp_(p.detach(), 1 - keep)

    @torch.no_grad()
    def put(self, module: torch.nn.Module) -> None:
        """Give the module the averaged weights."""
        for name, p in _trained(module):
            p.copy_(self.weights[name])

    @contextmanager
    def on(self, module: torch.nn.Module) -> Iterator[None]:
        """The module with averaged weights, as it predicts; what it was comes back."""
        kept, training = {n: p.detach().clone() for n, p in _trained(module)}, module.training
        self.put(module)
        module.eval()
        try:
            yield
        finally:
            module.train(training)
            with torch.no_grad():
                for name, p in _trained(module):
                    p.copy_(kept[name])


def _trained(module: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    return ((name, p) for name, p in module.named_parameters() if p.requires_grad)


def changing(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """What training changes: parameters that require gradients, and buffers that are kept."""
    yield from _trained(module)
    kept = set(module.state_dict())
    yield from ((name, buffer) for name, buffer in module.named_buffers() if name in kept)
