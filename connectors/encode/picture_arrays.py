"""A column of pictures as one array of bytes, which encoders of pictures start from.

The pool decides the form: pictures of one size that fit into `side` x `side` are taken as they are,
others are resized; grey if all are grey, else RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.pictures import load_image
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Items, Progress

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Shape = tuple[int, int, int]
"""Height, width, channels (1 or 3)."""

_BLOCK = 1024


def shapes_in(items: Items, column: str, root: Path, progress: Progress) -> set[Shape]:
    """The shapes of a column's pictures. Raises DataError naming the item that cannot be read."""
    cells = items.columns([column]).column(column)
    if (raw := _raw_shapes(cells)) is not None:
        return raw
    found = set()
    for i, value in enumerate(cells):
        found.add(_load(value.as_py(), root, items, i).shape)
        progress("looking at pictures", i + 1, len(items))
    return found


def common_shape(found: Set[Shape], side: int) -> Shape:
    """The shape that pictures of these shapes are brought to."""
    channels = max((c for _, _, c in found), default=1)
    sizes = {(height, width) for height, width, _ in found}
    if len(sizes) == 1 and max(size := sizes.pop()) <= side:
        return (*size, channels)
    return (side, side, channels)


def read_pictures(
    items: Items,
    column: str,
    shape: Shape,
    root: Path,
    progress: Progress,
    fit: Callable[[np.ndarray, Shape], np.ndarray] | None = None,
) -> np.ndarray:
    """(n_items, height, width, channels) uint8, each brought to `shape` (by `resized`, or by `fit`).

    Raises DataError naming the item that cannot be read.
    """
    import numpy as np

    read = np.empty((len(items), *shape), dtype=np.uint8)
    for start, block in _blocks(items, column, shape, root, fit or resized):
        stop = start + len(block)
        read[start:stop] = block
        progress("reading pictures", stop, len(items))
    return read


def resized(picture: np.ndarray, shape: Shape) -> np.ndarray:
    """The picture (h, w, c) uint8 in this shape: bilinear, its proportions not kept."""
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


def _blocks(
    items: Items,
    column: str,
    shape: Shape,
    root: Path,
    fit: Callable[[np.ndarray, Shape], np.ndarray],
) -> Iterator[tuple[int, np.ndarray]]:
    import numpy as np

    cells = items.columns([column]).column(column)
    whole = fit is resized and _raw_shapes(cells) == {shape}
    for start in range(0, len(items), _BLOCK):
        block = cells.slice(start, _BLOCK)
        if whole:
            data = b"".join(value["data"] for value in block.to_pylist())
            yield start, np.frombuffer(data, dtype=np.uint8).reshape(len(block), *shape)
        else:
            loaded = (_load(value.as_py(), root, items, start + i) for i, value in enumerate(block))
            yield start, np.stack([fit(picture, shape) for picture in loaded])


def _load(value: Any, root: Path, items: Items, row: int) -> np.ndarray:
    if value is None:
        raise DataError(
            f"item {items.ids[row]} has no picture", "leave it out with `keep when` in `data`"
        )
    try:
        return load_image(value, root)
    except DataError as error:
        raise DataError(f"item {items.ids[row]}: {error.message}", error.remedy) from error


def _raw_shapes(cells: pa.ChunkedArray) -> set[Shape] | None:
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
