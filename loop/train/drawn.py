"""A network that has forgotten: its weights drawn anew."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch


def draw(network: torch.nn.Module, seed: int) -> None:
    """Draw all weights by the seed.

    Models of transformers are made anew from their configuration; every other part by its own
    `reset_parameters`. A part of a network that has neither keeps what `network(seed)` gave it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        known = _transformers(network)
        for model in known:
            config: Any = model.config
            model.load_state_dict(type(model)(config).state_dict())
        inside = {id(part) for model in known for part in model.modules()}
        for part in network.modules():
            reset: Any = getattr(part, "reset_parameters", None)
            if id(part) not in inside and reset is not None:
                reset()


def _transformers(network: torch.nn.Module) -> list[Any]:
    """The outermost models of the library; it is not loaded where nothing can be one."""
    if "transformers" not in sys.modules:
        return []
    kind = importlib.import_module("transformers.modeling_utils").PreTrainedModel
    found: list[Any] = []
    for part in network.modules():
        if isinstance(part, kind) and all(part not in list(other.modules()) for other in found):
            found.append(part)
    return found
