"""brightness, sharpness, width and height of a picture.

Brightness and sharpness are taken from the grey picture with 8 bits a pixel: luma after ITU-R BT.601,
0.299 R + 0.587 G + 0.114 B, rounded, at the picture's own size and turned upright.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import Picture

_STRIP = 2**20  # pixels of the Laplacian that are held at one time


def brightness(picture: Picture) -> float:
    """Mean luma, 0 (black) to 1 (white)."""
    return float(grey(picture).mean(dtype="float64")) / 255


def sharpness(picture: Picture) -> float:
    """Variance of the Laplacian of the grey picture, 0 (one flat colour) to some thousands.

    The Laplacian is the 3 x 3 one, the four neighbours minus four times the pixel, on luma 0 to 255,
    with mirrored edges: the same figure as OpenCV's `Laplacian(grey, CV_64F).var()`. Below about 35 a
    photograph is out of focus, but noise and small size raise it, so look at some pictures first.
    Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy", LAPV.
    """
    return variance_of_laplacian(grey(picture))


def width(picture: Picture) -> float:
    """Pixels from left to right, as the picture is looked at."""
    return float(pixels(picture).shape[1])


def height(picture: Picture) -> float:
    """Pixels from top to bottom, as the picture is looked at."""
    return float(pixels(picture).shape[0])


def pixels(picture: Picture) -> np.ndarray:
    """The picture as (height, width, 1 or 3) uint8, decoded once however many properties ask.

    Raises DataError where it cannot be read.
    """
    from labelwright.connectors.pictures import load_image

    return picture.made("pixels", lambda: load_image(picture.value, picture.root))


def grey(picture: Picture) -> np.ndarray:
    """The picture's luma as (height, width) uint8, worked out once."""
    return picture.made("grey", lambda: luma(pixels(picture)))


def luma(image: np.ndarray) -> np.ndarray:
    """(height, width) uint8 of an image (height, width, 1 or 3) uint8."""
    import numpy as np
    from PIL import Image

    if image.shape[2] == 1:
        return np.asarray(image[:, :, 0])
    return np.asarray(Image.fromarray(image).convert("L"))


def variance_of_laplacian(image: np.ndarray) -> float:
    """Variance over all pixels of the Laplacian of (height, width) uint8; exact up to the division."""
    import numpy as np

    rows, columns = image.shape
    total = squares = 0
    step = max(1, _STRIP // columns)
    for start in range(0, rows, step):
        strip = image[_mirrored(np.arange(start - 1, min(rows, start + step) + 1), rows)]
        wide = strip[:, _mirrored(np.arange(-1, columns + 1), columns)].astype(np.int32)
        beside = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
        laplacian = beside - 4 * wide[1:-1, 1:-1]
        total += int(laplacian.sum(dtype=np.int64))
        squares += int((laplacian * laplacian).sum(dtype=np.int64))
    return (image.size * squares - total * total) / image.size**2


def _mirrored(places: np.ndarray, n: int) -> np.ndarray:
    """Places just outside 0..n-1 as those inside that they mirror, the edge itself not repeated."""
    import numpy as np

    if n == 1:
        return np.zeros_like(places)
    return np.asarray((n - 1) - np.abs((n - 1) - np.abs(places)))
