"""A network with a linear head, and what of it was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np


class Classifier(torch.nn.Module):
    """Inputs to (n, n_classes) logits. `network` gives vectors, its `dim` their length."""

    def __init__(self, network: Any, n_classes: int) -> None:
        super().__init__()
        self.network = network
        self.head = torch.nn.Linear(int(network.dim), n_classes)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.head(self.network(batch))  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> Classifier:
        """As ever, but running statistics of layers that are not trained stay what they are."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and not _trains(module):
                module.eval()
        return self


def learned(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """What a training learned: parameters that got gradients, and statistics kept beside them."""
    kept: dict[str, torch.Tensor] = {
        name: p for name, p in module.named_parameters() if p.grad is not None
    }
    kept |= dict(_statistics(module))
    return {name: value.detach().cpu().numpy().copy() for name, value in kept.items()}


def put(module: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
    """Give a module what `learned` of one like it returned. Raises KeyError, RuntimeError where it is not."""
    places = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    with torch.no_grad():
        for name, value in state.items():
            places[name].copy_(torch.from_numpy(value))


def _statistics(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    kept = set(module.state_dict())
    for name, part in module.named_modules():
        if _trains(part):
            for own, buffer in part.named_buffers(recurse=False):
                whole = f"{name}.{own}" if name else own
                if whole in kept:
                    yield whole, buffer


def _trains(module: torch.nn.Module) -> bool:
    return any(p.requires_grad for p in module.parameters(recurse=False))
