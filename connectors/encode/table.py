"""Columns of a table as vectors: numbers scaled, categories one-hot.

A number is centred, divided by its standard deviation and cut off at ten of them; where it is
missing, the median stands in and a flag says so. A category gets a slot if it is frequent; rare
ones share one slot with those the pool never had, missing ones have their own.

Learners that know tables themselves (`finetune = boosting`, `scratch`) read `inputs` instead: numbers as
they are, categories as the number of their slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.encode.table_columns import Categories, Number, column_of, column_type
from labelwright.loop.encoding import Kept
from labelwright.loop.errors import DataError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder, Items

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import torch


@gives("network", "table")
def table(*, context: Context) -> Encoder:
    """Numeric columns scaled, categorical ones one-hot, missing values flagged."""
    return Table(input_columns(context, "columns", "table"))


@dataclass(eq=False)
class Table:
    """See the module (a `encoding.Trainable`, a `encoding.Keepable`)."""

    names: tuple[str, ...]
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """What the vectors depend on, beside the pool."""
        return "table 1 of " + ",".join(self.names)

    @property
    def categorical(self) -> tuple[bool, ...]:
        """Which columns of `inputs` are categories; the others are numbers."""
        return tuple(isinstance(column, Categories) for column in self._columns)

    @property
    def deviations(self) -> tuple[float, ...]:
        """Of each column of `inputs` the pool's standard deviation; 0 of categories."""
        return tuple(c.scale if isinstance(c, Number) else 0.0 for c in self._columns)

    def fit(self, items: Items) -> None:
        """Learn scales and categories. Raises DataError for a column that is neither."""
        columns = items.columns(self.names)
        self._columns: list[Number | Categories] = [
            column_type(columns.column(n), n).learned(columns.column(n)) for n in self.names
        ]

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32; one number for a numeric column, two if it had missing values.

        Raises DataError where a column is not what it was in the pool.
        """
        import numpy as np

        return np.hstack([known.encode(column) for known, column in self._read(items)])

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, columns) float64: numbers, and codes of categories; NaN where nothing stands.

        A category's code is its place among the pool's frequent ones; rare ones, and those that the pool
        never had, share the next code. Raises DataError where a column is not what it was in the pool.
        """
        import numpy as np

        return np.column_stack([known.read(column) for known, column in self._read(items)])

    def _read(self, items: Items) -> Iterator[tuple[Number | Categories, pa.ChunkedArray]]:
        columns = items.columns(self.names)
        for known, name in zip(self._columns, self.names, strict=True):
            column = columns.column(name)
            empty = column.null_count == len(column)  # then its type says nothing
            if not empty and not isinstance(known, column_type(column, name)):
                raise DataError(
                    f"column {name} is {column.type} here, and held {known.what} in the pool",
                    "give it the values that it had there",
                )
            yield known, column

    def network(self, seed: int) -> torch.nn.Module:
        """A network that has learned nothing, its weights drawn by `seed`: see `table_network`."""
        import torch

        from labelwright.connectors.encode.table_network import TableNetwork

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return TableNetwork(self._columns)

    def state(self) -> Kept:
        """Each column's scale or categories."""
        return Kept(values={"columns": [column.state() for column in self._columns]})

    def restore(self, kept: Kept) -> None:
        """Know what `fit` learned."""
        self._columns = [column_of(told) for told in kept.values["columns"]]
