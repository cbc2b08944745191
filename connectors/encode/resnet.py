"""A small residual network from scratch, for small pictures that no pretrained model knows.

It has no knowledge of its own: `finetune = scratch` trains it, and `pretrain` lets it learn from
the pool first. Until then choosing has the pixels to go by.
"""

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
from labelwright.loop.encoding import Kept, Trainable
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Items, Progress

if TYPE_CHECKING:
    import numpy as np
    import torch

_MOST_FOR_SCALE = 2048
"""Pictures, spread over the pool, that mean and standard deviation are taken from."""


@gives("network")
def resnet(width: int = 16, depth: int = 8, side: int = 32, *, context: Context) -> Trainable:
    """A small residual network from scratch; pictures larger than side, or of many sizes, are resized."""
    if not (8 <= width <= 512 and width % 8 == 0):
        raise PluginError(
            f"resnet: width = {width} is not a number of channels it can have",
            "write a multiple of 8, 8 to 512",
        )
    if not (8 <= depth <= 110 and depth % 6 == 2):
        raise PluginError(
            f"resnet: depth = {depth} is not a number of layers it can have",
            "write 8, 14, 20, … (6n + 2), at most 110",
        )
    if not 8 <= side <= 256:
        raise PluginError(f"resnet: side = {side} is not a number of pixels", "write 8 to 256")
    columns = input_columns(context, "image", "resnet")
    return ResNet(columns, width, depth, side, context.data_root, context.progress)


@dataclass(eq=False)
class ResNet:
    """Its network reads the pictures of an item as one, their channels one after another."""

    columns: tuple[str, ...]
    width: int
    depth: int
    side: int
    root: Path
    progress: Progress
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """What vectors and inputs depend on, beside the pool."""
        from PIL import __version__

        return (
            f"resnet 1 width={self.width} depth={self.depth} side={self.side} "
            f"Pillow={__version__} of " + ",".join(self.columns)
        )

    def fit(self, items: Items) -> None:
        """Learn the form of the pictures, and mean and standard deviation of their channels.

        Raises DataError naming the item that cannot be read.
        """
        import numpy as np

        found: set[Shape] = set()
        for column in self.columns:
            found |= shapes_in(items, column, self.root, self.progress)
        self._shape = common_shape(found, self.side)
        step = max(1, -(-len(items) // _MOST_FOR_SCALE))
        sample = self.inputs(items.take(np.arange(0, len(items), step)))
        self._mean = [float(m) for m in sample.mean(axis=(0, 1, 2), dtype=np.float64)]
        deviations = sample.std(axis=(0, 1, 2), dtype=np.float64)
        self._std = [float(d) or 1.0 for d in deviations]

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, h, w, channels) uint8. Raises DataError naming the item that cannot be read."""
        import numpy as np

        read = [
            read_pictures(items, column, self._shape, self.root, self.progress)
            for column in self.columns
        ]
        return np.concatenate(read, axis=3) if len(read) > 1 else read[0]

    def network(self, seed: int) -> torch.nn.Module:
        """A network that has learned nothing, its weights drawn by `seed`."""
        import torch

        from labelwright.connectors.encode.residual import ResidualNetwork

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return ResidualNetwork(self.width, self.depth, self._mean, self._std)

    def state(self) -> Kept:
        """The form of the pictures, and what the network takes out of them."""
        values = {"shape": list(self._shape), "mean": self._mean, "std": self._std}
        return Kept(values=values)

    def restore(self, kept: Kept) -> None:
        """Be fitted as the encoder was that gave this state."""
        height, width, channels = (int(n) for n in kept.values["shape"])
        self._shape = (height, width, channels)
        self._mean = [float(m) for m in kept.values["mean"]]
        self._std = [float(d) for d in kept.values["std"]]

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32 in 0..1: the pixels, which are all that is known without training."""
        import numpy as np

        vectors = self.inputs(items).reshape(len(items), -1).astype(np.float32)
        vectors /= 255
        return vectors
