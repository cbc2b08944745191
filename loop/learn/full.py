"""All weights of the encoder's network, tuned."""

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
def full(decay: float = 0.01, *, encoder: Any, context: Context, random_state: int) -> Learner:
    """All weights of the encoder's network, from what it knows already; decay: shrinkage."""
    return Tuned(Full(decay), encoder, context, random_state)


@dataclass(frozen=True)
class Full:
    """Every parameter is trained."""

    decay: float = 0.01
    rate: float = 5e-5
    name: str = "full"
    knows: bool = True

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """Nothing is added."""
        network.requires_grad_(True)

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """Nothing is added."""

    def merge(self, network: torch.nn.Module) -> None:
        """It is in the weights already."""
