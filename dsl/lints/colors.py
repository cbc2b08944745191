"""The lint on colours that are too close, for colour-blind readers too.

Distance is CIEDE2000 (Sharma, Wu and Dalal 2005), between colours as they look to usual eyes and to
those that see red, green or blue weakly: Machado, Oliveira and Fernandes 2009, "A physiologically-
based model for simulation of color vision deficiency", at severity 0.8. Most colour-blind readers
see better than that (https://doi.org/10.1364/OE.451331: three in four keep three kinds of cones). At
severity 1 red and green of Tableau 10 are one colour, and hardly a palette of ten would pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from labelwright.dsl import task as t
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Label

LIMIT = 6.0
"""Colours nearer than this are hard to tell apart in small patches on a screen."""

Lab = tuple[float, float, float]
_Matrix = tuple[tuple[float, float, float], ...]

_EYES: dict[str, _Matrix] = {
    "": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "red": (
        (0.259411, 0.923008, -0.182420),
        (0.110296, 0.804340, 0.085364),
        (-0.006276, -0.034346, 1.040622),
    ),
    "green": (
        (0.422823, 0.781057, -0.203881),
        (0.245752, 0.709602, 0.044646),
        (-0.011843, 0.037423, 0.974421),
    ),
    "blue": (
        (1.257728, -0.139648, -0.118081),
        (-0.078003, 0.975409, 0.102594),
        (-0.003316, 0.501214, 0.502102),
    ),
}
"""What is done to linear sRGB for readers who see this colour weakly."""


_MOST = 24  # colours; no more can all be told apart, so that they cannot be what people go by


def lint_colors(ctx: Context, draft: t.Task) -> None:
    """Add every class whose colour is too close to that of a sibling before it; each class once.

    Siblings are chosen between, so they must be told apart; a child may look like its parent.
    """
    siblings: dict[str | None, list[t.Class]] = {}
    for item in draft.classes:
        if item.color is not None and ctx.sure(("class", item.id, "color")):
            siblings.setdefault(item.parent, []).append(item)
    for group in siblings.values():
        looks = [as_seen(item.color or "") for item in group] if len(group) <= _MOST else []
        for this, seen in enumerate(looks):
            for that in range(this):
                if (found := _too_close(seen, looks[that])) is not None:
                    _say(ctx, group[this], group[that], *found)
                    break


def _say(ctx: Context, item: t.Class, other: t.Class, apart: float, weak: str) -> None:
    ctx.error(
        "L206",
        ctx.places["class", item.id, "color"],
        f"the colours of {other.id} and {item.id} look alike"
        + (f" to eyes weak in {weak}" if weak else ""),
        "choose a colour that is clearly lighter or darker" if weak else "choose another colour",
        labels=(Label(ctx.places["class", other.id, "color"], f"class {other.id}"),),
        notes=(
            f"They are {apart:.1f} apart (CIEDE2000); below {LIMIT:g} they are hard to tell apart.",
        ),
        warning=True,
    )


def _too_close(one: Sequence[Lab], other: Sequence[Lab]) -> tuple[float, str] | None:
    """How far two colours are apart and to whose eyes, the first to whom they are too close."""
    for weak, a, b in zip(_EYES, one, other, strict=True):
        # CIEDE2000 divides a difference of lightness by 1.75 at most.
        if abs(a[0] - b[0]) < 1.75 * LIMIT and (apart := distance(a, b)) < LIMIT:
            return apart, weak
    return None


def as_seen(code: str) -> list[Lab]:
    """CIELAB of `#rgb` or `#rrggbb` to each kind of eyes, usual ones first."""
    digits = code.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    linear = [_linear(int(digits[i : i + 2], 16) / 255) for i in (0, 2, 4)]
    return [
        _lab([sum(m * c for m, c in zip(row, linear, strict=True)) for row in matrix])
        for matrix in _EYES.values()
    ]


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _lab(linear: Sequence[float]) -> Lab:
    """CIELAB (D65) of linear sRGB, clipped to what a screen shows."""
    r, g, b = (min(max(c, 0.0), 1.0) for c in linear)
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (
        v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: Lab, other: Lab) -> float:
    """CIEDE2000 of two colours in CIELAB, in the order of the paper's equations."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(mean**7 / (mean**7 + 25**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1 = math.degrees(math.atan2(b1, a1)) % 360
    h2 = math.degrees(math.atan2(b2, a2)) % 360
    turn = h2 - h1
    hue = h1 + h2
    if c1 * c2 == 0:
        turn = 0.0
    elif abs(turn) <= 180:
        hue = hue / 2
    else:
        turn += -360 if turn > 180 else 360
        hue = (hue + 360) / 2 if hue < 360 else (hue - 360) / 2
    light, colour = l2 - l1, c2 - c1
    hues = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t_ = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    scale_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    scale_c = 1 + 0.045 * mean_c
    scale_h = 1 + 0.015 * mean_c * t_
    around_blue = math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2)))
    rotation = -2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * math.sin(around_blue)
    dl, dc, dh = light / scale_l, colour / scale_c, hues / scale_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)
