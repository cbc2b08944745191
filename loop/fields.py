"""The fields that conditions name, in the forms that tests need, each made once for all rules.

A field is a column, or a dotted path into one (`meta.source` is the column of that name, else the
field `source` of the column `meta`), or a function of it. Missing is null and NaN; an empty text is
a value.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from labelwright.dsl.task import FieldRef
from labelwright.loop.errors import DataError


def fold(text: str) -> str:
    """`text` as comparisons see it: NFC and case-folded (Unicode, section 3.13)."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded)


def resolve(path: Sequence[str], names: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The column that a path begins with (the longest one) and the way on inside it, or None."""
    for end in range(len(path), 0, -1):
        if (name := ".".join(path[:end])) in names:
            return name, tuple(path[end:])
    return None


class Fields:
    """The fields of some rows. Every form is kept, so that twenty rules fold a column once.

    Raises DataError where a column does not exist or holds what a test cannot be made of.
    """

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self._kept: dict[tuple[str, FieldRef], Any] = {}

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def _once(self, form: str, field: FieldRef, make: Callable[[FieldRef], Any]) -> Any:
        key = (form, field)
        if key not in self._kept:
            self._kept[key] = make(field)
        return self._kept[key]

    def values(self, field: FieldRef) -> Any:
        """The field as it is: plain (no dictionary), NaN as null, its function applied."""
        return self._once("values", field, self._values)

    def text(self, field: FieldRef) -> Any:
        """The field as text; numbers, dates and true/false as they are written."""
        return self._once("text", field, lambda f: _text(self.values(f), f))

    def folded(self, field: FieldRef) -> Any:
        """The field as text, folded."""
        return self._once("folded", field, lambda f: _by_row(self.text(f), pc.ascii_lower, fold))

    def numbers(self, field: FieldRef) -> Any:
        """The field as numbers; text that is written as numbers is read as such."""
        return self._once("numbers", field, lambda f: _numbers(self.values(f), f))

    def days(self, field: FieldRef) -> Any:
        """The field as dates; text in ISO form is read as such, a moment counts for its day."""
        return self._once("days", field, lambda f: _days(self.values(f), f))

    def _values(self, field: FieldRef) -> Any:
        if field.function is not None:
            text = self.text(field.model_copy(update={"function": None}))
            if field.function not in _FUNCTIONS:
                raise DataError(
                    f"no function is called {field.function}",
                    f"there are {', '.join(_FUNCTIONS)}",
                )
            return _FUNCTIONS[field.function](text)
        column = self._column(field)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        return column

    def _column(self, field: FieldRef) -> Any:
        names = self.rows.column_names
        found = resolve(field.path, names)
        if found is None:
            shown = [n for n in names if n[:3] != "lw_"]
            close = difflib.get_close_matches(field.name, shown, 1)
            raise DataError(
                f"no column is called {field.name}",
                (f"did you mean {close[0]}? " if close else "")
                + f"the columns are {', '.join(shown) or 'none'}",
            )
        column = self.rows[found[0]].combine_chunks()
        for part in found[1]:
            column = _inside(column, part, field)
        return column


def _inside(column: Any, part: str, field: FieldRef) -> Any:
    kind = column.type
    if pa.types.is_struct(kind) and kind.get_field_index(part) >= 0:
        return pc.struct_field(column, part)
    inside = (
        [kind.field(i).name for i in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    )
    raise DataError(
        f"no column is called {field.name}: there is no {part} in it",
        f"inside are {', '.join(inside)}" if inside else f"it holds {described(kind)}",
    )


# --- forms ------------------------------------------------------------------------------------


def _by_row(text: Any, plain: Callable[[Any], Any], full: Callable[[str], str]) -> Any:
    """`plain` (Arrow) where all is ASCII; where not, `full` (Unicode), value by value."""
    ascii_only = pc.string_is_ascii(text)
    if pc.all(ascii_only).as_py() is not False:
        return plain(text)
    values = pc.if_else(ascii_only, None, text).to_pylist()
    rest = pa.array([None if v is None else full(v) for v in values], text.type)
    return pc.if_else(ascii_only, plain(text), rest)


def _words(text: Any) -> Any:
    trimmed = pc.utf8_trim_whitespace(text)
    count = pc.list_value_length(pc.utf8_split_whitespace(trimmed))
    return pc.if_else(pc.equal(pc.binary_length(trimmed), 0), 0, count)


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "words": _words,
    "length": pc.utf8_length,
    "lower": lambda text: _by_row(text, pc.ascii_lower, str.lower),
}


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text, however it is laid out."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def is_number(kind: pa.DataType) -> bool:
    """Whether a column holds numbers."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def described(kind: pa.DataType) -> str:
    """What a column holds, in a word for messages."""
    if is_text(kind):
        return "text"
    if is_number(kind):
        return "numbers"
    return "true or false" if pa.types.is_boolean(kind) else str(kind)


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _text(column: Any, field: FieldRef) -> Any:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if is_text(kind) or is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_temporal(kind):
        return column.cast(pa.string())
    raise DataError(f"{field.name} holds {described(kind)}, which is no text")


def _numbers(column: Any, field: FieldRef) -> Any:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column
    if is_number(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64())
    if not is_text(kind):
        raise _misfit(field, described(kind), "numbers")
    trimmed = pc.utf8_trim_whitespace(_text(column, field))
    try:
        numbers = pc.cast(trimmed, pa.float64())
    except pa.ArrowInvalid as error:
        wrong = next(v for v in trimmed.to_pylist() if v is not None and not _is_written_number(v))
        raise _misfit(field, f"text such as {wrong!r:.80}", "a number") from error
    return pc.if_else(pc.is_nan(numbers), None, numbers)


def _is_written_number(text: str) -> bool:
    try:
        pc.cast(pa.array([text]), pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _days(column: Any, field: FieldRef) -> Any:
    kind = column.type
    if _is_moment(kind):
        zoned = pa.types.is_timestamp(kind) and kind.tz is not None
        return (pc.local_timestamp(column) if zoned else column).cast(pa.date32(), safe=False)
    if not is_text(kind) and not pa.types.is_null(kind):
        raise _misfit(field, described(kind), "a date", "dates in the data are written 2026-09-01")
    coded = _text(column, field).dictionary_encode()
    days = pa.array([_day(value, field) for value in coded.dictionary.to_pylist()], pa.date32())
    return days.take(coded.indices)


def _day(value: str, field: FieldRef) -> date:
    try:
        return datetime.fromisoformat(value.strip()).date()
    except ValueError as error:
        raise DataError(
            f"{field.name} is compared with a date, and {value!r:.80} is none",
            "dates in the data are written 2026-09-01",
        ) from error


def _misfit(
    field: FieldRef, found: str, wanted: str, remedy: str = "quote the value to compare text"
) -> DataError:
    return DataError(f"{field.name} holds {found}, and is compared with {wanted}", remedy)
