"""Pretrained vision models through transformers: ViT, DINOv2, ConvNeXt, ResNet and their like.

Only safetensors are loaded, and only transformers' own code. Pictures are prepared as the model's
preprocessor_config.json says, by Pillow: torchvision is not needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.encode.model_files import model_folder
from labelwright.connectors.encode.picture_arrays import read_pictures
from labelwright.connectors.encode.preparing import Preparation, read_preparation
from labelwright.connectors.encode.sentence_transformers import digest, refuse_foreign_parts
from labelwright.loop.encoding import Trainable
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Items, Progress, no_progress

if TYPE_CHECKING:
    import numpy as np

    from labelwright.connectors.encode.vision_network import VisionNetwork

_AT_A_TIME = 256  # pictures whose pixels are held together
_UNUSED = "pooler."
"""Of a transformer; its weights are often not published, and the class token needs none."""


@gives("network")
def vision(name: str, *, context: Context) -> Trainable:
    """A vision model of transformers: a folder under the model root, or a name on the hub."""
    columns = input_columns(context, "image", "vision")
    folder = model_folder(name, context.model_root, "images")
    return VisionEncoder(name, folder, columns, context.data_root, context.progress)


@dataclass(eq=False)
class VisionEncoder:
    """Pictures to vectors by the model in `folder`; `name` is what people call it."""

    name: str
    folder: Path
    columns: tuple[str, ...]
    root: Path
    progress: Progress
    fitted: bool = field(default=False, init=False)

    @cached_property
    def identity(self) -> str:
        """Model and the hash of its files, libraries, number type and columns."""
        from PIL import __version__

        return (
            f"{self.name} {digest(self.folder)} transformers={_library().__version__} "
            f"Pillow={__version__} float32 of " + ",".join(self.columns)
        )

    def fit(self, items: Items) -> None:
        """Nothing: the model is learned already."""

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32. Raises DataError naming the item that cannot be read."""
        import numpy as np

        from labelwright.loop.train.running import outputs

        network = self._network
        vectors = np.zeros((len(items), network.dim), dtype=np.float32)
        for start in range(0, len(items), _AT_A_TIME):
            rows = range(start, min(start + _AT_A_TIME, len(items)))
            vectors[rows.start : rows.stop] = outputs(network, self._inputs(items.take(rows)))
        return vectors

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, h, w, 3 · columns) uint8. Raises DataError naming the item that cannot be read."""
        return self._inputs(items, self.progress)

    def network(self, seed: int) -> VisionNetwork:
        """A new network with the model's weights; `seed` decides nothing, for it has all of them."""
        from labelwright.connectors.encode.vision_network import VisionNetwork

        return VisionNetwork(self._load(), self._prepared, len(self.columns))

    @cached_property
    def _network(self) -> VisionNetwork:
        return self.network(0)

    @cached_property
    def _prepared(self) -> Preparation:
        return read_preparation(self.folder, self.name)

    def _inputs(self, items: Items, progress: Progress = no_progress) -> np.ndarray:
        import numpy as np

        prepared = self._prepared
        read = [
            read_pictures(
                items, column, (*prepared.shape, 3), self.root, progress,
                fit=lambda picture, shape: prepared.apply(picture),
            )
            for column in self.columns
        ]  # fmt: skip
        return np.concatenate(read, axis=3) if len(read) > 1 else read[0]

    def _load(self) -> Any:
        import torch

        library = _library()
        refuse_foreign_parts(self.folder, self.name)
        self._refuse_code()
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                model, told = library.AutoModel.from_pretrained(
                    str(self.folder), local_files_only=True, trust_remote_code=False,
                    use_safetensors=True, dtype=torch.float32, output_loading_info=True,
                )  # fmt: skip
        except Exception as error:  # whatever a damaged model makes the library raise
            raise PluginError(
                f"the model {self.name} cannot be loaded: {type(error).__name__}: {error}",
                f"look at its files in {self.folder}; a download may have been cut short",
            ) from error
        self._refuse_other(model)
        missing = [k for k in told["missing_keys"] if not k.startswith(_UNUSED)]
        if missing or told["mismatched_keys"]:
            raise PluginError(
                f"the model {self.name} lacks weights: {', '.join(sorted(map(str, missing))[:3])}",
                f"look at its files in {self.folder}; they must be of the model that config.json names",
            )
        if any(k.rpartition(".")[2] == "cls_token" for k, _ in model.named_parameters()):
            model.pooler = None
        return model.eval()

    def _refuse_code(self) -> None:
        try:
            config = json.loads((self.folder / "config.json").read_text("utf-8"))
            brings_code = "auto_map" in config
        except (OSError, ValueError, TypeError) as error:
            raise PluginError(
                f"the model {self.name} has no readable config.json: {error}",
                f"look into {self.folder}; a download may have been cut short",
            ) from error
        if brings_code:
            raise PluginError(
                f"the model {self.name} brings code of its own",
                "choose a model that transformers itself knows",
            )

    def _refuse_other(self, model: Any) -> None:
        if getattr(model, "main_input_name", "") != "pixel_values":
            raise PluginError(
                f"the model {self.name} ({type(model).__name__}) does not read pictures alone",
                "choose a vision model: ViT, DINOv2, ConvNeXt, ResNet",
            )


def _library() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise PluginError(
            "this encoder needs the package transformers, which is not installed",
            "run `pip install labelwright[images]`",
        ) from error
    return transformers
