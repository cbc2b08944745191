"""What a network reads, told by the form of an encoder's `inputs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["pictures", "tokens", "numbers"]


def kind_of(X: np.ndarray) -> Kind:
    """pictures: (n, h, w, c) uint8; tokens: (n, length) integers; numbers: (n, columns) floats.

    Raises PluginError for anything else.
    """
    if X.ndim == 4 and X.dtype.kind == "u":
        return "pictures"
    if X.ndim == 2 and X.dtype.kind in "iu":
        return "tokens"
    if X.ndim == 2 and X.dtype.kind == "f":
        return "numbers"
    raise PluginError(
        f"an encoder's network reads {X.dtype} of shape {X.shape}: neither pictures nor text nor numbers",
        "take `pretrain` out of `train`, or choose another encoder",
    )
