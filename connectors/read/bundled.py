"""Real data sets that scikit-learn carries: nothing to download, for demonstrations and tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labelwright.connectors.pictures import picture_column
from labelwright.connectors.read.columns import nearest, require
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Faults, Source

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_NAMES = ("digits", "wine", "breast_cancer")
_BATCH = 1024


def bundled(name: str, *, context: Context) -> Source:
    """A data set carried by scikit-learn: digits (pictures), wine or breast_cancer (tables)."""
    if name not in _NAMES:
        near = nearest(name, _NAMES)
        raise DataError(
            f"no data set called {name} is bundled",
            (f"did you mean `{near}`? " if near else "") + f"there are: {', '.join(_NAMES)}",
        )
    return _Bundled(name)


@dataclass(eq=False)
class _Bundled:
    name: str

    @cached_property
    def _table(self) -> pa.Table:
        import pyarrow as pa
        from sklearn import datasets

        loaded: Any = getattr(datasets, f"load_{self.name}")()
        n = len(loaded.target)
        ids = pa.array([f"{self.name}-{i:04d}" for i in range(n)])
        names = [str(loaded.target_names[t]) for t in loaded.target]
        inputs = (
            {"image": picture_column(_to_bytes(loaded.images))}
            if self.name == "digits"
            else {str(f): pa.array(loaded.data[:, i]) for i, f in enumerate(loaded.feature_names)}
        )
        return pa.table({"id": ids, **inputs, "label": pa.array(names)})

    @cached_property
    def roles(self) -> dict[str, str | tuple[str, ...]]:
        """The columns of the inputs, and `id` and `label`."""
        named: dict[str, str | tuple[str, ...]] = {"id": "id", "label": "label"}
        if self.name == "digits":
            return named | {"image": "image"}
        return named | {"columns": tuple(self._table.column_names[1:-1])}

    def schema(self) -> pa.Schema:
        return self._table.schema

    def fingerprint(self) -> str:
        from sklearn import __version__

        return hashlib.sha256(f"bundled {self.name} {__version__}".encode()).hexdigest()

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        """All rows; there are no bad ones."""
        require(columns, self.schema(), f"bundled({self.name})")
        return iter(self._table.select(list(columns)).to_batches(max_chunksize=_BATCH))


def _to_bytes(pixels: np.ndarray) -> np.ndarray:
    """0..16 as 0..255."""
    import numpy as np

    return (pixels * (255 / 16)).round().astype(np.uint8)
