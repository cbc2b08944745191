"""LoRA (Hu et al. 2022): low-rank changes of the network's matrices, by way of the library peft."""

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

_PART = ".lora_A."


@needs("network")
def lora(
    r: int = 8,
    alpha: float = 16,
    targets: str = "auto",
    *,
    encoder: Any,
    context: Context,
    random_state: int,
) -> Learner:
    """Low-rank changes (rank r, scaled by alpha / r) of the network's linear layers, or of those named."""
    if r < 1:
        raise PluginError(f"lora: r = {r} is no rank", "write 1 or more; 8 is usual")
    if alpha <= 0:
        raise PluginError(f"lora: alpha = {alpha} is no scale", "write twice r, which is usual")
    return Tuned(LoRA(r, alpha, targets), encoder, context, random_state)


@dataclass(frozen=True)
class LoRA:
    """`targets` is `auto` (all linear layers that take part; convolutions where there is none), or the
    ends of layers' names, with commas between: "query, value".
    """

    r: int
    alpha: float
    targets: str = "auto"
    rate: float = 1e-3
    decay: float = 0.0
    name: str = "lora"
    knows: bool = True

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """A pair of thin matrices beside each target."""
        import torch

        from labelwright.loop.train.layers import running

        found = [n for n, _ in running(network, sample, torch.nn.Linear)]
        found = found or [n for n, _ in running(network, sample, torch.nn.Conv2d)]
        names = found if self.targets == "auto" else _ending(found, self.targets)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._inject(network, names)

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """Beside the layers that the state names."""
        names = [name.partition(_PART)[0] for name in state if _PART in name]
        if not names:
            raise KeyError("it holds no low-rank change")
        self._inject(network, names)

    def merge(self, network: torch.nn.Module) -> None:
        """W + (alpha / r) B A in the place of each W."""
        from labelwright.loop.train.layers import replace

        for name, module in list(network.named_modules()):
            if hasattr(module, "lora_A") and hasattr(module, "merge"):
                module.merge()
                replace(network, name, module.get_base_layer())

    def _inject(self, network: torch.nn.Module, names: list[str]) -> None:
        peft = _library()
        network.requires_grad_(False)
        config = peft.LoraConfig(
            r=self.r, lora_alpha=self.alpha, target_modules=names, lora_dropout=0.0, bias="none"
        )
        peft.inject_adapter_in_model(config, network)


def _ending(found: list[str], targets: str) -> list[str]:
    ends = [end.strip() for end in targets.split(",") if end.strip()]
    for end in ends:
        if not any(name == end or name.endswith("." + end) for name in found):
            known = sorted({name.rpartition(".")[2] for name in found})
            raise PluginError(
                f"lora: no layer of the network is called {end}",
                f"its layers end in: {', '.join(known)}; or leave targets out",
            )
    return [n for n in found if any(n == end or n.endswith("." + end) for end in ends)]


def _library() -> Any:
    try:
        import peft
    except ImportError as error:
        raise PluginError(
            "finetune = lora needs the package peft, which is not installed",
            "run `pip install labelwright[tune]`",
        ) from error
    return peft
