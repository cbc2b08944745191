"""Rows of an array that are read when they are asked for: a million pictures fit no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

Read = Callable[[np.ndarray], np.ndarray]
"""Positions (n,) int64 -> their rows (n, ...)."""


@dataclass(frozen=True)
class LazyRows:
    """As much of an array (n, ...) as who takes some rows of it needs.

    Indexed by a slice, by positions or by a mask (n,), it gives an array. The rows given last are kept, as
    whoever draws some comes back for the same. `np.asarray` reads all.
    """

    read: Read = field(repr=False)
    n: int
    _last: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        return self.n

    @cached_property
    def _none(self) -> np.ndarray:
        """No row (0, ...), of the shape and type of all."""
        return self.read(np.arange(min(self.n, 1)))[:0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all rows, as an array's."""
        return (self.n, *self._none.shape[1:])

    @property
    def ndim(self) -> int:
        """How many axes all rows have, as an array's."""
        return self._none.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the rows are of, as an array's."""
        kind: np.dtype[Any] = self._none.dtype
        return kind

    def __getitem__(self, which: Any) -> np.ndarray:
        rows = np.arange(self.n)[which]
        if rows.ndim != 1:
            raise TypeError("rows are read by a slice, by positions or by a mask")
        if self._last and np.array_equal(self._last[0][0], rows):
            return self._last[0][1]
        self._last.clear()  # before reading: two large arrays at a time may be one too many
        found = self.read(rows)
        self._last.append((rows, found))
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("rows that are read when asked for cannot be had without a copy")
        found = self.read(np.arange(self.n))
        return found if dtype is None else found.astype(dtype)
