"""A batch as a file that people fill in: JSON Lines, or CSV as spreadsheets read it.

A file appears whole or not at all, and what is there already is never written over: somebody may have
begun to answer in it.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from labelwright.loop.disk import replacing
from labelwright.loop.errors import ConnectorError

Format = Literal["jsonl", "csv"]
UID, ITEM, HINTS, LABEL, ANNOTATOR, NOTE = "lw_uid", "item", "hints", "label", "annotator", "note"
NOT_BY = "not_by"  # who is not asked, where a further opinion is
OURS = (UID, ITEM, HINTS, NOT_BY, LABEL, ANNOTATOR, NOTE)
GUARD = "'"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def field_names(columns: Sequence[str]) -> dict[str, str]:
    """Column -> what it is called in the file: its own name, or `item_…` where ours is the same."""
    taken = {*OURS, *columns}
    names: dict[str, str] = {}
    for column in dict.fromkeys(columns):
        name = column
        while name in OURS or (name != column and name in taken):
            name = f"item_{name}"
        taken.add(name)
        names[column] = name
    return names


def batch_text(rows: Sequence[Mapping[str, Any]], format: Format) -> str:
    """The rows as the text of a file; all have the same keys. Values are what Arrow gives."""
    if format == "jsonl":
        return "".join(
            json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False) + "\n"
            for row in rows
        )
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_cell(name) for name in (rows[0] if rows else OURS))
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; one that is there stays. Raises ConnectorError."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise ConnectorError(
            f"{path} cannot be written: {error.strerror or error}",
            "make room there, or name another folder in `annotators`",
            retry=True,
        ) from error


def _cell(value: Any) -> Any:
    """A value as a CSV cell; a text that a spreadsheet would calculate gets an apostrophe."""
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return GUARD + value
    return value


def _plain(value: Any) -> Any:
    """The value as JSON has it: numbers that are none become null, days and bytes become texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, date) else str(value)
