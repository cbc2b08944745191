"""Texts said otherwise: the hook for back-translation and the like.

A plug-in of the group `labelwright.augment` that has sentences rewritten returns `rewritten(name, rewrite,
encoder)`, and need not know of tokens: `rewrite(texts, seed)` gets distinct texts and gives one for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from labelwright.loop.augment.change import Augmentation
from labelwright.loop.augment.tokens import Tokens, tokens_of
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import torch

Rewrite = Callable[[Sequence[str], int], Sequence[str]]


def rewritten(name: str, rewrite: Rewrite, encoder: Any, *, variants: int = 2) -> Augmentation:
    """An augmentation whose texts come from `rewrite`; an item has so many variants, each made once.

    A text is what its tokens spell: in lower case where the model's vocabulary is.
    """
    tokens = tokens_of(encoder, name)
    kept: dict[tuple[bytes, int], Any] = {}

    def change(ids: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        import torch

        which = torch.randint(0, variants, (len(ids),), generator=rng).tolist()
        rows = ids.cpu().numpy()
        keys = [(row.tobytes(), seed) for row, seed in zip(rows, which, strict=True)]
        for seed in sorted(set(which)):
            new = {k: rows[i] for i, k in enumerate(keys) if k[1] == seed and k not in kept}
            if new:
                kept.update(
                    zip(new, _said(name, rewrite, tokens, list(new.values()), seed), strict=True)
                )
        found = torch.stack([torch.from_numpy(kept[key]) for key in keys])
        return found[:, : ids.shape[1]].to(ids)

    return Augmentation(name, "tokens", change)


def _said(name: str, rewrite: Rewrite, tokens: Tokens, rows: Sequence[Any], seed: int) -> list[Any]:
    import numpy as np

    texts = tokens.decode(np.stack(rows))
    said = list(rewrite(texts, seed))
    if len(said) != len(texts):
        raise PluginError(
            f"augment = {name} made {len(said)} texts of {len(texts)}", "tell its author"
        )
    return list(tokens.encode(said))
