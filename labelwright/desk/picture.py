"""A picture in a terminal: two pixels a cell with colour, shades of grey characters without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

_SHADES = " .:-=+*#%@"
_TINY = 32  # pixels a side that are enlarged without smoothing


def picture_lines(
    value: str | Mapping[str, Any], root: Path, width: int, height: int, *, color: bool
) -> list[Text]:
    """The picture in at most `width` by `height` cells; why not, where it cannot be read."""
    from rich.text import Text

    from labelwright.connectors.pictures import load_image

    try:
        pixels = load_image(value, root)
    except DataError as error:
        return [Text(error.message, "red")]
    if color:
        return _blocks(_resized(pixels, width, height * 2))
    return _shaded(_resized(pixels, width // 2, height))


def _resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """(h, w, 3) uint8, at most that wide and high; tiny pictures by a whole factor."""
    import numpy as np
    from PIL import Image

    high, wide = pixels.shape[:2]
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    factor = min(width / wide, height / high)
    if max(high, wide) <= _TINY and factor >= 1:
        factor = int(min(factor, max(1, _TINY // max(high, wide))))
        return np.repeat(np.repeat(rgb, factor, axis=0), factor, axis=1)
    size = max(1, int(wide * min(factor, 1))), max(1, int(high * min(factor, 1)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))


def _blocks(pixels: np.ndarray) -> list[Text]:
    from rich.text import Text

    lines = []
    for y in range(0, len(pixels), 2):
        line = Text()
        for x in range(pixels.shape[1]):
            top = _hex(pixels[y, x])
            bottom = f" on {_hex(pixels[y + 1, x])}" if y + 1 < len(pixels) else ""
            line.append("▀", f"{top}{bottom}")
        lines.append(line)
    return lines


def _shaded(pixels: np.ndarray) -> list[Text]:
    from rich.text import Text

    grey = pixels.astype(float).mean(axis=2)
    levels = (grey / 256 * len(_SHADES)).astype(int)
    return [Text("".join(_SHADES[v] * 2 for v in row).rstrip()) for row in levels]


def _hex(pixel: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(int(v) for v in pixel))
