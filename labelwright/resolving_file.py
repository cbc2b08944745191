"""Files of annotations, and of the texts they are about: csv or parquet, every cell as text."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Columns:
    """What the file calls its columns. text: that of the items' texts. delimiter, encoding: of a csv."""

    id: str = "id"
    annotator: str = "annotator"
    label: str = "label"
    text: str | None = None
    delimiter: str = ","
    encoding: str = "utf8"


def table_of(path: Path, columns: Columns) -> pa.Table:
    """The file's rows. Raises DataError where it cannot be read."""
    import pyarrow as pa

    form = path.suffix.casefold()
    if not path.is_file():
        raise DataError(f"{path} is no file", "name a csv or parquet file, one annotation a row")
    if form not in (".csv", ".tsv", ".parquet"):
        raise DataError(
            f"{path.name}: its ending names no form",
            "annotations are read from .csv, .tsv or .parquet",
        )
    try:
        if form == ".parquet":
            import pyarrow.parquet

            return pyarrow.parquet.read_table(path)
        return _csv(path, columns)
    except (pa.ArrowInvalid, OSError, UnicodeError, LookupError) as error:
        told = str(error).splitlines()[0]
        remedy = (
            "look at that row; --delimiter says what parts its cells, --encoding how it is encoded"
        )
        if form == ".parquet":
            remedy = "write the file again, or use csv"
        raise DataError(f"{path} cannot be read: {told}", remedy) from error


def column_of(table: pa.Table, path: Path, what: str, columns: Columns) -> pa.ChunkedArray:
    """One column as text. Raises DataError where there is none of that name."""
    import pyarrow as pa

    name = getattr(columns, what)
    if name not in table.column_names:
        near = get_close_matches(name, table.column_names, 1, 0.5)
        option = f"--{what} {near[0] if near else 'COLUMN'}"
        raise DataError(
            f"{path} has no column {name}: it has {', '.join(table.column_names) or 'none'}",
            f"say which column holds it with {option}",
        )
    column = table.column(name)
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{path}, column {name}: it holds {column.type}, which is no text",
            "write one name or number a cell",
        ) from error


def _csv(path: Path, columns: Columns) -> pa.Table:
    import csv

    import pyarrow as pa
    from pyarrow import csv as arrow

    delimiter = "\t" if path.suffix.casefold() == ".tsv" else columns.delimiter
    with path.open(
        encoding="utf-8-sig" if columns.encoding == "utf8" else columns.encoding, newline=""
    ) as file:
        names = next(csv.reader(file, delimiter=delimiter), [])
    return arrow.read_csv(
        path,
        read_options=arrow.ReadOptions(encoding=columns.encoding),
        parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow.ConvertOptions(
            column_types={name: pa.string() for name in names}, strings_can_be_null=True
        ),
    )
