"""A multilayer perceptron for tables, in torch: categories by embeddings, numbers scaled.

Entity embeddings after Guo & Berkhahn 2016, "Entity Embeddings of Categorical Variables".
Imported by whoever builds one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from labelwright.connectors.encode.table_columns import FURTHEST, Categories, Number

_WIDTH = 128
_DROPOUT = 0.1


class TableNetwork(nn.Module):
    """(n, columns) of `Table.inputs` to (n, dim) float32."""

    rate = 1e-3
    centre: Tensor
    scale: Tensor

    def __init__(self, columns: Sequence[Number | Categories]) -> None:
        super().__init__()
        self.dim = _WIDTH // 2
        numbers = [(i, c) for i, c in enumerate(columns) if isinstance(c, Number)]
        sizes = [
            (i, len(c.frequent) + 2) for i, c in enumerate(columns) if not isinstance(c, Number)
        ]
        self._numbers = [i for i, _ in numbers]
        self._categories = [i for i, _ in sizes]
        middle = torch.tensor([c.mean for _, c in numbers], dtype=torch.float64)
        spread = torch.tensor([c.scale for _, c in numbers], dtype=torch.float64)
        self.register_buffer("centre", middle, persistent=False)
        self.register_buffer("scale", spread, persistent=False)
        self.embeddings = nn.ModuleList(nn.Embedding(n, embedding_size(n)) for _, n in sizes)
        wide = 2 * len(numbers) + sum(embedding_size(n) for _, n in sizes)
        self.layers = nn.Sequential(
            nn.Linear(wide, _WIDTH), nn.ReLU(), nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, self.dim), nn.ReLU(),
        )  # fmt: skip

    def forward(self, batch: Tensor) -> Tensor:
        """Vectors that a head can stand on."""
        values = batch[:, self._numbers].double()
        missing = values.isnan()
        scaled = ((values - self.centre) / self.scale).clamp(-FURTHEST, FURTHEST)
        parts = [scaled.masked_fill(missing, 0).float(), missing.float()]
        for i, embedding in zip(self._categories, self.embeddings, strict=True):
            missing_code = embedding.num_embeddings - 1  # type: ignore[operator]
            codes = batch[:, i].nan_to_num(nan=float(missing_code)).long()
            parts.append(embedding(codes))
        out: Tensor = self.layers(torch.cat(parts, dim=1))
        return out


def embedding_size(categories: int) -> int:
    """Numbers a category: fast.ai's rule of thumb, at most 32."""
    size: int = round(1.6 * float(categories) ** 0.56)
    return min(32, size)
