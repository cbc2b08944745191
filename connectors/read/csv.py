"""CSV files, streamed row by row through Python's own parser, in strict mode.

pyarrow's reader is faster, but one undecodable byte or one over-long row ends it; here each costs
one row. A broken quote costs the line it stands on: reading resumes on the next line, so that it
cannot swallow the rows after it. An empty cell is a missing value.
"""

from __future__ import annotations

import csv as _csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.paths import data_files, data_folder, fingerprint, shown
from labelwright.connectors.read.columns import BATCH_CHARACTERS, BATCH_ROWS, LONGEST, require
from labelwright.connectors.read.lines import Lines, TooLongError, text_encoding
from labelwright.connectors.read.numbers import CellType, arrow_type, cell_type, column
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Faults, Source

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 1000


def csv(
    path: str,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    pictures: str = "",
    context: Context,
) -> Source:
    """A CSV file with a header, or several with the same one (`part-*.csv`).

    pictures: the folder that paths of pictures begin in; without it, the data root. Columns whose first
    1,000 cells are all numbers are numbers, except those that the task uses as id or text; a later cell
    that is none sets its row aside. All else is text, exactly as written.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise DataError(
            f"{delimiter!r} cannot separate the cells of a CSV", 'write one character, such as ";"'
        )
    data = context.task.data
    as_text = frozenset({*data.text, *filter(None, (data.id,))})
    begin = (
        f"{data_folder(pictures, context.data_root).relative_to(context.data_root)}/"
        if pictures
        else ""
    )
    before = dict.fromkeys(data.image, begin) if begin else {}
    return _Csv(path, context.data_root, delimiter, text_encoding(encoding), as_text, before)


@dataclass(eq=False)
class _Csv:
    path: str
    root: Path
    delimiter: str
    encoding: str
    as_text: frozenset[str]
    before: dict[str, str] = field(default_factory=dict)
    """What is put before the cells of a column."""
    roles: dict[str, str | tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        return data_files(self.path, self.root)

    @cached_property
    def _types(self) -> dict[str, CellType]:
        header = self._header(self._files[0])
        rows = (r for f in self._files for _, r in self._rows(f, header, lambda fault: None))
        cells = zip(*islice(rows, _SAMPLE), strict=True)
        found = [cell_type(c) for c in cells] or ["str"] * len(header)
        return {
            name: "str" if name in self.as_text else kind
            for name, kind in zip(header, found, strict=True)
        }

    def schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(name, arrow_type(kind)) for name, kind in self._types.items()])

    def fingerprint(self) -> str:
        arguments: tuple[Any, ...] = (
            "csv",
            self.path,
            self.delimiter,
            self.encoding,
            sorted(self.as_text),
        )
        if self.before:
            arguments += (self.before,)
        return fingerprint(self._files, self.root, arguments)

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        hint = ""
        if len(self._types) == 1 and (other := _other_delimiter(next(iter(self._types)))):
            hint = f"; if cells are separated otherwise, write delimiter = {other}"
        require(columns, self.schema(), self.path, hint)
        return self._read(columns, faults)

    def _read(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        header = list(self._types)
        for file in self._files:
            rows = self._rows(file, header, faults)
            while pending := _some(rows):
                yield self._batch(pending, columns, shown(file, self.root), faults)

    def _batch(
        self, rows: list[tuple[int, list[str]]], columns: Sequence[str], file: str, faults: Faults
    ) -> pa.RecordBatch:
        """Rows as a batch; whether a row fits does not depend on the columns asked for."""
        import numpy as np
        import pyarrow as pa

        good = np.ones(len(rows), dtype=bool)
        arrays: dict[str, pa.Array] = {}
        cells = zip(*(cells for _, cells in rows), strict=True)
        for (name, kind), values in zip(self._types.items(), cells, strict=True):
            if kind == "str" and name not in columns:
                continue
            if before := self.before.get(name):
                values = tuple(before + cell if cell else cell for cell in values)
            arrays[name], wrong = column(values, kind)
            if wrong is None:
                continue
            for i in np.flatnonzero(wrong & good):
                what = f"column {name} holds numbers ({kind}), here {values[i][:80]!r}"
                faults(Fault(file, rows[i][0], "not a number", what))
            good &= ~wrong
        batch = pa.RecordBatch.from_arrays([arrays[n] for n in columns], names=list(columns))
        return batch if good.all() else batch.filter(pa.array(good))

    def _header(self, file: Path) -> list[str]:
        name = shown(file, self.root)
        with Lines(file, self.encoding) as lines:
            try:
                header = next(self._parser(lines), None)
            except (_csv.Error, TooLongError) as error:
                raise DataError(
                    f"{name}: the first row is no CSV header: {str(error) or 'it is too long'}",
                    "check the delimiter and the quotes of the first row",
                ) from error
            if header is None:
                raise DataError(f"{name} is empty", "a CSV begins with a row of column names")
            if lines.bad is not None:
                raise DataError(
                    f"{name}: the header holds {': '.join(lines.bad)}",
                    'say how the file is encoded, such as encoding = "utf-16" or "cp949"',
                )
        twice = sorted({n for n in header if header.count(n) > 1})
        if twice:
            raise DataError(
                f"{name}: more than one column is called {', '.join(map(repr, twice))}",
                "give every column a name of its own",
            )
        return header

    def _rows(
        self, file: Path, header: list[str], faults: Faults
    ) -> Iterator[tuple[int, list[str]]]:
        """Row numbers with their cells, as many as the header has."""
        name = shown(file, self.root)
        if (own := self._header(file)) != header:
            raise DataError(
                f"{name} has other columns than {shown(self._files[0], self.root)}: "
                f"{', '.join(own)}; not {', '.join(header)}",
                "files that are read together need the same header",
            )
        number = 0
        with Lines(file, self.encoding) as lines:
            parser = self._parser(lines)
            next(parser)
            while True:
                lines.begin()
                number += 1
                try:
                    cells = next(parser, None)
                except TooLongError:
                    more = len(lines.retreat()) - 1
                    faults(Fault(name, number, "row too long", _too_long(more)))
                    continue
                except _csv.Error as error:
                    lost = lines.retreat()
                    faults(Fault(name, number, "broken quotes", _broken(str(error), lost)))
                    continue
                if cells is None:
                    return
                if not cells:
                    number -= 1  # a blank line
                elif lines.bad is not None:
                    faults(Fault(name, number, *lines.bad))
                elif len(cells) != len(header):
                    what = f"{len(cells)} cells under {len(header)} columns"
                    faults(Fault(name, number, "wrong number of cells", what))
                else:
                    yield number, cells

    def _parser(self, lines: Lines) -> Iterator[list[str]]:
        # The limit belongs to the whole process, so it is only ever raised.
        _csv.field_size_limit(max(_csv.field_size_limit(), LONGEST))
        return _csv.reader(lines, delimiter=self.delimiter, strict=True)


def _some(rows: Iterator[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The next rows: up to `BATCH_ROWS`, or fewer that hold `BATCH_CHARACTERS`."""
    some, size = [], 0
    for row in rows:
        some.append(row)
        size += sum(map(len, row[1]))
        if len(some) == BATCH_ROWS or size > BATCH_CHARACTERS:
            break
    return some


def _too_long(more: int) -> str:
    lines = f", with the {more:,} lines after it" if more > 0 else ""
    return f"more than {LONGEST:,} characters{lines}; is a quote missing?"


def _broken(error: str, lost: Sequence[str]) -> str:
    more = f" (with the {len(lost) - 1:,} lines after it)" if len(lost) > 1 else ""
    return f"{error}{more}: {lost[0].rstrip()[:80]!r}" if lost else error


def _other_delimiter(header: str) -> str | None:
    return next((repr(d).replace("'", '"') for d in (";", "\t", "|") if d in header), None)
