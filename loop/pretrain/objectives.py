"""What pretraining makes smaller. Each is a module that holds the network and gives a batch's mean loss.

The parts beside the network (a projector, a decoder) are thrown away afterwards. `noisy` says whether the
objective lives from dropout, so that it is measured with it too.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from labelwright.loop.errors import PluginError
from labelwright.loop.pretrain.views import View, cropped


class Objective(Protocol):
    """A module with the network that is to learn; called with a batch of inputs, it gives its loss."""

    network: nn.Module
    noisy: bool

    def __call__(self, batch: Tensor) -> Tensor: ...


def nt_xent(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """The normalised temperature-scaled cross-entropy (Chen et al. 2020, equation 1) of two views.

    one, other: (n, dim), views of the same n items. Each of the 2n vectors is to be nearest, by cosine, to
    the other view of its item among the 2n - 1 others; the mean of the 2n losses.
    """
    n = len(one)
    z = nn.functional.normalize(torch.cat([one, other]).float(), dim=1)
    likeness = z @ z.T / temperature
    likeness = likeness.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    partner = torch.arange(2 * n, device=z.device).roll(n)
    return nn.functional.cross_entropy(likeness, partner)


def contrast(wanted: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy of finding, by cosine, row i of `other` (n, dim) by row i of `wanted` (n, dim)."""
    likeness = nn.functional.normalize(wanted.float(), dim=1) @ (
        nn.functional.normalize(other.float(), dim=1).T / temperature
    )
    return nn.functional.cross_entropy(likeness, torch.arange(len(other), device=other.device))


WIDTH, KEPT = 64, 4096
"""What views are compared in, and how many items are kept to be neighbours."""


class Contrast(nn.Module):
    """Two views of an item are more alike than views of different items.

    projected: the vectors are compared after two more layers (pictures, numbers), or as they are (text).
    alone: after so many batches a view is to be like the other view's nearest neighbour among the items of
    the last batches, 4,096 at most (Dwibedi et al. 2021, NNCLR); never where it is None.
    """

    kept: Tensor
    seen: Tensor

    def __init__(
        self,
        network: Any,
        view: View,
        temperature: float,
        *,
        projected: bool,
        noisy: bool,
        alone: int | None = None,
    ) -> None:
        super().__init__()
        self.network, self.view, self.temperature, self.noisy = network, view, temperature, noisy
        self.alone = alone
        dim = int(network.dim)
        self.projector = (
            nn.Sequential(
                nn.Linear(dim, 2 * dim), nn.LayerNorm(2 * dim), nn.ReLU(), nn.Linear(2 * dim, WIDTH)
            )
            if projected
            else nn.Identity()
        )
        if alone is not None:
            self.register_buffer("kept", torch.zeros(KEPT, WIDTH if projected else dim))
            self.register_buffer("seen", torch.zeros(2, dtype=torch.int64))

    def forward(self, batch: Tensor) -> Tensor:
        """The batch's loss."""
        both = torch.cat([self.view(batch), self.view(batch)])
        one, other = self.projector(self.network(both)).chunk(2)
        if self.alone is None or not self.training:  # so that all looks measure the same
            return nt_xent(one, other, self.temperature)
        batches, items = (int(n) for n in self.seen)
        if batches >= self.alone and items:
            kept = self.kept[: min(items, KEPT)]
            near_one, near_other = (_nearest(v.detach(), kept) for v in (one, other))
            there = contrast(near_one, other, self.temperature)
            back = contrast(near_other, one, self.temperature)
            loss = (there + back) / 2
        else:
            loss = nt_xent(one, other, self.temperature)
        some = nn.functional.normalize(one.detach().float(), dim=1)[:KEPT]
        self.kept.copy_(torch.cat([some, self.kept])[:KEPT])
        self.seen += torch.tensor([1, len(some)], device=self.seen.device)
        return loss


def _nearest(vectors: Tensor, kept: Tensor) -> Tensor:
    """(n, dim) of the kept unit vectors (m, dim), the one nearest to each vector by cosine."""
    return kept[(nn.functional.normalize(vectors.float(), dim=1) @ kept.T).argmax(dim=1)]


