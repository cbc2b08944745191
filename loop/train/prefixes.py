"""Learned keys and values in the attention of transformers' models."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from labelwright.loop.train.layers import evaluating

if TYPE_CHECKING:
    import numpy as np

_NAME = "labelwright_prefix"
_KEY, _VALUE = f".{_NAME}.key", f".{_NAME}.value"

Seen = list[tuple[torch.nn.Module, torch.Tensor, torch.Tensor]]
"""An attention with keys and values, (n, heads, l, width), that it made."""


class Prefix(torch.nn.Module):
    """Keys and values, (heads, length, width)."""

    def __init__(self, key: torch.Tensor, value: torch.Tensor) -> None:
        super().__init__()
        self.key = torch.nn.Parameter(key)
        self.value = torch.nn.Parameter(value)


def opened(network: torch.nn.Module) -> None:
    """Let the attention of every transformers model in the network look for its prefix."""
    modeling: Any = importlib.import_module("transformers.modeling_utils")
    masking: Any = importlib.import_module("transformers.masking_utils")
    attention = modeling.ALL_ATTENTION_FUNCTIONS
    attention.register(_NAME, _attend)
    masks = masking.ALL_MASK_ATTENTION_FUNCTIONS
    masks.register(_NAME, masks["sdpa"])
    for module in network.modules():
        if isinstance(module, modeling.PreTrainedModel):
            module.set_attn_implementation(_NAME)


def observed(network: torch.nn.Module, sample: torch.Tensor) -> Seen:
    """Every attention of an opened network, in order, with what it made of the sample."""
    _observing.clear()
    _observing.append([])
    try:
        with evaluating(network):
            network(sample)
        return _observing[0]
    finally:
        _observing.clear()


def begin(seen: Seen, length: int, seed: int) -> None:
    """Give each attention a prefix of keys and values out of those it made, drawn by the seed."""
    generator = torch.Generator().manual_seed(seed)
    for module, key, value in seen:
        n, heads, places, _ = key.shape
        drawn = torch.randint(n * places, (length,), generator=generator).to(key.device)
        rows = [
            x.transpose(1, 2).reshape(n * places, heads, -1)[drawn].transpose(0, 1).clone()
            for x in (key, value)
        ]
        module.add_module(_NAME, Prefix(*rows))


def empty(network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
    """Prefixes of the shapes in a state, to be filled."""
    for name, key in state.items():
        if name.endswith(_KEY):
            start = name.removesuffix(_KEY)
            value = state[start + _VALUE]
            made = Prefix(torch.zeros(key.shape), torch.zeros(value.shape))
            network.get_submodule(start).add_module(_NAME, made)


_observing: list[Seen] = []


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **more: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Scaled dot-product attention, over the prefix too. The mask, (n, 1, l, l), lets all see it."""
    sdpa: Any = importlib.import_module("transformers.integrations.sdpa_attention")
    if _observing:
        _observing[0].append((module, key.detach(), value.detach()))
    own: Any = getattr(module, _NAME, None)
    if own is not None:
        n, length = len(key), own.key.shape[1]
        key = torch.cat([own.key.to(key.dtype).expand(n, -1, -1, -1), key], dim=2)
        value = torch.cat([own.value.to(value.dtype).expand(n, -1, -1, -1), value], dim=2)
        if attention_mask is not None:
            seen = 1.0 if attention_mask.dtype == torch.bool else 0.0
            attention_mask = torch.nn.functional.pad(attention_mask, (length, 0), value=seen)
        if more.get("position_bias") is not None:
            more["position_bias"] = torch.nn.functional.pad(more["position_bias"], (length, 0))
    return sdpa.sdpa_attention_forward(module, query, key, value, attention_mask, **more)  # type: ignore[no-any-return]
