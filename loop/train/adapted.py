"""A linear layer with a bottleneck adapter behind it."""

from __future__ import annotations

from typing import Any

import torch

_SMALL = 1e-3


class Bottleneck(torch.nn.Module):
    """x + up(GELU(down(x))); `up` begins at zero, so that nothing is changed at first."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.down = torch.nn.Linear(width, size)
        self.up = torch.nn.Linear(size, width)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As wide as it came."""
        return x + self.up(torch.nn.functional.gelu(self.down(x)))  # type: ignore[no-any-return]


class Adapted(torch.nn.Module):
    """`layer`, and its adapter after it."""

    def __init__(self, layer: Any, size: int) -> None:
        super().__init__()
        self.layer = layer
        self.adapter = Bottleneck(layer.out_features, size).to(layer.weight.device)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the layer gives, adapted."""
        return self.adapter(self.layer(x))  # type: ignore[no-any-return]


def adapted(layer: Any, size: int) -> Adapted:
    """The layer with an adapter of its own."""
    return Adapted(layer, size)
