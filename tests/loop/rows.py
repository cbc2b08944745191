"""Conditions evaluated row by row, slowly and plainly: the oracle of everything that goes by columns."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from labelwright.dsl.task import (
    And,
    Compare,
    Condition,
    Contains,
    Day,
    FieldRef,
    Matches,
    Member,
    Missing,
    Not,
    Or,
    Percent,
)  # fmt: skip


def plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded)


def cell(field: FieldRef, row: dict[str, Any]) -> Any:
    value: Any = row
    for part in field.path:
        value = None if value is None else value[part]
    if value is None or value != value:
        return None
    match field.function:
        case "words":
            return len(value.split())
        case "length":
            return len(value)
        case "lower":
            return value.lower()
    return value


def compared(value: Any, op: str, other: Any) -> bool:
    if isinstance(other, Percent):
        other = other.percent / 100
    if isinstance(other, Day):
        other = other.day
        value = date.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(other, str):
        value, other = plain(value), plain(other)
    return {"==": value == other, "!=": value != other, ">=": value >= other,
            "<=": value <= other, ">": value > other, "<": value < other}[op]  # fmt: skip


def slow(condition: Condition, row: dict[str, Any]) -> bool | None:
    """The meaning, row by row: True, False, or None for unknown."""
    match condition:
        case And():
            values = [slow(c, row) for c in condition.operands]
            return False if False in values else None if None in values else True
        case Or():
            values = [slow(c, row) for c in condition.operands]
            return True if True in values else None if None in values else False
        case Not():
            value = slow(condition.operand, row)
            return None if value is None else not value
    value = cell(condition.field, row)
    if isinstance(condition, Missing):
        return (value is None) != condition.negated
    if value is None:
        return None
    match condition:
        case Compare():
            return compared(value, condition.op, condition.value)
        case Member():
            return any(compared(value, "==", v) for v in condition.values) != condition.negated
        case Contains():
            found = [plain(v) in plain(value) for v in condition.values]
            return all(found) if condition.quantifier == "all" else any(found)
        case Matches():
            flags = sum(getattr(re, f.upper()) for f in condition.flags)
            return re.search(condition.pattern, value, flags) is not None
    raise AssertionError(condition)
