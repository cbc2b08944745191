"""Conditions over items, column by column on Arrow data.

Three-valued, as in SQL: a test on a missing value is unknown, `not unknown` is unknown, and what is
still unknown at the end is false. So a test on a missing value never fires, negated or not; only
`is missing` sees it. Missing is null and NaN; an empty text is a value.
`==`, `!=`, `in` and `contains` fold case and NFC; patterns (RE2) do not unless `/…/i`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
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
from labelwright.loop.fields import Fields, described, fold

if TYPE_CHECKING:
    import numpy as np

ROWS = 16_384
"""Rows that are looked at together: enough for columns to pay, little enough to stay small."""

_LONGEST_ALTERNATION = 20_000  # bytes of pattern, far below what RE2 refuses

Given = Mapping[int, Any]
"""Outcomes that are known beforehand, by `id` of the test: what proposed a candidate span."""

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
    return masks([condition], table)[0]


def masks(conditions: Sequence[Condition], table: pa.Table) -> list[np.ndarray]:
    """(n_rows,) bool for each condition; what several need of a column is made once."""
    import numpy as np

    pieces: list[list[np.ndarray]] = [[] for _ in conditions]
    for start in range(0, max(1, table.num_rows), ROWS):
        fields = Fields(table.slice(start, ROWS))
        for condition, piece in zip(conditions, pieces, strict=True):
            piece.append(holds(condition, fields))
    return [np.concatenate(piece) for piece in pieces]


def holds(condition: Condition, fields: Fields, given: Given = MappingProxyType({})) -> np.ndarray:
    """(n_rows,) bool: where the condition holds on these rows."""
    found: np.ndarray = pc.fill_null(evaluate(condition, fields, given), False).to_numpy(
        zero_copy_only=False
    )
    return found


def field_refs(condition: Condition) -> Iterator[FieldRef]:
    """Every field that a condition names, in reading order, once for each test."""
    match condition:
        case And() | Or():
            for operand in condition.operands:
                yield from field_refs(operand)
        case Not():
            yield from field_refs(condition.operand)
        case MetricTest():
            return
        case _:
            yield condition.field


def fields(condition: Condition) -> set[str]:
    """The fields that a condition names, dotted."""
    return {field.name for field in field_refs(condition)}


def evaluate(condition: Condition, fields: Fields, given: Given = MappingProxyType({})) -> Any:
    """The condition on these rows as an Arrow array of true, false and null (unknown)."""
    if id(condition) in given:
        return given[id(condition)]
    match condition:
        case And():
            return reduce(pc.and_kleene, (evaluate(c, fields, given) for c in condition.operands))
        case Or():
            return reduce(pc.or_kleene, (evaluate(c, fields, given) for c in condition.operands))
        case Not():
            return pc.invert(evaluate(condition.operand, fields, given))
        case MetricTest():
            raise DataError(
                f"{condition.metric} is measured, not a field of an item",
                "use it in `until` and `accept`",
            )
        case Missing():
            missing = pc.is_null(fields.values(condition.field))
            return pc.invert(missing) if condition.negated else missing
        case Compare():
            return _compare(fields, condition.field, condition.op, condition.value)
        case Member():
            return _member(fields, condition)
        case Contains():
            return _contains(fields.folded(condition.field), condition)
        case Matches():
            flags = f"(?{condition.flags})" if condition.flags else ""
            return pc.match_substring_regex(fields.text(condition.field), flags + condition.pattern)


def _compare(fields: Fields, field: FieldRef, op: str, value: Value) -> Any:
    compare = _COMPARE[op]
    if isinstance(value, Percent):
        value = value.fraction
    if isinstance(value, Word):
        value = value.name
    if isinstance(value, bool):
        return compare(_switches(fields, field), value)
    if isinstance(value, Day):
        return compare(fields.days(field), pa.scalar(value.day, pa.date32()))
    if isinstance(value, (int, float)):
        return _compare_number(compare, fields.numbers(field), value)
    if isinstance(value, str):
        return compare(fields.folded(field), fold(value))
    raise DataError(f"{field.name} cannot be compared with {value}")


def _compare_number(compare: Any, numbers: Any, value: float) -> Any:
    """Whole numbers exactly, however large; all else as 64-bit floats."""
    if pa.types.is_integer(numbers.type):
        if isinstance(value, int):
            try:
                return compare(numbers, pa.scalar(value, numbers.type))
            except (pa.ArrowInvalid, OverflowError):
                pass  # beyond the column's type: as a float it is beyond every value all the same
        numbers = numbers.cast(pa.float64(), safe=False)
    return compare(numbers.cast(pa.float64()), float(value))


def _switches(fields: Fields, field: FieldRef) -> Any:
    column = fields.values(field)
    if pa.types.is_null(column.type):
        return column.cast(pa.bool_())
    if not pa.types.is_boolean(column.type):
        raise DataError(
            f"{field.name} holds {described(column.type)}, and is compared with true or false",
            "quote the value to compare text",
        )
    return column


def _member(fields: Fields, condition: Member) -> Any:
    known = pc.is_valid(fields.values(condition.field))
    inside = pc.if_else(known, False, None)
    texts = [fold(v) for v in condition.values if isinstance(v, str)]
    if texts:
        folded = fields.folded(condition.field)
        inside = pc.if_else(known, pc.is_in(folded, pa.array(texts, folded.type)), None)
    for value in condition.values:
        if not isinstance(value, str):
            inside = pc.or_kleene(inside, _compare(fields, condition.field, "==", value))
    return pc.invert(inside) if condition.negated else inside


def _contains(folded: Any, condition: Contains) -> Any:
    """Literal search, all values of an `any` in one pass: RE2 is faster here than substring search."""
    from re2 import escape

    literals = [escape(fold(value)) for value in condition.values]
    if condition.quantifier == "all":
        return reduce(pc.and_kleene, (pc.match_substring_regex(folded, p) for p in literals))
    return reduce(
        pc.or_kleene, (pc.match_substring_regex(folded, p) for p in _alternations(literals))
    )


def _alternations(literals: Sequence[str]) -> Iterator[str]:
    """`a|b|c`, in as many patterns as it takes to keep each short."""
    some: list[str] = []
    length = 0
    for literal in literals:
        if some and length + len(literal) > _LONGEST_ALTERNATION:
            yield "|".join(some)
            some, length = [], 0
        some.append(literal)
        length += len(literal) + 1
    yield "|".join(some)
