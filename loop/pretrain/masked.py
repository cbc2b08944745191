"""Masked learning: parts of an item are hidden, and told from the rest of it.

Masked language modelling (Devlin et al. 2019) for text; for pictures masked patches, whose pixels are
predicted (He et al. 2022; Xie et al. 2022), in a form that small convolutional networks can learn from too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.augment.change import Kind, kind_of
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import needs
from labelwright.loop.pretrain.options import mirrors, sensible

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.encoding import Pretrained, Trainable
    from labelwright.loop.ports import Context

_EPOCHS: dict[Kind, int] = {"pictures": 20, "tokens": 1}
_BATCH: dict[Kind, int] = {"pictures": 128, "tokens": 32}
_SHARE: dict[Kind, float] = {"pictures": 0.5, "tokens": 0.15}


@needs("network")
def masked(
    epochs: int | None = None,
    batch: int | None = None,
    share: float | None = None,
    *,
    encoder: Trainable,
    X: np.ndarray,
    context: Context,
    random_state: int,
) -> Pretrained:
    """A share of a text's tokens, or of a picture's patches, is hidden and told from the rest."""
    sensible("masked", epochs=epochs, batch=batch, share=share)
    from labelwright.loop.pretrain.teaching import Plan, teach

    kind = kind_of(X)
    if kind == "numbers":
        raise PluginError(
            "masked learns from text and pictures; this encoder's network reads numbers",
            "write `pretrain = contrastive`, which takes tables too",
        )
    hidden = share if share is not None else _SHARE[kind]
    plan = Plan(
        epochs or _EPOCHS[kind],
        batch or _BATCH[kind],
        1e-3,
        {"network.": 3e-5} if kind == "tokens" else {},
    )
    network = encoder.network(random_state)
    mirror = mirrors(context)
    if kind == "pictures":
        objective = _pictures(network, X, hidden, mirror, random_state)
    else:
        objective = _tokens(network, hidden, random_state)
    told = f"masked 1 {encoder.identity} {hidden} {mirror}"
    return teach(objective, X, plan, context, random_state, told)


def _pictures(network: Any, X: np.ndarray, share: float, mirror: bool, seed: int) -> Any:
    import numpy as np
    import torch

    from labelwright.loop.pretrain.objectives import MaskedPictures
    from labelwright.loop.pretrain.teaching import seeded

    if not hasattr(network, "maps"):
        raise PluginError(
            "this encoder's network gives one vector a picture and nothing of its parts",
            "write `pretrain = contrastive`, or choose encoder resnet or vision",
        )
    some = X[:: -(-len(X) // 2048)]
    mean = some.mean(axis=(0, 1, 2), dtype=np.float64)
    std = np.maximum(some.std(axis=(0, 1, 2), dtype=np.float64), 1.0)
    side = max(2, round(min(X.shape[1:3]) / 7))
    with seeded(seed):
        return MaskedPictures(
            network,
            torch.tensor(mean).float(),
            torch.tensor(std).float(),
            side,
            share,
            X.shape[1:],
            mirror,
        )


def _tokens(network: Any, share: float, seed: int) -> Any:
    from labelwright.loop.pretrain.objectives import MaskedTokens
    from labelwright.loop.pretrain.teaching import seeded

    with seeded(seed):
        return MaskedTokens(network, share)
