"""All weights of the encoder's network, drawn by the seed: whatever it had learned is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.learn.suiting import needs
from labelwright.loop.learn.tuning import Tuned

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.ports import Context, Learner


@needs("network")
def scratch(decay: float = 0.01, *, encoder: Any, context: Context, random_state: int) -> Learner:
    """All weights of the encoder's network, drawn anew by the seed; decay: shrinkage."""
    return Tuned(Scratch(decay), encoder, context, random_state)


@dataclass(frozen=True)
class Scratch:
    """Every parameter is trained, and none begins as the encoder has it."""

    decay: float = 0.01
    rate: float = 1e-3
    name: str = "scratch"
    knows: bool = False

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """Weights are drawn."""
        from labelwright.loop.train.drawn import draw

        draw(network, seed)
        network.requires_grad_(True)

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """Nothing is added."""

    def merge(self, network: torch.nn.Module) -> None:
        """It is in the weights already."""
