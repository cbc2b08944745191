"""Which layers of a network do its work, found by letting it run once: the same for any architecture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

Named = tuple[str, torch.nn.Module]


def running(
    network: torch.nn.Module, sample: torch.Tensor, *kinds: type[torch.nn.Module]
) -> list[Named]:
    """The modules of these kinds that take part, in the order in which they run. sample: some inputs."""
    order: list[Named] = []

    def noticing(name: str) -> Any:
        def notice(module: torch.nn.Module, args: Any, output: Any) -> None:
            if all(module is not other for _, other in order):
                order.append((name, module))

        return notice

    hooks = [
        module.register_forward_hook(noticing(name))
        for name, module in network.named_modules()
        if isinstance(module, kinds)
    ]
    try:
        with evaluating(network):
            network(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return order


def linears(network: torch.nn.Module, sample: torch.Tensor) -> list[tuple[str, torch.nn.Linear]]:
    """The linear layers that take part, in the order in which they run."""
    return running(network, sample, torch.nn.Linear)  # type: ignore[return-value]


def writing(found: list[tuple[str, torch.nn.Linear]]) -> list[str]:
    """Of linear layers in their order, those that write what a block of a transformer found back.

    In each block these are the layer that goes back from the wide middle of the feed-forward part (more
    numbers in than out), and the one of the attention: the last of the same width before it widens.
    """
    names = []
    for place, (name, layer) in enumerate(found):
        after = found[place + 1][1] if place + 1 < len(found) else None
        width = layer.out_features
        narrows = layer.in_features > width
        before_wide = (
            after is not None and after.in_features == width and after.out_features > width
        )
        if narrows or (layer.in_features == width and before_wide):
            names.append(name)
    return names


@contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """The network in evaluation mode, without gradients; given back as it was."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


def replace(network: torch.nn.Module, name: str, made: torch.nn.Module) -> None:
    """Put `made` in the place of the module of this name."""
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, made)
