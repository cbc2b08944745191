"""Prefix-tuning (Li & Liang 2021): learned keys and values that every attention sees before its input's.

peft hands its prefixes to a model as past keys and values, which moves the positions of an encoder's text and
which vision models do not take. Here they join the keys and values within the attention itself, by the door
that transformers has for it, so that positions stay and every encoder with such attention takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import needs
from labelwright.loop.learn.tuning import Tuned

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.ports import Context, Learner


@needs("network")
def prefix(length: int = 16, *, encoder: Any, context: Context, random_state: int) -> Learner:
    """`length` learned keys and values before those of the input, in every attention."""
    if length < 1:
        raise PluginError(f"prefix: length = {length} is none", "write 1 or more; 16 is usual")
    return Tuned(Prefix(length), encoder, context, random_state)


@dataclass(frozen=True)
class Prefix:
    """Keys and values begin as some that the network made of labelled items (as in the paper)."""

    length: int
    rate: float = 1e-2
    decay: float = 0.0
    name: str = "prefix"
    knows: bool = True

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """A prefix for each attention."""
        from labelwright.loop.train.prefixes import begin, observed, opened

        network.requires_grad_(False)
        opened(network)
        seen = observed(network, sample)
        if not seen:
            raise PluginError(
                "finetune = prefix needs a network with attention as transformers has it, and that of "
                "this encoder has none",
                "choose `finetune = lora` or `finetune = full`",
            )
        begin(seen, self.length, seed)

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """A prefix for each attention that the state names."""
        from labelwright.loop.train.prefixes import empty, opened

        network.requires_grad_(False)
        opened(network)
        empty(network, state)

    def merge(self, network: torch.nn.Module) -> None:
        """It does not fold: it is no change of weights."""
        raise PluginError(
            "a prefix cannot be folded into the network's weights",
            "keep it beside the encoder, or choose `finetune = lora`",
        )
