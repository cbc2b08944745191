"""Rows of tables: noise on their numbers, values of other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.augment.change import Augmentation, in_range
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import torch


def feature_noise(strength: float = 0.1, *, encoder: Any) -> Augmentation:
    """Noise on every number, this many standard deviations of its column; categories stay."""
    import torch

    most = in_range("feature_noise", strength, "strength", most=10)
    found = getattr(encoder, "deviations", None)
    if found is None:
        raise PluginError(
            "augment = feature_noise changes tables, but the encoder reads none",
            "take it out of `augment`, or choose the encoder table",
        )
    scale = torch.tensor(found, dtype=torch.float64)
    return Augmentation(
        "feature_noise", "numbers", lambda x, rng: shaken(x, most * scale.to(x.device), rng)
    )


def feature_swap(share: float = 0.1) -> Augmentation:
    """With this chance a value is that of another row of the batch (SCARF, Bahri et al. 2022)."""
    chance = in_range("feature_swap", share)
    return Augmentation("feature_swap", "numbers", lambda x, rng: exchanged(x, chance, rng))


def shaken(x: torch.Tensor, scale: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """(n, columns) and Gaussian noise of these standard deviations (columns,); 0 leaves a column."""
    import torch

    noise = torch.randn(x.shape, generator=rng, dtype=torch.float64).to(x.device)
    return x + (noise * scale).to(x.dtype)


def exchanged(x: torch.Tensor, chance: float, rng: torch.Generator) -> torch.Tensor:
    """(n, columns), some values replaced by those of the same column in a row drawn from the others."""
    import torch

    n = len(x)
    if n < 2:
        return x
    other = torch.randint(1, n, x.shape, generator=rng).to(x.device)
    rows = (torch.arange(n, device=x.device)[:, None] + other) % n
    taken = (torch.rand(x.shape, generator=rng) < chance).to(x.device)
    return torch.where(taken, x.gather(0, rows), x)
