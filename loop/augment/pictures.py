"""Pictures: moved, mirrored, in other colours, with a part cut out.

What is done to pixels is kornia's (Riba et al. 2020) or torch's; what is drawn is drawn here, for each
picture by itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labelwright.loop.augment.change import Augmentation, in_range
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import torch


def crop(share: float = 0.125) -> Augmentation:
    """Moves a picture by up to this share of its sides; what is missing is mirrored in at the edge."""
    most = in_range("crop", share, most=0.5)
    return Augmentation("crop", "pictures", lambda x, rng: moved(x, most, rng))


def flip(chance: float = 0.5) -> Augmentation:
    """Mirrors a picture, left to right, with this chance: not for digits and letters."""
    of = in_range("flip", chance, "chance")
    return Augmentation("flip", "pictures", lambda x, rng: mirrored(x, of, rng))


def color_jitter(strength: float = 0.4) -> Augmentation:
    """Brightness and contrast, in colour pictures saturation too, times 1 ± strength."""
    most = in_range("color_jitter", strength, "strength")
    return Augmentation("color_jitter", "pictures", lambda x, rng: jittered(x, most, rng))


def cutout(size: float = 0.5) -> Augmentation:
    """A grey square somewhere on a picture, its sides up to this share of the picture's."""
    most = in_range("cutout", size, "size")
    return Augmentation("cutout", "pictures", lambda x, rng: cut(x, most, rng))


def moved(x: torch.Tensor, share: float, rng: torch.Generator) -> torch.Tensor:
    """(n, c, h, w), each moved by whole pixels, both ways evenly drawn."""
    import torch

    n, _, h, w = x.shape
    most = [min(round(share * side), side - 1) for side in (h, w)]
    down, right = (torch.randint(0, 2 * m + 1, (n,), generator=rng).to(x.device) for m in most)
    padded = torch.nn.functional.pad(x, [most[1]] * 2 + [most[0]] * 2, mode="reflect")
    rows = (down[:, None] + torch.arange(h, device=x.device))[:, :, None]
    columns = (right[:, None] + torch.arange(w, device=x.device))[:, None, :]
    items = torch.arange(n, device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[items, rows, columns].permute(0, 3, 1, 2)


def mirrored(x: torch.Tensor, chance: float, rng: torch.Generator) -> torch.Tensor:
    """(n, c, h, w), some of them mirrored."""
    import torch

    turned = (torch.rand(len(x), generator=rng) < chance).to(x.device)
    return torch.where(turned[:, None, None, None], x.flip(-1), x)


def jittered(x: torch.Tensor, strength: float, rng: torch.Generator) -> torch.Tensor:
    """(n, c, h, w) in other light, and in other colours where there are colours."""
    import torch

    enhance = kornia().enhance
    changes = [
        enhance.adjust_brightness_accumulative,
        enhance.adjust_contrast_with_mean_subtraction,
    ]
    if x.shape[1] == 3:
        changes.append(enhance.adjust_saturation_with_gray_subtraction)
    for change in changes:
        factor = 1 + strength * (2 * torch.rand(len(x), generator=rng) - 1)
        x = change(x, factor.to(x))
    return x


def cut(x: torch.Tensor, size: float, rng: torch.Generator) -> torch.Tensor:
    """(n, c, h, w) with a square of 0.5 each (DeVries & Taylor 2017); it may reach over the edge."""
    import torch

    n, _, h, w = x.shape
    half = torch.rand(n, generator=rng) * size / 2
    inside = []
    for side in (h, w):
        middle = torch.rand(n, generator=rng)
        places = (torch.arange(side) + 0.5) / side
        inside.append(((places - middle[:, None]).abs() < half[:, None]).to(x.device))
    return x.masked_fill((inside[0][:, :, None] & inside[1][:, None, :])[:, None], 0.5)


def kornia() -> Any:
    """The library. Raises PluginError where it is not installed."""
    try:
        return importlib.import_module("kornia")
    except ImportError as error:
        raise PluginError(
            "augmenting pictures needs the package kornia, which is not installed",
            "run `pip install labelwright[images]`",
        ) from error
