"""How a vision model wants its pictures: what its preprocessor_config.json says, done by Pillow alone.

The same steps as transformers' own processors take: resize, crop the middle; then in the network scale to
0..1 and normalise. One thing is fixed here that they leave open: all pictures come out in one shape, so that
a shorter side without a crop means a crop to a square.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np

FILE = "preprocessor_config.json"
_BILINEAR = 2  # Pillow's numbers are what these files hold
_LARGE = 384  # from here on ConvNeXt's processor warps instead of cropping


@dataclass(frozen=True)
class Preparation:
    """shape: (height, width) of what comes out; resize: to this height and width, or to this shorter side."""

    shape: tuple[int, int]
    resize: tuple[int, int] | int
    resample: int
    factor: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, c) uint8 to (*shape, 3) uint8."""
        import numpy as np
        from PIL import Image

        image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
        image = image.convert("RGB")
        height, width = (
            self.resize if isinstance(self.resize, tuple) else _shorter(image, self.resize)
        )
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling(self.resample))
        top, left = (height - self.shape[0]) // 2, (width - self.shape[1]) // 2
        pixels = np.asarray(image)[top : top + self.shape[0], left : left + self.shape[1]]
        return np.ascontiguousarray(pixels)


def read_preparation(folder: Path, name: str) -> Preparation:
    """What the model in `folder`, called `name`, wants. Raises PluginError where the file does not say."""
    path = folder / FILE
    try:
        return preparation(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise PluginError(
            f"the model {name} has no {FILE}: it does not say what its pictures must look like",
            f"look into {folder}; choose a vision model (ViT, DINOv2, ConvNeXt, ResNet)",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PluginError(
            f"{FILE} of the model {name} is not understood: {type(error).__name__}: {error}",
            f"look into {folder}; a download may have been cut short",
        ) from error


def preparation(told: dict[str, Any]) -> Preparation:
    """From the content of a preprocessor_config.json. Raises ValueError, TypeError or KeyError."""
    kind = str(told.get("image_processor_type") or told.get("feature_extractor_type") or "")
    resize, shape = _sides(told, kind)
    height, width = shape
    least = resize if isinstance(resize, int) else min(resize)
    if not 1 <= least <= 2048 or not (1 <= height <= 2048 and 1 <= width <= 2048):
        raise ValueError(f"sizes {resize} and {shape} are out of range")
    fits = resize >= max(shape) if isinstance(resize, int) else resize >= shape
    if not fits or (isinstance(resize, tuple) and resize[1] < width):
        raise ValueError(f"a crop to {shape} is larger than what it is taken from, {resize}")
    normal = bool(told.get("do_normalize", True))
    mean = tuple(float(m) for m in told["image_mean"]) if normal else (0.0,) * 3
    std = tuple(float(s) for s in told["image_std"]) if normal else (1.0,) * 3
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise ValueError(f"image_mean {mean} and image_std {std} are not of three channels")
    scales = bool(told.get("do_rescale", True))
    factor = float(told.get("rescale_factor", 1 / 255)) if scales else 1.0
    return Preparation(shape, resize, int(told.get("resample", _BILINEAR)), factor, mean, std)


def _sides(told: dict[str, Any], kind: str) -> tuple[tuple[int, int] | int, tuple[int, int]]:
    """What a picture is resized to, and the shape of the crop after it."""
    size = told["size"]
    if isinstance(size, int):
        size = (
            {"shortest_edge": size}
            if kind.startswith(("ConvNext", "Bit", "CLIP"))
            else (size, size)
        )
    if isinstance(size, dict) and "shortest_edge" in size:
        shorter = int(size["shortest_edge"])
        if kind.startswith("ConvNext"):
            if shorter >= _LARGE:
                return (shorter, shorter), (shorter, shorter)
            return int(shorter / float(told.get("crop_pct", 224 / 256))), (shorter, shorter)
        return shorter, _pair(told["crop_size"]) if _crops(told) else (shorter, shorter)
    whole = _pair(size)
    return whole, _pair(told["crop_size"]) if _crops(told) else whole


def _crops(told: dict[str, Any]) -> bool:
    return bool(told.get("do_center_crop", False))


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, dict):
        return int(size["height"]), int(size["width"])
    if isinstance(size, int):
        return size, size
    height, width = size
    return int(height), int(width)


def _shorter(image: Any, side: int) -> tuple[int, int]:
    """(height, width) with this shorter side and the picture's proportions."""
    width, height = image.size
    if height <= width:
        return side, int(side * width / height)
    return int(side * height / width), side
