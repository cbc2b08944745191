"""Pictures as their pixels: right for small pictures of one kind, such as scanned digits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.encode.picture_arrays import (
    Shape,
    common_shape,
    read_pictures,
    shapes_in,
)
from labelwright.loop.encoding import Kept
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder, Items, Progress

if TYPE_CHECKING:
    import numpy as np


@gives()
def pixels(side: int = 32, *, context: Context) -> Encoder:
    """The pictures' pixels as 0..1; larger pictures, or of different sizes, become side x side."""
    if not 1 <= side <= 512:
        raise PluginError(f"pixels: side = {side} is not a number of pixels", "write 1 to 512")
    columns = input_columns(context, "image", "pixels")
    return Pixels(columns, side, context.data_root, context.progress)


@dataclass(eq=False)
class Pixels:
    """Flattened pictures, row by row, column after column where the task has several."""

    columns: tuple[str, ...]
    side: int
    root: Path
    progress: Progress
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """What the vectors depend on, beside the pool."""
        from PIL import __version__

        return f"pixels side={self.side} Pillow={__version__} of " + ",".join(self.columns)

    def fit(self, items: Items) -> None:
        """Learn the form of the pictures. Raises DataError naming the item that cannot be read."""
        self._shapes: list[Shape] = [
            common_shape(shapes_in(items, column, self.root, self.progress), self.side)
            for column in self.columns
        ]

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32 in 0..1. Raises DataError naming the item that cannot be read."""
        import numpy as np

        rows = [
            read_pictures(items, column, shape, self.root, self.progress).reshape(len(items), -1)
            for column, shape in zip(self.columns, self._shapes, strict=True)
        ]
        vectors = np.hstack(rows).astype(np.float32)
        vectors /= 255
        return vectors

    def state(self) -> Kept:
        """The form of each column's pictures: height, width, channels."""
        return Kept(values={"shapes": [list(shape) for shape in self._shapes]})

    def restore(self, kept: Kept) -> None:
        """Know what `fit` learned."""
        self._shapes = [(h, w, c) for h, w, c in kept.values["shapes"]]
