"""What an augmentation is: a random change of every item of a batch of a network's inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Change = Callable[[torch.Tensor, torch.Generator], torch.Tensor]

Kind = Literal["pictures", "tokens", "numbers"]

_SAID = {"pictures": "pictures", "tokens": "texts", "numbers": "tables"}


@dataclass(frozen=True)
class Augmentation:
    """One change, of one kind of input; what a plug-in of the group `labelwright.augment` returns.

    `change(batch, rng)` gives a new tensor of the same form; each item is changed by numbers of its own,
    drawn from `rng` (on the CPU, so that a GPU draws the same). The batch is, by kind:

    - pictures: (n, channels, h, w) floats in 0..1;
    - tokens: (n, length) int64 token ids, padded at the end;
    - numbers: (n, columns) floats, categories as codes, NaN where nothing stands.

    at: `embeddings` where the batch is instead what the network's token embedding gives, (n, l, width).
    """

    name: str
    kind: Kind
    change: Change
    at: Literal["inputs", "embeddings"] = "inputs"


def kind_of(X: np.ndarray) -> Kind:
    """What a network reads, told by the form of an encoder's `inputs`: see `encoding.Trainable`.

    pictures: (n, h, w, c) uint8; tokens: (n, length) integers; numbers: (n, columns) floats. Raises
    PluginError for anything else.
    """
    if X.ndim == 4 and X.dtype.kind == "u":
        return "pictures"
    if X.ndim == 2 and X.dtype.kind in "iu":
        return "tokens"
    if X.ndim == 2 and X.dtype.kind == "f":
        return "numbers"
    raise PluginError(
        f"no augmentation knows inputs of {X.dtype} and shape {X.shape}",
        "take `augment` out of `train`, or choose another encoder",
    )


def refuse_other(augmentation: Augmentation, kind: Kind) -> None:
    """Raise PluginError where the augmentation is of another kind of input."""
    if augmentation.kind != kind:
        raise PluginError(
            f"augment = {augmentation.name} changes {_SAID[augmentation.kind]}, "
            f"but the encoder reads {_SAID[kind]}",
            "take it out of `augment`: docs/augmentation.md lists what suits which input",
        )


def in_range(name: str, value: float, argument: str = "share", most: float = 1.0) -> float:
    """The value, where it lies in 0..most. Raises PluginError where it does not."""
    if not 0 <= value <= most:
        raise PluginError(f"{name}: {argument} = {value:g} makes no sense", f"write 0 to {most:g}")
    return value
