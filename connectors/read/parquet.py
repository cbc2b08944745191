"""Parquet files, streamed: one small batch after the other, never a whole row group.

Text that is not UTF-8 sets its row aside; it is looked for in the columns asked for (decoding the
others would read the whole file). A damaged page is an error of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.paths import data_files, fingerprint, shown
from labelwright.connectors.read.columns import (
    BATCH_CHARACTERS,
    BATCH_ROWS,
    LONGEST,
    require,
)
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Faults, Source

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


def parquet(path: str, *, context: Context) -> Source:
    """A Parquet file, or several with the same columns (`part-*.parquet`)."""
    return _Parquet(path, context.data_root)


@dataclass(eq=False)
class _Parquet:
    path: str
    root: Path
    roles: dict[str, str | tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        return data_files(self.path, self.root)

    @cached_property
    def _schema(self) -> pa.Schema:
        first, *others = self._files
        schema = self._schema_of(first)
        for file in others:
            if not (own := self._schema_of(file)).equals(schema):
                changed = sorted({f.name for f in set(own) ^ set(schema)})
                raise DataError(
                    f"{shown(file, self.root)} has other columns than {shown(first, self.root)}: "
                    + (", ".join(changed) or "their order"),
                    "files that are read together need the same columns of the same types",
                )
        return schema

    def schema(self) -> pa.Schema:
        return self._schema

    def fingerprint(self) -> str:
        return fingerprint(self._files, self.root, ("parquet", self.path))

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        require(columns, self._schema, self.path)
        return self._read(columns, faults)

    def _read(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        schema = pa.schema([self._schema.field(name) for name in columns])
        for file in self._files:
            name = shown(file, self.root)
            seen = 0
            for raw in self._raw(file, columns):
                arrays = [_plain(raw.column(f.name), f.type) for f in schema]
                batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
                yield _good(batch, name, seen, faults)
                seen += raw.num_rows

    def _raw(self, file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        with self._open(file) as opened:
            batches = opened.iter_batches(
                batch_size=_rows_a_batch(opened.metadata), columns=list(dict.fromkeys(columns))
            )
            while True:
                try:
                    batch = next(batches, None)
                except (pa.ArrowException, OSError) as error:
                    raise _damaged(shown(file, self.root), error) from error
                if batch is None:
                    return
                yield batch

    def _schema_of(self, file: Path) -> pa.Schema:
        import pyarrow as pa

        with self._open(file) as opened:
            schema = opened.schema_arrow
        name = shown(file, self.root)
        twice = sorted({n for n in schema.names if schema.names.count(n) > 1})
        if twice:
            raise DataError(
                f"{name}: more than one column is called {', '.join(twice)}",
                "give every column a name of its own",
            )
        return pa.schema([(f.name, _plain_type(f.type)) for f in schema])

    def _open(self, file: Path) -> pq.ParquetFile:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(file, pre_buffer=False, buffer_size=2**20)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(shown(file, self.root), error) from error


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(
        f"{name} is not a whole Parquet file: {error}", "write it again, or name another file"
    )


def _rows_a_batch(metadata: Any) -> int:
    """Rows that hold about `BATCH_CHARACTERS` bytes."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    widest = max((g.total_byte_size // max(g.num_rows, 1) for g in groups), default=1)
    return int(min(BATCH_ROWS, max(1, BATCH_CHARACTERS // max(widest, 1))))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Dictionaries become their values, large and viewed text becomes text."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _plain(array: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == kind:
        return array
    return array.cast(pa.binary()).view(kind) if pa.types.is_string(kind) else array.cast(kind)


def _good(batch: pa.RecordBatch, file: str, seen: int, faults: Faults) -> pa.RecordBatch:
    """The rows whose text is UTF-8 and of bearable length."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    bad = np.zeros(batch.num_rows, dtype=bool)
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        if not pa.types.is_string(array.type):
            continue
        lengths = pc.fill_null(pc.binary_length(array), 0)
        for i in np.flatnonzero(np.asarray(lengths) > LONGEST).tolist():
            what = f"column {name} holds more than {LONGEST:,} bytes"
            faults(Fault(file, seen + i + 1, "row too long", what))
            bad[i] = True
        for i in () if _is_utf8(array) else _undecodable(array):
            if not bad[i]:
                what = f"column {name} is not UTF-8"
                faults(Fault(file, seen + i + 1, "undecodable bytes", what))
            bad[i] = True
    return batch.filter(pa.array(~bad)) if bad.any() else batch


def _is_utf8(array: pa.Array) -> bool:
    import pyarrow as pa

    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable(array: pa.Array) -> list[int]:
    import pyarrow as pa

    found = []
    for i, raw in enumerate(array.view(pa.binary()).to_pylist()):
        try:
            (raw or b"").decode()
        except UnicodeDecodeError:
            found.append(i)
    return found
