"""The network of a vision encoder, in torch: pixels to vectors, and to maps."""

from __future__ import annotations

import inspect
from typing import Any, cast

import torch
from torch import Tensor, nn

from labelwright.connectors.encode.preparing import Preparation


class VisionNetwork(nn.Module):
    """(n, h, w, 3 · pictures) pixels of 0..255, bytes or floats, to (n, dim · pictures) float32.

    A transformer's vector is its class token's, where it has one, else the mean of its tokens; a
    convolutional network's is what it pools itself. `backbone` is the transformers model.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, prepared: Preparation, pictures: int = 1) -> None:
        super().__init__()
        self.backbone, self.pictures = model, pictures
        scale = 1 / prepared.factor
        for name, values in (("mean", prepared.mean), ("std", prepared.std)):
            scaled = torch.tensor(values).view(-1, 1, 1) * scale
            self.register_buffer(name, scaled, persistent=False)
        self._options = _options(model, prepared)
        self._before = _tokens_before(model)
        training = model.training
        with torch.no_grad():
            blank = torch.zeros(1, *prepared.shape, 3 * pictures)
            self.eval()
            self.dim = int(self(blank).shape[1])
        self.train(training)

    def forward(self, batch: Tensor) -> Tensor:
        """Vectors, those of an item's pictures one after another."""
        n = len(batch)
        out = self._run(batch)
        hidden = out.last_hidden_state
        if hidden.ndim == 4:
            vectors = out.pooler_output.flatten(1)
        else:
            vectors = hidden[:, 0] if self._before else hidden.mean(dim=1)
        return cast(Tensor, vectors.float().reshape(n, -1))

    def maps(self, batch: Tensor) -> Tensor:
        """(n, channels, rows, columns) what the last layer says of each part of the (only) picture."""
        hidden = self._run(batch).last_hidden_state
        if hidden.ndim == 4:
            return cast(Tensor, hidden)
        tokens = hidden[:, self._before :]
        patch = _patch(self.backbone.config)
        rows, columns = batch.shape[1] // patch[0], batch.shape[2] // patch[1]
        return cast(Tensor, tokens.transpose(1, 2).reshape(len(tokens), -1, rows, columns))

    def _run(self, batch: Tensor) -> Any:
        n, height, width, _ = batch.shape
        apart = batch.reshape(n, height, width, self.pictures, 3).permute(0, 3, 4, 1, 2)
        pixels = apart.reshape(n * self.pictures, 3, height, width).to(self.mean.dtype)
        return self.backbone(pixel_values=(pixels - self.mean) / self.std, **self._options)


def _options(model: Any, prepared: Preparation) -> dict[str, bool]:
    """A ViT that is shown another size than it learned on has its positions interpolated."""
    known = getattr(model.config, "image_size", None)
    if (
        known is None
        or "interpolate_pos_encoding" not in inspect.signature(model.forward).parameters
    ):
        return {}
    sides = (known, known) if isinstance(known, int) else tuple(known)
    return {} if sides == prepared.shape else {"interpolate_pos_encoding": True}


def _tokens_before(model: Any) -> int:
    """Tokens before those of the patches: the class token, and registers."""
    names = [name.rpartition(".")[2] for name, _ in model.named_parameters()]
    if "cls_token" not in names:
        return 0
    return 1 + int(getattr(model.config, "num_register_tokens", 0) or 0)


def _patch(config: Any) -> tuple[int, int]:
    size = config.patch_size
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
