"""Files of items to predict: read as a task reads its data, with the columns that the model needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from labelwright.connectors.read.columns import nearest
from labelwright.dsl.task import Argument, Call
from labelwright.loop.errors import DataError
from labelwright.loop.items import ITEM, Inputs, Snapshot, open_source
from labelwright.loop.ports import Context, Fault, Progress, no_progress
from labelwright.model.predictor import inputs_of

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.ports import Source
    from labelwright.model.manifest import Column, Manifest

_READERS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
            ".npz": "npz"}  # fmt: skip
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_AT_A_TIME = 4096  # rows that are predicted together


@dataclass
class Wanted:
    """How a file is to be read. columns: what the model calls a column -> what the file calls it."""

    id: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None


class Reading:
    """A file of items, opened. `faults` are the rows that could not be read, filled while it is read."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        task: Task,
        wanted: Wanted | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """Raises DataError where the file cannot be opened, or lacks a column that the model reads."""
        self.manifest = manifest
        self.faults: list[Fault] = []
        self.inputs: Inputs = inputs_of(manifest)
        self._wanted = wanted or Wanted()
        self.root, call = _call(path, self._wanted)
        self._source = _source(self.root, call, task, self._wanted, manifest, progress)
        self._schema = self._source.schema()
        self._named = {c.name: self._column(c, path) for c in manifest.encoder.columns}
        self._id = self._id_column(path)

    def items(self) -> Iterator[Snapshot]:
        """The items, some thousands at a time; without a column of ids they are called by their row."""
        names = tuple(dict.fromkeys((*self._named.values(), *filter(None, (self._id,)))))
        numbers = self._numbers()
        for batch in self._source.batches(names, self.faults.append):
            for start in range(0, batch.num_rows, _AT_A_TIME):
                part = batch.slice(start, _AT_A_TIME)
                yield Snapshot(self._table(pa.Table.from_batches([part]), numbers), self.inputs)

    def _numbers(self) -> Iterator[int]:
        """Row after row of the file, those left out that cannot be read: they are known by then."""
        seen, bad = 0, set[int | None]()
        for row in count(1):
            while seen < len(self.faults):
                bad.add(self.faults[seen].row)
                seen += 1
            if row not in bad:
                yield row

    def _table(self, table: pa.Table, numbers: Iterator[int]) -> pa.Table:
        ids = (
            [str(next(numbers)) for _ in range(table.num_rows)]
            if self._id is None
            else ["" if v is None else str(v) for v in table.column(self._id).to_pylist()]
        )
        made = {ITEM: pa.chunked_array([pa.array(ids, pa.string())])}
        for column in self.manifest.encoder.columns:
            made[column.name] = _cast(table.column(self._named[column.name]), column, ids)
        return pa.table(made)

    def _column(self, column: Column, path: Path) -> str:
        """What the file calls a column that the model reads."""
        known = self._schema.names
        asked = self._wanted.columns.get(column.name)
        if asked is not None and asked not in known:
            raise DataError(f"{path} has no column {asked}", f"its columns are {_listed(known)}")
        if asked is not None or column.name in known:
            return asked or column.name
        pictures = self._source.roles.get("image")
        alone = sum(c.kind == column.kind for c in self.manifest.encoder.columns) == 1
        if column.kind == "image" and isinstance(pictures, str) and alone:
            return pictures
        if column.kind != "image" and pictures is not None:
            raise DataError(
                f"{path} is read as pictures, and the model reads the column {column.name}",
                "name a csv, parquet or jsonl file that has it",
            )
        near = nearest(column.name, known)
        raise DataError(
            f"{path} has no column {column.name}, which the model reads",
            f"its columns are {_listed(known)}; say which one it is: "
            f"--column {_quoted(column.name)}={_quoted(near) if near else 'COLUMN'}",
        )

    def _id_column(self, path: Path) -> str | None:
        asked, known = self._wanted.id, self._schema.names
        if asked is not None and asked not in known:
            raise DataError(f"{path} has no column {asked}", f"its columns are {_listed(known)}")
        told = self._source.roles.get("id")
        offered = (asked, self.manifest.id, told if isinstance(told, str) else None)
        return next((name for name in offered if name in known), None)


class Lines:
    """Texts, one a line, of a stream: for models that read one column of text."""

    def __init__(self, lines: Iterator[str], manifest: Manifest) -> None:
        columns = manifest.encoder.columns
        if len(columns) != 1 or columns[0].kind != "text":
            raise DataError(
                f"the model reads {_listed([c.name for c in columns])}, which a line of text does not hold",
                "name a file",
            )
        self.faults: list[Fault] = []
        self._lines, self._name, self._inputs = lines, columns[0].name, inputs_of(manifest)

    def items(self) -> Iterator[Snapshot]:
        """Line after line, called by their number; as many at a time as are there."""
        before = 0
        while texts := _some(self._lines):
            ids = [str(before + i + 1) for i in range(len(texts))]
            yield Snapshot(pa.table({ITEM: ids, self._name: texts}), self._inputs)
            before += len(texts)


