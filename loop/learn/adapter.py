"""Bottleneck adapters (Houlsby et al. 2019): small layers between those of the network.

peft has none of this form. As in the paper there are two in each block of a transformer, after its attention
and after its feed-forward part, before what they found is added back; they begin as the identity.
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

_PART = ".adapter.down.weight"


@needs("network")
def adapter(size: int = 32, *, encoder: Any, context: Context, random_state: int) -> Learner:
    """Small layers with `size` numbers in their middle, after each attention and feed-forward part."""
    if size < 1:
        raise PluginError(f"adapter: size = {size} is no width", "write 1 or more; 32 is usual")
    return Tuned(Adapter(size), encoder, context, random_state)


@dataclass(frozen=True)
class Adapter:
    """x + up(GELU(down(x))) after each layer that writes back."""

    size: int
    rate: float = 1e-3
    decay: float = 0.0
    name: str = "adapter"
    knows: bool = True

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """After each layer that writes what a block found back."""
        import torch

        from labelwright.loop.train.layers import linears, writing

        names = writing(linears(network, sample))
        if not names:
            raise PluginError(
                "finetune = adapter needs a transformer, and the network of this encoder is none",
                "choose `finetune = full` or `finetune = head`",
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._insert(network, names)

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """After the layers that the state names."""
        self._insert(network, [n.removesuffix(_PART) for n in state if n.endswith(_PART)])

    def merge(self, network: torch.nn.Module) -> None:
        """It does not fold: there is a nonlinear function in it."""
        raise PluginError(
            "an adapter cannot be folded into the network's weights",
            "keep it beside the encoder, or choose `finetune = lora`",
        )

    def _insert(self, network: torch.nn.Module, names: list[str]) -> None:
        from labelwright.loop.train.adapted import adapted
        from labelwright.loop.train.layers import replace

        network.requires_grad_(False)
        for name in names:
            replace(network, name, adapted(network.get_submodule(name), self.size))
