"""Two views of the same item: what the network learns to look past.

Pictures are cropped, mirrored and lit otherwise (Chen et al. 2020, SimCLR, without what needs colour). The
light changes a great deal: otherwise the network tells two views of a picture by how light it is, and
learns nothing of its form. Of a
row of a table some numbers are taken from other rows (Bahri et al. 2022, SCARF). A text needs none of it:
dropout shows the network a text in two ways (Gao et al. 2021, SimCSE).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

View = Callable[[Tensor], Tensor]
"""A random view of each item of a batch of inputs; random numbers are torch's own."""

SMALLEST_CROP = 0.5
LONGEST_CROP = 4 / 3
LIGHT, GAMMA = 0.8, 0.7
CORRUPTED = 0.5


def cropped(
    pictures: Tensor,
    smallest: float = SMALLEST_CROP,
    longest: float = LONGEST_CROP,
    *,
    mirror: bool = True,
) -> Tensor:
    """(n, h, w, c) to floats of the same form: a part of each, and with `mirror` half of them mirrored.

    The part has `smallest` to all of the picture's area, and sides of a ratio up to `longest`, drawn evenly
    in its logarithm; it is brought to the full size by bilinear interpolation.
    """
    x = pictures.permute(0, 3, 1, 2).float()
    n, device = len(x), x.device

    def between(low: float, high: float) -> Tensor:
        return torch.empty(n, device=device).uniform_(low, high)

    area = between(smallest, 1)
    ratio = torch.exp(between(-math.log(longest), math.log(longest)))
    height, width = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    grid = torch.zeros(n, 2, 3, device=device)
    grid[:, 0, 0] = width * torch.where(between(0, 1) < (0.5 if mirror else 0), -1.0, 1.0)
    grid[:, 1, 1] = height
    grid[:, 0, 2] = between(-1, 1) * (1 - width)
    grid[:, 1, 2] = between(-1, 1) * (1 - height)
    places = torch.nn.functional.affine_grid(grid, list(x.shape), align_corners=False)
    seen = torch.nn.functional.grid_sample(
        x, places, mode="bilinear", padding_mode="border", align_corners=False
    )
    return seen.permute(0, 2, 3, 1)


def lit(pictures: Tensor, strength: float = LIGHT, gamma: float = GAMMA) -> Tensor:
    """(n, h, w, c) floats of 0..255 in another light.

    Contrast and brightness are multiplied by 1 ± strength, then values (of 0..1) are raised to a power whose
    logarithm is drawn evenly from ± gamma.
    """
    n, device = len(pictures), pictures.device
    contrast, brightness, power = (
        torch.empty(n, 1, 1, 1, device=device).uniform_(low, high)
        for low, high in ((1 - strength, 1 + strength),) * 2 + ((-gamma, gamma),)
    )
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    lighter = (((pictures - mean) * contrast + mean) * brightness).clamp(0, 255)
    return (lighter / 255) ** power.exp() * 255


def pictures(mirror: bool) -> View:
    """A crop, mirrored or not, in another light."""
    return lambda batch: lit(cropped(batch, mirror=mirror))


def unchanged(inputs: Tensor) -> Tensor:
    """The item itself: its views differ by the network's dropout."""
    return inputs


def corrupted(rows: Tensor, share: float = CORRUPTED) -> Tensor:
    """(n, columns): each number, with this chance, is that of another row of the batch."""
    n, columns = rows.shape
    others = torch.rand(n, columns, device=rows.device).argsort(dim=0)
    hidden = torch.rand(n, columns, device=rows.device) < share
    return torch.where(hidden, rows.gather(0, others), rows)
