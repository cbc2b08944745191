"""The residual network of the encoder `resnet`, in torch. Imported by whoever builds one.

Of the form that He et al. (2016) trained on CIFAR-10, 6n + 2 layers in three stages, with two
changes for a processor and for few labels: the first convolution halves the picture, and group
normalisation (Wu & He 2018) stands in the place of batch normalisation, so that an item's vector
depends on that item alone, in batches of any size and mixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

GROUPS = 8
RATE = 3e-3
"""Chosen on training pictures of Fashion-MNIST: at 1e-3 some hundred steps teach 40 labels much less."""


class ResidualNetwork(nn.Module):
    """(n, h, w, c) pixels of 0..255, bytes or floats, to (n, dim) float32; `dim` = 4 · width.

    mean, std: (c,) of the pool's pixels on the same scale; they are taken out first.
    """

    rate = RATE
    mean: Tensor
    std: Tensor

    def __init__(self, width: int, depth: int, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.dim = 4 * width
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)
        blocks, n = [], (depth - 2) // 6
        for stage in range(3):
            before, now = width * 2 ** max(stage - 1, 0), width * 2**stage
            for i in range(n):
                first = stage > 0 and i == 0
                blocks.append(Block(before if i == 0 else now, now, stride=2 if first else 1))
        self.stem = nn.Conv2d(len(mean), width, 3, stride=2, padding=1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, width)
        self.blocks = nn.Sequential(*blocks)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, batch: Tensor) -> Tensor:
        """Vectors: the last feature map's mean over the picture."""
        return self.maps(batch).mean(dim=(2, 3)).float()

    def maps(self, batch: Tensor) -> Tensor:
        """(n, dim, h / 8, w / 8) the last feature map, sides rounded up."""
        x = (batch.permute(0, 3, 1, 2).to(self.mean.dtype) - self.mean) / self.std
        x = torch.relu(self.norm(self.stem(x)))
        return cast(Tensor, self.blocks(x))


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, before: int, now: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, now, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(GROUPS, now)
        self.conv2 = nn.Conv2d(now, now, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(GROUPS, now)
        same = before == now and stride == 1
        self.shortcut = (
            nn.Identity() if same else nn.Conv2d(before, now, 1, stride=stride, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))
