"""A pool of vectors read block by block, so that its size does not matter.

`X` of a strategy is (n, dim), and one of: an array, a memory-mapped file, `Rows` of either, or
`Shards`; float16 or float32. Strategies read it by `blocks` and `take` alone, which give finite
float32: a vector that holds something else is an error here, not a silent zero in a sum later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.ports import QueryLearner

BLOCK = 32_768
"""Rows read at a time: 48 MB at 384 numbers a row."""


class Rows:
    """Some rows of a matrix that need not fit into memory, read when they are asked for.

    matrix: (m, dim), anything that is indexed by an array of positions. rows: (n,) positions in it.
    Indexing reads; `np.asarray` reads everything, for strategies that know arrays only.
    """

    ndim = 2

    def __init__(self, matrix: Any, rows: np.ndarray) -> None:
        self.matrix, self.rows = matrix, rows
        self.shape = (len(rows), int(matrix.shape[1]))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        import numpy as np

        return np.asarray(self.matrix[self.rows[index]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        return np.asarray(self[:], dtype=dtype)


class Shards:
    """Matrices of one width, one behind the other, as one: a pool in several files."""

    ndim = 2

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        import numpy as np

        widths = {int(part.shape[1]) for part in parts}
        if len(widths) != 1:
            raise StrategyError(f"the parts of the pool have vectors of {sorted(widths)} numbers")
        self.parts = tuple(parts)
        self.starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (int(self.starts[-1]), widths.pop())

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        import numpy as np

        if isinstance(index, slice):
            index = np.arange(*index.indices(len(self)))
        index = np.asarray(index)
        if index.dtype == bool:
            index = np.flatnonzero(index)
        flat = np.atleast_1d(index)
        flat = np.where(flat < 0, flat + len(self), flat)
        found = np.empty((len(flat), self.shape[1]), dtype=self.parts[0].dtype)
        part = np.searchsorted(self.starts, flat, side="right") - 1
        for number in np.unique(part):
            here = part == number
            found[here] = self.parts[number][flat[here] - self.starts[number]]
        return found[0] if index.ndim == 0 else found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        return np.asarray(self[:], dtype=dtype)


def part(X: Any, rows: np.ndarray) -> Any:
    """These rows of X as a pool of its own; of what is not in memory none is read yet."""
    import numpy as np

    if isinstance(X, Rows):
        return Rows(X.matrix, X.rows[rows])
    if isinstance(X, Shards | np.memmap):
        return Rows(X, rows)
    return X[rows]


def blocks(X: Any, size: int = BLOCK) -> Iterator[tuple[int, np.ndarray]]:
    """All rows of X in order: (position of the first, (at most `size`, dim) float32).

    Raises StrategyError where a vector is not finite.
    """
    for start in range(0, len(X), size):
        yield start, _finite(X[start : start + size], start)


def take(X: Any, indices: np.ndarray) -> np.ndarray:
    """The rows at `indices`, (n, dim) float32. Raises StrategyError where one is not finite."""
    return _finite(X[indices], indices)


def _finite(
    rows: Any, positions: int | np.ndarray, name: str = "item {} of the pool"
) -> np.ndarray:
    import numpy as np

    block = np.ascontiguousarray(rows, dtype=np.float32)
    # The sum is cheap and finite where all are; it may overflow where none is at fault.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(block.sum()) or np.isfinite(block).all():
            return block
    bad = int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
    row = positions + bad if isinstance(positions, int) else int(positions[bad])
    raise StrategyError(
        f"the vector of {name.format(row)} holds values that are not finite numbers",
        "look at that item and at the encoder; nothing was chosen",
    )


def labelled(learner: QueryLearner, X: Any) -> np.ndarray:
    """What people labelled so far, (n_labelled, dim) float32; no rows where nothing is.

    X: the pool, which says how wide. Raises StrategyError where a vector is not finite.
    """
    import numpy as np

    known = learner.X_training
    if known is None or len(known) == 0:
        return np.zeros((0, int(X.shape[1])), dtype=np.float32)
    return _finite(known, 0, "labelled item {}")


def probabilities(learner: QueryLearner, X: Any) -> np.ndarray:
    """What the learner makes of every row, (n, n_classes) float32, block by block.

    Raises StrategyError where there are no labels yet, or where a probability is not finite.
    """
    import numpy as np

    found: np.ndarray | None = None
    for start, block in blocks(X):
        probs = np.asarray(learner.predict_proba(block))
        if found is None:
            found = np.empty((len(X), probs.shape[1]), dtype=np.float32)
        found[start : start + len(block)] = probs
    if found is None:
        return np.zeros((0, len(learner.classes)), dtype=np.float32)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise StrategyError(
            f"the model gave item {row} of the pool probabilities that are not finite"
        )
    return found


def tensor(rows: np.ndarray) -> torch.Tensor:
    """The same numbers for torch: on the GPU where there is one, else in place."""
    import torch

    return torch.from_numpy(rows).to("cuda" if torch.cuda.is_available() else "cpu")
