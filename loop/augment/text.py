"""Texts: words left out, hidden, put elsewhere; noise on the embeddings of their tokens.

On token ids, whole words at a time; a model's own marks stay where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.augment.change import Augmentation, in_range
from labelwright.loop.augment.tokens import Tokens, tokens_of, words_of

if TYPE_CHECKING:
    import torch


def word_drop(share: float = 0.1, *, encoder: Any) -> Augmentation:
    """Leaves out each word with this chance; one word stays (EDA, Wei & Zou 2019)."""
    chance, tokens = in_range("word_drop", share), tokens_of(encoder, "word_drop")
    return Augmentation("word_drop", "tokens", lambda x, rng: dropped(x, tokens, chance, rng))


def cutoff(share: float = 0.15, *, encoder: Any) -> Augmentation:
    """Hides a run of words, this share of a text (span cutoff, Shen et al. 2020)."""
    part, tokens = in_range("cutoff", share), tokens_of(encoder, "cutoff")
    return Augmentation("cutoff", "tokens", lambda x, rng: hidden(x, tokens, part, rng))


def word_swap(share: float = 0.1, *, encoder: Any) -> Augmentation:
    """Exchanges two words, one pair for each 1 / share words of a text (EDA, Wei & Zou 2019)."""
    part, tokens = in_range("word_swap", share), tokens_of(encoder, "word_swap")
    return Augmentation("word_swap", "tokens", lambda x, rng: swapped(x, tokens, part, rng))


def embedding_noise(strength: float = 0.1) -> Augmentation:
    """Noise on what the network makes of each token, its size relative to the embeddings' own."""
    most = in_range("embedding_noise", strength, "strength", most=10)
    return Augmentation(
        "embedding_noise", "tokens", lambda x, rng: noisy(x, most, rng), at="embeddings"
    )


def dropped(ids: torch.Tensor, tokens: Tokens, chance: float, rng: torch.Generator) -> torch.Tensor:
    """(n, length) without some words, what follows moved up; the word of the highest draw stays."""
    import torch

    words = words_of(ids, tokens)
    draws = torch.rand(ids.shape, generator=rng).to(ids.device)  # of each word, by its number
    there = torch.arange(ids.shape[1], device=ids.device) <= words.amax(dim=1, keepdim=True)
    best = draws.masked_fill(~there, -1).argmax(dim=1, keepdim=True)
    gone = (draws < chance).scatter(1, best, False)
    return _without(ids, gone.gather(1, words.clamp(min=0)) & (words >= 0), tokens.pad)


def hidden(ids: torch.Tensor, tokens: Tokens, part: float, rng: torch.Generator) -> torch.Tensor:
    """(n, length), a run of round(part · words) words masked; left out where the model has no mask."""
    import torch

    words = words_of(ids, tokens)
    count = words.amax(dim=1) + 1
    run = (part * count).round().long()
    start = (torch.rand(len(ids), generator=rng).to(ids.device) * (count - run + 1)).long()
    inside = (words >= start[:, None]) & (words < (start + run)[:, None])
    if tokens.mask is None:
        return _without(ids, inside, tokens.pad)
    return ids.masked_fill(inside, tokens.mask)


def swapped(ids: torch.Tensor, tokens: Tokens, part: float, rng: torch.Generator) -> torch.Tensor:
    """(n, length), round(part · words) pairs of words exchanged, at least one where there are two words."""
    import torch

    words = words_of(ids, tokens)
    count = words.amax(dim=1) + 1
    pairs = torch.where(count > 1, (part * count).round().clamp(min=1), 0).long()
    place = torch.arange(ids.shape[1], device=ids.device).repeat(len(ids), 1)  # by word
    rows = torch.arange(len(ids), device=ids.device)
    for number in range(int(pairs.max()) if part else 0):
        draws = torch.rand(len(ids), 2, generator=rng).to(ids.device)
        first = (draws[:, 0] * count).long().clamp(min=0)
        second = (first + 1 + (draws[:, 1] * (count - 1)).long()) % count.clamp(min=1)
        now = number < pairs
        one, other = place[rows, first], place[rows, second]
        place[rows, first] = torch.where(now, other, one)
        place[rows, second] = torch.where(now, one, other)
    # A word's tokens stay together: they are sorted by the place that their word has now.
    order = place.gather(1, words.clamp(min=0))
    free = words >= 0
    slots = torch.where(free, order, ids.shape[1]).argsort(dim=1, stable=True)
    out = ids.clone()
    out[free] = ids.gather(1, slots)[_first(free)]
    return out


def noisy(x: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    """(n, l, width) and Gaussian noise, `strength` times the root mean square of the batch's numbers."""
    import torch

    scale = strength * x.detach().float().square().mean().sqrt()
    return x + (torch.randn(x.shape, generator=rng).to(x.device) * scale).to(x.dtype)


def _without(ids: torch.Tensor, gone: torch.Tensor, pad: int) -> torch.Tensor:
    order = gone.to(ids.dtype).argsort(dim=1, stable=True)
    return ids.masked_fill(gone, pad).gather(1, order)


def _first(free: torch.Tensor) -> torch.Tensor:
    """(n, length) bool: as many places at the beginning of a row as are free in it."""
    import torch

    return torch.arange(free.shape[1], device=free.device) < free.sum(dim=1, keepdim=True)
