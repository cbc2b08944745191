"""An item as a tagger reads it: its text, where its tokens are, and a vector a token where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError
from labelwright.loop.spans.surface import surface

if TYPE_CHECKING:
    import numpy as np


@dataclass(eq=False)
class Tokens:
    """One text. places: (n_tokens, 2) from `words`. vectors: (n_tokens, dim), dim 0 without an encoder that
    has vectors of tokens. `looks` is made when it is first asked for: see `features`.
    """

    text: str
    places: np.ndarray
    vectors: np.ndarray
    looks: Any = field(default=None, repr=False)  # its rows of `surface`

    def __len__(self) -> int:
        return len(self.places)


def as_array(items: Iterable[Tokens]) -> np.ndarray:
    """(n_items,) objects: what a tagger's X is. Rows can be taken and joined like vectors."""
    import numpy as np

    listed = list(items)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def marks_array(items: Iterable[Sequence[tuple[int, int, int]]]) -> np.ndarray:
    """(n_items,) objects: what a tagger's targets are, the marks (start, end, class index) of each text."""
    import numpy as np

    listed = [tuple(marks) for marks in items]
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def features(X: np.ndarray) -> tuple[np.ndarray, Any, np.ndarray]:
    """Of all tokens of X: vectors (n_tokens, dim) float32, looks (n_tokens, SIZE) sparse; and (n_items,) how
    many each item has. Raises DataError where vectors are of different encoders.
    """
    import numpy as np
    from scipy.sparse import vstack

    items: list[Tokens] = list(X)
    new = [item for item in items if item.looks is None]
    if new:
        looks = surface([item.text for item in new], [item.places for item in new])
        ends = np.cumsum([len(item) for item in new])
        for item, start, end in zip(new, [0, *ends[:-1]], ends, strict=True):
            item.looks = looks[start:end]
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    dims = {item.vectors.shape[1] for item in items if len(item)}
    if len(dims) > 1:
        raise DataError(
            f"tokens have vectors of {' and '.join(map(str, sorted(dims)))} numbers",
            "encode all items with the encoder that the model was trained with",
        )
    if not lengths.sum():
        return np.zeros((0, 0), np.float32), surface((), ()), lengths
    vectors = np.concatenate([item.vectors for item in items if len(item)]).astype(np.float32)
    if not np.isfinite(vectors).all():
        raise DataError("the vector of a token holds values that are not finite numbers")
    return vectors, vstack([item.looks for item in items if len(item)], format="csr"), lengths