def in_memory(rows: Sequence[Mapping[str, Any]], manifest: Manifest, id: str | None) -> Snapshot:
    """Rows of Python as items. Raises DataError where one lacks a column, or holds another type."""
    ids = [
        str(row[id]) if id is not None and id in row else str(i + 1) for i, row in enumerate(rows)
    ]
    made: dict[str, Any] = {ITEM: pa.array(ids, pa.string())}
    for column in manifest.encoder.columns:
        for identity, row in zip(ids, rows, strict=True):
            if column.name not in row:
                raise DataError(
                    f"item {identity} has no {column.name}, which the model reads",
                    f"it has {_listed(list(row))}",
                )
        values = [row[column.name] for row in rows]
        try:
            cells = pa.chunked_array([pa.array(values)])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(f"the values of {column.name} are of several types: {error}") from error
        made[column.name] = _cast(cells, column, ids)
    return Snapshot(pa.table(made), inputs_of(manifest))


def expected(path: Path) -> int:
    """About how many items a file has, for progress; 0 where it is not known without reading it."""
    if path.suffix == ".parquet" and path.is_file():
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return 0  # whoever reads the file says what is wrong with it
    return 0


# --- inside -----------------------------------------------------------------------------------


def _call(path: Path, wanted: Wanted) -> tuple[Path, Call]:
    """The folder that the source reads under, and the source."""
    if not path.exists():
        raise DataError(
            f"there is no {path}", "name a csv, parquet or jsonl file, or a folder of pictures"
        )
    if path.is_dir():
        return path, Call(name="images", args=(Argument(value="."),))
    suffix = path.suffix.casefold()
    if suffix in _PICTURES:
        pattern = Argument(name="pattern", value=path.name)
        return path.parent, Call(name="images", args=(Argument(value="."), pattern))
    reader = _READERS.get(suffix)
    if reader is None:
        raise DataError(
            f"{path}: its ending says no form that is read",
            f"it may end with {', '.join(_READERS)}; texts, one a line, come through standard input: "
            f"labelwright predict FOLDER - < {path.name}",
        )
    args = [Argument(value=path.name)]
    delimiter = wanted.delimiter or ("\t" if suffix == ".tsv" else None)
    if reader == "csv" and delimiter is not None:
        args.append(Argument(name="delimiter", value=delimiter))
    if reader == "csv" and wanted.encoding is not None:
        args.append(Argument(name="encoding", value=wanted.encoding))
    return path.parent, Call(name=reader, args=tuple(args))


def _source(
    root: Path, call: Call, task: Task, wanted: Wanted, manifest: Manifest, progress: Progress
) -> Source:
    """Columns that were text in the campaign are read as text, whatever their values look like."""
    texts = tuple(
        wanted.columns.get(c.name, c.name) for c in manifest.encoder.columns if c.type == "string"
    )
    data = task.data.model_copy(
        update={"source": call, "text": texts, "id": wanted.id or manifest.id}
    )
    context = Context(
        task=task.model_copy(update={"data": data}),
        data_root=root,
        cache=root,
        progress=progress,
    )
    return open_source(context)


def _cast(cells: pa.ChunkedArray, column: Column, ids: Sequence[str]) -> pa.ChunkedArray:
    """The column as it was in the campaign. Raises DataError naming the first item that does not fit."""
    kind = _type_wanted(cells.type, column)
    if kind is None:
        return cells
    try:
        return pc.cast(cells, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    for identity, cell in zip(ids, cells, strict=True):
        try:
            pc.cast(cell, kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"item {identity}: {column.name} is {cell.as_py()!r:.80}, and the model reads {column.type}",
                "mend the item, or leave it out",
            ) from error
    raise _unlike(cells.type, column)


def _type_wanted(found: pa.DataType, column: Column) -> pa.DataType | None:
    """What cells of this type are to be cast to; None where they serve as they are."""
    if str(found) == column.type or column.kind == "image":
        return None
    was_number = column.type.startswith(("int", "uint", "float", "double", "halffloat", "decimal"))
    if was_number:
        number = pa.types.is_integer(found) or pa.types.is_floating(found)
        return None if number or pa.types.is_decimal(found) else pa.float64()
    try:
        return pa.type_for_alias(column.type)
    except ValueError as error:
        raise _unlike(found, column) from error


def _unlike(found: pa.DataType, column: Column) -> DataError:
    return DataError(
        f"column {column.name} is {found}, and the model reads {column.type}",
        "write it as it was in the data that the model learned from",
    )


def _some(lines: Iterator[str]) -> list[str]:
    some = []
    for line in lines:
        some.append(line.rstrip("\r\n"))
        if len(some) == _AT_A_TIME:
            break
    return some


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:50]) + (", …" if len(names) > 50 else "") or "none"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
