"""Pictures: as arrays for encoders, as PNG for reports, as an Arrow column for data sources.

A picture is a path relative to the data root, or a struct of raw pixels. Files are decoded by
Pillow with limits: known formats only, at most 50 megapixels, so that no file that was sent can
fill the memory.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.paths import data_path
from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MOST_PIXELS = 50_000_000


class PictureError(DataError):
    """A picture that cannot be used; `reason` is a short stable phrase."""

    def __init__(self, reason: str, name: str, detail: str) -> None:
        super().__init__(
            f"{name}: {reason}: {detail}", "mend the picture or take it out of the data"
        )
        self.reason = reason
        self.detail = detail


def load_image(value: str | Mapping[str, Any], root: Path) -> np.ndarray:
    """The picture as (height, width, channels) uint8; one channel if grey, else three (RGB).

    Turned upright as its EXIF says, transparency laid over white, 16-bit grey scaled to 8. Raises
    DataError: outside `root`, missing, unreadable, of another format, above 50 megapixels.
    """
    import numpy as np

    if isinstance(value, str):
        with opened(data_path(value, root), value) as image:
            pixels = np.asarray(_plain(image))
    else:
        pixels = _pixels(value)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def png_data(value: str | Mapping[str, Any], root: Path, *, max_side: int = 256) -> bytes:
    """The picture as PNG, made smaller where a side exceeds `max_side`. Raises DataError."""
    from PIL import Image

    pixels = load_image(value, root)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((max_side, max_side))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def upright_size(path: Path, name: str) -> tuple[int, int]:
    """(width, height) of a file that decodes without error. Raises PictureError."""
    from PIL import ExifTags

    with opened(path, name) as image:
        width, height = image.size
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
        image.draft("L", (64, 64))  # JPEG decodes many times faster, and still to its end
        image.load()
    return (height, width) if turned else (width, height)


@contextmanager
def opened(path: Path, name: str) -> Iterator[Image]:
    """A picture file, its header read and its size checked. Whatever fails is a PictureError."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL", category=UserWarning)
        try:
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _too_large(name, f"{image.width:,} x {image.height:,} pixels")
                yield image
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_large(name, str(error)) from error
        except UnidentifiedImageError as error:
            known = ", ".join(FORMATS)
            raise PictureError("unexpected format", name, f"it is none of {known}") from error
        except PictureError:
            raise
        except Exception as error:  # Pillow's decoders raise nearly anything
            raise PictureError("unreadable picture", name, str(error)) from error


def picture_type() -> pa.DataType:
    """The Arrow type of a picture held as raw pixels."""
    import pyarrow as pa

    return pa.struct(
        [
            ("data", pa.binary()),
            ("height", pa.int32()),
            ("width", pa.int32()),
            ("channels", pa.int32()),
        ]
    )


def picture_column(pixels: np.ndarray) -> pa.StructArray:
    """Pictures of one size as a column; `pixels` is (n, height, width[, channels]) uint8."""
    import numpy as np
    import pyarrow as pa

    if pixels.ndim == 3:
        pixels = pixels[:, :, :, None]
    n, height, width, channels = pixels.shape
    flat = np.ascontiguousarray(pixels).reshape(n, -1)
    data = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(flat.shape[1]), n, [None, pa.py_buffer(flat)]
    ).cast(pa.binary())
    sides = [pa.array(np.full(n, side, dtype=np.int32)) for side in (height, width, channels)]
    return pa.StructArray.from_arrays([data, *sides], fields=list(picture_type()))


def _pixels(value: Mapping[str, Any]) -> np.ndarray:
    import numpy as np

    shape = tuple(int(value[side]) for side in ("height", "width", "channels"))
    raw = np.frombuffer(value["data"], dtype=np.uint8)
    if min(shape) < 1 or shape[2] not in (1, 3) or raw.size != np.prod(shape, dtype=np.int64):
        size = " x ".join(map(str, shape))
        raise PictureError("unreadable picture", "raw pixels", f"{raw.size} bytes for {size}")
    return raw.reshape(shape)


def _plain(image: Image) -> Image:
    """Upright, grey or RGB, 8 bits."""
    import numpy as np
    from PIL import ImageOps
    from PIL.Image import alpha_composite, fromarray, new

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I") or upright.mode == "F":
        wide = np.asarray(upright).astype(np.float64)
        top = 65535 if wide.max(initial=0) > 255 else 255
        return fromarray((wide * (255 / top)).round().clip(0, 255).astype(np.uint8))
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        return alpha_composite(new("RGBA", coloured.size, "white"), coloured).convert("RGB")
    return upright.convert("L" if upright.mode in ("1", "L") else "RGB")


def _too_large(name: str, what: str) -> PictureError:
    return PictureError("picture too large", name, f"{what}; at most {MOST_PIXELS:,} are read")