class MaskedPictures(nn.Module):
    """Patches are hidden, and told from the rest (Xie et al. 2022, SimMIM; He et al. 2022 for the share).

    The network offers `maps(batch)`, (n, dim, rows, columns); a decoder of two small layers makes each place
    of it a square of pixels. Hidden pixels have the pool's mean. mean, std: (c,) of the pool. The loss is
    the mean squared error on hidden pixels, in units of std².
    """

    mean: Tensor
    std: Tensor
    noisy = False

    def __init__(
        self,
        network: Any,
        mean: Tensor,
        std: Tensor,
        side: int,
        share: float,
        shape: tuple[int, ...],
        mirror: bool = True,
    ) -> None:
        super().__init__()
        self.network, self.side, self.share, self.mirror = network, side, share, mirror
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)
        training = network.training
        with torch.no_grad():
            maps = network.eval().maps(torch.zeros(1, *shape, dtype=torch.uint8))
        network.train(training)
        self.square = max(-(-shape[0] // maps.shape[2]), -(-shape[1] // maps.shape[3]))
        dim = maps.shape[1]
        self.decoder = nn.Sequential(
            nn.Conv2d(dim, dim, 3, padding=1), nn.ReLU(),
            nn.Conv2d(dim, self.square**2 * len(mean), 1), nn.PixelShuffle(self.square),
        )  # fmt: skip

    def forward(self, batch: Tensor) -> Tensor:
        """The batch's loss."""
        pictures = cropped(batch, 0.6, mirror=self.mirror)
        n, height, width, _ = pictures.shape
        hidden = patches(n, height, width, self.side, self.share, pictures.device)[..., None]
        seen = torch.where(hidden, self.mean, pictures)
        told = self.decoder(self.network.maps(seen)).permute(0, 2, 3, 1)
        wanted = (pictures - self.mean) / self.std
        wrong: Tensor = (told[:, :height, :width].float() - wanted) ** 2
        return wrong[hidden.expand_as(wrong)].mean()


def patches(
    n: int, height: int, width: int, side: int, share: float, device: torch.device
) -> Tensor:
    """(n, height, width) bool: of the squares of this side, the share that is hidden, drawn for each."""
    down, across = -(-height // side), -(-width // side)
    count = max(1, round(share * down * across))
    order = torch.rand(n, down * across, device=device).argsort(dim=1)
    hidden = (order.argsort(dim=1) < count).view(n, down, across)
    hidden = hidden.repeat_interleave(side, dim=1).repeat_interleave(side, dim=2)
    return hidden[:, :height, :width]


class MaskedTokens(nn.Module):
    """Masked language modelling (Devlin et al. 2019) with a decoder tied to the input embeddings.

    The network offers `tokens(ids)`, the tokens' vectors and which of them are text, and holds a transformer
    with its tokenizer. Of the share that is to be told, 80% are hidden, 10% another token, 10% themselves.
    """

    noisy = False

    def __init__(self, network: Any, share: float) -> None:
        super().__init__()
        tokenizer = getattr(getattr(network, "model", None), "tokenizer", None)
        mask = getattr(tokenizer, "mask_token_id", None)
        if mask is None or not hasattr(network, "tokens"):
            raise PluginError(
                "this encoder has no token that hides others, so that it cannot learn to tell them",
                "write `pretrain = contrastive`, or choose an encoder that is a masked language model",
            )
        assert tokenizer is not None
        self.network, self.share, self.mask = network, share, int(mask)
        self.register_buffer(
            "special", torch.tensor(sorted({*tokenizer.all_special_ids})), persistent=False
        )
        embeddings = network.backbone.get_input_embeddings().weight
        self.vocabulary, width = embeddings.shape
        hidden = int(network.backbone.config.hidden_size)
        self.transform = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(self.vocabulary))

    def forward(self, batch: Tensor) -> Tensor:
        """The batch's loss; nothing where it has no token that could be told."""
        ids = batch.long()
        asked = torch.rand(ids.shape, device=ids.device) < self.share
        asked &= ~torch.isin(ids, cast(Tensor, self.special))
        how = torch.rand(ids.shape, device=ids.device)
        other = torch.randint_like(ids, self.vocabulary)
        shown = torch.where(asked & (how < 0.8), self.mask, ids)
        shown = torch.where(asked & (how >= 0.9), other, shown)
        vectors, _ = self.network.tokens(shown)
        asked = asked[:, : vectors.shape[1]]
        told = self.transform(vectors[asked].float())
        table = self.network.backbone.get_input_embeddings().weight
        logits = nn.functional.linear(told, table, self.bias)
        if not len(logits):
            return logits.sum()
        return nn.functional.cross_entropy(logits, ids[:, : vectors.shape[1]][asked])
