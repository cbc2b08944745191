"""Pictures as their pixels: right for small pictures of one kind, such as scanned digits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.pictures import load_image
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.ports import Context, Encoder, Items, Progress

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_Shape = tuple[int, int, int]
_BLOCK = 1024


def pixels(side: int = 32, *, context: Context) -> Encoder:
    """The pictures' pixels as 0..1; larger pictures, or of different sizes, become side x side."""
    if not 1 <= side <= 512:
        raise PluginError(f"pixels: side = {side} is not a number of pixels", "write 1 to 512")
    columns = input_columns(context, "image", "pixels")
    return Pixels(columns, side, context.data_root, context.progress)


@dataclass(eq=False)
class Pixels:
    """Flattened pictures, row by row, column after column where the task has several.

    The pool decides the form: pictures of one size that fit into `side` x `side` are taken as they
    are, others are resized; grey if all are grey, else RGB.
    """

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
        self._shapes: list[_Shape] = [self._shape(items, column) for column in self.columns]

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32 in 0..1. Raises DataError naming the item that cannot be read."""
        import numpy as np

        rows = [
            self._encode(items, column, shape)
            for column, shape in zip(self.columns, self._shapes, strict=True)
        ]
        return np.hstack(rows) if len(rows) > 1 else rows[0]

    def _shape(self, items: Items, column: str) -> _Shape:
        found: set[_Shape] = set()
        cells = items.columns([column]).column(column)
        if (raw := _raw_shapes(cells)) is not None:
            found = raw
        else:
            for i, value in enumerate(cells):
                found.add(self._load(value.as_py(), items, i).shape)
                self.progress("looking at pictures", i + 1, len(items))
        channels = max((c for _, _, c in found), default=1)
        sizes = {(height, width) for height, width, _ in found}
        if len(sizes) == 1 and max(size := sizes.pop()) <= self.side:
            return (*size, channels)
        return (self.side, self.side, channels)

    def _encode(self, items: Items, column: str, shape: _Shape) -> np.ndarray:
        import numpy as np

        cells = items.columns([column]).column(column)
        vectors = np.empty((len(items), int(np.prod(shape))), dtype=np.float32)
        whole = _raw_shapes(cells) == {shape}
        for start in range(0, len(items), _BLOCK):
            block = cells.slice(start, _BLOCK)
            stop = start + len(block)
            if whole:
                data = b"".join(value["data"] for value in block.to_pylist())
                made = np.frombuffer(data, dtype=np.uint8).reshape(len(block), -1)
            else:
                loaded = (
                    self._load(value.as_py(), items, start + i) for i, value in enumerate(block)
                )
                made = np.stack([_resized(p, shape).reshape(-1) for p in loaded])
            vectors[start:stop] = made
            self.progress("encoding", stop, len(items))
        vectors /= 255
        return vectors

    def _load(self, value: Any, items: Items, row: int) -> np.ndarray:
        if value is None:
            raise DataError(
                f"item {items.ids[row]} has no picture", "leave it out with `keep when` in `data`"
            )
        try:
            return load_image(value, self.root)
        except DataError as error:
            raise DataError(f"item {items.ids[row]}: {error.message}", error.remedy) from error


def _raw_shapes(cells: pa.ChunkedArray) -> set[_Shape] | None:
    """The shapes in a column of raw pixels; None for paths, or where one is missing or odd."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_struct(cells.type) or cells.null_count or not len(cells):
        return None
    names = ("height", "width", "channels")
    sides = [pc.struct_field(cells, name) for name in names]
    size = pc.multiply(pc.multiply(sides[0], sides[1]), sides[2])
    if not pc.all(pc.equal(pc.binary_length(pc.struct_field(cells, "data")), size)).as_py():
        return None
    groups = pa.table(dict(zip(names, sides, strict=True))).group_by(list(names)).aggregate([])
    return {(g["height"], g["width"], g["channels"]) for g in groups.to_pylist()}


def _resized(picture: np.ndarray, shape: _Shape) -> np.ndarray:
    import numpy as np
    from PIL import Image

    height, width, channels = shape
    if picture.shape == shape:
        return picture
    grey = picture.shape[2] == 1
    image = Image.fromarray(picture[:, :, 0] if grey else picture)
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(shape)
