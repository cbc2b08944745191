"""Contrastive learning: views of one item are told from views of others.

SimCLR (Chen et al. 2020) for pictures, whose neighbours then stand in for their other views (NNCLR, Dwibedi
et al. 2021), SimCSE (Gao et al. 2021) for text, SCARF (Bahri et al. 2022) for tables, as small as one
processor can do them.
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

_EPOCHS: dict[Kind, int] = {"pictures": 20, "tokens": 1, "numbers": 20}
_BATCH: dict[Kind, int] = {"pictures": 128, "tokens": 64, "numbers": 256}
_TEMPERATURE: dict[Kind, float] = {"pictures": 0.2, "tokens": 0.05, "numbers": 0.5}
_RATE: dict[Kind, float] = {"pictures": 4e-3, "tokens": 3e-5, "numbers": 1e-3}
_ALONE = 0.3  # the share of a training in which a picture is like its own views alone


@needs("network")
def contrastive(
    epochs: int | None = None,
    batch: int | None = None,
    temperature: float | None = None,
    *,
    encoder: Trainable,
    X: np.ndarray,
    context: Context,
    random_state: int,
) -> Pretrained:
    """Two views of an item become more alike than views of different items (SimCLR, SimCSE, SCARF)."""
    sensible("contrastive", epochs=epochs, batch=batch, temperature=temperature)
    from labelwright.loop.pretrain import views
    from labelwright.loop.pretrain.objectives import Contrast
    from labelwright.loop.pretrain.teaching import Plan, seeded, teach

    kind = kind_of(X)
    network = encoder.network(random_state)
    if kind == "tokens" and not _drops(network):
        raise PluginError(
            "this encoder's network has no dropout: it sees a text twice in the same way, and learns nothing",
            "write `pretrain = masked`, or choose an encoder that is a transformer",
        )
    mirror = mirrors(context)
    plan = Plan(epochs or _EPOCHS[kind], batch or _BATCH[kind], _RATE[kind], {})
    view = {
        "pictures": views.pictures(mirror),
        "tokens": views.unchanged,
        "numbers": views.corrupted,
    }[kind]
    with seeded(random_state):
        objective = Contrast(
            network, view, temperature or _TEMPERATURE[kind],
            projected=kind != "tokens", noisy=kind == "tokens",
            alone=round(_ALONE * plan.epochs * len(X) / plan.batch) if kind == "pictures" else None,
        )  # fmt: skip
    told = f"contrastive 3 {encoder.identity} {objective.temperature} {mirror}"
    return teach(objective, X, plan, context, random_state, told)


def _drops(network: Any) -> bool:
    import torch

    return any(isinstance(m, torch.nn.Dropout) and m.p > 0 for m in network.modules())
