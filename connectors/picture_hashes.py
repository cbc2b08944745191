"""Pictures as short keys: of their bytes, of what they show.

A perceptual hash is the sign of each difference between neighbouring pixels of the picture in 17 x 16 grey
pixels (dHash, Krawetz 2013): 256 bits, of which copies in another size or quality differ in few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.pictures import load_image
from labelwright.loop.ports import Progress

if TYPE_CHECKING:
    import numpy as np

SIDE = 16
MOST_APART = 6
"""Bits of 256 in which two pictures of the same may differ."""


def picture_hashes(
    values: Sequence[str | Mapping[str, Any]], root: Path, progress: Progress
) -> tuple[list[bytes], np.ndarray]:
    """(n keys, equal where the pixels are; (n, 32) uint8 perceptual hashes). Raises PictureError."""
    import numpy as np
    from PIL import Image

    keys, hashes = [], np.zeros((len(values), SIDE * SIDE // 8), dtype=np.uint8)
    for row, value in enumerate(values):
        pixels = load_image(value, root)
        shape = np.array(pixels.shape, dtype=np.int32).tobytes()
        keys.append(hashlib.blake2b(shape + pixels.tobytes(), digest_size=16).digest())
        picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        grey = np.asarray(
            picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX), dtype=np.int16
        )
        hashes[row] = np.packbits(grey[:, 1:] > grey[:, :-1])
        progress("looking at pictures", row + 1, len(values))
    return keys, hashes
