"""Rows of a file that people filled in, as their programs leave it behind.

Spreadsheets add a byte order mark, write cp949, part cells by semicolons or tabs, and leave out empty
cells at the end of a row. A file is read while nobody writes it, and a last row that breaks off is left
for the next time: half a word could name another class.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ATTEMPTS = 3
_LONGEST = 16 * 2**20  # characters of a cell
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Row:
    """One row; `number` from 1, the header not counted. Keys are as in the file, white space off."""

    number: int
    cells: dict[str, Any]


class UnreadError(Exception):
    """Why a file, or a row of it, was not read: a sentence without its end."""


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """The rows that could be read, and what is wrong with others, by row. Raises UnreadError."""
    text = _decoded(_settled(path))
    if path.suffix.lower() == ".csv":
        return _csv_rows(text)
    return _jsonl_rows(text)


def _settled(path: Path) -> bytes:
    """The file's bytes as they were while nothing changed it."""
    try:
        for _ in range(_ATTEMPTS):
            before = path.stat()
            content = path.read_bytes()
            after = path.stat()
            if (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino) and (
                before.st_size == after.st_size == len(content)
            ):
                return content
    except OSError as error:
        raise UnreadError(f"cannot be read: {error.strerror or error}") from error
    raise UnreadError("is being saved; it is read the next time")


def _decoded(content: bytes) -> str:
    if content.startswith(_WIDE):
        raise UnreadError("is UTF-16: save it as CSV UTF-8")
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            place = content[: error.start].count(b"\n") + 1
            what = f"byte 0x{content[error.start]:02x} in line {place}"
    raise UnreadError(f"is neither UTF-8 nor cp949 ({what}): save it as CSV UTF-8")


# --- CSV --------------------------------------------------------------------------------------


def _csv_rows(text: str) -> tuple[list[Row], list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    wrong: list[str] = []
    try:
        header = [name.strip() for name in next(lines, [])]
        for number, cells in enumerate(lines, start=1):
            if any(cell.strip() for cell in cells):
                rows.append(Row(number, dict(zip(header, _filled(cells, header), strict=False))))
                last = cells
    except csv.Error as error:
        wrong.append(f"after row {len(rows)}: {error}; what follows was not read")
        return rows, wrong
    if rows and len(last) < len(header) and not text.endswith(("\n", "\r")):
        wrong.append(f"row {rows.pop().number} breaks off")
    return rows, wrong


def _filled(cells: Sequence[str], header: Sequence[str]) -> list[str]:
    return [*cells, *[""] * (len(header) - len(cells))]


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=first.count)


# --- JSON Lines -------------------------------------------------------------------------------


def _jsonl_rows(text: str) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    wrong: list[str] = []
    for number, line in _lines(text):
        try:
            told = json.loads(line)
        except ValueError as error:
            wrong.append(f"row {number} is no JSON: {error}")
            continue
        if isinstance(told, dict):
            rows.append(Row(number, {str(k).strip(): v for k, v in told.items()}))
        else:
            wrong.append(f"row {number} is not an object in braces")
    return rows, wrong


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line
