"""Conditions over items, column by column on Arrow data.

Three-valued, as in SQL: a test on a missing value is unknown, `not unknown` is unknown, and what is
still unknown at the end is false. So a test on a missing value never fires, negated or not; only
`is missing` sees it. Missing is null and NaN; an empty text is a value.
`==`, `!=`, `in` and `contains` fold case and NFC; patterns (RE2) do not unless `/…/i`.
"""

from __future__ import annotations

import difflib
import unicodedata
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from labelwright.dsl.task import (
    And,
    Compare,
    Condition,
    Contains,
    Day,
    FieldRef,
    Matches,
    Member,
    MetricTest,
    Missing,
    Not,
    Or,
    Percent,
    Value,
    Word,
)
from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    import numpy as np

_COMPARE = {
    "==": pc.equal,
    "!=": pc.not_equal,
    ">=": pc.greater_equal,
    "<=": pc.less_equal,
    ">": pc.greater,
    "<": pc.less,
}


def mask(condition: Condition, table: pa.Table) -> np.ndarray:
    """(n_rows,) bool: where the condition holds. Raises DataError for unknown columns and misfits."""
    found: np.ndarray = pc.fill_null(_evaluate(condition, table), False).to_numpy(
        zero_copy_only=False
    )
    return found


def fields(condition: Condition) -> set[str]:
    """The columns that a condition names."""
    match condition:
        case And() | Or():
            return set().union(*(fields(c) for c in condition.operands))
        case Not():
            return fields(condition.operand)
        case MetricTest():
            return set()
        case _:
            return {condition.field.name}


def _evaluate(condition: Condition, table: pa.Table) -> Any:
    match condition:
        case And():
            return reduce(pc.and_kleene, (_evaluate(c, table) for c in condition.operands))
        case Or():
            return reduce(pc.or_kleene, (_evaluate(c, table) for c in condition.operands))
        case Not():
            return pc.invert(_evaluate(condition.operand, table))
        case MetricTest():
            raise DataError(
                f"{condition.metric} is measured, not a field of an item",
                "use it in `until` and `accept`",
            )
        case Missing():
            missing = pc.is_null(_column(condition.field, table), nan_is_null=True)
            return pc.invert(missing) if condition.negated else missing
    column = _column(condition.field, table)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    match condition:
        case Compare():
            return _compare(column, condition.op, condition.value, condition.field)
        case Member():
            tests = [_compare(column, "==", v, condition.field) for v in condition.values]
            nothing = pc.if_else(pc.is_valid(column), False, None)
            inside = reduce(pc.or_kleene, tests, nothing)
            return pc.invert(inside) if condition.negated else inside
        case Contains():
            folded = _folded(_text(column, condition.field))
            tests = [pc.match_substring(folded, fold(v)) for v in condition.values]
            return reduce(pc.and_kleene if condition.quantifier == "all" else pc.or_kleene, tests)
        case Matches():
            flags = f"(?{condition.flags})" if condition.flags else ""
            text = _text(column, condition.field)
            return pc.match_substring_regex(text, flags + condition.pattern)


def fold(text: str) -> str:
    """`text` as comparisons see it: NFC, lower case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _column(field: FieldRef, table: pa.Table) -> Any:
    column = _plain_column(field, table)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    match field.function:
        case None:
            return column
        case "words":
            words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(
                _text(column, field))))  # fmt: skip
            blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(_text(column, field))), 0)
            return pc.if_else(blank, 0, words)
        case "length":
            return pc.utf8_length(_text(column, field))
        case "lower":
            return pc.utf8_lower(_text(column, field))
    raise DataError(f"no function is called {field.function}", "there are words, length and lower")


def _plain_column(field: FieldRef, table: pa.Table) -> Any:
    if field.name in table.column_names:
        return table[field.name].combine_chunks()
    close = difflib.get_close_matches(field.name, table.column_names, 1)
    raise DataError(
        f"no column is called {field.name}",
        (f"did you mean {close[0]}? " if close else "")
        + f"the columns are {', '.join(n for n in table.column_names if n[:3] != 'lw_')}",
    )


def _compare(column: Any, op: str, value: Value, field: FieldRef) -> Any:
    compare = _COMPARE[op]
    if isinstance(value, Percent):
        value = value.fraction
    if isinstance(value, Word):
        value = value.name
    if isinstance(value, bool):
        return compare(_fitting(column, pa.types.is_boolean, "true or false", field), value)
    if isinstance(value, Day):
        return compare(_dates(column, field), pa.scalar(value.day, pa.date32()))
    if isinstance(value, (int, float)):
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            return compare(_numbers(column, field), float(value))
        numeric = _fitting(column, _is_number, "numbers", field)
        return compare(numeric.cast(pa.float64()), float(value))
    if isinstance(value, str):
        return compare(_folded(_text(column, field)), fold(value))
    raise DataError(f"{field.name} cannot be compared with {value}")


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _fitting(column: Any, test: Any, what: str, field: FieldRef) -> Any:
    if not test(column.type) and not pa.types.is_null(column.type):
        raise DataError(
            f"{field.name} holds {_kind(column.type)}, and is compared with {what}",
            "quote the value to compare text",
        )
    return column


def _kind(kind: pa.DataType) -> str:
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)


def _text(column: Any, field: FieldRef) -> Any:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if _is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
        return column.cast(pa.string())
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    raise DataError(f"{field.name} holds {kind}, which is no text")


def _folded(column: Any) -> Any:
    return pc.utf8_normalize(pc.utf8_lower(pc.utf8_normalize(column, "NFC")), "NFC")


def _numbers(column: Any, field: FieldRef) -> Any:
    try:
        return pc.cast(pc.utf8_trim_whitespace(column), pa.float64())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{field.name} holds text, and is compared with a number: {error}",
            "quote the value to compare text",
        ) from error


def _dates(column: Any, field: FieldRef) -> Any:
    if pa.types.is_temporal(column.type):
        return column.cast(pa.date32())
    texts = _text(column, field).to_pylist()
    return pa.array([None if t is None else _day(t, field) for t in texts], pa.date32())


def _day(value: str, field: FieldRef) -> date:
    try:
        return datetime.fromisoformat(value.strip()).date()
    except ValueError as error:
        raise DataError(
            f"{field.name} is compared with a date, and {value!r} is none",
            "dates in the data are written 2026-09-01",
        ) from error
