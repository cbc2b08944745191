"""Columns of a table as vectors: numbers scaled, categories one-hot.

A number is centred, divided by its standard deviation and cut off at ten of them; where it is
missing, the median stands in and a flag says so. A category gets a slot if it is frequent; rare
ones share one slot with those the pool never had, missing ones have their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from labelwright.connectors.encode.inputs import input_columns
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Encoder, Items

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_MOST_CATEGORIES = 100
_RARE = 0.001
_FURTHEST = 10.0


def table(*, context: Context) -> Encoder:
    """Numeric columns scaled, categorical ones one-hot, missing values flagged."""
    return Table(input_columns(context, "columns", "table"))


class _Block(Protocol):
    def encode(self, column: pa.ChunkedArray) -> np.ndarray: ...


@dataclass(eq=False)
class Table:
    """See the module."""

    names: tuple[str, ...]
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """What the vectors depend on, beside the pool."""
        return "table 1 of " + ",".join(self.names)

    def fit(self, items: Items) -> None:
        """Learn scales and categories. Raises DataError for a column that is neither."""
        columns = items.columns(self.names)
        self._blocks: list[_Block] = [_block(columns.column(n), n) for n in self.names]

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32; one number for a numeric column, two if it had missing values."""
        import numpy as np

        columns = items.columns(self.names)
        return np.hstack(
            [b.encode(columns.column(n)) for b, n in zip(self._blocks, self.names, strict=True)]
        )


def _block(column: pa.ChunkedArray, name: str) -> _Block:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind):
        return _Categories.learned(column)
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_decimal(kind)
    ):
        return _Number.learned(column)
    raise DataError(
        f"column {name} is {kind}: neither numbers nor categories",
        "take it out of `columns`, or encode it by another encoder",
    )


@dataclass(frozen=True)
class _Number:
    median: float
    mean: float
    scale: float
    flagged: bool

    @classmethod
    def learned(cls, column: pa.ChunkedArray) -> _Number:
        import numpy as np

        values = _floats(column)
        missing = np.isnan(values)
        if missing.all():
            return cls(0.0, 0.0, 1.0, True)
        median = float(np.median(values[~missing]))
        filled = np.where(missing, median, values)
        scale = float(np.std(filled))
        return cls(median, float(np.mean(filled)), scale if scale > 0 else 1.0, bool(missing.any()))

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        import numpy as np

        values = _floats(column)
        missing = np.isnan(values)
        scaled = (np.where(missing, self.median, values) - self.mean) / self.scale
        parts = [np.clip(scaled, -_FURTHEST, _FURTHEST), missing][: 2 if self.flagged else 1]
        return np.column_stack(parts).astype(np.float32)


@dataclass(frozen=True)
class _Categories:
    frequent: tuple[str, ...]

    @classmethod
    def learned(cls, column: pa.ChunkedArray) -> _Categories:
        counts = Counter(column.to_pylist())
        least = max(2, _RARE * len(column))
        ranked = sorted((-n, c) for c, n in counts.items() if c is not None and n >= least)
        return cls(tuple(sorted(category for _, category in ranked[:_MOST_CATEGORIES])))

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        """One slot a frequent category, then rare or unknown, then missing."""
        import numpy as np

        slots: dict[str | None, int] = {c: i for i, c in enumerate(self.frequent)}
        rare = len(slots)
        slots[None] = rare + 1
        cells = column.to_pylist()
        hot = np.zeros((len(cells), rare + 2), dtype=np.float32)
        hot[np.arange(len(cells)), [slots.get(c, rare) for c in cells]] = 1
        return hot


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64, NaN where missing or infinite; times as numbers of their own unit."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_temporal(column.type):
        narrow = column.type.bit_width == 32
        column = column.cast(pa.int32() if narrow else pa.int64()).cast(pa.int64())
    values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    # Cut off so far out that squares stay finite.
    return np.clip(np.where(np.isfinite(values), values, np.nan), -1e100, 1e100)
