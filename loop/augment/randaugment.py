"""RandAugment (Cubuk et al. 2020) as FixMatch has it: some changes drawn at random, of random strength."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from labelwright.loop.augment.change import Augmentation, in_range
from labelwright.loop.augment.pictures import kornia
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import torch

    Op = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

ANGLE, SHIFT, SHEAR, LIGHT = 30.0, 0.3, 0.3, 0.9
"""At full strength: degrees; shares of a side; 1 ± this for brightness, contrast and the like."""

_MOVES = ("rotate", "shift_x", "shift_y", "shear_x", "shear_y")
_GREY = ("none", "brightness", "contrast", "sharpness", "autocontrast", "equalize", "posterize",
         "solarize")  # fmt: skip
_COLOUR = ("saturation",)


def randaugment(n: int = 2, strength: float = 1.0) -> Augmentation:
    """n changes of each picture, drawn from turns, shifts, shears and changes of light and colour."""
    if n < 1:
        raise PluginError(f"randaugment: n = {n} changes nothing", "write 1 or more; 2 is usual")
    most = in_range("randaugment", strength, "strength")
    return Augmentation("randaugment", "pictures", lambda x, rng: changed(x, n, most, rng))


def operations(channels: int) -> tuple[str, ...]:
    """The names of what may be done to a picture of so many channels."""
    return (*_MOVES, *_GREY, *(_COLOUR if channels == 3 else ()))


def changed(x: torch.Tensor, n: int, strength: float, rng: torch.Generator) -> torch.Tensor:
    """(b, c, h, w) in 0..1 after n changes, drawn for each picture by itself."""
    import torch

    names = operations(x.shape[1])
    for _ in range(n):
        which = torch.randint(0, len(names), (len(x),), generator=rng)
        level = strength * torch.rand(len(x), generator=rng)
        sign = torch.where(torch.rand(len(x), generator=rng) < 0.5, -1.0, 1.0)
        x = apply(x, which, level * sign)
    return x


def apply(x: torch.Tensor, which: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """(b, c, h, w), each changed by the operation `which` (b,) of `operations`, by `level` (b,) in -1..1."""
    import torch

    names = operations(x.shape[1])
    x = x.clone()
    moving = which < len(_MOVES)
    if moving.any():
        x[moving] = _moved(x[moving], which[moving], level[moving])
    for place, name in enumerate(names[len(_MOVES) :], start=len(_MOVES)):
        rows = torch.nonzero(which == place)[:, 0]
        if len(rows) and name != "none":
            where = rows.to(x.device)
            x[where] = _OPERATIONS[name](x[where], level[rows].to(x)).clamp(0, 1)
    return x


def _moved(x: torch.Tensor, which: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Turned, shifted or sheared; what comes in from outside is black."""
    import torch

    geometry = kornia().geometry.transform
    n, _, h, w = x.shape

    def of(name: str, most: float) -> torch.Tensor:
        return torch.where(which == _MOVES.index(name), level * most, 0.0).to(x)

    shift = torch.stack([of("shift_x", SHIFT * w), of("shift_y", SHIFT * h)], dim=1)
    middle = torch.tensor([(w - 1) / 2, (h - 1) / 2]).to(x).expand(n, 2)
    sheared = (of("shear_x", math.atan(SHEAR)), of("shear_y", math.atan(SHEAR)))
    matrix = geometry.get_affine_matrix2d(
        shift, middle, torch.ones_like(middle), of("rotate", ANGLE), *sheared
    )
    return geometry.warp_affine(x, matrix[:, :2], (h, w), align_corners=True)  # type: ignore[no-any-return]


def _factor(level: torch.Tensor) -> torch.Tensor:
    return 1 + LIGHT * level


_OPERATIONS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "brightness": lambda x, v: kornia().enhance.adjust_brightness_accumulative(x, _factor(v)),
    "contrast": lambda x, v: kornia().enhance.adjust_contrast_with_mean_subtraction(x, _factor(v)),
    "sharpness": lambda x, v: kornia().enhance.sharpness(x, _factor(v)),
    "saturation": lambda x, v: kornia().enhance.adjust_saturation_with_gray_subtraction(
        x, _factor(v)
    ),
    "autocontrast": lambda x, v: kornia().enhance.normalize_min_max(x),
    "equalize": lambda x, v: kornia().enhance.equalize(x),
    "posterize": lambda x, v: kornia().enhance.posterize(x, (8 - 4 * v.abs()).round().int()),
    "solarize": lambda x, v: kornia().enhance.solarize(x, 1 - v.abs()),
}
