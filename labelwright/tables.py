"""Everything that a campaign knows, as plain tables: a csv file for each kind of record.

The tables are read off the records themselves (`loop.history`), so that none is forgotten: a list of
records is a table, a record within a record gives columns `outer.inner`, and a list within a record is a
table of its own, whose rows begin with what names the row that they belong to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from labelwright.exporting import cell, replacing

if TYPE_CHECKING:
    from labelwright.loop.history import Campaign
    from labelwright.loop.store import Store

Row = dict[str, Any]

_NAMES = ("round", "number", "item", "annotator", "name", "id")
"""What names a record: rows of the lists within it begin with these."""


@dataclass
class Tables:
    """Rows by table; tables and columns in the order in which they are met."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, row: Row) -> None:
        """One more row."""
        self.rows.setdefault(table, []).append(row)

    def columns(self, table: str) -> list[str]:
        """All columns that any row has."""
        return list(dict.fromkeys(name for row in self.rows[table] for name in row))


def tables_of(campaign: Campaign) -> Tables:
    """`campaign`, one row of what is said once, and a table for every list of records in it."""
    found = Tables({"campaign": []})
    found.add("campaign", dict(_flat(found, "", "", campaign, {})))
    return found


def annotations_of(store: Store) -> Iterator[Row]:
    """Every event of the store's annotation log, in order."""
    cursor = store.connection.execute("SELECT * FROM annotation_event ORDER BY seq")
    names = [column[0] for column in cursor.description]
    for values in cursor:
        yield dict(zip(names, values, strict=True))


def write_tables(tables: Tables, folder: Path) -> list[Path]:
    """A csv file in `folder` for each table that has rows; each file appears whole or not at all.

    Raises ExportError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables.rows.items():
        if not rows:
            continue
        columns = tables.columns(name)
        path = folder / f"{name}.csv"
        with replacing(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
            writer = csv.writer(text)
            writer.writerow([cell(column) for column in columns])
            writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
            text.detach()
        written.append(path)
    return written


def _flat(
    found: Tables, table: str, prefix: str, record: BaseModel, keys: Row
) -> Iterator[tuple[str, Any]]:
    """A record's own values by column; lists of records in it become rows of tables."""
    for name, told in type(record).model_fields.items():
        value = getattr(record, name)
        if isinstance(value, BaseModel):
            yield from _flat(found, table, f"{prefix}{name}.", value, keys)
        elif _lists_records(told.annotation):
            inner = "_".join(filter(None, [table, *prefix.split("."), name]))
            found.rows.setdefault(inner, [])
            for each in value or ():
                _row(found, inner, each, keys)
        elif isinstance(value, dict):
            yield from ((f"{prefix}{name}.{key}", each) for key, each in value.items())
        else:
            yield f"{prefix}{name}", value


def _row(found: Tables, table: str, record: BaseModel, keys: Row) -> None:
    own = {n: v for n in _NAMES if isinstance(v := getattr(record, n, None), int | str)}
    named = {**own, **keys}
    found.add(table, {**keys, **dict(_flat(found, table, "", record, named))})


def _lists_records(annotation: Any) -> bool:
    """Whether a field is a tuple of records, or may be."""
    parts = get_args(annotation)
    if get_origin(annotation) is tuple:
        return any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts)
    return any(_lists_records(part) for part in parts)
