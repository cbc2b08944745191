"""What a table's encoder learns of one column from the pool: a scale, or the frequent categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_MOST_CATEGORIES = 100
_RARE = 0.001
FURTHEST = 10.0
"""Standard deviations from the mean at which a number is cut off."""


def column_type(column: pa.ChunkedArray, name: str) -> type[Number] | type[Categories]:
    """What a column of this type is taken for. Raises DataError where it is neither."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind):
        return Categories
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_decimal(kind)
    ):
        return Number
    raise DataError(
        f"column {name} is {kind}: neither numbers nor categories",
        "take it out of `columns`, or encode it by another encoder",
    )


def column_of(told: Mapping[str, Any]) -> Number | Categories:
    """The column whose `state()` this is."""
    if "frequent" in told:
        return Categories(tuple(told["frequent"]))
    return Number(**told)


@dataclass(frozen=True)
class Number:
    """A column of numbers; `flagged` where the pool had missing ones."""

    median: float
    mean: float
    scale: float
    flagged: bool
    what = "numbers"

    @classmethod
    def learned(cls, column: pa.ChunkedArray) -> Number:
        """From the pool's values."""
        import numpy as np

        values = floats(column)
        missing = np.isnan(values)
        if missing.all():
            return cls(0.0, 0.0, 1.0, True)
        median = float(np.median(values[~missing]))
        filled = np.where(missing, median, values)
        scale = float(np.std(filled))
        return cls(median, float(np.mean(filled)), scale if scale > 0 else 1.0, bool(missing.any()))

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        """(n, 1) float32 scaled, and (n, 2) with the flag."""
        import numpy as np

        values = floats(column)
        missing = np.isnan(values)
        scaled = (np.where(missing, self.median, values) - self.mean) / self.scale
        parts = [np.clip(scaled, -FURTHEST, FURTHEST), missing][: 2 if self.flagged else 1]
        return np.column_stack(parts).astype(np.float32)

    def read(self, column: pa.ChunkedArray) -> np.ndarray:
        """(n,) float64 as they are, NaN where missing."""
        return floats(column)

    def state(self) -> dict[str, Any]:
        """JSON-able; `column_of` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class Categories:
    """A column of categories: the frequent ones, sorted."""

    frequent: tuple[str, ...]
    what = "categories"

    @classmethod
    def learned(cls, column: pa.ChunkedArray) -> Categories:
        """From the pool's values."""
        counts = Counter(column.to_pylist())
        least = max(2, _RARE * len(column))
        ranked = sorted((-n, c) for c, n in counts.items() if c is not None and n >= least)
        return cls(tuple(sorted(category for _, category in ranked[:_MOST_CATEGORIES])))

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        """One slot a frequent category, then rare or unknown, then missing."""
        import numpy as np

        codes = self._codes(column)
        hot = np.zeros((len(codes), len(self.frequent) + 2), dtype=np.float32)
        hot[np.arange(len(codes)), codes] = 1
        return hot

    def read(self, column: pa.ChunkedArray) -> np.ndarray:
        """(n,) float64: the number of each value's slot, NaN where missing."""
        import numpy as np

        codes = self._codes(column)
        return np.where(codes > len(self.frequent), np.nan, codes)

    def _codes(self, column: pa.ChunkedArray) -> np.ndarray:
        import numpy as np

        slots: dict[str | None, int] = {c: i for i, c in enumerate(self.frequent)}
        rare = len(slots)
        slots[None] = rare + 1
        return np.array([slots.get(c, rare) for c in column.to_pylist()], dtype=np.int64)

    def state(self) -> dict[str, Any]:
        """JSON-able; `column_of` reads it."""
        return {"frequent": list(self.frequent)}


def floats(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64, NaN where missing or infinite; times as numbers of their own unit."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_temporal(column.type):
        narrow = column.type.bit_width == 32
        column = column.cast(pa.int32() if narrow else pa.int64()).cast(pa.int64())
    values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    # Cut off so far out that squares stay finite.
    return np.clip(np.where(np.isfinite(values), values, np.nan), -1e100, 1e100)
