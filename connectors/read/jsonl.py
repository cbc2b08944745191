"""JSON lines: one object a line, streamed.

Nested objects become dotted columns (`meta.author`). Types come from the first 1,000 good lines:
text, whole numbers, numbers, true/false, lists of text; where values of several types meet, or
lists hold anything else, the column is text: strings as they are, all else as JSON. A key that
first appears later than that is not a column; a later value of another type sets its line aside.
Rows are numbered by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labelwright.connectors.paths import data_files, fingerprint, shown
from labelwright.connectors.read.columns import BATCH_CHARACTERS, BATCH_ROWS, require
from labelwright.connectors.read.lines import Lines, TooLongError
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Faults, Source

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 1000
_DEEPEST = 100
_Kind = Literal["text", "int", "float", "bool", "texts"]
_Row = dict[str, Any]


def jsonl(path: str, *, context: Context) -> Source:
    """A file of JSON objects, one a line, in UTF-8; or several (`part-*.jsonl`)."""
    return _JsonLines(path, context.data_root)


@dataclass(eq=False)
class _JsonLines:
    path: str
    root: Path
    roles: dict[str, str | tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        return data_files(self.path, self.root)

    @cached_property
    def _kinds(self) -> dict[str, _Kind]:
        faults: list[Fault] = []
        rows = (r for f in self._files for _, r, _ in self._rows(f, faults.append))
        values: dict[str, set[str]] = {}
        for row in islice(rows, _SAMPLE):
            for name, value in row.items():
                values.setdefault(name, set()).add(_type_of(value))
        if not values and faults:
            first = faults[0]
            raise DataError(
                f"{first.file}: no line is a JSON object; line {first.row}: {first.detail}",
                'JSON lines hold one object a line, such as {"id": 1, "text": "…"}',
            )
        return {name: _kind(types) for name, types in values.items()}

    def schema(self) -> pa.Schema:
        import pyarrow as pa

        types = {
            "text": pa.string(),
            "int": pa.int64(),
            "float": pa.float64(),
            "bool": pa.bool_(),
            "texts": pa.list_(pa.string()),
        }
        return pa.schema([(name, types[kind]) for name, kind in self._kinds.items()])

    def fingerprint(self) -> str:
        return fingerprint(self._files, self.root, ("jsonl", self.path))

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        require(columns, self.schema(), self.path)
        return self._read(columns, faults)

    def _read(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        schema = pa.schema([self.schema().field(name) for name in columns])
        for file in self._files:
            rows = self._fitting(file, faults)
            while pending := _some(rows):
                arrays = [pa.array([r.get(f.name) for r in pending], f.type) for f in schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _fitting(self, file: Path, faults: Faults) -> Iterator[tuple[_Row, int]]:
        """Rows whose values have the columns' types, with the length of their lines."""
        for number, row, size in self._rows(file, faults):
            unfit = next((n for n, k in self._kinds.items() if not _fits(row.get(n), k)), None)
            if unfit is not None:
                what = f"column {unfit} holds {_WORDS[self._kinds[unfit]]}, here {row[unfit]!s:.80}"
                faults(Fault(shown(file, self.root), number, "unexpected type", what))
                continue
            fitted = {
                name: _as_text(row.get(name)) if kind == "text" else row.get(name)
                for name, kind in self._kinds.items()
            }
            yield fitted, size

    def _rows(self, file: Path, faults: Faults) -> Iterator[tuple[int, _Row, int]]:
        name = shown(file, self.root)
        number = 0
        with Lines(file, "utf-8-sig") as lines:
            while True:
                lines.begin()
                number += 1
                try:
                    line = next(lines, None)
                except TooLongError:
                    faults(Fault(name, number, "row too long", "the line is longer than 16 MB"))
                    continue
                if line is None:
                    return
                if lines.bad is not None:
                    faults(Fault(name, number, *lines.bad))
                    continue
                if not line.strip():
                    continue
                try:
                    row = _parse(line)
                except (ValueError, RecursionError) as error:
                    detail = f"{error or 'nested too deeply'}: {line.strip()[:80]}"
                    faults(Fault(name, number, "invalid JSON", detail))
                    continue
                yield number, row, len(line)


def _some(rows: Iterator[tuple[_Row, int]]) -> list[_Row]:
    some, characters = [], 0
    for row, size in rows:
        some.append(row)
        characters += size
        if len(some) == BATCH_ROWS or characters > BATCH_CHARACTERS:
            break
    return some


def _parse(line: str) -> _Row:
    """The object on a line, flattened. Raises ValueError."""
    value = json.loads(line, object_pairs_hook=_object, parse_constant=_constant)
    if not isinstance(value, dict):
        raise ValueError(f"not an object but {type(value).__name__}")
    if _depth(value) > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} deep")
    row: _Row = {}
    _flatten(value, "", row)
    if "\\u" in line:
        for text in _texts(row):
            if "\0" in text:
                raise ValueError("text holds a NUL character")
            if not _is_whole(text):
                raise ValueError("text holds half a surrogate pair")
    return row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(k for k in found if sum(k == other for other, _ in pairs) > 1)
        raise ValueError(f"key {twice!r} appears twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _flatten(value: dict[str, Any], prefix: str, into: _Row) -> None:
    for key, inner in value.items():
        name = prefix + key
        if isinstance(inner, dict):
            _flatten(inner, name + ".", into)
        elif name in into:
            raise ValueError(f"key {name!r} appears twice")
        else:
            into[name] = inner


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_ACCEPTS: dict[str, set[str]] = {
    "int": {"int"},
    "float": {"int", "float"},
    "bool": {"bool"},
    "texts": {"texts", "no texts"},
}
_WORDS: dict[str, str] = {
    "int": "whole numbers",
    "float": "numbers",
    "bool": "true or false",
    "texts": "lists of text",
}


def _fits(value: Any, kind: _Kind) -> bool:
    return value is None or kind == "text" or _type_of(value) in _ACCEPTS[kind]


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _type_of(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(2**63) <= value < 2**63 else "big"
    if isinstance(value, list):
        if not value:
            return "no texts"
        return "texts" if all(isinstance(v, str) for v in value) else "list"
    return "float" if isinstance(value, float) else "text"


def _kind(types: set[str]) -> _Kind:
    types = types - {"none"}
    for kind in ("int", "float", "bool", "texts"):
        if types and types <= _ACCEPTS[kind]:
            return kind
    return "text"
